import { randomBytes } from 'node:crypto'
import fastifyCookie from '@fastify/cookie'
import secureSession from '@fastify/secure-session'
import fastifySession from '@fastify/session'
import Fastify from 'fastify'
import { least } from './least.js'
import { smallSession } from './payloads.js'
import sessionPlugin from './product.js'

/** What a route does with the session. */
export const USES = ['untouched', 'read', 'write']

const SECRET = randomBytes(48).toString('base64url')
/** The same attributes for everybody; those that a plugin adds by itself stay. */
const ATTRIBUTES = { path: '/', httpOnly: true, sameSite: 'lax' }
/** As long as a user's name of `smallSession`, for replies without one. */
const NO_USER = 'user-00000'

/**
 * How each way of keeping a session is set up and used. `fill` puts data into it, `user` reads a name, `count` adds one
 * to a number and returns the name, `visits` tells the number. Nobody waits for anything, so that all that is measured
 * is work. Kinds share no function, even where they read alike: the engine would compile it for the sessions of all of
 * them.
 */
const kinds = {
  bare: {
    register () {},
    fill () {},
    user: () => NO_USER,
    count: () => NO_USER,
    visits: () => 0
  },
  ours: {
    register: (app) => app.register(sessionPlugin, { secret: SECRET }),
    fill: (request, _reply, data) => { request.session.update(data) },
    user: ({ session }) => session.get('user'),
    count ({ session }) {
      session.set('visits', session.get('visits') + 1)
      return session.get('user')
    },
    visits: ({ session }) => session.get('visits')
  },
  /** No session at all: the name travels by itself, in a cookie that anybody could have written. */
  'cookie-only': {
    register: (app) => app.register(fastifyCookie),
    fill: (_request, reply, { user }) => { reply.setCookie('session', `${user}.0`, ATTRIBUTES) },
    user: ({ cookies }) => cookies.session.slice(0, NO_USER.length),
    count ({ cookies }, reply) {
      const [user, visits] = cookies.session.split('.')
      reply.setCookie('session', `${user}.${Number(visits) + 1}`, ATTRIBUTES)
      return user
    },
    visits: ({ cookies }) => Number(cookies.session.split('.')[1])
  },
  'secure-session': {
    register: (app) => app.register(secureSession, { key: randomBytes(32), cookie: ATTRIBUTES }),
    fill (request, _reply, data) {
      for (const key of Object.keys(data)) request.session.set(key, data[key])
    },
    user: ({ session }) => session.get('user'),
    count ({ session }) {
      session.set('visits', session.get('visits') + 1)
      return session.get('user')
    },
    visits: ({ session }) => session.get('visits')
  },
  /** In memory, and as sparing as its options make it. */
  session: {
    async register (app) {
      await app.register(fastifyCookie)
      await app.register(fastifySession, {
        secret: SECRET,
        cookieName: 'session',
        saveUninitialized: false,
        rolling: false,
        cookie: { ...ATTRIBUTES, secure: false }
      })
    },
    fill (request, _reply, data) {
      for (const key of Object.keys(data)) request.session.set(key, data[key])
    },
    user: ({ session }) => session.get('user'),
    count ({ session }) {
      session.set('visits', session.get('visits') + 1)
      return session.get('user')
    },
    visits: ({ session }) => session.get('visits')
  },
  /** What an application writes that has @fastify/cookie and no session plugin. */
  'signed-by-hand': {
    register: (app) => app.register(fastifyCookie, { secret: SECRET }),
    fill: (_request, reply, data) => { keepByHand(reply, data) },
    user: (request) => readByHand(request).user,
    count (request, reply) {
      const data = readByHand(request)
      data.visits++
      keepByHand(reply, data)
      return data.user
    },
    visits: (request) => readByHand(request).visits
  }
}

function readByHand (request) {
  const { valid, value } = request.unsignCookie(request.cookies.session ?? '')
  return valid ? JSON.parse(value) : {}
}

function keepByHand (reply, data) {
  reply.setCookie('session', JSON.stringify(data), { ...ATTRIBUTES, signed: true })
}

export const KINDS = Object.keys(kinds)
/** The order in which they are shown. */
export const WIRE_KINDS = ['bare', 'least', ...KINDS.filter((kind) => kind !== 'bare')]
/** Those that keep a session which nobody can change: the others are shown for what they add. */
export const SESSION_PEERS = ['secure-session', 'session', 'signed-by-hand']

/** An application whose routes use its kind of session as their names say; their replies are alike for all kinds. */
export async function buildApplication (kind) {
  const { register, fill, user, count, visits } = { ...kinds, least }[kind]
  const app = Fastify()
  await register(app)
  app.get('/untouched', (_request, reply) => { reply.send(NO_USER) })
  app.get('/read', (request, reply) => { reply.send(user(request)) })
  app.get('/write', (request, reply) => { reply.send(count(request, reply)) })
  app.get('/visits', (request, reply) => { reply.send(`${visits(request)}`) })
  app.get('/fill/:index', (request, reply) => {
    fill(request, reply, smallSession(Number(request.params.index)))
    reply.send(NO_USER)
  })
  await app.ready()
  return app
}

/** The session cookie that an application gives for the `index`th small session, or undefined for the bare one. */
export async function cookieOf (app, index) {
  const { headers } = await app.inject(`/fill/${index}`)
  return headers['set-cookie']?.split(';')[0]
}
