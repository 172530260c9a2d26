import { after, before, describe, test } from 'node:test'
import Fastify from 'fastify'
import * as product from 'fastify-signed-session'
import { type Connection, kinds, type Running } from '../support/session-databases.js'

/** What the root's tests have of a session's behaviour, which runs in any Node as it is. */
const support = (file: string): string => new URL(`../../../test/support/${file}`, import.meta.url).href
const { cases } = await import(support('session-behaviour.mjs'))
const { differencesFor } = await import(support('session-differences.mjs'))
const { runCase } = await import(support('session-visitor.mjs'))

const tables: Array<[string, Array<{ title: string }>]> = Object.entries({ ...cases, differs: differencesFor(true) })

/** One client for each database; the others differ in how they send commands, which other tests try. */
for (const kind of kinds.filter(({ name }) => ['node-redis', 'pg', 'better-sqlite3'].includes(name))) {
  describe(`the behaviour of sessions with ${kind.name}`, () => {
    let database: Running
    let connection: Connection
    before(async () => {
      database = await kind.start()
      connection = await kind.connect(database.address)
    })
    after(async () => {
      await connection.close()
      await database.stop()
    })
    const stored = { name: kind.name, isStored: true, open: () => ({ store: kind.storeOf(connection.client) }) }
    for (const [table, list] of tables) {
      for (const each of list) {
        test(`${kind.name}: ${table}: ${each.title}`, () => runCase(each, stored, { ...product, fastify: Fastify }))
      }
    }
  })
}
