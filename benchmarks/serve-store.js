// An application of one kind whose sessions are in the Redis of REDIS_URL, on a free port of this host. Sends the
// parent its port and its cookies, and ends with it. Peers are as sparing as their options make them.
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import fastifyCookie from '@fastify/cookie'
import fastifySession from '@fastify/session'
import { RedisStore as ConnectRedis } from 'connect-redis'
import express from 'express'
import expressSession from 'express-session'
import Fastify from 'fastify'
import { createClient } from 'redis'
import { several, smallSession } from './payloads.js'
import sessionPlugin, { RedisStore } from './product.js'

const [kind] = process.argv.slice(2)
const SECRET = randomBytes(48).toString('base64url')
const SPARING = {
  secret: SECRET,
  saveUninitialized: false,
  rolling: false,
  cookie: { secure: false, maxAge: 86_400_000 }
}
const client = await createClient({ url: process.env.REDIS_URL }).connect()

const kinds = {
  ours: () => onFastify((app) => app.register(sessionPlugin, {
    secret: SECRET,
    store: new RedisStore(client, { prefix: 'ours:' })
  })),
  session: () => onFastify(async (app) => {
    await app.register(fastifyCookie)
    await app.register(fastifySession, {
      ...SPARING,
      cookieName: 'session',
      store: new ConnectRedis({ client, prefix: 'session:' })
    })
  }),
  'express-session': () => onExpress(expressSession({
    ...SPARING,
    name: 'session',
    resave: false,
    store: new ConnectRedis({ client, prefix: 'express:' })
  }))
}

const server = await kinds[kind]()
const { port } = server.address()
const cookies = []
for (const index of several((each) => each)) {
  const response = await fetch(`http://127.0.0.1:${port}/fill/${index}`)
  cookies.push(response.headers.getSetCookie()[0].split(';')[0])
}
process.on('disconnect', () => process.exit())
process.send({ port, cookies })

async function onFastify (register) {
  const app = Fastify()
  await register(app)
  app.get('/read', (request, reply) => { reply.send(request.session.user) })
  app.get('/write', (request, reply) => {
    request.session.visits++
    reply.send(request.session.user)
  })
  app.get('/fill/:index', (request, reply) => {
    Object.assign(request.session, smallSession(Number(request.params.index)))
    reply.send('filled')
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

async function onExpress (session) {
  const app = express().disable('x-powered-by').disable('etag')
  app.use(session)
  app.get('/read', (request, response) => { response.type('text').send(request.session.user) })
  app.get('/write', (request, response) => {
    request.session.visits++
    response.type('text').send(request.session.user)
  })
  app.get('/fill/:index', (request, response) => {
    Object.assign(request.session, smallSession(Number(request.params.index)))
    response.type('text').send('filled')
  })
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}
