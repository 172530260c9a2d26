import t, { type Test } from 'tap'
import { type SQLiteDatabase, SQLiteStore } from '../lib/index.ts'
import { testStore } from '../lib/testing.ts'
import { recordedClient, sameAsMemoryInTable } from './support/recorded-store.ts'
import { databaseOf } from './support/store-recording.mjs'
import { runSchedules } from './support/store-schedules.mjs'

interface Sqlite {
  DatabaseSync: new (path: string) => SQLiteDatabase
}

const SEED = 20260101
const TEN_MINUTES = 10 * 60 * 1000
const unused: SQLiteDatabase = databaseOf({ all: () => [] })

/** The databases of the Node that runs this, from 22.13 on. Those of better-sqlite3 are tested in `integrations/`. */
const builtIn: Sqlite[] = await import('node:sqlite' as string).then((module) => [module], () => [])

t.test('the answers of a real SQLite make those of MemoryStore', async (t) => {
  const { client, left } = recordedClient('better-sqlite3', { isSync: true })
  const given = { cleanup: false, table: 'walked' }
  await sameAsMemoryInTable(t, (options) => new SQLiteStore(databaseOf(client), { ...given, ...options }))
  t.strictSame(left, [])
})

for (const { DatabaseSync } of builtIn) {
  t.test('node:sqlite keeps the contract of a store', async (t) => {
    const store = new SQLiteStore(new DatabaseSync(':memory:'), { cleanup: false })
    await t.rejects(store.check(), { message: 'no such table: sessions' })
    await store.createTable()
    await testStore(store)
  })

  t.test(`node:sqlite does as the model, in schedules of seed ${SEED}`, async () => {
    const clock = { now: 2_000_000_000 }
    const store = new SQLiteStore(new DatabaseSync(':memory:'), { cleanup: false, now: () => clock.now })
    await store.createTable()
    await runSchedules([store, store, store], clock, { seed: SEED })
  })

  t.test('node:sqlite: the walk is that of MemoryStore', async (t) => {
    const database = new DatabaseSync(':memory:')
    await sameAsMemoryInTable(t, (options) => new SQLiteStore(database, { cleanup: false, ...options }))
  })
}

t.test('a failure of the database rejects, and is not thrown', async (t) => {
  const failing = { prepare () { throw new Error('database is locked') } }
  const store = new SQLiteStore(failing, { cleanup: false })
  await t.rejects(store.read('a'), { message: 'database is locked' })
  await t.rejects(store.createTable(), { message: 'database is locked' })
})

t.test('a statement is prepared once', async (t) => {
  const prepared: string[] = []
  const prepare = (statement: string): object => {
    prepared.push(statement)
    return unused.prepare(statement)
  }
  const store = new SQLiteStore({ prepare }, { cleanup: false })
  for (let time = 0; time < 3; time++) await store.read('a')
  t.equal(prepared.length, 1)
})

t.test('what is no database, and a wrong option, are refused with one sentence', async (t) => {
  const message = 'SQLiteStore expected a database of node:sqlite or better-sqlite3 as its first argument'
  for (const database of [undefined, null, 'file.db', {}]) {
    t.throws(() => new SQLiteStore(database as unknown as SQLiteDatabase), { name: 'TypeError', message })
  }
  const rows: Array<[options: object, message: string]> = [
    [{ table: 'main.sessions' }, 'The SQLiteStore option table must be up to 55 letters, digits and _'],
    [{ cleanup: 5 }, 'The SQLiteStore option cleanup must be true or false'],
    [{ now: 5 }, 'The SQLiteStore option now must be a function that returns Unix seconds'],
    [{ tableName: 'a' }, 'The SQLiteStore option "tableName" is unknown: use table']
  ]
  for (const [options, message] of rows) {
    t.throws(() => new SQLiteStore(unused, options), { name: 'TypeError', message })
  }
})

t.test('deleteExpired refuses what is no number of rows', async (t) => {
  const store = new SQLiteStore(unused, { cleanup: false })
  const message = 'The limit of deleteExpired must be a whole number, 1 or more'
  for (const limit of [0, -1, 1.5, NaN]) await t.rejects(store.deleteExpired(limit), { name: 'TypeError', message })
})

/** The timers that are started while `run` runs. */
function timersOf (t: Test, run: () => void) {
  const timers: Array<{ callback: () => Promise<void>, every: number, timer: NodeJS.Timeout }> = []
  const start = globalThis.setInterval
  t.intercept(globalThis, 'setInterval', {
    value: (callback: () => Promise<void>, every: number) => {
      const timer = start(() => {}, 1_000_000)
      timers.push({ callback, every, timer })
      return timer
    }
  })
  run()
  t.teardown(() => { for (const { timer } of timers) clearInterval(timer) })
  return timers
}

/** A database with a number of rows that have expired, and how many statements deleted some. */
function expiredRows (rows: number) {
  const state = { rows, statements: 0 }
  const all = (_: string, { limit }: { limit: number }) => {
    const deleted = Math.min(limit, state.rows)
    state.rows -= deleted
    state.statements++
    return Array.from({ length: deleted }, () => ({}))
  }
  return { state, database: databaseOf({ all }) }
}

t.test('every ten minutes expired rows are deleted in batches, by a timer that keeps no process running', async (t) => {
  const { state, database } = expiredRows(2500)
  const timers = timersOf(t, () => { t.ok(new SQLiteStore(database)) })
  t.equal(timers.length, 1)
  t.equal(timers[0]!.every, TEN_MINUTES)
  t.equal(timers[0]!.timer.hasRef(), false)
  await timers[0]!.callback()
  t.strictSame(state, { rows: 0, statements: 3 })
})

t.test('a cleanup that fails is tried again the next time', async (t) => {
  let tries = 0
  const all = () => {
    tries++
    throw new Error('locked')
  }
  const timers = timersOf(t, () => { t.ok(new SQLiteStore(databaseOf({ all }))) })
  for (let time = 0; time < 2; time++) await timers[0]!.callback()
  t.equal(tries, 2)
})

t.test('no timer is left with cleanup: false, nor after close', async (t) => {
  t.strictSame(timersOf(t, () => { new SQLiteStore(unused, { cleanup: false }).close() }), [])
  const [started] = timersOf(t, () => { new SQLiteStore(unused).close() })
  t.equal((started!.timer as unknown as { _destroyed: boolean })._destroyed, true)
})
