import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { smallSession } from './payloads.js'

const SCRIPT = new URL('serve.js', import.meta.url)
const CORE = 0
/** How many a second has, in which the kernel counts processor time: it is 100 wherever Node runs on Linux. */
const TICKS = 100

/** An application of one kind, in a process and on a core of its own. */
export class WireServer {
  /** Those of the small sessions; none of bare Fastify. */
  cookies = []
  #process
  #origin

  static async start (kind, { script = SCRIPT, env = {} } = {}) {
    const server = new WireServer()
    server.#process = fork(fileURLToPath(script), [kind], {
      execPath: 'taskset',
      execArgv: ['-c', `${CORE}`, process.execPath],
      env: { ...process.env, ...env, NODE_ENV: 'production' }
    })
    const ended = once(server.#process, 'exit').then(() => { throw new Error(`The server of ${kind} ended`) })
    const [{ port, cookies }] = await Promise.race([once(server.#process, 'message'), ended])
    ended.catch(() => {})
    server.#origin = `http://127.0.0.1:${port}`
    server.cookies = cookies
    return server
  }

  url (use) {
    return `${this.#origin}/${use}`
  }

  /** Throws where a reply is not what the use of the session should give. */
  async check (use, isBare) {
    const cookie = this.cookies[1]
    const response = await fetch(this.url(use), { headers: isBare ? {} : { cookie: besideOthers(cookie) } })
    assert.equal(response.status, 200)
    assert.equal(await response.text(), use === 'untouched' || isBare ? 'user-00000' : smallSession(1).user)
    assert.equal(response.headers.has('set-cookie'), use === 'write' && !isBare)
  }

  /** Seconds of processor time since the process began, of all its threads. */
  processorTime () {
    const stat = readFileSync(`/proc/${this.#process.pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [user, system] = [fields[11] / TICKS, fields[12] / TICKS] // utime and stime of proc(5)
    return { user, total: user + system }
  }

  async stop () {
    const ended = once(this.#process, 'exit')
    this.#process.disconnect()
    await ended
  }
}

export function besideOthers (cookie) {
  return `theme=dark; ${cookie}; consent=2026-11-01`
}
