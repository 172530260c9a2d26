import assert from 'node:assert/strict'
import { test } from 'node:test'
import rateLimit from '@fastify/rate-limit'
import { type App, Browser, buildApp } from '../support/app.js'

async function limitedApp (): Promise<App> {
  const app = await buildApp()
  await app.register(rateLimit, { max: 2, keyGenerator: ({ session, ip }) => session.has('userId') ? session.id : ip })
  app.get('/', async () => 'x')
  const unlimited = { config: { rateLimit: false as const } }
  app.post('/login', unlimited, async ({ session }) => {
    session.regenerate()
    session.set('userId', 'Ada')
  })
  app.post('/visit', unlimited, async ({ session }) => { session.set('theme', 'dark') })
  return app
}

async function statuses (browsers: Browser[]): Promise<number[]> {
  const received: number[] = []
  for (const browser of browsers) received.push((await browser.get('/')).statusCode)
  return received
}

/** Browsers with the same cookie, each of which has sent nothing else: a cookie that is replayed. */
async function replayed (app: App, url: string, count: number): Promise<Browser[]> {
  const browser = new Browser(app)
  await browser.post(url)
  return Array.from({ length: count }, () => {
    const replaying = new Browser(app)
    for (const [name, value] of browser.cookies) replaying.cookies.set(name, value)
    return replaying
  })
}

test('each session has a limit of its own, also where its first cookie is replayed', async () => {
  const app = await limitedApp()
  assert.deepEqual(await statuses(await replayed(app, '/login', 4)), [200, 200, 429, 429])
  assert.deepEqual(
    await statuses(await replayed(app, '/login', 3)),
    [200, 200, 429],
    'and the next sign-in has one of its own'
  )
})

test('who is not signed in shares the limit of the address, with a cookie, with many and without', async () => {
  const app = await limitedApp()
  const visitors = [...await replayed(app, '/visit', 2), ...await replayed(app, '/visit', 2), new Browser(app)]
  assert.deepEqual(await statuses(visitors), [200, 200, 429, 429, 429])
})

test('counting alone sends no cookie', async () => {
  const app = await limitedApp()
  const browser = new Browser(app)
  await browser.post('/login')
  assert.equal((await browser.get('/')).headers['set-cookie'], undefined)
  assert.equal((await new Browser(app).get('/')).headers['set-cookie'], undefined)
})

test('a login that is limited by address gives no session attempts of its own', async () => {
  const app = await limitedApp()
  const options = { config: { rateLimit: { max: 2, keyGenerator: ({ ip }: { ip: string }) => ip } } }
  app.post('/attempt', options, async () => 'x')
  const browsers = [...await replayed(app, '/login', 1), ...await replayed(app, '/login', 2)]
  const received: number[] = []
  for (const browser of browsers) received.push((await browser.post('/attempt')).statusCode)
  assert.deepEqual(received, [200, 200, 429])
})
