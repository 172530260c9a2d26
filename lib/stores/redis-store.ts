import { checkOptions, type OptionTable } from '../option-checks.ts'
import { decodeFieldName, encodeFieldName } from './field-names.ts'
import { commandsOf, type IORedisClient, type NodeRedisClient, type RedisCommands } from './redis-client.ts'
import { CREATE, DESTROY, FORGET, INDEX, MEMBERS, UPDATE } from './redis-scripts.ts'
import type { SessionChanges, SessionStore, StoredSession } from './store.ts'
import { clockOf, isClock, type StoreOptions } from './store-options.ts'

export interface RedisStoreOptions extends StoreOptions {
  /** Begins every key in the database, and so keeps applications apart. Printable ASCII. Default `fss:`. */
  prefix?: string | undefined
}

const options: OptionTable<keyof RedisStoreOptions> = {
  kind: 'RedisStore option',
  checks: {
    prefix: [(value) => typeof value === 'string' && /^[ -~]*$/.test(value), 'must be a string of printable ASCII'],
    now: isClock
  },
  instead: {
    client: 'it is the first argument: new RedisStore(client)',
    keyPrefix: 'use prefix',
    ttl: 'each session brings its own expiry'
  }
}

/**
 * Between the entry in the index of an owner and the record that follows it, in seconds at most. An entry without a
 * record is forgotten only when it is older.
 */
const GRACE = 600

/**
 * Sessions in Redis 6 or newer, or Valkey; one server or a cluster. The client stays yours: connect and close it.
 * Each session is a text that expires by itself. One round trip each; `create` with an owner takes one more, `list` and
 * `destroyAll` two, and an update one or two more where the session gets an owner or outlives its place in the index.
 * Throws a `TypeError` for another client or a wrong option.
 */
export class RedisStore implements SessionStore {
  readonly #redis: RedisCommands
  readonly #prefix: string
  readonly #now: () => number

  constructor (client: NodeRedisClient | IORedisClient, given: RedisStoreOptions = {}) {
    checkOptions(given, options)
    this.#redis = commandsOf(client)
    this.#prefix = given.prefix ?? 'fss:'
    this.#now = clockOf(given)
  }

  async read (key: string): Promise<StoredSession | 'ended' | undefined> {
    const text = await this.#textOf(key)
    return typeof text === 'string' ? sessionIn(text, this.#now()) : undefined
  }

  async create (key: string, session: StoredSession): Promise<'created' | 'exists' | 'ended'> {
    const now = this.#now()
    const indexed = await this.#index(key, session.owner ?? '', session.expiresAt, now)
    const args = [`${now}`, `${session.expiresAt}`, textOf(session, indexed)]
    return await this.#redis.run(CREATE, this.#record(key), args) as 'created'
  }

  async update (key: string, changes: SessionChanges): Promise<boolean> {
    const now = this.#now()
    let [expires, owner] = [latestExpiry(changes), changes.owner ?? '']
    for (;;) {
      const until = owner === '' ? 0 : await this.#index(key, owner, expires, now)
      const reply = await this.#redis.run(UPDATE, this.#record(key), changeOf(changes, now, owner, until)) as string
      if (reply === 'updated') return true
      const needed = /^index (\d+) (.*)$/.exec(reply)
      if (needed === null) return false
      expires = Number(needed[1])
      owner = needed[2]!
    }
  }

  async destroy (key: string, until: number | undefined): Promise<boolean> {
    return await this.#destroy(key, until, '') === 1
  }

  async list (owner: string): Promise<ReadonlyMap<string, StoredSession>> {
    const members = await this.#members(owner)
    const found = new Map<string, StoredSession>()
    await Promise.all(keysIn(members).map(async (key) => {
      const session = await this.read(key)
      if (typeof session === 'object' && session.owner === owner) found.set(key, session)
    }))
    await this.#mend(owner, members.filter((member) => !found.has(keyIn(member))))
    return found
  }

  async destroyAll (owner: string, until: number | undefined, exceptKeys: readonly string[]): Promise<number> {
    const keys = keysIn(await this.#members(owner)).filter((key) => !exceptKeys.includes(key))
    const ended = await Promise.all(keys.map((key) => this.#destroy(key, until, owner)))
    return ended.reduce((sum, each) => sum + each, 0)
  }

  /** Ends a session that cannot be: this takes a connection, the scripts and a server that may be written to. */
  async check (): Promise<void> {
    await this.destroy('', undefined)
  }

  /** A key that holds something else than a text is a session without anything that a session has. */
  async #textOf (key: string): Promise<unknown> {
    try {
      return await this.#redis.get(this.#record(key))
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return UNREADABLE
      throw error
    }
  }

  async #destroy (key: string, until: number | undefined, owner: string): Promise<number> {
    return await this.#redis.run(DESTROY, this.#record(key), [`${this.#now()}`, `${until ?? ''}`, owner]) as number
  }

  /**
   * Puts a key into the index of its owner ahead of the record, so that no record is ever missing there. Answers until
   * when it stands there: for twice the time, so that few touches need to prolong it.
   */
  async #index (key: string, owner: string, expires: number, now: number): Promise<number> {
    if (owner === '' || expires <= now) return 0
    const until = now + 2 * (expires - now)
    await this.#redis.run(INDEX, this.#owned(owner), [`${now}`, `${until}`, `${now}:${key}`])
    return until
  }

  async #members (owner: string): Promise<string[]> {
    return await this.#redis.run(MEMBERS, this.#owned(owner), []) as string[]
  }

