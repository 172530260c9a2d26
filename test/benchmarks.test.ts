import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify, { type FastifyRequest } from 'fastify'
import t from 'tap'
import { allocatedBy } from '../benchmarks/allocated.js'
import { estimate } from '../benchmarks/bootstrap.js'
import { chart } from '../benchmarks/chart.js'
import { figure, replaced, rows, written } from '../benchmarks/figures.js'
import { least } from '../benchmarks/least.js'
import { line, peerTable, targetTable, withTables } from '../benchmarks/report.js'
import { shares } from '../benchmarks/shares.js'
import { copyInstrumented } from '../benchmarks/instrument.js'
import { median, quantile, shuffled, theilSen } from '../benchmarks/statistics.js'
import { describeWays, waysThrough } from '../benchmarks/ways.js'
import { describeWire, wireFigures } from '../benchmarks/wire-figures.js'

t.test('a median is the middle, and between two values half of both', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.ok(Number.isNaN(median([])))
  t.equal(quantile([10, 20, 30, 40, 50], 0.25), 20)
  const values = [2, 1]
  median(values)
  t.strictSame(values, [2, 1], 'the list stays as it was')
})

t.test('a slope is that of the line, whatever single points do', async (t) => {
  const line = Array.from({ length: 21 }, (_, index): [number, number] => [index * 1000, 5e7 + 3 * index * 1000])
  t.equal(theilSen(line), 3)
  line[0] = [0, 9e7]
  line[13] = [13000, 1e6]
  t.equal(theilSen(line), 3)
})

t.test('shuffling keeps every item, leaves its list alone and follows the numbers it is given', async (t) => {
  const items = ['a', 'b', 'c', 'd']
  t.strictSame(shuffled(items, () => 0), ['b', 'c', 'd', 'a'])
  t.strictSame(shuffled(items, () => 0.999), items)
  t.strictSame(shuffled(items).sort(), items)
})

t.test('a figure is held against its target in the right direction', async (t) => {
  t.match(figure('jsonify', 1.3, 'x'), { target: 1.3, ok: true })
  t.match(figure('jsonify', 1.31, 'x'), { target: 1.3, ok: false })
  t.match(figure('flask-small', 8, 'x'), { target: 8, ok: true })
  t.match(figure('flask-small', 7.99, 'x'), { target: 8, ok: false })
  const untargeted = { name: 'hmac-64-ns', value: 1500, unit: 'ns', target: null, ok: null }
  t.strictSame(figure('hmac-64-ns', 1500, 'ns'), untargeted)
  const unmeasured = { value: null, target: 8, ok: null }
  t.match(figure('flask-small', null, 'x'), unmeasured, 'what was not measured has neither reached nor missed it')
})

t.test('allocated memory is counted whether it is kept or not', async (t) => {
  const lists: number[][] = []
  const allocate = (isKept: boolean) => async (times: number): Promise<void> => {
    for (let index = 0; index < times; index++) {
      const list = Array(1000).fill(index) // eight bytes each
      if (isKept) lists.push(list)
    }
  }
  for (const isKept of [true, false]) {
    const bytes = await allocatedBy(allocate(isKept), 2000)
    t.ok(bytes > 7600 && bytes < 8800, `${bytes} bytes`)
  }
  t.ok(await allocatedBy(async () => {}, 2000) < 800)
})

t.test('every target stands in one row', async (t) => {
  const names = rows.flatMap(({ targets }) => Object.keys(targets))
  t.equal(new Set(names).size, names.length)
})

t.test('figures that were measured again take the place of the old ones', async (t) => {
  const kept = figure('jsonify', 1, 'x')
  const [old, young] = [figure('heap-slope', 2, 'bytes'), figure('heap-slope', 0, 'bytes')]
  t.strictSame(replaced([old, kept], [young]), [kept, young])
})

t.test('values are written with about three digits', async (t) => {
  const values = [0.046, 1.005, 12.345, 1234.5, -0.001, null, undefined, Infinity, NaN]
  t.strictSame(values.map(written), ['0.05', '1.00', '12.3', '1235', '0.00', '–', '–', '–', '–'])
})

