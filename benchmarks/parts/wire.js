import assert from 'node:assert/strict'
import { execFile, execFileSync, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { KINDS, SESSION_PEERS, USES } from '../applications.js'
import { figure } from '../figures.js'
import { smallSession } from '../payloads.js'
import { median, shuffled } from '../statistics.js'

const SERVER = fileURLToPath(new URL('../serve.js', import.meta.url))
const CONNECTIONS = 32
const RIVALS = KINDS.filter((kind) => kind !== 'bare')
/** The core of the server and that of the load. */
const [SERVER_CORE, LOAD_CORE] = [0, 1]

/**
 * Requests per second over loopback. Every run of an application stands beside one of the bare application whose Cookie
 * header is as long, and the median of the ratios of such pairs is what counts.
 */
export async function wire ({ isQuick }) {
  const { rounds, seconds } = isQuick ? { rounds: 3, seconds: 1 } : { rounds: 9, seconds: 1 }
  const directory = mkdtempSync(join(tmpdir(), 'bench-'))
  const servers = {}
  try {
    for (const kind of KINDS) servers[kind] = await serve(kind)
    const load = new Load(servers, directory, seconds)
    const figures = []
    for (const use of USES) figures.push(...await compare(use, load, rounds))
    return { figures, notes: [load.name] }
  } finally {
    for (const { worker } of Object.values(servers)) worker.disconnect()
    rmSync(directory, { recursive: true })
  }
}

async function compare (use, load, rounds) {
  for (const kind of RIVALS) await load.check(kind, use)
  const ratios = Object.fromEntries(RIVALS.map((kind) => [kind, []]))
  const bare = []
  for (let round = 0; round < rounds; round++) {
    for (const kind of shuffled(RIVALS)) {
      const pair = {}
      for (const each of shuffled(['bare', kind])) pair[each] = await load.run(each, use, kind)
      ratios[kind].push(pair[kind] / pair.bare)
      bare.push(pair.bare)
    }
  }
  const best = Math.max(...SESSION_PEERS.map((peer) => median(ratios[peer])))
  return [
    figure(`wire-${use}`, median(ratios.ours) / best, 'x the requests per second of the best peer that keeps a session'),
    ...RIVALS.map((kind) => figure(`wire-${use}-${kind}`, median(ratios[kind]), "of bare Fastify's requests per second")),
    figure(`wire-${use}-bare`, median(bare), 'requests per second')
  ]
}

/** A server in a process of its own, on a core of its own where there are several. */
async function serve (kind) {
  const worker = fork(SERVER, [kind], { execArgv: [], env: { ...process.env, NODE_ENV: 'production' } })
  if (CAN_PIN) execFileSync('taskset', ['-a', '-c', '-p', `${SERVER_CORE}`, `${worker.pid}`], { stdio: 'ignore' })
  const [{ port, cookies }] = await Promise.race([once(worker, 'message'), once(worker, 'exit').then(() => { throw new Error(`The server of ${kind} ended`) })])
  return { worker, port, cookies }
}

function has (command) {
  return spawnSync(command, ['--version']).error === undefined
}

const CAN_PIN = availableParallelism() > 1 && has('taskset')

/** Sends requests as fast as they are answered: by wrk where it is installed, by autocannon elsewhere. */
class Load {
  name
  #servers
  #directory
  #seconds

  constructor (servers, directory, seconds) {
    this.#servers = servers
    this.#directory = directory
    this.#seconds = seconds
    const pinned = CAN_PIN ? `, server on core ${SERVER_CORE} and load on core ${LOAD_CORE}` : ''
    this.name = `${has('wrk') ? 'wrk' : 'autocannon'}, ${CONNECTIONS} connections${pinned}`
  }

  /** Requests per second of `kind` with the cookies of `rival`; the bare application reads none. */
  async run (kind, use, rival) {
    const url = `http://127.0.0.1:${this.#servers[kind].port}/${use}`
    const cookies = this.#servers[rival].cookies.map(besideOthers)
    return has('wrk') ? await this.#wrk(url, cookies) : await this.#autocannon(url, cookies)
  }

  async check (kind, use) {
    const { port, cookies } = this.#servers[kind]
    const response = await fetch(`http://127.0.0.1:${port}/${use}`, { headers: { cookie: besideOthers(cookies[1]) } })
    assert.equal(response.status, 200)
    assert.equal(await response.text(), use === 'untouched' ? 'user-00000' : smallSession(1).user)
    if (use === 'write') assert.ok(response.headers.has('set-cookie'))
  }

  async #wrk (url, cookies) {
    const script = join(this.#directory, 'cookies.lua')
    writeFileSync(script, `local cookies = ${`{ ${cookies.map((each) => JSON.stringify(each)).join(', ')} }`}
local requests, next = {}, 0
init = function ()
  for index, cookie in ipairs(cookies) do requests[index] = wrk.format('GET', nil, { Cookie = cookie }) end
end
request = function ()
  next = next % #requests + 1
  return requests[next]
end
`)
    const command = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${this.#seconds}s`, '-s', script, url]
    const [program, ...args] = CAN_PIN ? ['taskset', '-c', `${LOAD_CORE}`, ...command] : command
    const { stdout } = await promisify(execFile)(program, args)
    assert.doesNotMatch(stdout, /Non-2xx|Socket errors/)
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1])
  }

  async #autocannon (url, cookies) {
    const { default: autocannon } = await import('autocannon')
    const { requests, non2xx, errors } = await autocannon({
      url, connections: CONNECTIONS, duration: this.#seconds, requests: cookies.map((cookie) => ({ headers: { cookie } }))
    })
    assert.equal(non2xx + errors, 0)
    return requests.average
  }
}

function besideOthers (cookie) {
  return `theme=dark; ${cookie}; consent=2026-11-01`
}
