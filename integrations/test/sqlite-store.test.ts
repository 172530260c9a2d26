import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import Database from 'better-sqlite3'
import { SQLiteStore } from 'fastify-signed-session'
import {
  compareRecording, countCommands, databaseOf, flat, record, START, storeSuite, walkTable
} from '../support/store-suite.js'

const options = { cleanup: false }

describe('better-sqlite3', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fss-sqlite-'))
  const databases = Array.from({ length: 3 }, () => new Database(join(folder, 'sessions.db')))

  before(async () => {
    for (const database of databases) {
      database.pragma('journal_mode = WAL')
      database.pragma('synchronous = OFF')
    }
    await new SQLiteStore(databases[0], options).createTable()
  })
  after(() => {
    for (const database of databases) database.close()
    rmSync(folder, { recursive: true })
  })

  test('the walk is the one that was recorded', async () => {
    const { client, calls } = record(flat(databases[0]), ['all', 'run'])
    const clock = { now: START }
    const store = new SQLiteStore(databaseOf(client), { ...options, table: 'walked', now: () => clock.now })
    const { answers, deleted } = await walkTable(store, clock)
    await compareRecording('better-sqlite3', calls, answers)
    assert.deepEqual([deleted[0], deleted[2], databases[0].prepare('SELECT * FROM walked').all()], [1, 0, []])
  })

  test('one statement for each operation', async () => {
    const { client, calls } = record(flat(databases[0]), ['all', 'run'])
    const store = new SQLiteStore(databaseOf(client), { ...options, now: () => START - 10 })
    assert.deepEqual(new Set(Object.values(await countCommands(store, calls))), new Set([1]))
  })

  storeSuite('better-sqlite3', (connection, given) => new SQLiteStore(databases[connection], { ...options, ...given }))

  test('the database refuses a record whose fields are no object', () => {
    const insert = databases[0]
      .prepare("INSERT INTO sessions (key, fields, expires_at, outcome) VALUES ('x', ?, 5, '')")
    for (const fields of ['[]', '"x"', 'no JSON']) {
      assert.throws(() => insert.run(fields), /CHECK constraint failed|malformed JSON/)
    }
  })
})