t.test('a line for the terminal says what was reached, and in which direction', async (t) => {
  t.match(line(figure('jsonify', 1.2, 'times')), /^jsonify +1\.20 +ok +at most 1\.3 +times$/)
  t.match(line(figure('flask-small', 2, 'times')), /^flask-small +2\.00 +MISSED +at least 8 +times$/)
  t.match(line(figure('flask-small', null, 'times')), /not measured; times$/)
  t.match(line(figure('other', 5, 'ns')), /^other +5\.00 +ns$/)
  t.match(line(figure('other', 5, 'ns', [4.5, Infinity])), /^other +5\.00 +ns, 90 % 4\.50––$/)
})

t.test('the tables hold every version of Node, and what missed its target is bold', async (t) => {
  const results = {
    20: [
      figure('jsonify', 1.2, 'x'), figure('dumps-small', 1.5, 'x'), figure('loads-small', 2, 'x'),
      figure('request-read', 2.2, 'x'), figure('request-read-session', 9, 'x'),
      figure('wire-read-user', 1.62, 'x'), figure('wire-read-total-session', 3, 'x')
    ],
    24: [figure('jsonify', 1.4, 'x')]
  }
  const table = targetTable(results)
  t.match(table, '|  | target | Node 20 | Node 24 |\n| -- | -- | -- | -- |\n')
  t.match(table, /`jsonify`[^|]*\| at most 1\.3 \| 1\.20 \| \*\*1\.40\*\* \|/)
  t.match(table, /`loads` of a small session[^|]*\| at most 1\.7 \/ 1\.9 \| 1\.50 \/ \*\*2\.00\*\* \| – \/ – \|/)
  t.match(table, /on the wire, against the best peer[^|]*\| at most 1 \|/)
  t.match(peerTable(results), '| fastify-signed-session | – / 2.20 / – | – / – / – | – / 1.62 / – |')
  t.match(peerTable(results), '| @fastify/session, in memory | – / 9.00 / – | – / 3.00 / – |')
  t.match(peerTable({}), '| fastify-signed-session | – / – / – |')
})

t.test('tables go between their marks, and nowhere else', async (t) => {
  const page = 'before\n<!-- Made by npm run bench: begin -->\nold\n<!-- Made by npm run bench: end -->\nafter\n'
  const once = withTables(page, { 20: [] })
  t.match(once, /^before\n<!-- [^\n]*begin -->\n\|.*\|\n<!-- [^\n]*end -->\nafter\n$/s)
  t.notMatch(once, 'old')
  t.equal(withTables(once, { 20: [] }), once)
  t.throws(() => withTables('no marks', {}), /no lines/)
})

t.test('the chart draws every kind of session by its value, and says the same in words', async (t) => {
  const svg = chart([
    figure('request-read', 2, 'x'), figure('request-read-secure-session', 4, 'x'),
    figure('request-untouched', -0.01, 'x')
  ])
  t.match(svg, /^<svg [^>]*role="img" aria-labelledby="title description">\n<title id="title">/)
  t.match(svg, /<desc id="description">.*read: fastify-signed-session 2\.00, .*@fastify\/secure-session 4\.00/)
  const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
  t.equal(widths.length, 15)
  t.equal(widths[5], widths[7]! / 2)
  t.equal(widths[0], 0)
  t.notMatch(chart([]), 'NaN')
})

t.test('a profile is told by what the package does, native code by what its caller does', async (t) => {
  const node = (id: number, url: string, children?: number[]) =>
    ({ id, callFrame: { url }, ...(children && { children }) })
  const nodes = [
    node(1, '', [2]),
    node(2, 'file:///app/node_modules/fastify/lib/route.js', [3, 6]),
    node(3, 'file:///app/dist/signing/mac.js', [4]),
    node(4, 'node:internal/crypto/hash', [5]),
    node(5, ''),
    node(6, 'file:///app/dist/cookies/headers.js', [7]),
    node(7, 'node:_http_server', [8]),
    node(8, '')
  ]
  t.strictSame(shares({ nodes, samples: [2, 3, 4, 5, 6, 7, 8, 8] }), [
    ' 50.0 % of the whole request',
    ' 75.0 % two hashes, and comparing in constant time',
    ' 25.0 % finding the cookie; watching the headers, Vary and Set-Cookie'
  ])
  t.strictSame(shares({ nodes, samples: [4] }), [
    '100.0 % of the whole request', '100.0 % two hashes, and comparing in constant time'
  ])
})

