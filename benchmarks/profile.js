import { Session } from 'node:inspector/promises'
import { buildApplication, cookieOf, USES } from './applications.js'
import { Dispatcher } from './dispatch.js'
import { several } from './payloads.js'
import { requestsFor } from './requests.js'
import { shares } from './shares.js'

const WARM_UP = 100_000
const REQUESTS = 1_000_000
/** Microseconds between two looks at the stack. */
const INTERVAL = 500

/** Prints how much of a request's time goes where; what is left is Fastify's, Node's and the route's. */
export async function profile (use) {
  if (!USES.includes(use)) throw new TypeError(`--profile takes ${USES.join(', ')}`)
  const app = await buildApplication('ours')
  const cookies = await Promise.all(several((index) => cookieOf(app, index)))
  const { run } = new Dispatcher(app, requestsFor(use, cookies))
  await run(WARM_UP)
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
  await session.post('Profiler.start')
  await run(REQUESTS)
  const { profile } = await session.post('Profiler.stop')
  for (const line of shares(profile)) console.log(line)
}
