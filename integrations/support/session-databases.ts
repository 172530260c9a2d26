import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import Database from 'better-sqlite3'
import {
  PostgresStore, RedisStore, type SessionStore, type SQLiteDatabase, SQLiteStore, type StoreOptions
} from 'fastify-signed-session'
import pg from 'pg'
import {
  ask, asking, connectionTo, missing, type Server, startPostgres, startRedis, startRedisCluster
} from './databases.js'
import { type Listening, redisClients } from './redis-clients.js'

/** A connection, with what its end takes. */
export interface Connection {
  readonly client: any
  readonly close: () => unknown
}

/** A database that is running. */
export interface Running {
  /** Where it is, for another process too: JSON. */
  readonly address: unknown
  /** How many commands or statements for sessions it has run so far, from all connections. */
  count (): Promise<number>
  /** Everything that stands in it, as one text; empty where nothing does. */
  dump (): Promise<string>
  /** What somebody could do by hand to the session of a key, so that it is none any more. */
  readonly edits: ReadonlyArray<(key: string) => unknown>
  stop (): Promise<unknown>
}

/** What a store in a table has beside the contract. */
type SQLStore = Pick<SQLiteStore, 'deleteExpired'>

/** A kind of database, and of client. */
export interface Kind {
  readonly name: string
  start (): Promise<Running>
  connect (address: any): Promise<Connection>
  storeOf (client: any, options?: StoreOptions): SessionStore & Partial<SQLStore>
  /** The methods of a client that send a command. */
  readonly methods: readonly string[]
}

const options = { cleanup: false }

function redisKind ({ name, methods, connect, connectCluster, close }: typeof redisClients[number]): Kind[] {
  const connecting = async (client: Promise<any>): Promise<Connection> => {
    const connected = await client
    return { client: connected, close: () => close(connected) }
  }
  const both = { methods, storeOf: (client: any, given?: StoreOptions) => new RedisStore(client, given) }
  return [
    {
      name,
      ...both,
      connect: (address) => connecting(connect(address)),
      start: async () => running([await startRedis()])
    },
    {
      name: `${name}, a cluster of three`,
      ...both,
      connect: (address) => connecting(connectCluster(address)),
      start: async () => running(await startRedisCluster())
    }
  ]
}

function running (nodes: readonly Server[]): Running {
  return {
    address: nodes.map(({ port }) => ({ port })),
    count: async () => sum(await Promise.all(nodes.map(commandsOf))),
    dump: async () => (await Promise.all(nodes.map(dumpOf))).join('\n'),
    edits: REDIS_EDITS.map((edit) => (key: string) => onItsNode(nodes, async (port) => {
      const text = String(await ask(port, 'GET', `fss:session:${key}`))
      return ask(port, 'SET', `fss:session:${key}`, edit(text))
    })),
    stop: () => Promise.all(nodes.map((node) => node.stop()))
  }
}

/** The first line is `expires indexed permanent created used cookie`, the second the owner, then `key=value`. */
const REDIS_EDITS: ReadonlyArray<(text: string) => string> = [
  (text) => text.replace(/(userId=)[^\n]*/, '$1nonsense'),
  (text) => text.replace(/(userId=)[^\n]*/, '$1{'),
  (text) => `${text}more=\n`,
  (text) => `${text}more\n`,
  (text) => text.replace(/^(\d+ \d+ \d) \d+/, '$1 x'),
  (text) => text.replace(/^(\d+ \d+ \d \d+) \d+/, '$1 x'),
  (text) => text.replace(/^\d+/, '99999999999999999999'),
  (text) => text.replace(/^(\d+ \d+ \d) \d+/, '$1'),
  () => 'a text'
]

/** Asks one node after the other, since a node of a cluster refuses the keys of others. */
async function onItsNode (nodes: readonly Listening[], run: (port: number) => Promise<unknown>): Promise<void> {
  const answers = await Promise.allSettled(nodes.map(({ port }) => run(port)))
  if (answers.every(({ status }) => status === 'rejected')) throw new Error(`No node took it: ${inspect(answers)}`)
}

/** What clients sent, and not what scripts ran of it. */
async function commandsOf ({ port }: Listening): Promise<number> {
  const info = String(await ask(port, 'INFO', 'commandstats'))
  return sum([...info.matchAll(/^cmdstat_(?:get|evalsha|eval):calls=(\d+)/gm)].map(([, calls]) => Number(calls)))
}

