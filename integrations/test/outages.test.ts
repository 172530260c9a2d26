import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { MemoryStore, PostgresStore, RedisStore, type SessionStore } from 'fastify-signed-session'
import pg from 'pg'
import { type App, Browser } from '../support/app.js'
import { connectionTo, missing, type Server, startPostgres, startRedis } from '../support/databases.js'
import { Load } from '../support/load.js'
import { redisClients } from '../support/redis-clients.js'
import { sessionApp } from '../support/session-app.js'

const USERS = 8
const { times } = await import(new URL('../../../test/support/effort.mjs', import.meta.url).href)
const UNREACHABLE = 'The session store cannot be reached (docs/stores.md)'

/** The lines with which the plugin tells of an outage; the error handler of Fastify has its own for each reply. */
function told (log: readonly string[]): string[] {
  return log.filter((line) => line.includes(UNREACHABLE) && line.includes('"suppressed"'))
}

/** Kills a database under load, three times where it may take long, and returns what was seen. */
async function kill (app: App, log: readonly string[], server: Server, signal: NodeJS.Signals): Promise<string> {
  const started = performance.now()
  const load = new Load(app, USERS)
  await load.start()
  for (let time = 0; time < times(1, 3); time++) {
    await load.more('saved', 20 * USERS)
    server.signal(signal)
    await load.more('unavailable', 5 * USERS)
    await load.more('plain', 20 * USERS)
    await server.restart()
    await load.more('saved', 5 * USERS)
    await load.more('read', 5 * USERS)
  }
  const { faults, ...figures } = await load.stop()
  assert.deepEqual(faults, [])
  const minutes = (performance.now() - started) / 60_000
  const lines = told(log).length
  assert.ok(lines >= 1 && lines <= minutes + 2, `one line a minute, but there were ${lines}`)
  return JSON.stringify({ ...figures, lines, seconds: Math.round(minutes * 60) })
}

/** A store whose calls are counted, and wait for `answer` where that is set. */
function watched (store: SessionStore) {
  const watch = { calls: 0, answer: undefined as Promise<unknown> | undefined }
  const late = async <Result> (answer: Promise<Result>): Promise<Result> => {
    const { answer: waited } = watch
    watch.calls++
    const given = await answer
    await waited
    return given
  }
  const inFront: SessionStore = {
    read: (key) => late(store.read(key)),
    create: (key, session) => late(store.create(key, session)),
    update: (key, changes) => late(store.update(key, changes)),
    destroy: (key, until) => late(store.destroy(key, until))
  }
  return { watch, store: inFront }
}

/** Asks until the store is up again, and nothing else has to be done for that. */
async function untilServed (browser: Browser): Promise<void> {
  while ((await browser.get('/')).statusCode !== 200) await wait(20)
}

for (const { name, connect, close } of missing.includes('Redis') ? [] : redisClients) {
  const start = async (t: TestContext, ...options: string[]) => {
    const server = await startRedis(...options)
    const client = await connect([server])
    t.after(async () => { close(client as any); await server.stop() })
    return { server, store: new RedisStore(client as any) }
  }

  describe(`outages of Redis with ${name}`, () => {
    test(`${name}: Redis is killed under load, and nothing is lost that was saved`, async (t) => {
      const { server, store } = await start(t, '--appendonly', 'yes', '--appendfsync', 'always')
      const log: string[] = []
      const app = await sessionApp(store, {}, log)
      t.diagnostic(await kill(app, log, server, 'SIGKILL'))
    })

    test(`${name}: while Redis stands still, only the requests that try it wait`, async (t) => {
      const { server, store } = await start(t)
      const { watch, store: counted } = watched(store)
      const log: string[] = []
      const browser = new Browser(await sessionApp(counted, {}, log))
      await browser.post('/login/ann')
      server.signal('SIGSTOP')
      const first = await Promise.all(Array.from({ length: 20 }, () => browser.get('/plain')))
      assert.deepEqual(first.filter(({ body }) => body !== 'plain'), [], 'they wait for the first timeout')
      assert.equal((await browser.get('/')).statusCode, 503)
      watch.calls = 0
      const started = performance.now()
      const waited = await Promise.all(Array.from({ length: times(300, 1000) }, async (_, index) => {
        await wait(5 * index)
        const before = performance.now()
        assert.equal((await browser.get('/plain')).body, 'plain')
        return performance.now() - before
      }))
      const tries = watch.calls
      assert.ok(tries <= 1 + (performance.now() - started) / 1000, `one try at a time, but there were ${tries}`)
      const within = waited.filter((time) => time <= 50).length
      t.diagnostic(JSON.stringify({ requests: waited.length, within50ms: within, tries, lines: told(log).length }))
      server.signal('SIGCONT')
      await untilServed(browser)
      assert.deepEqual((await browser.get('/')).json(), { userId: 'ann' })
    })
  })
}

if (!missing.includes('PostgreSQL')) {
  test('PostgreSQL is shut down at once under load, and nothing is lost that was saved', async (t) => {
    const server = await startPostgres()
    const pool = new pg.Pool({ ...connectionTo(server), max: 5 }).on('error', () => {})
    t.after(async () => { await pool.end(); await server.stop() })
    const store = new PostgresStore(pool, { cleanup: false })
    await store.createTable()
    const log: string[] = []
    t.diagnostic(await kill(await sessionApp(store, {}, log), log, server, 'SIGQUIT'))
  })
}

test('a store that answers after its time is down, and what it made then is ended', async () => {
  const inner = new MemoryStore()
  const { watch, store } = watched(inner)
  const created: string[] = []
  const create = inner.create.bind(inner)
  inner.create = (key, session) => { created.push(key); return create(key, session) }
  const browser = new Browser(await sessionApp(store, { storeTimeout: 0.05 }))
  let answer = (): void => {}
  watch.answer = new Promise<void>((resolve) => { answer = resolve })
  const { statusCode, headers, cookies } = await browser.post('/login/late')
  assert.deepEqual([statusCode, headers['retry-after'], cookies], [503, '1', []])
  assert.equal(typeof await inner.read(created[0]), 'object')
  watch.answer = undefined
  answer()
  while (await inner.read(created[0]) !== undefined) await wait(1)
  while ((await browser.post('/login/late')).statusCode !== 200) await wait(20)
  assert.deepEqual((await browser.get('/')).json(), { userId: 'late' })
})
