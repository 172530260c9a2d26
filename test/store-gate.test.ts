import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { StoreUnavailable } from '../lib/errors.ts'
import { StoreGate } from '../lib/stores/store-gate.ts'
import type { SessionChanges, StoredSession } from '../lib/stores/store.ts'
import { door, WatchedStore } from './support/watched-store.ts'

const SESSION: StoredSession = {
  fields: new Map([['a', '1']]),
  permanent: false,
  createdAt: 1,
  usedAt: 1,
  expiresAt: 1e10,
  owner: 'me',
  fromCookie: false
}
const TOUCH: SessionChanges = {
  set: new Map(), unset: [], usedAt: 2, expiresAt: { permanent: 1e10, otherwise: 1e10 }
}
const NEVER = new Promise<never>(() => {})
const down = { name: 'Error', code: 'FSS_ERR_STORE_UNAVAILABLE', statusCode: 503, headers: { 'retry-after': '1' } }

/** A gate over a store, and a clock of its own that moves on by milliseconds. */
function setUp (t: Test, timeout = 60): { store: WatchedStore, gate: StoreGate, wait: (ms: number) => void } {
  let now = 1000
  t.intercept(performance, 'now', { value: () => now })
  const store = new WatchedStore()
  return { store, gate: new StoreGate(store, timeout), wait: (ms) => { now += ms } }
}

function fail (): never {
  throw Object.assign(new Error('no connection'), { code: 'ECONNREFUSED', query: 'a value' })
}

t.test('a gate gives the answers of its store', async (t) => {
  const { gate } = setUp(t)
  t.equal(await gate.create('k', SESSION, true), 'created')
  t.strictSame(await gate.read('k'), SESSION)
  t.equal(await gate.update('k', { ...TOUCH, unset: ['a'] }), true)
  t.strictSame([...(await gate.list('me')).keys()], ['k'])
  t.equal(await gate.destroyAll('me', 5, ['k']), 0)
  t.equal(await gate.destroy('k', undefined), true)
})

t.test('a failure shows no more of its cause than its message, code and stack', async (t) => {
  const { store, gate } = setUp(t)
  store.before = fail
  const error = await gate.read('k').catch((error) => error)
  t.match(error, down)
  t.type(error, StoreUnavailable)
  t.match(error.cause, { message: 'no connection', code: 'ECONNREFUSED' })
  t.notOk('query' in error.cause)
})

t.test('a store that throws, or rejects with no error, has failed', async (t) => {
  const { store, gate, wait } = setUp(t)
  store.read = fail
  await t.rejects(gate.read('k'), down)
  store.read = () => new Promise((_resolve, reject) => { Reflect.apply(reject, undefined, ['a text']) })
  wait(1000)
  await t.rejects(gate.read('k'), { ...down, cause: { message: /something that is no error/ } })
})

t.test('after a failure all calls fail for a second, without one to the store', async (t) => {
  const { store, gate, wait } = setUp(t)
  store.before = fail
  await t.rejects(gate.read('k'), down)
  store.before = undefined
  wait(999)
  await t.rejects(gate.update('k', TOUCH), down)
  t.strictSame(store.takeCalls(), ['read'])
  wait(1)
  t.equal(await gate.read('k'), undefined)
  t.equal(await gate.read('k'), undefined)
})

t.test('of the calls after that second, one at a time tries the store', async (t) => {
  const { store, gate, wait } = setUp(t)
  store.before = fail
  await t.rejects(gate.read('k'))
  wait(1000)
  const { opened, open } = door()
  store.before = () => opened
  const trial = gate.read('k')
  await t.rejects(gate.read('k'), down)
  t.equal(store.takeCalls().length, 2)
  open()
  t.equal(await trial, undefined)
  t.equal(await gate.read('k'), undefined)
})

t.test('a trial that fails is the beginning of another second', async (t) => {
  const { store, gate, wait } = setUp(t)
  store.before = fail
  await t.rejects(gate.read('k'))
  wait(1000)
  await t.rejects(gate.read('k'))
  wait(999)
  await t.rejects(gate.read('k'))
  t.equal(store.takeCalls().length, 2)
  wait(1)
  await t.rejects(gate.read('k'))
  t.equal(store.takeCalls().length, 1)
})

t.test('a store that hangs has failed once its time is over', async (t) => {
  const { store, gate } = setUp(t, 0.01)
  store.before = () => NEVER
  await t.rejects(gate.read('k'), { ...down, cause: { message: 'The store did not answer within 0.01 seconds' } })
})

t.test('a fresh session that is created too late is destroyed again', async (t) => {
  const { store, gate } = setUp(t, 0.01)
  const { opened, open } = door()
  store.before = (method) => method === 'create' ? opened : undefined
  await t.rejects(gate.create('k', SESSION, true), down)
  const destroyed = door()
  store.after = (method) => { if (method === 'destroy') destroyed.open() }
  open()
  await destroyed.opened
  t.equal(await store.memory.read('k'), undefined)
})

t.test('a late answer that nothing was created, or of another call, changes nothing', async (t) => {
  const { store, gate, wait } = setUp(t, 0.01)
  await store.memory.create('k', SESSION)
  const { opened, open } = door()
  store.before = () => opened
  await t.rejects(gate.create('k', SESSION, true), down)
  wait(1000)
  await t.rejects(gate.create('other', SESSION, false), down)
  open()
  await turn()
  t.strictSame(store.takeCalls(), ['create', 'create'])
  t.strictSame(await store.memory.read('k'), SESSION)
  t.strictSame(await store.memory.read('other'), SESSION)
})

t.test('a late rejection, and one of a late destroy, is caught', async (t) => {
  const { store, gate, wait } = setUp(t, 0.01)
  const { opened, open } = door()
  store.before = () => opened.then(fail)
  await t.rejects(gate.read('k'), down)
  wait(1000)
  store.before = (method) => method === 'destroy' ? fail() : opened
  await t.rejects(gate.create('k', SESSION, true), down)
  open()
  await turn()
  t.strictSame(store.takeCalls(), ['read', 'create', 'destroy'])
})
