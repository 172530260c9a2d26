import t from 'tap'
import { PostgresStore } from '../lib/index.ts'
import { recordedClient, sameAsMemoryInTable } from './support/recorded-store.ts'

type Client = ConstructorParameters<typeof PostgresStore>[0]

const unused: Client = { query: async () => ({ rows: [] }) }

t.test('the answers of a real PostgreSQL make those of MemoryStore', async (t) => {
  const { client, left } = recordedClient('pg')
  const given = { cleanup: false, table: 'app.Walked' }
  await sameAsMemoryInTable(t, (options) => new PostgresStore(client as unknown as Client, { ...given, ...options }))
  t.strictSame(left, [])
})

t.test('a failure of the database is thrown as it came', async (t) => {
  const failing: Client = { query: async () => { throw new Error('relation does not exist') } }
  const store = new PostgresStore(failing, { cleanup: false })
  await t.rejects(store.check(), { message: 'relation does not exist' })
})

t.test('what is no pool is refused', async (t) => {
  const message = 'PostgresStore expected a pool or client of pg as its first argument'
  for (const client of [undefined, null, 'postgres://localhost', {}]) {
    t.throws(() => new PostgresStore(client as unknown as Client), { name: 'TypeError', message })
  }
})

t.test('a table is a plain name, with a schema or without, and nothing else comes into a statement', async (t) => {
  const rule = 'must be up to 55 letters, digits and _; a schema and a dot may stand before it'
  const error = { name: 'TypeError', message: `The PostgresStore option table ${rule}` }
  for (const table of ['', 'a.b.c', 'a b', 'a"b', "a'b", 'a;b', '1a', 'é', '.a', 'a.', 'x'.repeat(56), 5]) {
    t.throws(() => new PostgresStore(unused, { table: table as string, cleanup: false }), error, `${table}`)
  }
  for (const table of ['Sessions', 'app.sessions', '_a1', 'x'.repeat(55), 'user']) {
    const texts: string[] = []
    const client: Client = { query: async (text) => { texts.push(text); return { rows: [] } } }
    await new PostgresStore(client, { table, cleanup: false }).read('a')
    t.match(texts[0], ` FROM ${table.split('.').map((part) => `"${part}"`).join('.')} WHERE`)
  }
})
