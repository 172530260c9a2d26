import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import Fastify from 'fastify'
import sessionPlugin, { Markup, Tuple, UUID } from 'fastify-signed-session'
import { errorPage, headers, homePage } from './page.js'
import { secretOf } from './secret.js'
import { storeFor } from './store.js'

/** @typedef {import('fastify').FastifyInstance} App */
/** @typedef {import('./page.js').Item} Item */

const goods = { pencil: 'Pencil', notebook: 'Notebook', ink: 'Ink' }

/** @type {Record<string, unknown>} */
const samples = {
  string: 'Grüße, 世界',
  number: 12.5,
  'negative zero': -0,
  'not a number': NaN,
  infinity: Infinity,
  null: null,
  boolean: true,
  'big integer': 2n ** 64n,
  date: new Date('2024-02-29T12:34:56.789Z'),
  buffer: Buffer.from('bytes'),
  'byte array': Uint8Array.of(0, 127, 255),
  map: new Map([[1, 'one'], [2, 'two']]),
  set: new Set(['a', 'b']),
  url: new URL('https://example.com/search?q=session'),
  uuid: new UUID('0190b5a2-7c3e-7d4f-8a1b-2c3d4e5f6a7b'),
  tuple: new Tuple(['x', 1]),
  markup: new Markup('<em>HTML</em>'),
  'undefined in an array': [1, undefined, 3],
  array: [[1, 2], ['three']],
  'nested object': { birthday: new Date(0), tags: new Set([1n]) }
}

/**
 * The application, ready to listen or to `inject` into.
 * @param {object} [options]
 * @param {string | Buffer} [options.secret]
 * @param {string} [options.cookieName] Over https it can be `__Host-session`: then no other host or path can set it.
 * @param {import('./store.js').SessionStore} [options.store] Keeps the sessions; without one, the cookie does.
 * @param {import('fastify').FastifyServerOptions['logger']} [options.logger]
 * @param {import('node:https').ServerOptions | null} [options.https] Key and certificate; without them it speaks http.
 */
export async function build ({
  secret = randomBytes(32), cookieName = 'session', store, logger = false, https = null
} = {}) {
  const app = Fastify({ logger, https })
  await app.register(sessionPlugin, { secret, cookieName, ...(store && { store, owner: 'user' }) })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
  handleErrors(app)
  addPages(app, cookieName, store !== undefined)
  addTampering(app, cookieName)
  if (store !== undefined) addSessions(app)
  addSigningIn(app)
  addCart(app)
  addValues(app)
  return app
}

/**
 * @param {App} app
 * @param {string} cookieName
 * @param {boolean} hasStore
 */
function addPages (app, cookieName, hasStore) {
  app.get('/', async ({ session, headers: { cookie } }, reply) => {
    const user = /** @type {string | undefined} */ (session.get('user'))
    return reply.headers(headers).send(homePage({
      flashes: /** @type {string[]} */ (session.pop('flashes', [])),
      user,
      hasStore,
      sessions: hasStore && user !== undefined ? await listSessions(app, session, user) : [],
      permanent: session.permanent,
      goods,
      cart: /** @type {Item[]} */ (session.get('cart') ?? []),
      values: Object.entries(session.get('values') ?? {})
        .map(([key, value]) => ({ key, value, isEqual: isSame(value, samples[key]) })),
      cookie: valueOf(cookieName, cookie),
      signedAt: session.issuedAt
    }))
  })
  app.get('/api/me', async ({ session }, reply) => {
    return reply.jsonify({ user: session.get('user') ?? null, cart: session.get('cart') ?? [] })
  })
}

/**
 * Gives the browser its cookie back with one character changed, as somebody could do by hand. It uses no session.
 * @param {App} app
 * @param {string} cookieName
 */
function addTampering (app, cookieName) {
  app.post('/tamper', { config: { session: false } }, async ({ headers: { cookie }, protocol }, reply) => {
    const value = valueOf(cookieName, cookie)
    if (value === undefined) return reply.redirect('/#cookie', 303)
    const secure = protocol === 'https' || cookieName.startsWith('__') ? 'Secure; ' : ''
    const attributes = `Path=/; HttpOnly; ${secure}SameSite=Lax`
    return reply.header('set-cookie', `${cookieName}=${tamper(value)}; ${attributes}`).redirect('/#cookie', 303)
  })
}

/** @param {string} value */
function tamper (value) {
  const middle = value.indexOf('.') >> 1
  const other = 'AB'.replace(value.charAt(middle), '').charAt(0)
  return value.slice(0, middle) + other + value.slice(middle + 1)
}

/**
 * The value of a cookie in the header of that name.
 * @param {string} name
 * @param {string} [header]
 */
