import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import Fastify from 'fastify'
import { copyInstrumented } from './instrument.js'

/** @import { FastifyInstance, FastifyRequest } from 'fastify' */
/** @import { Call } from './instrument.js' */

/**
 * The calls of one request, and what was counted of them.
 * @typedef {{ title: string, calls: Call[], counts: Count[] }} Way
 * @typedef {{ of: string, value: number, limit: number | null }} Count
 * @typedef {{ get: (key: string) => unknown, set: (key: string, value: unknown) => void }} SessionLike
 */

/** What the build imports. */
const PACKAGES = fileURLToPath(new URL('../node_modules', import.meta.url))
/** How often each request is made before the one that counts. */
const WARM_UP = 5
const SECRET = 'benchmarks/ways: thirty-two bytes or more'
const DATA = { userId: 7, name: 'Ada', visits: 3 }
const CART = ['book', 'lamp']

/** What each request does with the session, and the most that it should take: its targets. */
const REQUESTS = {
  untouched: { title: 'a request that leaves the session alone', limits: { calls: 2, changes: null } },
  read: { title: 'a read of one key', limits: { calls: 60, changes: 25 } },
  write: { title: 'saving an array of two texts', limits: { calls: 110, changes: null } }
}

/**
 * Counts the calls that each of three requests makes in a build. Each request has a genuine cookie of three keys.
 * @param {string} build the folder of the build
 */
export async function waysThrough (build) {
  const folder = mkdtempSync(join(tmpdir(), 'ways-'))
  try {
    const calls = await copyInstrumented(build, join(folder, 'build'))
    symlinkSync(PACKAGES, join(folder, 'node_modules'))
    const { default: plugin } = await import(pathToFileURL(join(folder, 'build', 'index.js')).href)
    return await waysOf(plugin, calls)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** @param {any} plugin @param {Call[]} calls */
async function waysOf (plugin, calls) {
  const app = Fastify()
  await app.register(plugin, { secret: SECRET })
  addRoutes(app)
  await app.ready()
  const cookie = `session=${/** @type {any} */ (app).encodeSession(DATA)}`
  /** @type {Way[]} */
  const ways = []
  for (const [name, { title, limits }] of Object.entries(REQUESTS)) {
    const made = await callsOf(app, { url: `/${name}`, headers: { cookie } }, calls)
    ways.push({ title, calls: made, counts: countsOf(made, limits) })
  }
  await app.close()
  return ways
}

/** @param {FastifyInstance} app */
function addRoutes (app) {
  const sessionOf = (/** @type {FastifyRequest} */ request) =>
    /** @type {{ session: SessionLike }} */ (/** @type {unknown} */ (request)).session
  app.get('/untouched', async () => 'nobody')
  app.get('/read', async (request) => `${sessionOf(request).get('userId')}`)
  app.get('/write', async (request) => {
    sessionOf(request).set('cart', CART)
    return 'saved'
  })
}

/** @param {FastifyInstance} app @param {{ url: string, headers: { cookie: string } }} request @param {Call[]} calls */
async function callsOf (app, request, calls) {
  for (let before = 0; before <= WARM_UP; before++) {
    calls.length = 0
    const { statusCode } = await app.inject(request)
    if (statusCode !== 200) throw new Error(`The request for ${request.url} was answered with ${statusCode}`)
    await setImmediate() // what runs when the response is closed
  }
  return [...calls]
}

/** @param {Call[]} calls @param {{ calls: number, changes: number | null }} limits @returns {Count[]} */
function countsOf (calls, limits) {
  const changes = calls.filter(({ file }, index) => index > 0 && file !== calls[index - 1]?.file).length
  return [
    { of: 'calls', value: calls.length, limit: limits.calls },
    { of: 'changes of file', value: changes, limit: limits.changes },
    { of: 'files', value: new Set(calls.map(({ file }) => file)).size, limit: null }
  ]
}

/** @param {Way[]} ways @param {boolean} isListed whether every call is shown */
export function describeWays (ways, isListed) {
  return ways.map(({ title, calls, counts }) => [
    title,
    ...counts.map(describeCount),
    ...isListed ? calls.map(({ file, name }) => `      ${file.padEnd(34)}${name}`) : []
  ].join('\n')).join('\n\n')
}

/** @param {Count} count */
function describeCount ({ of, value, limit }) {
  const judged = limit === null ? '' : `${value <= limit ? 'ok    ' : 'MISSED'} at most ${limit}`
  return `  ${of.padEnd(16)}${`${value}`.padStart(5)}  ${judged}`.trimEnd()
}
