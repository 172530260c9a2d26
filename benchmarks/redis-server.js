import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'

/** The same core as the load, so that a server has its own. */
const CORE = '1'

/** Whether there is a Redis on this machine. */
export function hasRedis () {
  return spawnSync('redis-server', ['--version']).error === undefined
}

/** A Redis of its own on a socket, which keeps nothing on the disk. */
export class Redis {
  #folder = mkdtempSync(join(tmpdir(), 'redis-'))
  #socket = join(this.#folder, 'socket')
  #process = spawn('taskset', ['-c', CORE, 'redis-server', '--port', '0', '--unixsocket', this.#socket, '--save', ''])
  #client = createClient({ url: this.url })

  static async start () {
    const redis = new Redis()
    for await (const text of redis.#process.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      if (/eady to accept/.test(text)) break
    }
    redis.#process.stdout.resume()
    await redis.#client.connect()
    return redis
  }

  get url () {
    return `unix://${this.#socket}`
  }

  /** How many reads and scripts it was sent: all that this package sends for a session. What a script calls is none. */
  async commands () {
    const stats = await this.#client.info('commandstats')
    const counts = [...stats.matchAll(/^cmdstat_(evalsha|get):calls=(\d+)/gm)]
    return counts.reduce((sum, [, , calls]) => sum + Number(calls), 0)
  }

  async stop () {
    this.#client.destroy()
    const ended = once(this.#process, 'exit')
    this.#process.kill()
    await ended
    rmSync(this.#folder, { recursive: true })
  }
}
