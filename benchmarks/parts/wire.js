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
/** What one run takes. */
const SECONDS = 1
const RIVALS = KINDS.filter((kind) => kind !== 'bare')
/** The core of the server and that of the load. */
const [SERVER_CORE, LOAD_CORE] = [0, 1]

/**
 * Requests per second over loopback. Every run of an application stands beside one of the bare application whose Cookie
 * header is as long, and the median of the ratios of such pairs is what counts.
 */
export async function wire ({ isQuick }) {
  const { rounds, warmUp } = isQuick ? { rounds: 3, warmUp: 5000 } : { rounds: 9, warmUp: 20_000 }
  const directory = mkdtempSync(join(tmpdir(), 'bench-'))
  const servers = {}
  try {
    for (const kind of KINDS) servers[kind] = await serve(kind)
    const load = new Load(servers, directory)
    const figures = []
    for (const use of USES) figures.push(...await compare(use, load, rounds, warmUp))
    return { figures, notes: [load.name] }
  } finally {
    for (const { worker } of Object.values(servers)) worker.disconnect()
    rmSync(directory, { recursive: true })
  }
}

async function compare (use, load, rounds, warmUp) {
  for (const kind of RIVALS) {
    await load.check(kind, use)
    for (let requests = 0; requests < warmUp;) requests += (await load.run(kind, use, kind)).requests
  }
  const pairs = Object.fromEntries(RIVALS.map((kind) => [kind, []]))
  for (let round = 0; round < rounds; round++) {
    for (const kind of shuffled(RIVALS)) {
      const pair = {}
      for (const each of shuffled(['bare', kind])) pair[each] = await load.run(each, use, kind)
      pairs[kind].push(pair)
    }
  }
  const all = RIVALS.flatMap((kind) => pairs[kind])
  return [
    ...figuresBy('perSecond', `wire-${use}`, pairs, 'requests per second'),
    ...figuresBy('perProcessorSecond', `wire-${use}-processor`, pairs, 'requests per second of processor time'),
    figure(`wire-${use}-bare`, median(all.map(({ bare }) => bare.perSecond)), 'requests per second')
  ]
}

/**
 * The first is ours against the best of those that keep a session; the others are each against the bare application.
 */
function figuresBy (measure, name, pairs, unit) {
  const ratios = Object.fromEntries(
    RIVALS.map((kind) => [kind, median(pairs[kind].map((pair) => pair[kind][measure] / pair.bare[measure]))])
  )
  return [
    figure(
      name,
      ratios.ours / Math.max(...SESSION_PEERS.map((peer) => ratios[peer])),
      `x the best peer that keeps a session, ${unit}`
    ),
    ...RIVALS.map((kind) => figure(`${name}-${kind}`, ratios[kind], `x bare Fastify, ${unit}`))
  ]
}

/** A server in a process of its own, on a core of its own where there are several. */
async function serve (kind) {
  const worker = fork(SERVER, [kind], { execArgv: [], env: { ...process.env, NODE_ENV: 'production' } })
  if (CAN_PIN) execFileSync('taskset', ['-a', '-c', '-p', `${SERVER_CORE}`, `${worker.pid}`], { stdio: 'ignore' })
  const [{ port, cookies }] = await Promise.race([
    once(worker, 'message'),
    once(worker, 'exit').then(() => {
      throw new Error(`The server of ${kind} ended`)
    })
  ])
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

  constructor (servers, directory) {
    this.#servers = servers
    this.#directory = directory
    const pinned = CAN_PIN ? `, server on core ${SERVER_CORE} and load on core ${LOAD_CORE}` : ''
    this.name = `${has('wrk') ? 'wrk' : 'autocannon'}, ${CONNECTIONS} connections${pinned}`
  }

  /** How fast `kind` answers requests with the cookies of `rival`; the bare application reads none. */
  async run (kind, use, rival) {
    const { worker, port } = this.#servers[kind]
    const url = `http://127.0.0.1:${port}/${use}`
    const cookies = this.#servers[rival].cookies.map(besideOthers)
    const before = await processorSeconds(worker)
    const { requests, seconds } = has('wrk') ? await this.#wrk(url, cookies) : await this.#autocannon(url, cookies)
    return {
      requests,
      perSecond: requests / seconds,
      perProcessorSecond: requests / ((await processorSeconds(worker)) - before)
    }
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
    const command = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '-s', script, url]
    const [program, ...args] = CAN_PIN ? ['taskset', '-c', `${LOAD_CORE}`, ...command] : command
    const { stdout } = await promisify(execFile)(program, args)
    assert.doesNotMatch(stdout, /Non-2xx|Socket errors/)
    const [, requests] = /(\d+) requests in/.exec(stdout)
    const [, perSecond] = /Requests\/sec:\s+([\d.]+)/.exec(stdout)
    return { requests: Number(requests), seconds: requests / perSecond }
  }

  async #autocannon (url, cookies) {
    const { default: autocannon } = await import('autocannon')
    const { requests, duration, non2xx, errors } = await autocannon({
      url, connections: CONNECTIONS, duration: SECONDS, requests: cookies.map((cookie) => ({ headers: { cookie } }))
    })
    assert.equal(non2xx + errors, 0)
    return { requests: requests.total, seconds: duration }
  }
}

async function processorSeconds (worker) {
  worker.send('usage')
  const [{ user, system }] = await once(worker, 'message')
  return (user + system) / 1e6
}

function besideOthers (cookie) {
  return `theme=dark; ${cookie}; consent=2026-11-01`
}
