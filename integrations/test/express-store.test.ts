import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RedisStore } from 'connect-redis'
import session from 'express-session'
import { type ExpressStore, fromExpressStore } from 'fastify-signed-session'
import { testStore } from 'fastify-signed-session/testing'
import { createClient } from 'redis'
import { Browser, buildApp } from '../support/app.js'
import { ask, missing, type Server, startRedis } from '../support/databases.js'
import { Barrier, barrier, sessionApp } from '../support/session-app.js'

/** The rules that only a store keeps which does more than reading and writing a whole session. */
const BROKEN = [
  '- of many that create one key at once, one does',
  '- many that update one session at once lose nothing',
  '- of many that destroy one session at once, one ends it',
  '- an update never brings an ended session back'
]

function tests (name: string, open: () => ExpressStore): void {
  test(`${name}: of the rules of a store, only those of calls at the same time are broken`, async () => {
    const broken: string = await testStore(fromExpressStore(open())).then(() => '', (error) => error.message)
    const rules = broken.split('\n').slice(1).map((line) => line.split('. ')[0])
    assert.deepEqual(rules.filter((rule) => !BROKEN.includes(rule)), [])
  })

  test(`${name}: what two requests save one after the other stays, also where they read at once`, async () => {
    const app = await sessionApp(fromExpressStore(open()))
    const browser = new Browser(app)
    await browser.post('/login/ann')
    barrier.current = new Barrier()
    const slow = new Browser(app, browser.cookies).post('/slow/set/late')
    await barrier.current.arrived
    await browser.post('/set/quick')
    barrier.current.release()
    await slow
    assert.deepEqual((await browser.get('/')).json(), { userId: 'ann', quick: 'quick', late: 'late' })
  })

  test(`${name}: a slow request that began before a logout does not bring the session back`, async () => {
    const app = await sessionApp(fromExpressStore(open()))
    const browser = new Browser(app)
    await browser.post('/login/ann')
    const stolen = new Browser(app, new Map(browser.cookies))
    barrier.current = new Barrier()
    const slow = new Browser(app, browser.cookies).post('/slow/set/late')
    await barrier.current.arrived
    await browser.post('/logout')
    barrier.current.release()
    assert.deepEqual((await slow).cookies, [])
    assert.equal((await stolen.get('/')).body, '{}')
  })

  test(`${name}: a copy of a cookie with data is nothing after a logout`, async () => {
    const without = await buildApp()
    without.post('/login', async ({ session }) => { session.set('userId', 'ann') })
    const before = new Browser(without)
    await before.post('/login')
    const app = await sessionApp(fromExpressStore(open()))
    const [browser, copy] = [new Browser(app, new Map(before.cookies)), new Browser(app, new Map(before.cookies))]
    await browser.post('/set/more')
    assert.deepEqual((await copy.get('/')).json(), { userId: 'ann', more: 'more' })
    await browser.post('/logout')
    assert.equal((await copy.get('/')).body, '{}')
  })
}

describe('the MemoryStore of express-session', () => {
  tests('MemoryStore', () => new session.MemoryStore())
})

if (!missing.includes('Redis')) {
  describe('connect-redis', () => {
    let server: Server
    let client: ReturnType<typeof createClient>

    before(async () => {
      server = await startRedis()
      client = createClient({ socket: { host: '127.0.0.1', port: server.port } })
      await client.connect()
    })
    after(async () => {
      client.destroy()
      await server.stop()
    })

    tests('connect-redis', () => new RedisStore({ client }))

    test('connect-redis: Redis forgets a session with its expiry, and no id of a cookie is there', async () => {
      await client.flushAll()
      const browser = new Browser(await sessionApp(fromExpressStore(new RedisStore({ client })), { lifetime: 1000 }))
      await browser.post('/login/ann')
      const id = (await browser.get('/id')).body
      const [key] = await client.keys('*')
      const kept = await client.get(key)
      assert.equal(`${key} ${kept}`.includes(id), false)
      const left = Number(await ask(server.port, 'TTL', key))
      assert.ok(left > 0 && left <= 1001)
      await browser.post('/logout')
      assert.deepEqual(await client.keys('*'), [])
    })

    test('connect-redis: what somebody wrote by hand is an empty session', async () => {
      await client.flushAll()
      const browser = new Browser(await sessionApp(fromExpressStore(new RedisStore({ client }))))
      for (const text of ['no JSON', '{}', '{"cookie":{},"entry":"{\\"fields\\":[[\\"a\\",\\"b\\"]]}"}']) {
        await browser.post('/login/ann')
        for (const key of await client.keys('*')) await client.set(key, text)
        const { statusCode, body } = await browser.get('/')
        assert.deepEqual([statusCode, body], [200, '{}'])
      }
    })
  })
}