function valueOf (name, header = '') {
  return new RegExp(`(?:^|;\\s*)${name}=([^;]+)`).exec(header)?.[1]
}

/** @param {App} app */
function addSigningIn (app) {
  const name = { type: 'string', maxLength: 60, pattern: '\\S' }
  const body = { type: 'object', required: ['name'], properties: { name, stay: { type: 'boolean' } } }
  app.post('/login', { schema: { body } }, async ({ body, session }, reply) => {
    const { name, stay = false } = /** @type {{ name: string, stay?: boolean }} */ (body)
    session.regenerate(['cart'])
    session.set('user', name.trim())
    session.permanent = stay
    flash(session, `Welcome, ${name.trim()}.`)
    return reply.redirect('/', 303)
  })
  app.post('/logout', async ({ session }, reply) => {
    session.delete()
    return reply.redirect('/', 303)
  })
}

/** @param {App} app */
function addSessions (app) {
  app.post('/sessions/end-others', async ({ session }, reply) => {
    const user = /** @type {string | undefined} */ (session.get('user'))
    const ended = user === undefined ? 0 : await app.sessionInterface.endAll(user, { except: session })
    flash(session, `Other sessions ended: ${ended}.`)
    return reply.redirect('/#store', 303)
  })
}

/**
 * What the store has of a user.
 * @param {App} app
 * @param {import('fastify-signed-session').Session} current
 * @param {string} user
 */
function listSessions (app, current, user) {
  return app.sessionInterface.list(user, { current, data: current.keys() })
}

/** @param {App} app */
function addCart (app) {
  const sku = { type: 'string', enum: Object.keys(goods) }
  const body = { type: 'object', required: ['sku'], properties: { sku } }
  app.post('/cart', { schema: { body } }, async ({ body, session }, reply) => {
    const { sku } = /** @type {{ sku: keyof typeof goods }} */ (body)
    const { cart, item } = find(session, sku)
    if (item) item.quantity++
    else cart.push({ sku, name: goods[sku], quantity: 1, added: new Date() })
    return reply.redirect('/#cart', 303)
  })
  const params = { type: 'object', properties: { change: { enum: ['more', 'less'] } } }
  app.post('/cart/:sku/:change', { schema: { params } }, async ({ params, session }, reply) => {
    const { sku, change } = /** @type {{ sku: string, change: string }} */ (params)
    const { cart, item } = find(session, sku)
    if (item) item.quantity += change === 'more' ? 1 : -1
    if (item?.quantity === 0) cart.splice(cart.indexOf(item), 1)
    return reply.redirect('/#cart', 303)
  })
}

/** @param {App} app */
function addValues (app) {
  app.post('/values', async ({ session }, reply) => {
    session.set('values', samples)
    return reply.redirect('/#values', 303)
  })
  app.post('/values/too-large', async ({ session }, reply) => {
    session.set('large', randomBytes(4096))
    return reply.redirect('/#values', 303)
  })
}

/** @param {App} app */
function handleErrors (app) {
  app.setErrorHandler(async (/** @type {import('fastify').FastifyError} */ error, request, reply) => {
    const isTooLarge = error.code === 'FSS_ERR_COOKIE_TOO_LARGE'
    const status = isTooLarge ? 413 : error.statusCode ?? 500
    if (status >= 500) request.log.error(error)
    // A session is saved after the handler, so its redirect stands in the headers already.
    return reply.code(status).removeHeader('location').headers(headers)
      .send(errorPage(isTooLarge, status < 500 ? error.message : 'Something went wrong here, and it is in the log.'))
  })
}

/**
 * A message for the next page and no other, since that page takes it out of the session.
 * @param {import('fastify-signed-session').Session} session
 * @param {string} message
 */
function flash (session, message) {
  /** @type {string[]} */ (session.setDefault('flashes', [])).push(message)
}

/**
 * The cart of a session, which notices by itself what is changed in it, and the item in question.
 * @param {import('fastify-signed-session').Session} session
 * @param {string} sku
 */
function find (session, sku) {
  const cart = /** @type {Item[]} */ (session.setDefault('cart', []))
  return { cart, item: cart.find((item) => item.sku === sku) }
}

/**
 * Compares the texts too, since some classes keep their content in private fields.
 * @param {unknown} one
 * @param {unknown} other
 */
function isSame (one, other) {
  return isDeepStrictEqual(one, other) && String(one) === String(other)
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  const { PORT = 3000 } = process.env
  const store = await storeFor(process.env)
  const app = await build({ secret: secretOf(process.env, 'npm start'), store, logger: { level: 'warn' } })
  const address = await app.listen({ port: Number(PORT) })
  console.log(`Open http://localhost:${new URL(address).port}`)
}
