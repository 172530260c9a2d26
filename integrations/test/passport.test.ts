import assert from 'node:assert/strict'
import { test } from 'node:test'
import csrf from '@fastify/csrf-protection'
import passport from '@fastify/passport'
import { Strategy as LocalStrategy } from 'passport-local'
import { Browser, buildApp } from '../support/app.js'

type Options = ConstructorParameters<typeof passport.Authenticator>[0]

/** An application where Ada signs in with a password, behind what a visitor may have put in a cart before. */
async function shop (options: Options = {}, login: object = {}): Promise<Browser> {
  const authenticator = new passport.Authenticator(options)
  authenticator.use(
    'local',
    new LocalStrategy((name, password, done) => {
      done(null, password === 'right' && { name })
    })
  )
  authenticator.registerUserSerializer(async ({ name }: { name: string }) => name)
  authenticator.registerUserDeserializer(async (name: string) => ({ name }))

  const app = await buildApp()
  await app.register(csrf, { sessionPlugin: '@fastify/secure-session' })
  await app.register(authenticator.initialize())
  await app.register(authenticator.secureSession())
  app.post('/cart', async (request) => { request.session.set('cart', ['pencil']) })
  app.get('/form', async (_request, reply) => reply.generateCsrf())
  app.get('/', async (request) => ({ user: request.user, cart: request.session.get('cart'), id: request.session.id }))
  app.get('/orders', async (request, reply) => {
    request.session.set('returnTo', '/orders')
    return reply.redirect('/form')
  })
  app.get('/data', async (request) => request.session.data())
  app.post('/login', { preValidation: authenticator.authenticate('local', login) }, async (request) => request.user)
  app.post('/logout', async (request) => { await request.logout() })
  return new Browser(app)
}

const right = { username: 'Ada', password: 'right' }

test('who signs in is known to the next request, and who signs out is not and has no cookie any more', async () => {
  const browser = await shop()
  assert.equal((await browser.post('/login', { ...right, password: 'wrong' })).statusCode, 401)
  assert.equal(browser.header, '')
  assert.deepEqual((await browser.post('/login', right)).json(), { name: 'Ada' })
  assert.deepEqual((await browser.get('/')).json().user, { name: 'Ada' })
  const { headers } = await browser.post('/logout')
  assert.match(`${headers['set-cookie']}`, /^session=; .*Max-Age=0/)
  assert.equal((await browser.get('/')).json().user, null)
})

test('a session from before the login gives its holder nothing afterwards', async () => {
  const browser = await shop()
  await browser.post('/cart')
  await browser.get('/form')
  const { id } = (await browser.get('/')).json()
  const fixed = new Map(browser.cookies)
  await browser.post('/login', right)
  const after = (await browser.get('/')).json()
  assert.notEqual(after.id, id)
  assert.equal(after.cart, undefined)
  assert.deepEqual(
    Object.keys((await browser.get('/data')).json()),
    ['passport'],
    'the secret of the forms is gone too'
  )
  browser.cookies.clear()
  for (const [name, value] of fixed) browser.cookies.set(name, value)
  assert.equal((await browser.get('/')).json().user, null)
})

test('keepSessionInfo keeps the data, and the id is new all the same', async () => {
  const browser = await shop({}, { keepSessionInfo: true })
  await browser.post('/cart')
  const { id } = (await browser.get('/')).json()
  await browser.post('/login', right)
  const after = (await browser.get('/')).json()
  assert.deepEqual([after.user, after.cart], [{ name: 'Ada' }, ['pencil']])
  assert.notEqual(after.id, id)
})

test('clearSessionIgnoreFields and clearSessionOnLogin: false keep what they say, ' +
  'through login and logout', async () => {
  const some = await shop({ clearSessionIgnoreFields: ['cart'] })
  await some.post('/cart')
  await some.get('/form')
  await some.post('/login', right)
  assert.deepEqual(Object.keys((await some.get('/data')).json()), ['cart', 'passport'])
  const all = await shop({ clearSessionOnLogin: false })
  await all.post('/cart')
  await all.post('/login', right)
  assert.deepEqual((await all.get('/data')).json(), { cart: ['pencil'], passport: 'Ada' })
  await all.post('/logout')
  assert.deepEqual((await all.get('/data')).json(), { cart: ['pencil'] })
})

test('messages and the address to return to travel in the session', async () => {
  const options = {
    failureFlash: 'Try again',
    failureMessage: 'Wrong',
    successReturnToOrRedirect: '/',
    failureRedirect: '/form'
  }
  const browser = await shop({ clearSessionIgnoreFields: ['returnTo'] }, options)
  assert.equal((await browser.post('/login', { ...right, password: 'wrong' })).headers.location, '/form')
  assert.deepEqual((await browser.get('/data')).json(), { flash: { error: ['Try again'] }, messages: ['Wrong'] })
  await browser.get('/orders')
  assert.equal((await browser.post('/login', right)).headers.location, '/orders')
  assert.equal((await browser.post('/login', right)).headers.location, '/')
})
