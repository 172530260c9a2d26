/**
 * @typedef {import('../../lib/stores/store.ts').SessionStore} SessionStore
 * @typedef {import('../../lib/stores/store.ts').StoredSession} StoredSession
 * @typedef {{ now: number }} Clock
 * @typedef {SessionStore & Required<Pick<SessionStore, 'list' | 'destroyAll'>>} WholeStore
 * @typedef {{ createTable: () => Promise<void>, deleteExpired: (limit?: number) => Promise<number> }} Table
 */

/** In Unix seconds. */
export const START = 2_000_000_000
const HOUR = 3600

/** A field by every kind of name. */
const FIELDS = { '': '1', 'a.b': '"x"', '*': '[]', owner: '{"a": 1}', '\0': 'null', '\ud800': '"\\u00e9"', é: '2' }

/** What can be compared, whatever the order of fields and sessions.
 * @param {unknown} result
 * @returns {unknown}
 */
export function plain (result) {
  if (result instanceof Map) return [...result].sort(byKey).map(([key, value]) => [key, plain(value)])
  if (typeof result !== 'object' || result === null) return result
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, plain(value)]))
}

/**
 * @param {[string, unknown]} one
 * @param {[string, unknown]} other
 */
function byKey ([one], [other]) {
  return one < other ? -1 : 1
}

/**
 * @param {number} now
 * @param {Partial<StoredSession>} [given]
 * @returns {StoredSession}
 */
function sessionAt (now, given = {}) {
  const times = { createdAt: now, usedAt: now, expiresAt: now + HOUR }
  return { fields: new Map([['n', '1']]), permanent: false, ...times, owner: null, fromCookie: false, ...given }
}

/** Takes a store through everything that it can do, with a clock that is moved, and gives every answer.
 * @param {WholeStore} store
 * @param {Clock} clock
 */
export async function walk (store, clock) {
  /** @type {unknown[]} */
  const answers = []
  const note = (/** @type {string} */ step, /** @type {unknown} */ answer) => { answers.push([step, plain(answer)]) }
  const change = (given = {}, hours = 1) => {
    const expiresAt = { permanent: clock.now + 2 * hours * HOUR, otherwise: clock.now + hours * HOUR }
    return { set: new Map(), unset: [], usedAt: clock.now, expiresAt, ...given }
  }
  const see = async (/** @type {string} */ step, /** @type {string[]} */ keys, /** @type {string[]} */ owners = []) => {
    for (const key of keys) note(`${step}: read ${key}`, await store.read(key))
    for (const owner of owners) note(`${step}: list ${owner}`, await store.list(owner))
  }

  await see('at first', ['a'], ['ann'])
  const fields = new Map(Object.entries(FIELDS))
  note('create a', await store.create('a', sessionAt(clock.now, { fields, owner: 'ann' })))
  note('create a again', await store.create('a', sessionAt(clock.now)))
  note('create b', await store.create('b', sessionAt(clock.now, { permanent: true, fromCookie: true })))
  note('create, expired', await store.create('old', sessionAt(clock.now, { expiresAt: clock.now - 1, owner: 'ann' })))
  await see('created', ['a', 'b', 'old'], ['ann', 'bob'])

  note('touch a', await store.update('a', change()))
  const set = new Map([['*', '3'], ['z', '4']])
  note('change a', await store.update('a', change({ set, unset: ['', 'a.b', 'none'] })))
  note('touch a for long', await store.update('a', change({}, 100)))
  note('give b', await store.update('b', change({ owner: 'ann', permanent: false })))
  note('make b permanent', await store.update('b', change({ owner: 'bob', permanent: true })))
  await see('changed', ['a', 'b'], ['ann', 'bob'])
  note('take b', await store.update('b', change({ owner: null })))
  note('change nothing there', await store.update('none', change({ owner: 'ann' })))
  await see('taken', ['b', 'none'], ['ann', 'bob'])

  note('create c', await store.create('c', sessionAt(clock.now, { owner: 'ann' })))
  clock.now += HOUR
  await see('an hour later', ['c'], ['ann'])
  note('change c', await store.update('c', change()))
  note('destroy c', await store.destroy('c', undefined))
  await see('the index is mended', [], ['ann'])
  note('create c again', await store.create('c', sessionAt(clock.now)))

  note('destroy a', await store.destroy('a', clock.now + 10))
  note('destroy a for shorter', await store.destroy('a', clock.now + 5))
  note('destroy a for nothing', await store.destroy('a', undefined))
  note('create a, ended', await store.create('a', sessionAt(clock.now)))
  note('change a, ended', await store.update('a', change()))
  note('end what is not there', await store.destroy('d', clock.now + 10))
  note('destroy c', await store.destroy('c', undefined))
  await see('ended', ['a', 'c', 'd'], ['ann'])
  clock.now += 10
  await see('ten seconds later', ['a', 'd'])

  const ofEve = sessionAt(clock.now, { owner: 'eve' })
  for (const key of ['e', 'f', 'g']) note(`create ${key}`, await store.create(key, ofEve))
  note('end all but g', await store.destroyAll('eve', clock.now + 10, ['g', 'b']))
  await see('ended by owner', ['e', 'f', 'g'], ['eve'])
  note('end all', await store.destroyAll('eve', undefined, []))
  await see('ended by owner', ['g', 'b'], ['eve'])
  note('check', await store.check?.())
  return answers
}

/** The same with a store that has a table.
 * @param {WholeStore & Table} store
 * @param {Clock} clock
 */
export async function walkTable (store, clock) {
  await store.createTable()
  await store.createTable()
  const answers = await walk(store, clock)
  clock.now += 1000 * HOUR
  return { answers, deleted: [await store.deleteExpired(1), await store.deleteExpired(), await store.deleteExpired()] }
}