t.test('an interval holds nine tenths of what is drawn from the samples, each list by itself', async (t) => {
  const difference = ({ a, b }: Record<string, readonly number[]>) => median(a!) - median(b!)
  const a = Array.from({ length: 101 }, (_, index) => index)
  const { value, spread: [low, high] } = estimate({ a, b: [10, 10, 10] }, difference, numbersFrom(7))
  t.equal(value, 40)
  t.ok(low > 20 && low < 38, `${low} is below`)
  t.ok(high < 60 && high > 42, `${high} is above`)
  t.strictSame(estimate({ a: [3], b: [1] }, difference), { value: 2, spread: [2, 2] })
})

/** Numbers from 0 to below 1 that are the same in every run. */
function numbersFrom (seed: number): () => number {
  t.comment(`seed ${seed}`)
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}

const WIRE = {
  bare: [{ user: 8, total: 12, perSecond: 50_000 }, { user: 10, total: 12, perSecond: 52_000 }],
  least: [{ user: 15, total: 22, perSecond: 30_000 }],
  ours: [{ user: 18, total: 27, perSecond: 25_000 }],
  one: [{ user: 21, total: 32, perSecond: 24_000 }],
  other: [{ user: 33, total: 62, perSecond: 20_000 }]
}

t.test('what a session adds on the wire is held against the least and the best peer', async (t) => {
  const figures = wireFigures('read', WIRE, ['one', 'other'])
  const valueOf = (name: string) => figures.find((each) => each.name === name)?.value
  t.match(figures.find(({ name }) => name === 'wire-read-user'), { value: 1.5, target: 1.45, ok: false })
  const total = figures.find(({ name }) => name === 'wire-read-total')
  t.match(total, { value: 1.5, target: 1.6, ok: true, spread: [1.5, 1.5] })
  t.equal(valueOf('wire-read-total-other'), 5)
  t.equal(valueOf('wire-read-total-us-bare'), 12)
  t.equal(valueOf('wire-read-total-us-ours'), 15)
  t.equal(valueOf('wire-read-peer'), 0.75)
  t.equal(valueOf('wire-read-per-second-bare'), 51_000)
  t.equal(wireFigures('untouched', WIRE, ['one']).some(({ name }) => name === 'wire-untouched-user'), false)
})

t.test('nothing is said of a ratio to what added no time', async (t) => {
  const figures = wireFigures('read', { ...WIRE, least: WIRE.bare }, ['one'])
  t.match(figures.find(({ name }) => name === 'wire-read-user'), { value: null, ok: null })
})

t.test('the figures of the wire stand in a table, a line for each kind, before those with a target', async (t) => {
  const lines = describeWire('read', wireFigures('read', WIRE, ['one', 'other']), Object.keys(WIRE))
  t.match(lines[0], /^read +user µs +x the least +total µs +x the least +requests\/s$/)
  t.match(lines[1], /^bare +9\.00 \(8\.00–10\.0\) +– +12\.0 \(12\.0–12\.0\) +– +51000$/)
  t.match(lines[3], /^ours +9\.00 \([^)]*\) +1\.50 \([^)]*\) +15\.0 \(15\.0–15\.0\) +1\.50 \(1\.50–1\.50\) +25000$/)
  const names = lines.slice(6).map((text) => text.split(' ')[0])
  t.strictSame(names, ['wire-read-user', 'wire-read-total', 'wire-read-peer', ''])
})

t.test('the least keeps a session in a signed cookie, and refuses one that somebody changed', async (t) => {
  const app = Fastify()
  least.register(app)
  app.get('/fill', async (request, reply) => least.fill(request, reply, { user: 'ada', visits: 1 }))
  app.get('/read', async (request) => least.user(request))
  app.get('/write', async (request: FastifyRequest) => least.count(request))
  app.get('/visits', async (request) => `${least.visits(request)}`)
  const ask = async (url: string, cookie?: string) => {
    const headers = cookie === undefined ? {} : { cookie }
    const { statusCode, body, cookies: [given] } = await app.inject({ url, headers })
    return { statusCode, body, cookie: `session=${given?.value}` }
  }
  const { cookie } = await ask('/fill')
  t.match(await ask('/read', cookie), { statusCode: 200, body: 'ada', cookie: 'session=undefined' })
  const written = await ask('/write', `theme=dark; ${cookie}; consent=1`)
  t.equal(written.body, 'ada')
  t.equal((await ask('/visits', written.cookie)).body, '2')
  for (const wrong of [undefined, 'session=x', cookie.replace('.', 'x.')]) {
    t.equal((await ask('/read', wrong)).statusCode, 500)
  }
  await app.close()
})

