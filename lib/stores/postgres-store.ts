import { isMethod } from '../option-checks.ts'
import type { Dialect } from './sql-statements.ts'
import { type Row, SQLStore, type SQLStoreOptions, type Values } from './sql-store.ts'

/** What is used of a pool or a client of `pg`, and of others with such a method. */
export interface PostgresClient {
  query (text: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

export interface PostgresStoreOptions extends SQLStoreOptions {
  /** May have a schema: `app.sessions`. Default `sessions`. */
  table?: string | undefined
}

const dialect: Dialect = {
  json: 'jsonb',
  isObject: "jsonb_typeof(fields) = 'object'",
  merged: 'jsonb_strip_nulls(fields || CAST(:patch AS jsonb))',
  excepted: 'SELECT jsonb_array_elements_text(CAST(:except AS jsonb))',
  skipLocked: ' FOR UPDATE SKIP LOCKED'
}

/** Two processes that make one table at once fail otherwise, IF NOT EXISTS notwithstanding. The number is any. */
const LOCK = 'SELECT pg_advisory_xact_lock(7309459461)'

/**
 * Sessions in a table of PostgreSQL 13 or newer, one row each. The pool stays yours: end it yourself.
 * One statement and one round trip each. Throws a `TypeError` for another client or a wrong option.
 */
export class PostgresStore extends SQLStore {
  readonly #client: PostgresClient

  constructor (client: PostgresClient, options: PostgresStoreOptions = {}) {
    if (!isMethod(client, 'query')) {
      throw new TypeError('PostgresStore expected a pool or client of pg as its first argument')
    }
    super('PostgresStore', dialect, options, 2)
    this.#client = client
  }

  protected async run (statement: string, values: Values): Promise<readonly Row[]> {
    const names = Object.keys(values)
    const numbered = statement.replace(/:(\w+)/g, (_, name) => `$${names.indexOf(name) + 1}`)
    const { rows } = await this.#client.query(numbered, Object.values(values))
    return rows as Row[]
  }

  /** All in one transaction, which statements sent as one text are. */
  protected async define (statements: readonly string[]): Promise<void> {
    await this.#client.query([LOCK, ...statements].join(';\n'))
  }
}
