import Fastify from 'fastify'
import sessionPlugin, { Tuple } from 'fastify-signed-session'
import { cartPage, headers } from './cart-page.js'

/** @typedef {import('./cart-page.js').Cart} Cart */

/** @type {Record<string, string>} */
const goods = { pencil: 'Pencil', notebook: 'Notebook', ink: 'Ink' }

/**
 * The Fastify side: a cart, also for people whom Flask has signed in.
 * @param {{ secret: string }} options
 */
export async function build ({ secret }) {
  const app = Fastify({ logger: { level: 'error' } })
  await app.register(sessionPlugin, { secret, format: 'flask' })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })

  app.get('/cart', async ({ session }, reply) => {
    // Flask's flash() keeps tuples of category and message here; a message is shown once, so it is taken out.
    const flashes = /** @type {Tuple[]} */ (session.pop('_flashes', []))
    return reply.headers(headers).send(cartPage({
      user: session.get('user'),
      login: /** @type {[way: string, at: Date] | undefined} */ (session.get('login')),
      goods,
      cart: /** @type {Cart} */ (session.get('cart') ?? {}),
      messages: flashes.map(([, message]) => message),
      entries: session.entries()
    }))
  })

  const params = { type: 'object', properties: { sku: { enum: Object.keys(goods) } } }
  const body = { type: 'object', required: ['change'], properties: { change: { type: 'integer', enum: [1, -1] } } }
  app.post('/cart/:sku', { schema: { params, body } }, async ({ params, body, session }, reply) => {
    const { sku } = /** @type {{ sku: string }} */ (params)
    const { change } = /** @type {{ change: number }} */ (body)
    const cart = /** @type {Cart} */ (session.setDefault('cart', {}))
    const line = cart[sku] ??= { quantity: 0, added: new Date() }
    line.quantity += change
    if (line.quantity < 1) delete cart[sku]
    return reply.redirect('/cart', 303)
  })

  app.post('/cart/order', async ({ session }, reply) => {
    const lines = Object.entries(/** @type {Cart} */ (session.pop('cart', {})))
      .map(([sku, { quantity }]) => new Tuple([goods[sku], quantity]))
    if (lines.length === 0) return reply.redirect('/cart', 303)
    session.set('order', { lines, at: new Date() })
    const flashes = /** @type {Tuple[]} */ (session.setDefault('_flashes', []))
    flashes.push(new Tuple(['message', 'Fastify says: your order is taken.']))
    return reply.redirect('/account', 303)
  })
  return app
}
