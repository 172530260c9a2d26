import assert from 'node:assert/strict'
import { test } from 'node:test'
import csrf, { type FastifyCsrfProtectionOptions } from '@fastify/csrf-protection'
import { type App, Browser, buildApp } from '../support/app.js'

const modes: Record<string, (app: App) => PromiseLike<unknown>> = {
  '@fastify/secure-session': (app) => app.register(csrf, { sessionPlugin: '@fastify/secure-session' }),
  '@fastify/session': (app) => app.register(csrf, { sessionPlugin: '@fastify/session' })
}

/** The application of both modes: a form, a route that is protected, and one that signs in. */
async function forms (register: (app: App) => PromiseLike<unknown>): Promise<Browser> {
  const app = await buildApp()
  await register(app)
  app.get('/form', async (_request, reply) => ({ token: reply.generateCsrf() }))
  app.post('/form', { preHandler: app.csrfProtection }, async () => 'taken')
  app.post('/login', async (request) => {
    request.session.regenerate(['session'])
    request.session.set('user', 'Ada')
  })
  return new Browser(app)
}

for (const [mode, register] of Object.entries(modes)) {
  test(`as ${mode}: a form with the token of its session is taken, and no other`, async () => {
    const browser = await forms(register)
    assert.equal((await browser.post('/form')).json().code, 'FST_CSRF_MISSING_SECRET')
    const { token } = (await browser.get('/form')).json()
    assert.equal((await browser.get('/form')).headers['set-cookie'], undefined, 'the secret is made once')
    assert.equal((await browser.post('/form', { _csrf: token })).body, 'taken')
    assert.equal((await browser.post('/form', {}, { 'csrf-token': token })).body, 'taken')
    assert.equal((await browser.post('/form', { _csrf: `${token}x` })).json().code, 'FST_CSRF_INVALID_TOKEN')
    const other = await forms(register)
    await other.get('/form')
    assert.equal((await other.post('/form', { _csrf: token })).statusCode, 403, 'a token of another session')
  })

  test(`as ${mode}: a token from before somebody signed in is refused afterwards`, async () => {
    const browser = await forms(register)
    const { token } = (await browser.get('/form')).json()
    await browser.post('/login')
    assert.equal((await browser.post('/form', { _csrf: token })).json().code, 'FST_CSRF_MISSING_SECRET')
  })
}

test('attributes that are the registered ones are let pass, ' +
  'and others are an error that says where to set them', async () => {
  const app = await buildApp({ cookie: { domain: 'app.example' } })
  await app.register(csrf, { sessionPlugin: '@fastify/secure-session' })
  const same = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    domain: '.App.Example',
    partitioned: false,
    signed: false,
    overwrite: true
  } as const
  app.get('/same', async (_request, reply) => reply.generateCsrf(same))
  app.get('/other', async (_request, reply) => reply.generateCsrf({ path: '/other' }))
  assert.equal((await app.inject('/same')).statusCode, 200)
  const { statusCode, body } = await app.inject('/other')
  assert.equal(statusCode, 500)
  assert.match(
    body,
    /The cookie's path cannot differ in one response, since its deletion would not match; set it at registration/
  )
})

test('a token may be bound to a user, whose name is no cookie option', async () => {
  const app = await buildApp()
  const options: FastifyCsrfProtectionOptions = {
    sessionPlugin: '@fastify/secure-session',
    csrfOpts: { hmacKey: 'a key for the tokens' },
    getUserInfo: (request) => `${request.headers.user}`
  }
  await app.register(csrf, options)
  app.get('/form', async (request, reply) =>
    reply.generateCsrf({ userInfo: `${request.headers.user}`, sameSite: 'strict' })
  )
  app.post('/form', { preHandler: app.csrfProtection }, async () => 'taken')
  const browser = new Browser(app)
  const { body: token, headers } = await browser.get('/form', { user: 'ada' })
  assert.match(`${headers['set-cookie']}`, /SameSite=Strict/)
  assert.equal((await browser.post('/form', { _csrf: token }, { user: 'ada' })).body, 'taken')
  assert.equal((await browser.post('/form', { _csrf: token }, { user: 'bob' })).json().code, 'FST_CSRF_INVALID_TOKEN')
})
