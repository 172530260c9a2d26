import t from 'tap'
import { MemoryStore } from '../lib/index.ts'
import { testStore } from '../lib/testing.ts'
import { stopClock } from './support/clock.ts'
import { runSchedules } from './support/store-schedules.mjs'

const SEED = 20260101

function sessionUntil (expiresAt: number) {
  return { fields: new Map(), permanent: false, createdAt: 0, usedAt: 0, expiresAt, owner: null, fromCookie: false }
}

t.test('memory keeps the contract of a store', async () => { await testStore(new MemoryStore()) })

t.test(`memory does as the model, in schedules of seed ${SEED}`, async () => {
  const clock = { now: 2_000_000_000 }
  const store = new MemoryStore({ now: () => clock.now })
  await runSchedules([store, store, store], clock, { seed: SEED })
})

t.test('a clock of your own decides what has expired, in whole seconds', async (t) => {
  let now = 100.9
  const store = new MemoryStore({ now: () => now })
  await store.create('a', sessionUntil(101))
  t.type(await store.read('a'), 'object')
  now = 101
  t.equal(await store.read('a'), undefined)
})

t.test('the system clock decides otherwise', async (t) => {
  const tick = stopClock(t, 100_000)
  const store = new MemoryStore()
  await store.create('a', sessionUntil(101))
  t.type(await store.read('a'), 'object')
  tick(1)
  t.equal(await store.read('a'), undefined)
})

t.test('past its limit a store creates nothing, until a session has expired or ended', async (t) => {
  let now = 100
  const store = new MemoryStore({ limit: 2, now: () => now })
  const full = { message: 'MemoryStore has reached its limit of 2 sessions. Raise limit, or use a database.' }
  await store.create('a', sessionUntil(200))
  await store.create('b', sessionUntil(300))
  await t.rejects(store.create('c', sessionUntil(400)), full)
  t.equal(await store.create('a', sessionUntil(400)), 'exists', 'what is there is said first')
  now = 200
  t.equal(await store.create('c', sessionUntil(400)), 'created', 'one has expired')
  await t.rejects(store.create('d', sessionUntil(400)), full)
  await store.destroy('b', 250)
  await t.rejects(store.create('d', sessionUntil(400)), full, 'what is kept as ended counts')
  await store.destroy('c', undefined)
  t.equal(await store.create('d', sessionUntil(400)), 'created')
})

t.test('without a limit given there is one of 10,000', async (t) => {
  const store = new MemoryStore()
  const session = sessionUntil(Infinity)
  for (let index = 0; index < 10_000; index++) await store.create(`${index}`, session)
  await t.rejects(store.create('one more', session), { message: /its limit of 10000 sessions/ })
})

t.test('it has a warning for production', async (t) => {
  const { warning } = new MemoryStore()
  t.equal(warning, 'MemoryStore keeps sessions in this process alone: no other process sees them, a restart ends them')
})

t.test('a wrong option is refused with one sentence', async (t) => {
  const rows: Array<[options: object, message: string]> = [
    [{ limit: 0 }, 'The MemoryStore option limit must be a whole number, 1 or more'],
    [{ limit: 1.5 }, 'The MemoryStore option limit must be a whole number, 1 or more'],
    [{ now: 5 }, 'The MemoryStore option now must be a function that returns Unix seconds'],
    [{ max: 5 }, 'The MemoryStore option "max" is unknown: use limit'],
    [{ limits: 5 }, 'The MemoryStore option "limits" is unknown: did you mean limit?']
  ]
  for (const [options, message] of rows) t.throws(() => new MemoryStore(options), { name: 'TypeError', message })
})