  /** Takes out of the index what has no record, but for records that may be on their way. */
  async #mend (owner: string, without: readonly string[]): Promise<void> {
    const gone = without.filter((member) => parseInt(member) < this.#now() - GRACE)
    if (gone.length > 0) await this.#redis.run(FORGET, this.#owned(owner), gone)
  }

  #record (key: string): string {
    return `${this.#prefix}session:${key}`
  }

  #owned (owner: string): string {
    return `${this.#prefix}owner:${owner}`
  }
}

const UNREADABLE = 'no record'

/** A member of an index is the time of its making, a colon and the key. */
function keyIn (member: string): string {
  return member.slice(member.indexOf(':') + 1)
}

function keysIn (members: readonly string[]): string[] {
  return [...new Set(members.map(keyIn))]
}

function pairsOf (fields: ReadonlyMap<string, string>): string[] {
  const pairs: string[] = []
  for (const [name, text] of fields) pairs.push(encodeFieldName(name), text)
  return pairs
}

function flag (value: boolean): string {
  return value ? '1' : '0'
}

/** A record, as the scripts write and read it. */
function textOf (session: StoredSession, indexed: number): string {
  const { fields, permanent, createdAt, usedAt, expiresAt, owner, fromCookie } = session
  const head = [expiresAt, indexed, flag(permanent), createdAt, usedAt, flag(fromCookie)].join(' ')
  const lines = Array.from(fields, ([name, text]) => `${encodeFieldName(name)}=${text}`)
  return [head, owner ?? '', ...lines, ''].join('\n')
}

function sessionIn (text: string, now: number): StoredSession | 'ended' | undefined {
  const lines = text.split('\n')
  const head = lines[0]!.split(' ')
  const [expires, indexed, permanent, created, used, cookie] = head
  if (Number(expires) <= now) return undefined // a text that is no record goes on, and is found to be none
  if (indexed === 'ended') return 'ended'
  const fields = new Map<string, string>()
  for (const line of lines.slice(2, -1)) {
    const end = line.indexOf('=')
    fields.set(decodeFieldName(line.slice(0, end)), line.slice(end + 1))
  }
  return {
    fields,
    permanent: permanent === '1',
    createdAt: head.length === 6 ? Number(created) : NaN, // which no session has
    usedAt: Number(used),
    expiresAt: Number(expires),
    owner: lines[1] || null,
    fromCookie: cookie === '1'
  }
}

function latestExpiry ({ permanent, expiresAt }: SessionChanges): number {
  if (permanent === undefined) return Math.max(expiresAt.permanent, expiresAt.otherwise)
  return permanent ? expiresAt.permanent : expiresAt.otherwise
}

/** The arguments of UPDATE. */
function changeOf (changes: SessionChanges, now: number, indexedOwner: string, indexedUntil: number): string[] {
  const { usedAt, expiresAt, permanent, owner, unset, set } = changes
  return [
    `${now}`, `${usedAt}`, `${expiresAt.permanent}`, `${expiresAt.otherwise}`,
    permanent === undefined ? '' : flag(permanent),
    owner === undefined ? 'keep' : 'own', owner ?? '',
    indexedOwner, `${indexedUntil}`,
    `${unset.length}`, ...unset.map(encodeFieldName), ...pairsOf(set)
  ]
}