function dumpOf ({ port }: Listening): Promise<string> {
  return asking(port, async (ask) => {
    const keys = await ask('KEYS', '*') as string[]
    const texts = await Promise.all(keys.map(async (key) => {
      const isText = await ask('TYPE', key) === 'string'
      return JSON.stringify([key, await (isText ? ask('GET', key) : ask('ZRANGE', key, '0', '-1'))])
    }))
    return texts.join('\n')
  })
}

const SQL_EDITS = [
  "fields = '{\"userId\": \"nonsense\"}'", "fields = '{\"userId\": {}}'", "fields = '{\"more\": null}'"
]
const POSTGRES_EDITS = ['expires_at = 9000000000000000000', 'created_at = -9000000000000000000']

const postgres: Kind = {
  name: 'pg',
  methods: ['query'],
  storeOf: (pool, given) => new PostgresStore(pool, { ...options, ...given }),
  connect: async (address) => {
    const client = new pg.Pool({ ...connectionTo(address), max: 5 }).on('error', () => {})
    return { client, close: () => client.end() }
  },
  start: async () => {
    const { port, stop } = await startPostgres('-c', 'shared_preload_libraries=pg_stat_statements')
    const pool = new pg.Pool(connectionTo({ port })).on('error', () => {})
    const first = async (query: string): Promise<string> => (await pool.query(query)).rows[0].first
    await pool.query('CREATE EXTENSION pg_stat_statements')
    await new PostgresStore(pool, options).createTable()
    const counted = 'SELECT coalesce(sum(calls), 0) AS first FROM pg_stat_statements WHERE query LIKE \'%"sessions"%\''
    return {
      address: { port },
      count: async () => Number(await first(counted)),
      dump: () => first("SELECT coalesce(string_agg(CAST(s AS text), '\n'), '') AS first FROM sessions s"),
      edits: [...SQL_EDITS, ...POSTGRES_EDITS].map((edit) => (key: string) => {
        return pool.query(`UPDATE sessions SET ${edit} WHERE key = $1`, [key])
      }),
      stop: async () => { await pool.end(); await stop() }
    }
  }
}

type Opener = new (path: string) => SQLiteDatabase & { exec (sql: string): unknown, close (): void }

/** The statements that all connections of this process have run so far. */
let statements = 0

function sqliteKind (name: string, Opener: Opener): Kind {
  const open = (path: string) => {
    const database = new Opener(path)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA busy_timeout = 10000')
    return database
  }
  return {
    name,
    methods: ['prepare'],
    storeOf: (database, given) => new SQLiteStore(database, { ...options, ...given }),
    connect: async (path) => {
      const database = open(path)
      return { client: counting(database), close: () => database.close() }
    },
    start: async () => {
      const folder = mkdtempSync(join(tmpdir(), 'fss-sqlite-'))
      const database = open(join(folder, 'sessions.db'))
      await new SQLiteStore(database, options).createTable()
      return {
        address: join(folder, 'sessions.db'),
        count: async () => statements,
        dump: async () => {
          const rows: object[] = (database.prepare('SELECT * FROM sessions') as any).all()
          return rows.map((row) => JSON.stringify(row)).join('\n')
        },
        edits: [...SQL_EDITS, "used_at = 'x'"].map((edit) => (key: string) => {
          (database.prepare(`UPDATE sessions SET ${edit} WHERE key = :key`) as any).run({ key })
        }),
        stop: async () => { database.close(); rmSync(folder, { recursive: true }) }
      }
    }
  }
}

/** SQLite has no server that could count. */
function counting (database: SQLiteDatabase): SQLiteDatabase {
  return {
    prepare (text) {
      const statement = database.prepare(text) as { all (values: object): unknown[] }
      return { all: (values: object) => { statements++; return statement.all(values) } }
    }
  }
}

const builtIn: Kind[] = await import('node:sqlite' as string)
  .then(({ DatabaseSync }) => [sqliteKind('node:sqlite', DatabaseSync)], () => [])

/** Every kind that is installed. */
export const kinds: readonly Kind[] = [
  ...missing.includes('Redis') ? [] : redisClients.flatMap(redisKind),
  ...missing.includes('PostgreSQL') ? [] : [postgres],
  sqliteKind('better-sqlite3', Database as unknown as Opener),
  ...builtIn
]

function sum (numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
