import t from 'tap'
import { type Expiry, MemoryStore, type SessionChanges, type SessionStore, type StoredSession } from '../lib/index.ts'
import { testStore } from '../lib/testing.ts'

type Read = StoredSession | 'ended' | undefined

/** Lets other operations come between. */
const pause = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A store that changes what is read. */
class Reads extends MemoryStore {
  readonly #change: (session: StoredSession) => StoredSession

  constructor (change: (session: StoredSession) => StoredSession) {
    super()
    this.#change = change
  }

  override async read (key: string): Promise<Read> {
    const read = await super.read(key)
    return typeof read === 'object' ? this.#change(read) : read
  }
}

/** A store that changes what is written. */
class Updates extends MemoryStore {
  readonly #change: (changes: SessionChanges, before: StoredSession) => SessionChanges

  constructor (change: (changes: SessionChanges, before: StoredSession) => SessionChanges) {
    super()
    this.#change = change
  }

  override async update (key: string, changes: SessionChanges): Promise<boolean> {
    const before = await super.read(key)
    return typeof before === 'object' && await super.update(key, this.#change(changes, before))
  }
}

class Overwrites extends MemoryStore {
  override async create (key: string, session: StoredSession) {
    await super.destroy(key, undefined)
    return await super.create(key, session)
  }
}

class CreatesAfterLooking extends MemoryStore {
  override async create (key: string, session: StoredSession) {
    const there = await super.read(key)
    await pause()
    if (there !== undefined) return there === 'ended' ? 'ended' : 'exists'
    await super.create(key, session)
    return 'created'
  }
}

class MakesOnUpdate extends MemoryStore {
  override async update (key: string, changes: SessionChanges) {
    const times = { createdAt: 0, usedAt: changes.usedAt, expiresAt: changes.expiresAt.otherwise }
    await super.create(key, { fields: new Map(), permanent: false, ...times, owner: null, fromCookie: false })
    return await super.update(key, changes)
  }
}

class MakesOnTouch extends MakesOnUpdate {
  override async update (key: string, changes: SessionChanges) {
    return changes.set.size > 0 ? await super.update(key, changes) : true
  }
}

class WritesWhatItRead extends MemoryStore {
  override async update (key: string, changes: SessionChanges) {
    const read = await super.read(key)
    await pause()
    const there = await super.read(key)
    if (typeof read !== 'object' || typeof there !== 'object') return false
    const set = new Map([...read.fields, ...changes.set])
    const unset = [...there.fields.keys()].filter((name) => !set.has(name))
    return await super.update(key, { ...changes, set, unset })
  }
}

class BringsBack extends MemoryStore {
  override async update (key: string, changes: SessionChanges) {
    const read = await super.read(key)
    await pause()
    if (typeof read === 'object') await super.create(key, read)
    return await super.update(key, changes)
  }
}

class AlwaysEnded extends MemoryStore {
  override async destroy (key: string, until: number | undefined) {
    await super.destroy(key, until)
    return true
  }
}

class LooksThenDestroys extends MemoryStore {
  override async destroy (key: string, until: number | undefined) {
    const isLive = typeof await super.read(key) === 'object'
    await pause()
    await super.destroy(key, until)
    return isLive
  }
}

class ForgetsTheEnded extends MemoryStore {
  override async destroy (key: string) {
    return await super.destroy(key, undefined)
  }
}

class EndsForEver extends MemoryStore {
  override async destroy (key: string) {
    return await super.destroy(key, Infinity)
  }
}

class EndsOnlyTheLiving extends MemoryStore {
  override async destroy (key: string, until: number | undefined) {
    return typeof await super.read(key) === 'object' && await super.destroy(key, until)
  }
}

/** A store in which a key that is ended can be had again after a second destroy. */
class ForgetsEarly extends MemoryStore {
  readonly #times = new Map<string, number>()

  #other (key: string): string {
    return `${key} ${this.#times.get(key) ?? 0}`
  }

