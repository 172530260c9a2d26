import { setImmediate } from 'node:timers/promises'
import { anything, checkOptions, isBoolean, type OptionTable } from '../option-checks.ts'
import { decodeFieldName, encodeFieldName } from './field-names.ts'
import { definitionOf, type Dialect, quoteTable, type Statements, statementsFor } from './sql-statements.ts'
import type { SessionChanges, SessionStore, StoredSession } from './store.ts'
import { clockOf, isClock, isCount, type StoreOptions } from './store-options.ts'

export interface SQLStoreOptions extends StoreOptions {
  /** Its own table for each application. Letters, digits and `_`. Default `sessions`. */
  table?: string | undefined
  /** Whether expired rows are deleted every ten minutes. The timer keeps no process running. Default true. */
  cleanup?: boolean | undefined
}

const options: Omit<OptionTable<keyof SQLStoreOptions>, 'kind'> = {
  checks: { table: anything, cleanup: isBoolean, now: isClock },
  instead: { tableName: 'use table', ttl: 'each session brings its own expiry', pruneSessionInterval: 'use cleanup' }
}

/** What is bound to a statement, by the names of its parameters. */
export type Values = Readonly<Record<string, string | number | null>>

/** A row; numbers may come as texts or as BigInts, which depends on the client. */
export type Row = Readonly<Record<string, unknown>>

const CLEANUP_EVERY = 10 * 60 * 1000 // milliseconds

/** How many rows one statement deletes. */
const BATCH = 1000

/** What the stores in a table of a database have in common. One statement for each operation. */
export abstract class SQLStore implements SessionStore {
  readonly #statements: Statements
  readonly #definition: readonly string[]
  readonly #now: () => number
  readonly #timer: NodeJS.Timeout | undefined

  constructor (kind: string, dialect: Dialect, given: SQLStoreOptions, maxParts: number) {
    checkOptions(given, { kind: `${kind} option`, ...options })
    const table = quoteTable(given.table ?? 'sessions', kind, maxParts)
    this.#statements = statementsFor(table, dialect)
    this.#definition = definitionOf(table, dialect)
    this.#now = clockOf(given)
    if (given.cleanup ?? true) this.#timer = setInterval(() => this.#cleanUp(), CLEANUP_EVERY).unref()
  }

  /** Runs one statement. */
  protected abstract run (statement: string, values: Values): Promise<readonly Row[]>

  /** Runs statements that define something. */
  protected abstract define (statements: readonly string[]): Promise<void>

  /** Makes the table and its indexes where they are missing. Several processes may do so at once. */
  async createTable (): Promise<void> {
    await this.define(this.#definition)
  }

  /** Deletes up to `limit` expired rows, those that expired first. Answers how many. */
  async deleteExpired (limit = BATCH): Promise<number> {
    if (!isCount(limit)) throw new TypeError('The limit of deleteExpired must be a whole number, 1 or more')
    return (await this.run(this.#statements.deleteExpired, { now: this.#now(), limit })).length
  }

  /** Stops deleting expired rows by itself. The database stays open: it is yours. */
  close (): void {
    clearInterval(this.#timer)
  }

  async read (key: string): Promise<StoredSession | 'ended' | undefined> {
    const [row] = await this.run(this.#statements.read, { key, now: this.#now() })
    return row === undefined || row.fields !== null ? row && sessionIn(row) : 'ended'
  }

  async create (key: string, session: StoredSession): Promise<'created' | 'exists' | 'ended'> {
    const [row] = await this.run(this.#statements.create, { key, now: this.#now(), ...columnsOf(session) })
    return row!.outcome as 'created'
  }

  async update (key: string, changes: SessionChanges): Promise<boolean> {
    const rows = await this.run(this.#statements.update, { key, now: this.#now(), ...changesIn(changes) })
    return rows.length > 0
  }

  async destroy (key: string, until: number | undefined): Promise<boolean> {
    const now = this.#now()
    const [row] = until === undefined
      ? await this.run(this.#statements.remove, { key, now })
      : await this.run(this.#statements.end, { key, now, until })
    return row?.outcome === 'ended'
  }

  async list (owner: string): Promise<ReadonlyMap<string, StoredSession>> {
    const rows = await this.run(this.#statements.list, { owner, now: this.#now() })
    return new Map(rows.map((row) => [row.key as string, sessionIn(row)]))
  }

  async destroyAll (owner: string, until: number | undefined, exceptKeys: readonly string[]): Promise<number> {
    const values = { owner, now: this.#now(), except: JSON.stringify(exceptKeys) }
    const rows = until === undefined
      ? await this.run(this.#statements.removeAll, values)
      : await this.run(this.#statements.endAll, { ...values, until })
    return rows.length
  }

  /** Touches a session that cannot be: this takes the table, all of its columns and the right to write. */
  async check (): Promise<void> {
    await this.update('', { set: new Map(), unset: [], usedAt: 0, expiresAt: { permanent: 0, otherwise: 0 } })
  }

  /** Deletes what has expired, with pauses between. A database that fails is tried again the next time. */
  async #cleanUp (): Promise<void> {
    try {
      while (await this.deleteExpired() === BATCH) await setImmediate()
    } catch {
      // Whoever uses a session is told of it.
    }
  }
}

function flag (value: boolean): number {
  return value ? 1 : 0
}

function jsonOf (fields: Iterable<readonly [name: string, text: string | null]>): string {
  return JSON.stringify(Object.fromEntries(Array.from(fields, ([name, text]) => [encodeFieldName(name), text])))
}

function columnsOf (session: StoredSession): Values {
  return {
    fields: jsonOf(session.fields),
    permanent: flag(session.permanent),
    created_at: session.createdAt,
    used_at: session.usedAt,
    expires_at: session.expiresAt,
    owner: session.owner,
    from_cookie: flag(session.fromCookie)
  }
}

function changesIn ({ set, unset, usedAt, permanent, expiresAt, owner }: SessionChanges): Values {
  return {
    patch: jsonOf([...set, ...unset.map((name) => [name, null] as const)]),
    used_at: usedAt,
    permanent: permanent === undefined ? null : flag(permanent),
    if_permanent: expiresAt.permanent,
    otherwise: expiresAt.otherwise,
    keeps_owner: flag(owner === undefined),
    owner: owner ?? null
  }
}

function sessionIn (row: Row): StoredSession {
  const fields = Object.entries(JSON.parse(row.fields as string) as Record<string, string>)
  return {
    fields: new Map(fields.map(([name, text]) => [decodeFieldName(name), text])),
    permanent: Number(row.permanent) === 1,
    createdAt: Number(row.created_at),
    usedAt: Number(row.used_at),
    expiresAt: Number(row.expires_at),
    owner: row.owner as string | null,
    fromCookie: Number(row.from_cookie) === 1
  }
}
