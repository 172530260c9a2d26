import { deepStrictEqual } from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { times } from './effort.mjs'
import { ordersOf } from './orders.mjs'
import { picker } from './picker.mjs'
import { Model } from './store-model.mjs'
import { plain } from './store-walk.mjs'

/**
 * @typedef {import('../../lib/stores/store.ts').SessionStore} SessionStore
 * @typedef {{ now: number }} Clock
 * @typedef {'read' | 'create' | 'update' | 'destroy' | 'list' | 'destroyAll'} Method
 * @typedef {{ method: Method, args: any[] }} Operation
 * @typedef {import('./picker.mjs').Pick} Pick
 */

const HOUR = 3600
const KEYS = ['k0', 'k1', 'k2']
const OWNERS = ['ann', 'bob']
const NAMES = ['', 'a', 'a.b', '*']

/** Makes operations by chance.
 * @param {Pick} pick
 * @param {Clock} clock
 * @param {string} id Keeps the keys of one schedule from those of others.
 */
function generator (pick, clock, id) {
  /** @template T @param {T[]} list @returns {T} */
  const oneOf = (list) => /** @type {T} */ (list[pick(list.length)])
  const key = () => `${id}-${oneOf(KEYS)}`
  const owner = () => `${id}-${oneOf(OWNERS)}`
  const expiry = () => clock.now + (pick(40) - 3) * HOUR
  const until = () => pick(2) === 0 ? undefined : expiry()
  const set = () => new Map(NAMES.filter(() => pick(3) === 0).map((name) => [name, `${pick(1000)}`]))
  const unset = (/** @type {Map<string, string>} */ set) => NAMES.filter((name) => !set.has(name) && pick(4) === 0)
  const maybe = (/** @type {() => any} */ make) => pick(3) === 0 ? make() : undefined
  const session = () => ({
    fields: set(),
    permanent: pick(2) === 0,
    createdAt: clock.now,
    usedAt: clock.now,
    expiresAt: expiry(),
    owner: pick(2) === 0 ? owner() : null,
    fromCookie: pick(2) === 0
  })
  const changes = () => {
    const given = set()
    return {
      set: given,
      unset: unset(given),
      usedAt: clock.now,
      expiresAt: { permanent: expiry(), otherwise: expiry() },
      permanent: maybe(() => pick(2) === 0),
      owner: maybe(() => pick(2) === 0 ? owner() : null)
    }
  }
  /** @type {Array<() => Operation>} */
  const single = [
    () => ({ method: 'read', args: [key()] }), () => ({ method: 'destroy', args: [key(), until()] }),
    () => ({ method: 'create', args: [key(), session()] }), () => ({ method: 'create', args: [key(), session()] }),
    () => ({ method: 'update', args: [key(), changes()] }), () => ({ method: 'update', args: [key(), changes()] })
  ]
  /** Those of several sessions, which may take one after the other, are alone. @type {Array<() => Operation>} */
  const alone = [
    () => ({ method: 'list', args: [owner()] }), () => ({ method: 'list', args: [owner()] }),
    () => ({ method: 'destroyAll', args: [owner(), until(), [key()]] })
  ]
  const batch = () => pick(4) === 0 ? [oneOf(alone)()] : Array.from({ length: 1 + pick(3) }, () => oneOf(single)())
  return { batch, keys: KEYS.map((each) => `${id}-${each}`) }
}

/** The models in which these operations, in some order, have these answers.
 * @param {Model[]} models
 * @param {Operation[]} operations
 * @param {unknown[]} answers
 * @param {number} now
 */
function fitting (models, operations, answers, now) {
  const indexes = ordersOf([...operations.keys()])
  return models.flatMap((model) => indexes.flatMap((order) => {
    const copy = model.copy()
    const fits = order.every((index) => {
      const { method, args } = /** @type {Operation} */ (operations[index])
      return isDeepStrictEqual(plain(/** @type {any} */ (copy)[method](...args, now)), answers[index])
    })
    return fits ? [copy] : []
  }))
}

/** Equal models once.
 * @param {Model[]} models
 * @returns {Model[]}
 */
function distinct (models) {
  return [...new Map(models.map((model) => [JSON.stringify(plain(model.entries)), model])).values()]
}

/**
 * One schedule: batches of operations that several clients run at once. The answers of a batch must be those of the
 * model in some order of its operations, and so must what can be read after it.
 * @param {any[]} clients
 * @param {Clock} clock
 * @param {Pick} pick
 * @param {string} id
 */
async function runSchedule (clients, clock, pick, id) {
  const { batch, keys } = generator(pick, clock, id)
  let models = [new Model()]
  for (let step = 0; step < 12; step++) {
    clock.now += pick(4) * HOUR
    const operations = batch()
    const asked = operations.map(({ method, args }, index) => clients[index % clients.length][method](...args))
    const answers = (await Promise.all(asked)).map(plain)
    const found = plain(await Promise.all(keys.map((key) => clients[step % clients.length].read(key))))
    const reads = (/** @type {Model} */ model) => plain(keys.map((key) => model.read(key, clock.now)))
    const fit = fitting(models, operations, answers, clock.now)
    models = distinct(fit.filter((model) => isDeepStrictEqual(reads(model), found)))
    if (models.length > 0) continue
    deepStrictEqual({ id, step, operations, answers, found }, { id, step, operations, possible: fit.map(reads) })
  }
}

/**
 * Runs schedules by chance, 40 or, where it may take long, 200, against a model, and throws where a store does
 * otherwise.
 * @param {SessionStore[]} clients Of one store; each has a connection of its own where there are connections.
 * @param {Clock} clock The clock of all of them.
 * @param {{ seed: number, runs?: number }} options
 */
export async function runSchedules (clients, clock, { seed, runs = times(40, 200) }) {
  const pick = picker(seed)
  for (let run = 0; run < runs; run++) await runSchedule(clients, clock, pick, `s${seed}-${run}`)
}
