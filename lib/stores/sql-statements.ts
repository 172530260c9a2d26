/** Where PostgreSQL and SQLite differ. */
export interface Dialect {
  /** The type of a column that holds a JSON object. */
  readonly json: string
  /** Whether a JSON column holds an object. */
  readonly isObject: string
  /** The column `fields` with the parameter `patch` merged into it, where null removes. */
  readonly merged: string
  /** The texts of the JSON list in the parameter `except`. */
  readonly excepted: string
  /** Ends a query of rows to delete, so that two processes that delete do not wait for each other. */
  readonly skipLocked: string
}

/** How many bytes of a name PostgreSQL keeps, less those of the longest suffix of an index. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,54}$/

/** A name of a table, or of a schema and a table, for a statement. Throws a `TypeError` for any other text. */
export function quoteTable (table: string, kind: string, maxParts: number): string {
  const parts = typeof table === 'string' ? table.split('.') : []
  if (parts.length < 1 || parts.length > maxParts || !parts.every((part) => NAME.test(part))) {
    const schema = maxParts > 1 ? '; a schema and a dot may stand before it' : ''
    throw new TypeError(`The ${kind} option table must be up to 55 letters, digits and _${schema}`)
  }
  return parts.map((part) => `"${part}"`).join('.')
}

const COLUMNS = ['fields', 'permanent', 'created_at', 'used_at', 'expires_at', 'owner', 'from_cookie']
const SELECTED = ['key', 'CAST(fields AS text) AS fields', ...COLUMNS.slice(1)].join(', ')
const LIVE = 'fields IS NOT NULL AND expires_at > CAST(:now AS bigint)'
const ENDED = 'fields = NULL, owner = NULL'

/** In a conflict there are two rows: `s`, which was there, and `excluded`, which was to be inserted. */
const WAS_EXPIRED = 's.expires_at <= CAST(:now AS bigint)'

/** Replaces what was expired, and leaves what was not. */
const REPLACED = COLUMNS.map((each) => `${each} = CASE WHEN ${WAS_EXPIRED} THEN excluded.${each} ELSE s.${each} END`)

/**
 * The definition of a table. A row without `fields` is a key that is kept as ended. `outcome` is what the last `create`
 * or `destroy` of the key came upon: `RETURNING` can tell this and not how the row was before.
 */
export function definitionOf (table: string, { json, isObject }: Dialect): string[] {
  const index = (suffix: string): string => `"${table.split('"').at(-2)}_${suffix}"`
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (
  key text PRIMARY KEY,
  fields ${json} CHECK (${isObject}),
  permanent smallint NOT NULL DEFAULT 0,
  created_at bigint NOT NULL DEFAULT 0,
  used_at bigint NOT NULL DEFAULT 0,
  expires_at bigint NOT NULL,
  owner text,
  from_cookie smallint NOT NULL DEFAULT 0,
  outcome text NOT NULL
)`,
    `CREATE INDEX IF NOT EXISTS ${index('expires')} ON ${table} (expires_at)`,
    `CREATE INDEX IF NOT EXISTS ${index('owner')} ON ${table} (owner) WHERE owner IS NOT NULL`
  ]
}

export type Statements = ReturnType<typeof statementsFor>

/** The statements of a store, one for each operation. Their parameters are `:name`. */
export function statementsFor (table: string, { merged, excepted, skipLocked }: Dialect) {
  const others = `owner = :owner AND ${LIVE} AND key NOT IN (${excepted})`
  const permanent = 'coalesce(CAST(:permanent AS smallint), permanent)'
  return {
    read: `SELECT ${SELECTED} FROM ${table} WHERE key = :key AND expires_at > :now`,
    list: `SELECT ${SELECTED} FROM ${table} WHERE owner = :owner AND ${LIVE}`,
    create: `INSERT INTO ${table} AS s (key, ${COLUMNS.join(', ')}, outcome)
VALUES (:key, ${COLUMNS.map((each) => `:${each}`).join(', ')}, 'created')
ON CONFLICT (key) DO UPDATE SET ${REPLACED.join(', ')},
outcome = CASE WHEN ${WAS_EXPIRED} THEN 'created' WHEN s.fields IS NULL THEN 'ended' ELSE 'exists' END
RETURNING outcome`,
    update: `UPDATE ${table} SET fields = ${merged}, used_at = :used_at, permanent = ${permanent},
expires_at = CASE ${permanent} WHEN 1 THEN CAST(:if_permanent AS bigint) ELSE CAST(:otherwise AS bigint) END,
owner = CASE CAST(:keeps_owner AS smallint) WHEN 1 THEN owner ELSE :owner END
WHERE key = :key AND ${LIVE} RETURNING key`,
    end: `INSERT INTO ${table} AS s (key, expires_at, outcome) VALUES (:key, :until, 'none')
ON CONFLICT (key) DO UPDATE SET ${ENDED},
outcome = CASE WHEN s.fields IS NULL OR ${WAS_EXPIRED} THEN 'none' ELSE 'ended' END,
expires_at = CASE WHEN s.fields IS NULL AND s.expires_at > excluded.expires_at
THEN s.expires_at ELSE excluded.expires_at END
RETURNING outcome`,
    remove: `DELETE FROM ${table} WHERE key = :key AND fields IS NOT NULL
RETURNING CASE WHEN expires_at > CAST(:now AS bigint) THEN 'ended' ELSE 'none' END AS outcome`,
    endAll: `UPDATE ${table} SET ${ENDED}, expires_at = :until WHERE ${others} RETURNING key`,
    removeAll: `DELETE FROM ${table} WHERE ${others} RETURNING key`,
    deleteExpired: `DELETE FROM ${table} WHERE expires_at <= :now AND key IN
(SELECT key FROM ${table} WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit${skipLocked}) RETURNING key`
  }
}
