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
 * sample is of a new process. The kinds of one use take turns directly after each other, in another order each time,
 * and are compared turn by turn: a machine that others share is faster in one minute than in the next.
 */
export async function stores ({ isQuick, processes = isQuick ? 2 : 8 }) {
  const missing = whatIsMissing() ?? (hasRedis() ? undefined : 'redis-server is not installed')
  if (missing !== undefined) return { figures: figuresOf(() => NaN), notes: [missing] }
  const samples = await measure(processes, isQuick ? LENGTHS.quick : LENGTHS.whole)
  const middle = (use, valueIn) => median(samples[use].map(valueIn))
  return { figures: figuresOf(middle), notes: [LOAD_NAME, `${processes} processes a kind and use`, 'medians'] }
}

/** `middle` gives the median of a value in the turns of a use. */
function figuresOf (middle) {
  return USES.flatMap((use) => {
    const value = (valueIn) => valueOf(middle(use, valueIn))
    const ratio = (kind) => value((turn) => turn.ours.perSecond / turn[kind].perSecond)
    return [
      figure(`store-${use}-session`, ratio('session'), 'x the requests per second of @fastify/session'),
      figure(`store-${use}-express`, ratio('express-session'), 'x those of express-session'),
      figure(`store-${use}-per-second`, value(({ ours }) => ours.perSecond), 'requests per second'),
      figure(`store-${use}-commands`, value(({ ours }) => ours.commands), 'commands of Redis a request')
    ]
  })
}

function valueOf (number) {
  return Number.isFinite(number) ? number : null
}

async function measure (processes, lengths) {
  const samples = Object.fromEntries(USES.map((use) => [use, []]))
  const redis = await Redis.start()
  try {
    for (let round = 1; round <= processes; round++) {
      console.error(`store: round ${round} of ${processes}`)
      for (const use of shuffled(USES)) {
        const turn = {}
        for (const kind of shuffled(KINDS)) turn[kind] = await sample(redis, kind, use, lengths)
        samples[use].push(turn)
      }
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
