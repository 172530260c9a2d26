import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { PostgresStore } from 'fastify-signed-session'
import pg from 'pg'
import { connectionTo, missing, type Server, startPostgres } from '../support/databases.js'
import {
  compareRecording, countCommands, nobodys, record, START, storeSuite, walkTable
} from '../support/store-suite.js'

const ONE = { 'create with an owner': 1, 'touch beyond the index': 1, 'update of the owner': 1 }
const COUNTS = { create: 1, read: 1, update: 1, touch: 1, list: 1, destroy: 1, destroyAll: 1, check: 1, ...ONE }

if (!missing.includes('PostgreSQL')) {
  describe('PostgreSQL', tests)
}

function tests (): void {
  let server: Server
  const pools: pg.Pool[] = []
  const options = { cleanup: false }

  before(async () => {
    server = await startPostgres()
    for (let index = 0; index < 3; index++) {
      const pool = new pg.Pool({ ...connectionTo(server), max: 2 })
      pool.on('error', () => {}) // the server is stopped while the last connections close
      pools.push(pool)
    }
    await pools[0].query('CREATE SCHEMA app')
  })
  after(async () => {
    await Promise.all(pools.map((pool) => pool.end()))
    await server.stop()
  })

  test('the table is made where it is missing, by several processes at once too', async () => {
    const stores = pools.map((pool) => new PostgresStore(pool, options))
    await assert.rejects(stores[0].check(), /relation "sessions" does not exist/)
    await Promise.all([...stores, ...stores].map((store) => store.createTable()))
    await stores[0].check()
  })

  test('the walk is the one that was recorded', async () => {
    const { client, calls } = record(pools[0], ['query'], ({ rows }: pg.QueryResult) => ({ rows }))
    const clock = { now: START }
    const store = new PostgresStore(client, { ...options, table: 'app.Walked', now: () => clock.now })
    const { answers, deleted } = await walkTable(store, clock)
    await compareRecording('pg', calls, answers)
    assert.deepEqual(deleted.slice(0, 1).concat(deleted.slice(2)), [1, 0])
    const { rows } = await pools[0].query('SELECT count(*) FROM app."Walked"')
    assert.equal(rows[0].count, '0')
  })

  test('one statement for each operation', async () => {
    const { client, calls } = record(pools[0], ['query'], ({ rows }: pg.QueryResult) => ({ rows }))
    const store = new PostgresStore(client, { ...options, now: () => START - 10 })
    assert.deepEqual(await countCommands(store, calls), COUNTS)
  })

  storeSuite('PostgreSQL', (connection, given) => new PostgresStore(pools[connection], { ...options, ...given }))

  test('an update that waits for a logout changes nothing', async () => {
    const store = new PostgresStore(pools[0], options)
    await store.create('w', nobodys)
    const client = await pools[1].connect()
    await client.query('BEGIN')
    assert.equal(await new PostgresStore(client, options).destroy('w', START), true)
    const times = { usedAt: 0, expiresAt: { permanent: START, otherwise: START } }
    const update = store.update('w', { set: new Map([['a', '1']]), unset: [], ...times })
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    while ((await pools[2].query(waiting)).rows.length === 0) await new Promise(setImmediate)
    await client.query('COMMIT')
    client.release()
    assert.equal(await update, false)
    assert.equal(await store.read('w'), 'ended')
  })

  test('two cleanups at once do not wait for each other, and delete what has expired alone', async () => {
    const stores = pools.map((pool) => new PostgresStore(pool, { ...options, table: 'cleaned', now: () => START }))
    await stores[0].createTable()
    await Promise.all(Array.from({ length: 60 }, (_, index) => {
      return stores[0].create(`${index}`, { ...nobodys, expiresAt: index < 50 ? START + 1 : START + 100 })
    }))
    const later = pools.map((pool) => new PostgresStore(pool, { ...options, table: 'cleaned', now: () => START + 1 }))
    let deleted = 0
    while (deleted < 50) {
      for (const each of await Promise.all(later.map((store) => store.deleteExpired(10)))) deleted += each
    }
    assert.equal(deleted, 50)
    assert.equal((await pools[0].query('SELECT 1 FROM cleaned')).rows.length, 10)
  })

  test('the database refuses a record whose fields are no object', async () => {
    for (const fields of ['[]', '"x"', '5']) {
      const insert = "INSERT INTO sessions (key, fields, expires_at, outcome) VALUES ('x', $1, 5, '')"
      await assert.rejects(pools[0].query(insert, [fields]), /violates check constraint/)
    }
  })
}
