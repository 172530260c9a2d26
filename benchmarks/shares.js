/** Of a CPU profile. @typedef {{ id: number, callFrame: { url: string }, children?: number[] }} Node */

/** What is done in a file; the first that fits counts. @type {Array<[doing: string, files: RegExp]>} */
const DOINGS = [
  ['two hashes, and comparing in constant time', /\/signing\/mac\.js/],
  ['reading and writing JSON and its tags', /\/dist\/json\//],
  ['base64url in its one spelling', /\/signing\/encoding\.js/],
  ['time stamp, age and format of the cookie', /\/dist\/(signing|wire)\/|\/session\/rules\.js/],
  ['finding the cookie; watching the headers, Vary and Set-Cookie', /\/dist\/cookies\//],
  ['the session of the request: its object, its Proxy, its commit', /\/dist\/(session|fastify)\//]
]

/**
 * What share of the samples of a CPU profile each doing has, as lines of text. @param {{ nodes: Node[], samples:
 * number[] }} profile
 */
export function shares ({ nodes, samples }) {
  const doings = doingsOf(nodes)
  const counts = new Map()
  for (const id of samples) counts.set(doings.get(id), (counts.get(doings.get(id)) ?? 0) + 1)
  const ours = samples.length - (counts.get(undefined) ?? 0)
  /** @param {number} count @param {number} all */
  const share = (count, all) => `${(100 * count / all).toFixed(1).padStart(5)} %`
  return [
    `${share(ours, samples.length)} of the whole request`,
    ...[...counts]
      .filter(([doing]) => doing !== undefined)
      .sort(([, a], [, b]) => b - a)
      .map(([doing, count]) => `${share(count, ours)} ${doing}`)
  ]
}

/**
 * What each node of the profile does: native code does what its caller does, and the server what it does for every
 * request.
 * @param {Node[]} nodes
 */
function doingsOf (nodes) {
  const doings = new Map()
  const byId = new Map(nodes.map((node) => [node.id, node]))
  /** @param {Node} node @param {string | undefined} inherited */
  const visit = (node, inherited) => {
    const { url } = node.callFrame
    const [doing] = DOINGS.find(([, files]) => files.test(url)) ?? []
    const isOthers = url.startsWith('node:_http') || url.startsWith('node:events') || url.includes('/node_modules/')
    doings.set(node.id, doing ?? (isOthers ? undefined : inherited))
    for (const id of node.children ?? []) visit(/** @type {Node} */ (byId.get(id)), doings.get(node.id))
  }
  visit(/** @type {Node} */ (nodes[0]), undefined)
  return doings
}