t.test('an instrumented copy logs every function, method, accessor and arrow that is entered', async (t) => {
  const folder = t.testdir({
    build: {
      'main.js': `#!/usr/bin/env node
import { Room } from './inner/room.js'
export function main () {
  const room = new Room(2)
  room.size = room.size + 1
  return [room.double(), Room.of(5).size, [1].map((each) => each * 2), (() => ({ size: 7 }))().size]
}
export const curried = (a) => (b) => a + b
export const nine = (() => 9)()
`,
      inner: {
        'room.js': `export class Room {
  #size
  constructor (size) { this.#size = size }
  get size () { return this.#size }
  set size (size) { this.#size = size }
  #twice = () => 2 * this.#size
  double () { return this.#twice() }
  static of (size) { return new Room(size) }
}
`,
        'room.js.map': '{}'
      }
    }
  })
  const calls = await copyInstrumented(join(folder, 'build'), join(folder, 'copy'))
  const { main, curried } = await import(pathToFileURL(join(folder, 'copy', 'main.js')).href)
  t.strictSame(calls.splice(0), [{ file: 'main.js', name: '=> in the module' }])
  t.strictSame(main(), [6, 5, [2], 7])
  t.strictSame(calls.splice(0).map(({ file, name }) => `${file}: ${name}`), [
    'main.js: main', 'inner/room.js: new Room', 'inner/room.js: Room.get size', 'inner/room.js: Room.set size',
    'inner/room.js: Room.double', 'inner/room.js: Room.#twice', 'inner/room.js: Room.of', 'inner/room.js: new Room',
    'inner/room.js: Room.get size', 'main.js: => in main', 'main.js: => in main'
  ])
  t.equal(curried(1)(2), 3)
  t.strictSame(calls.map(({ name }) => name), ['curried', '=> in curried'])
})

/** A build of a plugin whose session does next to nothing. */
const TINY_PLUGIN = {
  'index.js': `import fp from 'fastify-plugin'
import { Session } from './session.js'
export default fp(async (app) => {
  app.decorate('encodeSession', (data) => Object.keys(data).join('-'))
  app.decorateRequest('session', { getter () { return new Session() } })
})
`,
  'session.js': `export class Session {
  get () { return this.inner }
  get inner () { return 'ada' }
  set () {}
}
`
}

t.test('the way of a request is counted without the start, and held against its targets', async (t) => {
  const ways = await waysThrough(t.testdir(TINY_PLUGIN))
  t.strictSame(ways.map(({ calls }) => calls.map(({ name }) => name)), [
    [], ['getter', 'Session.get', 'Session.get inner'], ['getter', 'Session.set']
  ])
  t.strictSame(ways.map(({ counts }) => counts.map(({ value }) => value)), [[0, 0, 0], [3, 1, 2], [2, 1, 2]])
  const text = describeWays(ways, true)
  t.match(text, /^a request that leaves the session alone\n {2}calls +0 {2}ok +at most 2\n/)
  t.match(text, /\n {2}changes of file +1 {2}ok +at most 25\n/)
  t.match(text, /\n {6}session\.js +Session\.get inner\n/)
  t.notMatch(describeWays(ways, false), 'session.js')
})

t.test('a target that is missed is named, and so is a request that fails', async (t) => {
  const counts = [{ of: 'calls', value: 3, limit: 2 }]
  const text = describeWays([{ title: 'a request', calls: [], counts }], false)
  t.equal(text, 'a request\n  calls               3  MISSED at most 2')
  const failing = { ...TINY_PLUGIN, 'session.js': 'export class Session { get () { throw new Error() } }' }
  await t.rejects(waysThrough(t.testdir(failing)), { message: /\/read .* 500/ })
})
