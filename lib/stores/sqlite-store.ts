import { isMethod } from '../option-checks.ts'
import type { Dialect } from './sql-statements.ts'
import { type Row, SQLStore, type SQLStoreOptions, type Values } from './sql-store.ts'

interface SQLiteStatement {
  all (values: Values): unknown[]
  run (): unknown
}

/** What is used of a database of `node:sqlite` or better-sqlite3. */
export interface SQLiteDatabase {
  prepare (statement: string): object
}

export type SQLiteStoreOptions = SQLStoreOptions

const dialect: Dialect = {
  json: 'text',
  isObject: "json_type(fields) = 'object'",
  merged: 'json_patch(fields, :patch)',
  excepted: 'SELECT value FROM json_each(:except)',
  skipLocked: ''
}

/**
 * Sessions in a table of SQLite 3.38 or newer, one row each. The database stays yours: close it yourself.
 * One statement each, which is synchronous. Throws a `TypeError` for another database or a wrong option.
 */
export class SQLiteStore extends SQLStore {
  readonly #database: SQLiteDatabase
  readonly #prepared = new Map<string, SQLiteStatement>()

  constructor (database: SQLiteDatabase, options: SQLiteStoreOptions = {}) {
    if (!isMethod(database, 'prepare')) {
      throw new TypeError('SQLiteStore expected a database of node:sqlite or better-sqlite3 as its first argument')
    }
    super('SQLiteStore', dialect, options, 1)
    this.#database = database
  }

  protected async run (statement: string, values: Values): Promise<readonly Row[]> {
    return this.#prepare(statement).all(values) as Row[]
  }

  protected async define (statements: readonly string[]): Promise<void> {
    for (const each of statements) (this.#database.prepare(each) as SQLiteStatement).run()
  }

  #prepare (statement: string): SQLiteStatement {
    const prepared = this.#prepared.get(statement) ?? this.#database.prepare(statement) as SQLiteStatement
    this.#prepared.set(statement, prepared)
    return prepared
  }
}
