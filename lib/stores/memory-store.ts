import { checkOptions, type OptionTable } from '../option-checks.ts'
import { endOf, type Entry, isEnded, merge } from './entry.ts'
import type { SessionChanges, SessionStore, StoredSession } from './store.ts'
import { clockOf, isClock, isCount, type StoreOptions } from './store-options.ts'

export interface MemoryStoreOptions extends StoreOptions {
  /** How many sessions are kept at most, those included that are kept as ended. Default 10,000. */
  limit?: number | undefined
}

const options: OptionTable<keyof MemoryStoreOptions> = {
  kind: 'MemoryStore option',
  checks: { limit: [isCount, 'must be a whole number, 1 or more'], now: isClock },
  instead: { max: 'use limit', maxSize: 'use limit', ttl: 'each session brings its own expiry' }
}

/** How often expired sessions are looked for, in seconds. Where the limit is reached it is every second. */
const SWEEP_EVERY = 60

/**
 * Sessions in the memory of one process: for tests, a first try, and programs that are one process and may forget.
 * Throws a `TypeError` for a wrong option.
 */
export class MemoryStore implements SessionStore {
  readonly warning = 'MemoryStore keeps sessions in this process alone: no other process sees them, a restart ends them'
  readonly #entries = new Map<string, Entry>()
  readonly #limit: number
  readonly #now: () => number
  #sweptAt = -Infinity

  constructor (given: MemoryStoreOptions = {}) {
    checkOptions(given, options)
    this.#limit = given.limit ?? 10_000
    this.#now = clockOf(given)
  }

  async read (key: string): Promise<StoredSession | 'ended' | undefined> {
    const entry = this.#find(key)
    return entry === undefined || !isEnded(entry) ? entry && copyOf(entry) : 'ended'
  }

  /** Is rejected where the limit is reached. */
  async create (key: string, session: StoredSession): Promise<'created' | 'exists' | 'ended'> {
    const entry = this.#find(key)
    if (entry !== undefined) return isEnded(entry) ? 'ended' : 'exists'
    this.#makeRoom()
    this.#entries.set(key, copyOf(session))
    return 'created'
  }

  async update (key: string, changes: SessionChanges): Promise<boolean> {
    const session = this.#live(key)
    if (session !== undefined) this.#entries.set(key, merge(session, changes))
    return session !== undefined
  }

  async destroy (key: string, until: number | undefined): Promise<boolean> {
    return this.#destroy(key, until)
  }

  async list (owner: string): Promise<ReadonlyMap<string, StoredSession>> {
    return new Map(this.#keysOf(owner).map((key) => [key, copyOf(this.#live(key)!)]))
  }

  async destroyAll (owner: string, until: number | undefined, exceptKeys: readonly string[]): Promise<number> {
    const keys = this.#keysOf(owner).filter((key) => !exceptKeys.includes(key))
    for (const key of keys) this.#destroy(key, until)
    return keys.length
  }

  #destroy (key: string, until: number | undefined): boolean {
    const entry = this.#find(key)
    const end = endOf(entry, until)
    if (end.expiresAt > this.#now()) this.#entries.set(key, end)
    else this.#entries.delete(key)
    return entry !== undefined && !isEnded(entry)
  }

  /** What is there for a key and has not expired. */
  #find (key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && entry.expiresAt > this.#now() ? entry : undefined
  }

  #live (key: string): StoredSession | undefined {
    const entry = this.#find(key)
    return entry === undefined || isEnded(entry) ? undefined : entry
  }

  #keysOf (owner: string): string[] {
    return [...this.#entries.keys()].filter((key) => this.#live(key)?.owner === owner)
  }

  #makeRoom (): void {
    const isFull = this.#entries.size >= this.#limit
    if (this.#now() - this.#sweptAt >= (isFull ? 1 : SWEEP_EVERY)) this.#sweep()
    if (this.#entries.size < this.#limit) return
    throw new Error(`MemoryStore has reached its limit of ${this.#limit} sessions. Raise limit, or use a database.`)
  }

  #sweep (): void {
    this.#sweptAt = this.#now()
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt <= this.#sweptAt) this.#entries.delete(key)
    }
  }
}

function copyOf (session: StoredSession): StoredSession {
  return { ...session, fields: new Map(session.fields) }
}
