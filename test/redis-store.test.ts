import t from 'tap'
import { RedisStore } from '../lib/index.ts'
import { recordedClient, sameAsMemory } from './support/recorded-store.ts'

type Client = ConstructorParameters<typeof RedisStore>[0]

const unused = { get: async () => null, evalSha: async () => 0, eval: async () => 0 }

for (const name of ['node-redis', 'ioredis']) {
  t.test(`${name}: the answers of a real Redis make those of MemoryStore`, async (t) => {
    const { client, left } = recordedClient(name)
    await sameAsMemory(t, (options) => new RedisStore(client as unknown as Client, { prefix: 'walk:', ...options }))
    t.strictSame(left, [])
  })
}

t.test('a failure of the server is thrown as it came, and no script is sent whole for it', async (t) => {
  for (const message of ['READONLY You can\'t write against a read only replica.', 'OOM command not allowed']) {
    let evals = 0
    const fails = async () => { throw new Error(message) }
    const store = new RedisStore({ get: fails, evalSha: fails, eval: async () => { evals++ } })
    await t.rejects(store.read('a'), { message })
    await t.rejects(store.check(), { message })
    t.equal(evals, 0)
  }
})

t.test('a key that holds something else than a hash has nothing that a session has', async (t) => {
  const get = async () => { throw new Error('WRONGTYPE Operation against a key holding the wrong kind of value') }
  t.match(await new RedisStore({ ...unused, get }).read('a'), { createdAt: NaN, owner: null })
})

t.test('what is no client of Redis is refused', async (t) => {
  const message = 'RedisStore expected a client of redis (node-redis) or ioredis as its first argument'
  for (const client of [undefined, null, 'redis://localhost', {}, { get () {} }]) {
    t.throws(() => new RedisStore(client as unknown as Client), { name: 'TypeError', message })
  }
})

t.test('a wrong option is refused with one sentence', async (t) => {
  const rows: Array<[options: object, message: string]> = [
    [{ prefix: 5 }, 'The RedisStore option prefix must be a string of printable ASCII'],
    [{ prefix: 'é' }, 'The RedisStore option prefix must be a string of printable ASCII'],
    [{ now: 5 }, 'The RedisStore option now must be a function that returns Unix seconds'],
    [{ ttl: 5 }, 'The RedisStore option "ttl" is unknown: each session brings its own expiry'],
    [{ client: unused }, 'The RedisStore option "client" is unknown: it is the first argument: new RedisStore(client)']
  ]
  for (const [options, message] of rows) t.throws(() => new RedisStore(unused, options), { name: 'TypeError', message })
})