  override read (key: string) { return super.read(this.#other(key)) }
  override create (key: string, session: StoredSession) { return super.create(this.#other(key), session) }
  override update (key: string, changes: SessionChanges) { return super.update(this.#other(key), changes) }

  override async destroy (key: string, until: number | undefined) {
    if (await this.read(key) === 'ended') this.#times.set(key, (this.#times.get(key) ?? 0) + 1)
    return await super.destroy(this.#other(key), until)
  }
}

class Loses extends MemoryStore {
  override async read () {
    return undefined
  }
}

class LendsItsFields extends MemoryStore {
  readonly #lent = new Map<string, StoredSession['fields']>()

  override async create (key: string, session: StoredSession) {
    this.#lent.set(key, session.fields)
    return await super.create(key, session)
  }

  override async read (key: string): Promise<Read> {
    const read = await super.read(key)
    return typeof read === 'object' ? { ...read, fields: this.#lent.get(key)! } : read
  }
}

class ListsAll extends MemoryStore {
  readonly #owners = new Set<string>()

  override async create (key: string, session: StoredSession) {
    if (session.owner !== null) this.#owners.add(session.owner)
    return await super.create(key, session)
  }

  override async list (owner: string) {
    const owners = [...this.#owners].filter((each) => each.includes(owner))
    const lists = await Promise.all(owners.map((each) => super.list(each)))
    return new Map(lists.flatMap((list) => [...list]))
  }
}

class EndsTheExcepted extends MemoryStore {
  override async destroyAll (owner: string, until: number | undefined) {
    return await super.destroyAll(owner, until, [])
  }
}

class EndsAllWithoutTrace extends MemoryStore {
  override async destroyAll (owner: string, _until: number | undefined, except: readonly string[]) {
    return await super.destroyAll(owner, undefined, except)
  }
}

function renamed (fields: StoredSession['fields'], rename: (name: string) => string): Map<string, string> {
  return new Map(Array.from(fields, ([name, text]) => [rename(name), text]))
}

function throughObject (fields: StoredSession['fields']): Map<string, string> {
  const object: Record<string, string> = {}
  for (const [name, text] of fields) object[name] = text
  return new Map(Object.entries(object))
}

const owned = Object.assign(new MemoryStore(), { destroyAll: undefined }) as unknown as SessionStore
const unlisted = Object.assign(new MemoryStore(), { list: undefined }) as unknown as SessionStore
const unwell = Object.assign(new MemoryStore(), { check: async () => { throw new Error('no connection') } })
// eslint-disable-next-line prefer-promise-reject-errors
const throwing = Object.assign(new MemoryStore(), { check: () => Promise.reject('no error') })

/** A store that reads back other fields than it was given. */
function readsFields (change: (fields: StoredSession['fields']) => Map<string, string>): SessionStore {
  return new Reads((session) => ({ ...session, fields: change(session.fields) }))
}

/** A store in which sessions expire at other times than it is told. */
function expiresAt (change: (expiry: Expiry, before: number) => Expiry): SessionStore {
  return new Updates((changes, before) => ({ ...changes, expiresAt: change(changes.expiresAt, before.expiresAt) }))
}

const EVERY_NAME = 'every name of a field is kept apart from all others'
const MERGES = 'update merges: what it does not name stays'
const EXPIRY = 'the expiry is the one that fits the permanent of the record'
const OWNERS = 'an update keeps, gives or takes the owner'

/** Stores that are wrong in one way, and the rule that says so. */
const wrong: Array<[store: SessionStore, rule: string]> = [
  [new Overwrites(), 'create never overwrites. a second create: expected \'exists\', but it was \'created\''],
  [new CreatesAfterLooking(), 'of many that create one key at once, one does'],
  [new MakesOnUpdate(), 'what was never created is not there'],
  [new MakesOnTouch(), 'what was never created is not there'],
  [new WritesWhatItRead(), 'many that update one session at once lose nothing'],
  [new BringsBack(), 'an update never brings an ended session back'],
  [new Updates((changes, { fields }) => ({ ...changes, unset: [...fields.keys()] })), MERGES],
  [new Updates((changes) => ({ ...changes, unset: [] })), MERGES],
  [new Updates((changes, { usedAt }) => ({ ...changes, usedAt })), MERGES],
  [expiresAt(({ otherwise }) => ({ permanent: otherwise, otherwise })), EXPIRY],
  [new Updates(({ permanent: _, ...changes }) => changes), EXPIRY],
  [expiresAt(({ permanent, otherwise }, before) => {
    return { permanent: Math.max(permanent, before), otherwise: Math.max(otherwise, before) }
  }), 'an update may shorten a session, down to nothing'],
  [new Updates((changes) => ({ ...changes, owner: changes.owner ?? null })), OWNERS],
  [new Updates(({ owner, ...changes }) => owner === null ? changes : { ...changes, owner }), OWNERS],
  [new MemoryStore({ now: () => 0 }), 'what has expired is not there'],
  [new AlwaysEnded(), 'what was never created is not there. destroy: expected false, but it was true'],
  [new LooksThenDestroys(), 'of many that destroy one session at once, one ends it'],
  [new ForgetsTheEnded(), 'a key stays ended until its time, whether or not there was a session'],
  [new EndsOnlyTheLiving(), 'a key stays ended until its time, whether or not there was a session'],
  [new EndsForEver(), 'a key is free once its time as ended is over'],
  [new ForgetsEarly(), 'a key that is ended stays so until the later time'],
  [new Loses(), `${EVERY_NAME}. read: expected a session, but it was undefined`],
  [new LendsItsFields(), 'what was handed over and what was read are not what the store keeps'],
  [new Reads((session) => ({ ...session, expiresAt: `${session.expiresAt}` as unknown as number })),
    'a session is read as it was created'],
  [new Reads(({ fromCookie: _, ...session }) => session as StoredSession), 'a session is read as it was created'],
  [readsFields((fields) => renamed(fields, (name) => name.toWellFormed())), EVERY_NAME],
  [readsFields((fields) => renamed(fields, (name) => name.toLowerCase())), EVERY_NAME],
  [readsFields((fields) => renamed(fields, (name) => name.normalize())), EVERY_NAME],
  [readsFields(throughObject), EVERY_NAME],
  [readsFields((fields) => new Map(Array.from(fields, ([name, text]) => [name, text.slice(0, 65_535)]))),
    'every text comes back as it was'],
  [new ListsAll(), 'list gives the sessions of an owner and no others'],
  [new EndsTheExcepted(), 'destroyAll ends the sessions of an owner, but for some, and no others'],
  [new EndsAllWithoutTrace(), 'destroyAll ends the sessions of an owner, but for some, and no others'],
  [owned, 'destroyAll ends the sessions of an owner, but for some, and no others. store.destroyAll is not a function'],
  [unlisted, 'list gives the sessions of an owner and no others. store.list is not a function'],
  [unwell, 'check passes where the store serves. no connection'],
  [throwing, "check passes where the store serves. 'no error'"]
]

t.test('each of these wrong stores is refused by the rule that it breaks', async (t) => {
  for (const [store, rule] of wrong) {
    const error = await testStore(store).then(() => new Error('accepted'), (error: Error) => error)
    const [first, ...broken] = error.message.split('\n')
    t.equal(first, `The store breaks ${broken.length} of the rules of SessionStore:`, rule)
    t.ok(broken.some((line) => line.startsWith(`- ${rule}`)), rule, { broken, name: store.constructor.name })
  }
})

t.test('a store without the optional methods is held to the other rules, and the clock is the store\'s', async () => {
  const clock = { now: () => 1000 }
  const without = { list: undefined, destroyAll: undefined }
  const store = Object.assign(new MemoryStore(clock), without) as unknown as SessionStore
  await testStore(store, clock)
  await testStore(Object.assign(store, { check: async () => {} }), clock)
})

t.test('a test leaves nothing behind but keys that are ended', async (t) => {
  const kept = new Map<string, boolean>()
  class Counting extends MemoryStore {
    override async create (key: string, session: StoredSession) {
      kept.set(key, true)
      return await super.create(key, session)
    }
  }
  const store = new Counting()
  await testStore(store)
  t.ok(kept.size > 20)
  for (const key of kept.keys()) t.not(typeof await store.read(key), 'object')
})
