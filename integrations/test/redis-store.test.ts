import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { RedisStore, type SessionStore } from 'fastify-signed-session'
import type { Redis } from 'ioredis'
import type { createClient } from 'redis'
import { missing, type Server, startRedis, startRedisCluster } from '../support/databases.js'
import { sayWhatIsLeftOut } from '../support/left-out.js'
import { redisClients } from '../support/redis-clients.js'
import { compareRecording, countCommands, nobodys, record, START, storeSuite, walk } from '../support/store-suite.js'

sayWhatIsLeftOut()
const skips = missing.includes('Redis')

type AnyClient = ConstructorParameters<typeof RedisStore>[0]

/** Three clients for the tests of a block, on servers that are stopped after them. */
function threeClients (
  start: () => Promise<Server[]>, connect: (servers: Server[]) => Promise<unknown>, close: (client: any) => void
) {
  const clients: AnyClient[] = []
  let servers: Server[] = []
  before(async () => {
    servers = await start()
    for (let index = 0; index < 3; index++) clients.push(await connect(servers) as AnyClient)
  })
  after(async () => {
    clients.forEach(close)
    await Promise.all(servers.map((server) => server.stop()))
  })
  return clients
}

const startOne = async (): Promise<Server[]> => [await startRedis()]

for (const { name, methods, connect, connectCluster, close } of skips ? [] : redisClients) {
  describe(`${name} and one server`, () => {
    const clients = threeClients(startOne, connect, close)

    test(`${name}: the walk is the one that was recorded`, async () => {
      const { client, calls } = record(clients[0], methods)
      const clock = { now: START }
      const answers = await walk(new RedisStore(client, { prefix: 'walk:', now: () => clock.now }), clock)
      await compareRecording(name, calls, answers)
    })

    test(`${name}: one command for each operation, more where the index or several sessions have a part`, async () => {
      const { client, calls } = record(clients[0], methods)
      const store = new RedisStore(client, { now: () => START - 10 })
      assert.deepEqual(await countCommands(store, calls), {
        create: 1,
        'create with an owner': 2,
        read: 1,
        update: 1,
        touch: 1,
        'touch beyond the index': 3,
        'update of the owner': 2,
        list: 3,
        destroy: 1,
        destroyAll: 3,
        check: 1
      })
    })

    storeSuite(name, (connection, options) => new RedisStore(clients[connection], options))

    test(`${name}: what expires and what ends leaves nothing behind`, async () => {
      const now = Math.floor(Date.now() / 1000)
      const store = new RedisStore(clients[0], { prefix: 'short:' })
      await store.create('a', { ...nobodys, expiresAt: now + 2, owner: 'ann' })
      await store.destroy('b', now + 2)
      const redis = clients[0] as unknown as { keys (pattern: string): Promise<string[]> }
      assert.equal((await redis.keys('short:*')).length, 3)
      while ((await redis.keys('short:*')).length > 0) await new Promise((resolve) => setTimeout(resolve, 100))
    })

    test(`${name}: a key that holds something else is no session, and a failure where it is written to`, async () => {
      const run = (text: string) => name === 'ioredis'
        ? (clients[0] as Redis).eval(text, 0)
        : (clients[0] as ReturnType<typeof createClient>).eval(text)
      await run("return redis.call('RPUSH', 'fss:session:other', 'x')")
      const store: SessionStore = new RedisStore(clients[0])
      assert.deepEqual((await store.read('other') as { createdAt: number }).createdAt, NaN)
      await assert.rejects(store.destroy('other', undefined), /WRONGTYPE/)
    })
  })

  describe(`${name} and a cluster of three`, () => {
    const clients = threeClients(startRedisCluster, connectCluster, close)
    storeSuite(`${name}, cluster`, (connection, options) => new RedisStore(clients[connection], options))
  })
}
