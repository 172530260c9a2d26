import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import { Dispatcher } from '../dispatch.js'
import { figure } from '../figures.js'
import { smallSession } from '../payloads.js'
import sessionPlugin from '../product.js'
import { theilSen } from '../statistics.js'

const SAMPLES = 20
/** Requests before the first sample, for V8 to have compiled all that it will. */
const WARM_UP = 30_000
const UNIT = 'bytes a request'

/**
 * What stays in memory: a third of the requests do not touch the session, a third read it, a third write it; every
 * cookie is another one, and each tenth is forged. The control leaks one number with every third request, on purpose.
 */
export async function memory ({ isQuick }) {
  const requests = isQuick ? 60_000 : 1_000_000
  return [
    figure('heap-slope', await slope(requests, () => {}), UNIT),
    figure(
      'heap-slope-control',
      await slope(requests / 5, leak()),
      `${UNIT}, with a leak on purpose of one number in three requests`
    ),
    figure('heap-requests', requests, 'requests')
  ]
}

function leak () {
  const kept = []
  return (index) => { if (index % 3 === 0) kept.push(index + 0.5) }
}

async function slope (requests, keep) {
  const app = Fastify()
  await app.register(sessionPlugin, { secret: randomBytes(32) })
  app.get('/untouched', (_request, reply) => { reply.send('ok') })
  app.get('/read', (request, reply) => { reply.send(`${request.session.get('user')}`) })
  app.get('/write', (request, reply) => {
    request.session.set('visits', (request.session.get('visits') ?? 0) + 1)
    reply.send('ok')
  })
  await app.ready()
  const { run } = new Dispatcher(app, (index) => {
    keep(index)
    return { url: ['/untouched', '/read', '/write'][index % 3], headers: { cookie: `session=${cookie(app, index)}` } }
  })
  await run(WARM_UP)
  const points = []
  for (let sample = 0; sample <= SAMPLES; sample++) {
    points.push([sample * requests / SAMPLES, bytesInUse()])
    if (sample < SAMPLES) await run(requests / SAMPLES)
  }
  const { verified, refused } = app.sessionCounters
  assert.ok(
    verified > 0.5 * requests && Object.values(refused).reduce((sum, count) => sum + count, 0) > 0.05 * requests
  )
  await app.close()
  return theilSen(points)
}

function cookie (app, index) {
  const honest = app.encodeSession({ ...smallSession(index), nonce: index })
  return index % 10 === 0 ? honest.slice(0, -4) + 'AAAA' : honest
}

function bytesInUse () {
  for (let times = 0; times < 3; times++) globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
