import { escapeToASCII } from '../json/layout.ts'
import { isMethod } from '../option-checks.ts'
import { endOf, type Entry, isEnded, merge } from './entry.ts'
import type { SessionChanges, SessionStore, StoredSession } from './store.ts'
import { clockOf } from './store-options.ts'

/** What is used of a store of express-session. */
export type ExpressStore = Record<'get' | 'set' | 'destroy', (id: string, ...given: any[]) => unknown>

/** What cannot be read: whoever reads a session finds that this is none. */
const NONSENSE = { expiresAt: NaN } as StoredSession

const now = clockOf({})

/**
 * Keeps sessions in a store that was made for express-session, such as connect-redis or connect-mongo.
 * Such a store reads and writes whole sessions. So these promises of `SessionStore` hold only for calls that do not
 * overlap: `update` loses no other change and makes no session, one `create` of several succeeds, and one `destroy` of
 * several says that it ended the session. Of changes that overlap the last one wins, and it may undo an end.
 * There are no `list` and `destroyAll`, so the session option `owner` is refused. A key that stays ended is kept as a
 * short entry. `read` takes one command, each other call two; the store's `touch` is not used.
 * Throws a `TypeError` for what has no `get`, `set` and `destroy`.
 */
export function fromExpressStore (store: ExpressStore): SessionStore {
  if (['get', 'set', 'destroy'].every((name) => isMethod(store, name))) return new WrappedStore(store)
  throw new TypeError('fromExpressStore expected a store of express-session, with get, set and destroy')
}

class WrappedStore implements SessionStore {
  readonly #store: ExpressStore

  constructor (store: ExpressStore) {
    this.#store = store
  }

  async read (key: string): Promise<StoredSession | 'ended' | undefined> {
    const entry = await this.#find(key)
    return entry === undefined || !isEnded(entry) ? entry : 'ended'
  }

  async create (key: string, session: StoredSession): Promise<'created' | 'exists' | 'ended'> {
    const entry = await this.#find(key)
    if (entry !== undefined) return isEnded(entry) ? 'ended' : 'exists'
    await this.#keep(key, session)
    return 'created'
  }

  async update (key: string, changes: SessionChanges): Promise<boolean> {
    const entry = await this.#find(key)
    if (entry === undefined || entry === NONSENSE || isEnded(entry)) return false
    await this.#keep(key, merge(entry, changes))
    return true
  }

  async destroy (key: string, until: number | undefined): Promise<boolean> {
    const entry = await this.#find(key)
    const end = endOf(entry, until)
    await (end.expiresAt > now() ? this.#keep(key, end) : this.#ask('destroy', key))
    return entry !== undefined && !isEnded(entry)
  }

  /** What is there for a key and has not expired. Stores in files say ENOENT for none; those that parse may fail. */
  async #find (key: string): Promise<Entry | undefined> {
    const found = await this.#ask('get', key).catch((error) => {
      if (error?.code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error
      return error.code === 'ENOENT' ? undefined : {}
    })
    const entry = found === undefined || found === null ? undefined : entryIn(found)
    return entry !== undefined && entry.expiresAt <= now() ? undefined : entry
  }

  /** The cookie is where stores look for the expiry. */
  async #keep (key: string, entry: Entry): Promise<void> {
    const text = JSON.stringify(entry, (_, value) => value instanceof Map ? [...value] : value)
    const maxAge = 1000 * (entry.expiresAt - now())
    const cookie = { originalMaxAge: maxAge, maxAge, expires: new Date(1000 * entry.expiresAt) }
    await this.#ask('set', key, { cookie, entry: escapeToASCII(text) })
  }

  #ask (method: keyof ExpressStore, key: string, ...given: unknown[]): Promise<any> {
    return new Promise((resolve, reject) => {
      const answer = (error: unknown, found: unknown): void => error ? reject(error) : resolve(found)
      Promise.resolve(this.#store[method](key, ...given, answer)).catch(reject)
    })
  }
}

function entryIn (session: { entry: string }): Entry {
  try {
    const entry = JSON.parse(session.entry)
    return entry.isEnded === true ? entry : { ...entry, fields: new Map(entry.fields) }
  } catch {
    return NONSENSE
  }
}
