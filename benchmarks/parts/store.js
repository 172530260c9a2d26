import { figure } from '../figures.js'
import { hasRedis, Redis } from '../redis-server.js'
import { median, shuffled } from '../statistics.js'
import { Load, LOAD_NAME } from '../wire-load.js'
import { whatIsMissing } from './wire.js'
import { WireServer } from '../wire-server.js'

const KINDS = ['ours', 'session', 'express-session']
const USES = ['read', 'write']
const SCRIPT = new URL('../serve-store.js', import.meta.url)
/** Seconds. */
const LENGTHS = { whole: { warmUp: 3, measured: 4 }, quick: { warmUp: 1, measured: 1 } }

/**
 * Requests per second of applications whose sessions are in Redis, on loopback, and the commands of one request. Every
 * sample is of a new process; the kinds take turns, in another order each time.
 */
export async function stores ({ isQuick, processes = isQuick ? 2 : 6 }) {
  const missing = whatIsMissing() ?? (hasRedis() ? undefined : 'redis-server is not installed')
  if (missing !== undefined) return { figures: figuresOf(() => ({ perSecond: NaN, commands: NaN })), notes: [missing] }
  const samples = await measure(processes, isQuick ? LENGTHS.quick : LENGTHS.whole)
  const middle = (use, kind) => ({
    perSecond: median(samples[use][kind].map(({ perSecond }) => perSecond)),
    commands: median(samples[use][kind].map(({ commands }) => commands))
  })
  return { figures: figuresOf(middle), notes: [LOAD_NAME, `${processes} processes a kind and use`, 'medians'] }
}

function figuresOf (middle) {
  return USES.flatMap((use) => {
    const { perSecond, commands } = middle(use, 'ours')
    const ratio = (kind) => valueOf(perSecond / middle(use, kind).perSecond)
    return [
      figure(`store-${use}-session`, ratio('session'), 'x the requests per second of @fastify/session'),
      figure(`store-${use}-express`, ratio('express-session'), 'x those of express-session'),
      figure(`store-${use}-per-second`, valueOf(perSecond), 'requests per second'),
      figure(`store-${use}-commands`, valueOf(commands), 'commands of Redis a request')
    ]
  })
}

function valueOf (number) {
  return Number.isFinite(number) ? number : null
}

async function measure (processes, lengths) {
  const samples = Object.fromEntries(USES.map((use) => [use, Object.fromEntries(KINDS.map((kind) => [kind, []]))]))
  const turns = USES.flatMap((use) => KINDS.map((kind) => ({ use, kind })))
  const redis = await Redis.start()
  try {
    for (let round = 1; round <= processes; round++) {
      console.error(`store: round ${round} of ${processes}`)
      for (const { use, kind } of shuffled(turns)) samples[use][kind].push(await sample(redis, kind, use, lengths))
    }
  } finally {
    await redis.stop()
  }
  return samples
}

async function sample (redis, kind, use, { warmUp, measured }) {
  const server = await WireServer.start(kind, { script: SCRIPT, env: { REDIS_URL: redis.url } })
  const load = new Load(server.cookies)
  try {
    await load.run(server.url(use), warmUp)
    const before = await redis.commands()
    const { requests, perSecond } = await load.run(server.url(use), measured)
    const commands = await redis.commands() - before
    // Requests that were under way at the end are not counted as requests.
    return { perSecond, commands: Math.round(100 * commands / requests) / 100 }
  } finally {
    load.close()
    await server.stop()
  }
}
