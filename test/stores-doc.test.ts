import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import * as names from '../lib/index.ts'
import { testStore } from '../lib/testing.ts'
import { cookieFrom, SECRET } from './support/app.ts'
import { documents, run } from './support/documents.ts'

const text = ['stores', 'store-contract'].map((name) => documents.get(`docs/${name}.md`)!).join('\n')
const blocks = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!)

t.test('the store of your own keeps the contract, in some 40 lines', async (t) => {
  const code = blocks.find((each) => each.includes('class TinyStore'))!
  t.ok(code.split('\n').length < 50)
  const file = join(t.testdir(), 'tiny-store.mjs')
  writeFileSync(file, code)
  const { TinyStore } = await import(pathToFileURL(file).href)
  await testStore(new TinyStore())
})

t.test('the session interface of your own counts visits', async (t) => {
  const { app, printed } = await run(t, blocks.find((each) => each.includes('class MapSessions'))!)
  t.ok(app)
  t.equal(printed, 'visit 2\n')
})

t.test('the routes for the sessions of one user list and end them', async (t) => {
  const routes = blocks.find((each) => each.includes('sessionInterface.list'))!
  const { app } = await run(t, `import Fastify from 'fastify'
    import sessionPlugin, { MemoryStore } from 'fastify-signed-session'
    const app = Fastify()
    await app.register(sessionPlugin, { secret: '${SECRET}', store: new MemoryStore(), owner: 'userId' })
    app.get('/login', async ({ session }) => { session.update({ userId: 42, userAgent: 'tap' }) })
    ${routes}`)
  const login = async (): Promise<string> => cookieFrom((await app!.inject('/login')).headers)!
  const [here, there] = [await login(), await login()]
  const devices = await app!.inject({ url: '/devices', headers: { cookie: here } })
  t.match(devices.json(), [{ data: { userAgent: 'tap' } }, { data: { userAgent: 'tap' } }])
  t.equal(devices.json().filter(({ isCurrent }: { isCurrent: boolean }) => isCurrent).length, 1)
  const { key } = devices.json().find(({ isCurrent }: { isCurrent: boolean }) => !isCurrent)
  const post = (url: string) => app!.inject({ method: 'POST', url, headers: { cookie: here } })
  t.equal((await post(`/devices/${key}/end`)).body, 'true')
  t.equal((await app!.inject({ url: '/devices', headers: { cookie: there } })).statusCode, 401, 'there is no user')
  await login()
  t.equal((await post('/password')).body, '1')
})

t.test('what is imported from the package is there, and every option is one', async (t) => {
  const imports = [...blocks.join('').matchAll(/import { (\w+) } from 'fastify-signed-session'/g)]
  t.strictSame(imports.filter(([, name]) => !Object.hasOwn(names, name!)), [])
  const redis = { get: async () => null, evalSha: async () => 0, eval: async () => 0 }
  const client = { query: async () => ({ rows: [] }), prepare: () => ({}), ...redis }
  const stores: Record<string, (options: object) => unknown> = {
    memory: (options) => new names.MemoryStore(options),
    Redis: (options) => new names.RedisStore(client, options),
    PostgreSQL: (options) => new names.PostgresStore(client, { cleanup: false, ...options }),
    SQLite: (options) => new names.SQLiteStore(client, { cleanup: false, ...options })
  }
  const rows = [...text.matchAll(/^\| `([a-z]+)` \| ([\w, ]+) \| (?:`([^`]+)`|[\w, ]+) \|/gm)]
  for (const [, option, kinds] of rows) {
    for (const kind of kinds === 'all' ? Object.keys(stores) : kinds!.split(', ')) {
      const message = new RegExp(` option ${option} must be`)
      t.throws(() => stores[kind]!({ [option!]: Symbol('of no type') }), { message }, `${kind} ${option}`)
    }
  }
  t.strictSame(rows.map(([, option]) => option), ['limit', 'prefix', 'table', 'cleanup', 'now'])
})
