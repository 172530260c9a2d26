import assert from 'node:assert/strict'
import { test } from 'node:test'
import rateLimit from '@fastify/rate-limit'
import { Browser, buildApp } from '../support/app.js'

test('each session has a limit of its own, and those without one share that of their address', async () => {
  const app = await buildApp()
  await app.register(rateLimit, { max: 2, keyGenerator: ({ session, ip }) => session.isNew ? ip : session.id })
  app.get('/', async () => 'x')
  app.post('/login', { config: { rateLimit: false } }, async (request) => {
    request.session.regenerate()
    request.session.set('user', 'Ada')
    return request.session.id
  })
  const statuses = async (browser: Browser): Promise<number[]> =>
    [await browser.get('/'), await browser.get('/'), await browser.get('/')].map(({ statusCode }) => statusCode)

  const [ada, bob] = [new Browser(app), new Browser(app)]
  await ada.post('/login')
  await bob.post('/login')
  assert.deepEqual(await statuses(ada), [200, 200, 429])
  assert.deepEqual(await statuses(bob), [200, 200, 429])
  assert.deepEqual(await statuses(new Browser(app)), [200, 200, 429])
  assert.equal((await new Browser(app).get('/')).statusCode, 429, 'dropping the cookie gives no new limit')
  const cookie = ada.header
  await ada.get('/')
  assert.equal(ada.header, cookie, 'counting alone sends no cookie')
})

test('a session whose id is first read for the limit keeps it', async () => {
  const app = await buildApp()
  await app.register(rateLimit, { max: 2, keyGenerator: ({ session }) => session.id })
  app.get('/', async () => 'x')
  const browser = new Browser(app)
  const { headers } = await browser.get('/')
  assert.ok(headers['set-cookie'])
  assert.equal((await browser.get('/')).headers['set-cookie'], undefined)
  assert.equal((await browser.get('/')).statusCode, 429)
})
