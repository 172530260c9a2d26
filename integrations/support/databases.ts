import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { createClient } from 'redis'

const NOBODY = 65534
const isRoot = process.getuid?.() === 0

/** PostgreSQL refuses to run as root. */
const unprivileged = isRoot ? { uid: NOBODY, gid: NOBODY } : {}

/**
 * Runs a program until the input ends, as it does when this process is killed, and removes the folder then. A line of
 * input starts the program again once it has ended. The folder has its process id.
 */
const GUARD = `folder=$1; shift
run () { "$@" & echo $! > "$folder/pid"; }
run "$@"; while read -r _; do wait $!; run "$@"; done
kill -INT $!; kill -CONT $!; wait $!; rm -rf "$folder"`

function isProgram (path: string): boolean {
  return spawnSync(path, ['--version']).status === 0
}

/** Debian keeps the programs of PostgreSQL out of the path, in a folder of its version. */
function postgresFolders (): string[] {
  const versions = '/usr/lib/postgresql'
  try {
    return readdirSync(versions).map((version) => join(versions, version, 'bin'))
  } catch {
    return []
  }
}

const redisServer = ['redis-server', 'valkey-server'].find(isProgram)
const postgresFolder = postgresFolders().find((folder) => isProgram(join(folder, 'initdb')))

/** Which databases are not installed. */
export const missing = Object.entries({ Redis: redisServer, PostgreSQL: postgresFolder })
  .flatMap(([name, program]) => program === undefined ? [name] : [])

export interface Server {
  readonly port: number
  stop (): Promise<void>
  /** Sends its process a signal. */
  signal (name: NodeJS.Signals): void
  /** Starts it again once it has ended, with what it kept, and waits until it answers. */
  restart (): Promise<void>
}

function makeFolder (name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `fss-${name}-`))
  if (isRoot) chownSync(folder, NOBODY, NOBODY)
  return folder
}

function canListen (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** A port that is free, and the one 10,000 above it, where the nodes of a Redis cluster talk to each other. */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000)
    if (await canListen(port) && await canListen(port + 10_000)) return port
  }
}

/** Starts a program and waits until it answers. */
async function start (
  folder: string, command: string[], answers: () => Promise<unknown>
): Promise<Omit<Server, 'port'>> {
  const child = spawn('sh', ['-c', GUARD, 'sh', folder, ...command], { cwd: folder, stdio: 'pipe', ...unprivileged })
  const said: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => said.push(data))
  const answered = (): Promise<void> => untilItAnswers(child, answers, () => Buffer.concat(said).toString())
  await answered()
  return {
    stop: () => stop(child),
    signal: (name) => { process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), name) },
    restart: () => { child.stdin.write('\n'); return answered() }
  }
}

async function untilItAnswers (child: ChildProcess, ask: () => Promise<unknown>, said: () => string): Promise<void> {
  for (const end = Date.now() + 60_000; ; await wait(50)) {
    try {
      await ask()
      return
    } catch (error) {
      if (Date.now() < end && child.exitCode === null) continue
      await stop(child)
      throw new Error(`The database does not answer: ${said()}`, { cause: error })
    }
  }
}

async function stop (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.stdin!.end()
  await ended
}

type Ask = (...command: string[]) => Promise<unknown>

/** The reply of a Redis to one command. */
export function ask (port: number, ...command: string[]): Promise<unknown> {
  return asking(port, (ask) => ask(...command))
}

/** Runs what asks a Redis for several things over one connection. */
export async function asking<Result> (port: number, run: (ask: Ask) => Promise<Result>): Promise<Result> {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: false } })
  client.on('error', () => {})
  await client.connect()
  try {
    return await run((...command) => client.sendCommand(command))
  } finally {
    client.destroy()
  }
}

/** Starts a Redis that keeps nothing on disk, unless the options say so. */
export async function startRedis (...options: string[]): Promise<Server> {
  const [folder, port] = [makeFolder('redis'), await freePort()]
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
  return { port, ...await start(folder, [redisServer!, ...settings, ...options], () => ask(port, 'PING')) }
}

const SLOTS = 16_384

/** Starts three nodes of Redis that share the slots, without replicas. */
export async function startRedisCluster (): Promise<Server[]> {
  const nodes = await Promise.all(Array.from({ length: 3 }, () => startRedis('--cluster-enabled', 'yes')))
  for (const [index, { port }] of nodes.entries()) {
    const [first, last] = [index, index + 1].map((each) => Math.floor(SLOTS * each / nodes.length)) as [number, number]
    await ask(port, 'CLUSTER', 'ADDSLOTS', ...Array.from({ length: last - first }, (_, slot) => `${first + slot}`))
    await ask(port, 'CLUSTER', 'SET-CONFIG-EPOCH', `${index + 1}`)
    await ask(port, 'CLUSTER', 'MEET', '127.0.0.1', `${nodes[0]!.port}`)
  }
  for (const { port } of nodes) await untilJoined(port, nodes.length)
  return nodes
}

async function untilJoined (port: number, count: number): Promise<void> {
  for (;; await wait(50)) {
    const info = `${await ask(port, 'CLUSTER', 'INFO')}`
    if (/cluster_state:ok/.test(info) && info.includes(`cluster_size:${count}`)) return
  }
}

/** How to reach the PostgreSQL that is started by `startPostgres`. */
export function connectionTo ({ port }: Pick<Server, 'port'>): pg.PoolConfig {
  return { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' }
}

/** Starts a PostgreSQL with an empty cluster of its own. */
export async function startPostgres (...settings: string[]): Promise<Server> {
  const [folder, port] = [makeFolder('postgres'), await freePort()]
  const [initdb, postgres] = ['initdb', 'postgres'].map((each) => join(postgresFolder!, each)) as [string, string]
  const options = ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  const made = spawnSync(initdb, options, { cwd: folder, encoding: 'utf8', ...unprivileged })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
  const command = [postgres, '-D', folder, '-p', `${port}`, '-k', folder, '-h', '127.0.0.1', '-F', ...settings]
  const server = await start(folder, command, async () => {
    const client = new pg.Client(connectionTo({ port }))
    await client.connect()
    await client.end()
  })
  return { port, ...server }
}
