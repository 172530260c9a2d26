import { Session } from 'node:inspector/promises'
import { buildApplication, cookieOf, USES } from './applications.js'
import { Dispatcher } from './dispatch.js'
import { several } from './payloads.js'
import { requestsFor } from './requests.js'

const WARM_UP = 100_000
const REQUESTS = 1_000_000
/** Microseconds between two looks at the stack. */
const INTERVAL = 500

/** What is done in a frame, by the file it stands in and, where that says too little, by its function. The first that fits counts. */
const DOINGS = [
  ['two hashes, and comparing in constant time', /\/signing\/mac\.js/],
  ['reading and writing JSON and its tags', /\/dist\/json\//],
  ['base64url in its one spelling', /\/signing\/encoding\.js/],
  ['time stamp, age and format of the cookie', /\/dist\/signing\/|\/session-interface\.js/],
  ['finding the cookie', /\/session\/cookies\.js/],
  ['watching the headers, Vary and Set-Cookie', /\/session\/(headers|cookie-writer)\.js/],
  ['the session of the request: its object, its Proxy, its commit', /\/dist\/(session|fastify)\//]
]

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
  for (const line of linesOf(profile)) console.log(line)
}

function linesOf ({ nodes, samples }) {
  const doings = doingsOf(nodes)
  const counts = new Map()
  for (const id of samples) counts.set(doings.get(id), (counts.get(doings.get(id)) ?? 0) + 1)
  const ours = samples.length - (counts.get(undefined) ?? 0)
  const share = (count, all) => `${(100 * count / all).toFixed(1).padStart(5)} %`
  return [
    `${share(ours, samples.length)} of the whole request`,
    ...[...counts].filter(([doing]) => doing !== undefined).sort(([, a], [, b]) => b - a).map(([doing, count]) => `${share(count, ours)} ${doing}`)
  ]
}

/** What each node of the profile does: native code does what its caller does, and Node's and Fastify's own what they do for every request. */
function doingsOf (nodes) {
  const doings = new Map()
  const visit = (node, inherited) => {
    const { url } = node.callFrame
    const [doing] = DOINGS.find(([, files]) => files.test(url)) ?? []
    const isOthers = url.startsWith('node:_http') || url.startsWith('node:events') || url.includes('/node_modules/')
    doings.set(node.id, doing ?? (isOthers ? undefined : inherited))
    for (const id of node.children ?? []) visit(byId.get(id), doings.get(node.id))
  }
  const byId = new Map(nodes.map((node) => [node.id, node]))
  visit(nodes[0], undefined)
  return doings
}
