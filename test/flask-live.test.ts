import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { Markup, type Session, type SessionOptions, Tuple, URLSafeTimedSerializer, UUID } from '../lib/index.ts'
import { buildApp, cookieFrom, OTHER_SECRET, SECRET, valueOf } from './support/app.ts'
import { same } from './support/equal.ts'
import { python } from './support/python.ts'
import { skipFor } from './support/requirements.ts'
import { FLASK, toValue, type Typed } from './support/vectors.ts'

t.setTimeout(300_000) // Flask may start slowly

const SERVER = fileURLToPath(new URL('./support/flask-server.py', import.meta.url))
const runs = { seed: 20261123, numRuns: 300 }

const MINUTE = 60
const DAY = 24 * 60 * MINUTE

/** The Flask applications, by what is particular about them. */
const configurations = {
  plain: { SECRET_KEY: SECRET },
  rotated: { SECRET_KEY: OTHER_SECRET, SECRET_KEY_FALLBACKS: [SECRET] },
  salted: { SECRET_KEY: SECRET, SESSION_SALT: 'own salt' },
  brief: { SECRET_KEY: SECRET, PERMANENT_SESSION_LIFETIME: MINUTE }
}
type Name = keyof typeof configurations

const skip = skipFor(
  python === undefined ? 'no Python with Flask was found, so no cookie is passed to a real one and back' : undefined
)
const urls = skip === false ? await startFlask() : undefined

async function startFlask (): Promise<Record<Name, string>> {
  const server = spawn(python!, [SERVER, JSON.stringify(Object.values(configurations))], {
    stdio: ['pipe', 'pipe', 'inherit']
  })
  t.teardown(() => server.kill())
  const [line] = await Promise.race([once(server.stdout, 'data'), once(server, 'exit')])
  if (server.exitCode !== null) throw new Error('Flask did not start')
  const ports: number[] = JSON.parse(`${line}`)
  const entries = Object.keys(configurations).map((name, index) => [name, `http://127.0.0.1:${ports[index]}`])
  return Object.fromEntries(entries)
}

/** What a Flask application says of a session. */
interface Report {
  session: Typed
  permanent: boolean
  flashed?: Typed
}

/** A browser with one cookie, and the two servers that it is sent to. */
class Browser {
  /** `session=…`, or undefined. */
  cookie: string | undefined
  /** The `Set-Cookie` line of the last response. */
  line: string | undefined
  /** What the handler of Fastify does to the session. */
  act: (session: Session) => void = () => {}
  readonly #here: string
  readonly #flask: string

  constructor (here: string, flask: string) {
    this.#here = here
    this.#flask = flask
  }

  /** What `act` makes of the session in a handler of Fastify, or the message of the error that is the answer. */
  async here (act: (session: Session) => unknown): Promise<unknown> {
    let result: unknown
    this.act = (session) => { result = act(session) }
    const { status, text } = await this.#send(this.#here)
    return status === 200 ? result : JSON.parse(text).message
  }

  /** The data of the session here. */
  async data (): Promise<Record<string, unknown>> {
    return await this.here((session) => session.data()) as Record<string, unknown>
  }

  /** What Flask says of the session after a GET of `/`, or a POST to any other path. */
  async flask (path = '/', sent: unknown = null): Promise<Report> {
    const { status, text } = await this.#send(
      this.#flask + path,
      path === '/' ? {} : { method: 'POST', body: JSON.stringify(sent) }
    )
    if (status !== 200) throw new Error(`Flask answers ${path} with ${status}`)
    return JSON.parse(text, (_key, node) => node?.t === 'float' ? float(toValue(node) as number) : node)
  }

  /** Whether Flask answers a POST with 200. */
  async answers (path: string, sent: unknown = null): Promise<boolean> {
    const { status } = await this.#send(this.#flask + path, { method: 'POST', body: JSON.stringify(sent) })
    return status === 200
  }

  async #send (url: string, init: RequestInit = {}): Promise<{ status: number, text: string }> {
    const headers = {
      'content-type': 'application/json',
      ...(this.cookie === undefined ? {} : { cookie: this.cookie })
    }
    const response = await fetch(url, { ...init, headers })
    const lines = response.headers.getSetCookie()
    if (lines.length > 1) throw new Error('The cookie is set twice')
    this.line = lines[0]
    if (lines.length === 1) this.cookie = cookieFrom({ 'set-cookie': lines })
    return { status: response.status, text: await response.text() }
  }
}

async function open (
  t: Test,
  flask: Name = 'plain',
  options: Partial<SessionOptions<FastifyRequest>> = {}
): Promise<Browser> {
  const { app } = await buildApp({ format: 'flask', ...options })
  t.teardown(() => app.close())
  app.get('/', async ({ session }) => {
    browser.act(session)
    return {}
  })
  const browser: Browser = new Browser(await app.listen({ host: '127.0.0.1', port: 0 }), urls![flask])
  return browser
}

/** A test that needs Flask. */
function live (title: string, test: (t: Test) => Promise<void>): void {
  t.test(title, { skip }, test)
}

const str = (v: string): Typed => ({ t: 'str', v })
const int = (v: number | bigint): Typed => ({ t: 'int', v: `${v}` })
const float = (v: number): Typed => ({ t: 'float', v: Object.is(v, -0) ? '-0.0' : `${v}` })
const list = (...v: Typed[]): Typed => ({ t: 'list', v })
const tuple = (...v: Typed[]): Typed => ({ t: 'tuple', v })
const dict = (members: Record<string, Typed>): Typed => ({ t: 'dict', v: Object.entries(members) })
const one = (key: string, value: Typed): Typed => ({ t: 'dict', v: [[key, value]] })
const datetime = (v: string): Typed => ({ t: 'datetime', v })
const bytes = (...v: number[]): Typed => ({ t: 'bytes', v: Buffer.from(v).toString('base64') })

const hex = '0123456789abcdef0123456789abcdef'
const tagKeys = [' di', ' t', ' b', ' m', ' u', ' d']
const awkwardKeys = [
  ...tagKeys, ...tagKeys.map((key) => `${key}__`), ' di____', ' ', '', '__', '__proto__', 'constructor', 'get'
]

/** A value here, and what it is in Python. */
type Row = [value: unknown, python: Typed]

const rows: Row[] = [
  [null, { t: 'null' }],
  [true, { t: 'bool', v: true }],
  [false, { t: 'bool', v: false }],
  ...[
    '', 'a', '"\\/\b\f\n\r\t\0\x7f', '<é\u2028\uffff', '😀', '\ud83d', '\ude00\ud83d', '{" t":[]}', 'NaN',
    '12345678901234567890'
  ].map((text): Row => [text, str(text)]),
  ...[0, 1, -1, 2 ** 53 - 1, 1 - 2 ** 53, 2n ** 53n, -(2n ** 53n), 2n ** 64n + 1n, 10n ** 40n, -(10n ** 400n)]
    .map((value): Row => [value, int(value)]),
  ...[
    1.5, -0, 0.1 + 0.2, 1e-5, -1.5e-7, 5e-324, 2 ** 53, -(2 ** 53), 1e16, 2 ** 64, 1e21, 1e300, -1e300, Infinity,
    -Infinity, NaN
  ].map((value): Row => [value, float(value)]),
  ...[[], [0], [0xfb, 0xff, 0xbf, 0]].map((content): Row => [Buffer.from(content), bytes(...content)]),
  [new UUID(hex), { t: 'uuid', v: '01234567-89ab-cdef-0123-456789abcdef' }],
  [new Markup('<b>é</b>'), { t: 'markup', v: '<b>é</b>' }],
  ...['0100-01-01T00:00:00', '1969-12-31T23:59:59', '1970-01-01T00:00:00', '2024-02-29T12:34:56', '9999-12-31T23:59:59']
    .map((iso): Row => [new Date(iso + 'Z'), datetime(iso + '+00:00')]),
  [[], list()],
  [[1, [null, []]], list(int(1), list({ t: 'null' }, list()))],
  [new Tuple(), tuple()],
  [new Tuple([[new Tuple([1]), 2]]), tuple(list(tuple(int(1)), int(2)))],
  [{}, dict({})],
  [{ a: { b: 1 }, c: [{}] }, dict({ a: dict({ b: int(1) }), c: list(dict({})) })]
]

live(
  'a value of every type that is set here has its type in Flask, and still here when Flask has written it again',
  async (t) => {
    const browser = await open(t)
    await browser.here((session) => session.set('all', rows.map(([value]) => value)))
    t.strictSame((await browser.flask()).session, dict({ all: list(...rows.map(([, python]) => python)) }))
    await browser.flask('/rewrite')
    const all = (await browser.data()).all as unknown[]
    for (const [index, [value, python]] of rows.entries()) t.ok(same(all[index], value), `${index}: ${python.t}`)
  })

live(
  'a value of every type that Flask sets has its type here, and still in Flask when it was written again here',
  async (t) => {
    const browser = await open(t)
    const session = dict({ all: list(...rows.map(([, python]) => python)) })
    await browser.flask('/update', session)
    const all = (await browser.data()).all as unknown[]
    for (const [index, [value, python]] of rows.entries()) t.ok(same(all[index], value), `${index}: ${python.t}`)
    await browser.here((session) => session.touch())
    t.strictSame((await browser.flask()).session, session)
  })

live('what one side cannot tell apart becomes what it can', async (t) => {
  const browser = await open(t)
  const fromFlask: Array<[sent: Typed, value: unknown, back: Typed]> = [
    [float(1), 1, int(1)],
    [float(0), 0, int(0)],
    [float(1 - 2 ** 53), 1 - 2 ** 53, int(1 - 2 ** 53)],
    [datetime('2024-05-06T07:08:09'), new Date('2024-05-06T07:08:09Z'), datetime('2024-05-06T07:08:09+00:00')],
    [datetime('2024-05-06T07:08:09+05:30'), new Date('2024-05-06T01:38:09Z'), datetime('2024-05-06T01:38:09+00:00')],
    [datetime('1969-12-31T23:59:59.999999'), new Date(-1000), datetime('1969-12-31T23:59:59+00:00')]
  ]
  await browser.flask('/update', dict({ all: list(...fromFlask.map(([sent]) => sent)) }))
  t.ok(same(await browser.data(), { all: fromFlask.map(([, value]) => value) }))
  await browser.here((session) => session.touch())
  t.strictSame((await browser.flask()).session, dict({ all: list(...fromFlask.map(([,, back]) => back)) }))
  await browser.here((session) => session.set('all', [new Date(1999), new Date(-1)]))
  const wholeSeconds = list(datetime('1970-01-01T00:00:01+00:00'), datetime('1969-12-31T23:59:59+00:00'))
  t.strictSame((await browser.flask()).session, one('all', wholeSeconds))
})

live('an integer of 4300 digits, the most that Python reads, passes in both directions', async (t) => {
  const browser = await open(t)
  const value = 10n ** 4300n - 1n
  await browser.here((session) => session.set('n', value))
  t.strictSame((await browser.flask('/rewrite')).session, dict({ n: int(value) }))
  t.equal((await browser.data()).n, value)
})

live('text that neither writes in this way is read alike', async (t) => {
  const browser = await open(t)
  const text =
    ' { "a" : [ 1e400, -1E400, 1E5, 9007199254740993.0, "\\u00e9\\/\\ud83d\\ude00", {" t" :\t[ ]} ], "b" : ' +
      '0, "b" : 1 } '
  browser.cookie = cookieWith(text)
  t.ok(same(await browser.data(), { a: [Infinity, -Infinity, 1e5, 2 ** 53, 'é/😀', new Tuple()], b: 1 }))
  const a = list(float(Infinity), float(-Infinity), float(1e5), float(2 ** 53), str('é/😀'), tuple())
  t.strictSame((await browser.flask()).session, dict({ a, b: int(1) }))
})

live('a key that looks like a tag stays a key, at every level', async (t) => {
  const browser = await open(t)
  const nodes = awkwardKeys.flatMap((key) => [
    ...[str(hex), list(str('a')), tuple(), dict({}), bytes(0), datetime('1970-01-01T00:00:00+00:00')].map((inner) =>
      one(key, inner)
    ),
    one(key, one(key, one(key, tuple(one(key, list()))))),
    ...tagKeys.map((inner) => one(inner, one(key, one(inner, int(1))))),
    { t: 'dict', v: [[key, int(1)], ['~', one(key, int(2))]] } as Typed
  ])
  for (let start = 0; start < nodes.length; start += 60) {
    await passes(browser, one('all', list(...nodes.slice(start, start + 60))))
  }
  t.equal(({} as Record<string, unknown>).a, undefined)
})

live('the only key of a session may look like a tag', async (t) => {
  const browser = await open(t)
  for (const key of [...tagKeys, ' t__', '', 'constructor', 'get']) await passes(browser, one(key, list(str('a'))))
  browser.cookie = undefined
  await browser.flask('/update', one('__proto__', dict({ polluted: int(1) })))
  t.ok(same(await browser.here((session) => session.get('__proto__')), { polluted: 1 }))
  t.equal(await browser.here((session) => { session.set('a', 1); return session.polluted }), undefined)
  t.strictSame((await browser.flask()).session, {
    t: 'dict',
    v: [
      ['__proto__', dict({ polluted: int(1) })],
      ['a', int(1)]
    ]
  })
})

live('the deepest session that Flask writes and reads is read and written here, and read again there', async (t) => {
  const browser = await open(t)
  const kinds: Array<[kinds: string[], brackets: number]> = [
    [['list'], 1], [['dict'], 1], [['tuple'], 2], [['list', 'dict'], 1], [['tuple', 'dict'], 1.5]
  ]
  const passesFlask = async (kind: string[], levels: number): Promise<boolean> => {
    browser.cookie = undefined
    return await browser.answers('/nest', [kind, levels]) && await browser.answers('/depth')
  }
  for (const [kind, brackets] of kinds) {
    let levels = 1
    let tooMany = Math.floor((485 - 1) / brackets) + 1 // the limit here, the session being the first level
    while (tooMany - levels > 1) {
      const middle = Math.floor((levels + tooMany) / 2)
      if (await passesFlask(kind, middle)) levels = middle
      else tooMany = middle
    }
    t.ok(levels > 200, `Flask passes ${levels} levels of ${kind.join(' and ')}`)
    await passesFlask(kind, levels)
    const written = browser.cookie
    await browser.here((session) => session.get('nested'))
    t.equal(browser.cookie, written, 'a request that only reads leaves it alone')
    t.equal(await browser.here((session) => { session.set('a', 1); return Object.keys(session).length }), 2)
    t.strictSame(await browser.flask('/depth'), { depth: levels })
  }
})

live('nesting is refused with its path where Flask might not read it', async (t) => {
  const browser = await open(t)
  const inList = (inner: unknown): unknown => [inner]
  const inTuple = (inner: unknown): unknown => new Tuple([inner])
  for (const [wrap, most] of [[inList, 484], [inTuple, 242]] as const) {
    let deep: unknown = 1
    for (let level = 0; level < most; level++) deep = wrap(deep)
    await browser.here((session) => session.set('nested', deep))
    t.strictSame(await browser.flask('/depth'), { depth: most })
    const refusal = await browser.here((session) => session.set('nested', wrap(deep)))
    t.match(refusal, /^session\.nested.* is nested deeper than 485 levels$/)
  }
})

live('a session is compressed on either side where that makes it shorter', async (t) => {
  const browser = await open(t)
  const isCompressed = (): boolean => browser.cookie!.startsWith('session=.')
  for (const [text, compressed] of [
    ['short', false],
    ['é'.repeat(4000), true],
    ['to and fro, '.repeat(4000), true]
  ] as const) {
    await browser.here((session) => session.set('text', text))
    t.equal(isCompressed(), compressed)
    t.strictSame((await browser.flask('/rewrite')).session, one('text', str(text)))
    t.equal(isCompressed(), compressed)
    t.strictSame(await browser.data(), { text })
  }
})

live('a session that one side makes permanent is permanent on the other', async (t) => {
  const browser = await open(t)
  const expiresIn = (days: number): boolean => {
    const [, date] = /; Expires=([^;]+)/.exec(browser.line!) ?? []
    const [, seconds] = /; Max-Age=(\d+)/.exec(browser.line!) ?? []
    const end = seconds === undefined ? Date.parse(date!) / 1000 : Date.now() / 1000 + Number(seconds)
    return Math.abs(end - Date.now() / 1000 - days * DAY) < MINUTE
  }
  await browser.here((session) => { session.set('a', 1); session.permanent = true })
  t.ok(expiresIn(31), 'written here')
  t.equal((await browser.flask()).permanent, true)
  t.ok(expiresIn(31), 'sent again by Flask')
  t.equal(await browser.here((session) => session.permanent), true)
  t.ok(expiresIn(31), 'sent again here')
  await browser.flask('/permanent', false)
  t.notMatch(browser.line, /Expires|Max-Age/)
  t.equal(await browser.here((session) => session.permanent), false)
  t.equal(browser.line, undefined)
  await browser.flask('/permanent', true)
  t.equal(await browser.here((session) => session.permanent), true)
  await browser.here((session) => { session.permanent = false })
  t.notMatch(browser.line, /Expires|Max-Age/)
  t.equal((await browser.flask()).permanent, false)
})

live('messages that Flask flashes are tuples here, and are shown no more once they were taken', async (t) => {
  const browser = await open(t)
  await browser.flask('/flash', ['hi'])
  await browser.flask('/flash', ['é', 'error'])
  const flashes = await browser.here((session) => session.pop('_flashes'))
  t.ok(same(flashes, [new Tuple(['message', 'hi']), new Tuple(['error', 'é'])]))
  t.strictSame((await browser.flask('/flashed')).flashed, list())
})

live('messages that are flashed here are shown by Flask, beside its own', async (t) => {
  const browser = await open(t)
  await browser.here((session) => session.set('_flashes', [new Tuple(['message', 'hi'])]))
  await browser.flask('/flash', ['yo', 'info'])
  const { flashed, session } = await browser.flask('/flashed')
  t.strictSame(flashed, list(tuple(str('message'), str('hi')), tuple(str('info'), str('yo'))))
  t.strictSame(session, dict({}))
  t.equal(browser.cookie, undefined)
})

live('a session that one side clears is gone on the other', async (t) => {
  const browser = await open(t)
  const clearings: Array<() => Promise<unknown>> = [
    () => browser.flask('/clear'),
    () => browser.here((session) => session.clear()),
    () => browser.here((session) => session.delete('a'))
  ]
  for (const clear of clearings) {
    for (const write of [
      () => browser.here((session) => session.set('a', 1)),
      () => browser.flask('/update', one('a', int(1)))
    ]) {
      await write()
      t.ok(browser.cookie)
      await clear()
      t.match(browser.line, /^session=;.*\bMax-Age=0\b.*\bPath=\//i)
      t.equal(browser.cookie, undefined)
    }
  }
})

live('both sides read a session for the same lifetime, and leave the cookie of an older one alone', async (t) => {
  for (const [name, lifetime] of [['plain', 31 * DAY], ['brief', MINUTE]] as const) {
    const browser = await open(t, name, name === 'plain' ? {} : { lifetime })
    for (const [age, isRead] of [[0, true], [lifetime - 10, true], [lifetime + 1, false]] as const) {
      browser.cookie = cookieWith('{"a":1}', age)
      t.strictSame((await browser.flask()).session, isRead ? one('a', int(1)) : dict({}), `Flask, ${age} s`)
      t.equal(browser.line, undefined)
      t.strictSame(await browser.data(), isRead ? { a: 1 } : {}, `here, ${age} s`)
      t.equal(browser.line, undefined)
    }
  }
})

live('a stamp from the future is tolerated here for a minute, and not by Flask', async (t) => {
  const browser = await open(t)
  for (const [ahead, data] of [[30, { a: 1 }], [90, {}]] as const) {
    browser.cookie = cookieWith('{"a":1}', -ahead)
    t.strictSame((await browser.flask()).session, dict({}))
    t.strictSame(await browser.data(), data)
  }
})

live(
  'a session that Flask signed with the old secret is read through fallbacks, and signed with the new one',
  async (t) => {
    const old = await open(t)
    await old.flask('/update', one('a', int(1)))
    const browser = await open(t, 'plain', { secret: OTHER_SECRET, fallbacks: [SECRET] })
    browser.cookie = old.cookie
    t.equal(await browser.here((session) => session.get('a')), 1)
    t.ok(browser.line)
    t.strictSame((await browser.flask()).session, dict({}), 'Flask with the old secret')
    const renewed = await open(t, 'rotated', { secret: OTHER_SECRET })
    renewed.cookie = browser.cookie
    t.strictSame((await renewed.flask()).session, one('a', int(1)))
    t.strictSame(await renewed.data(), { a: 1 })
  })

live(
  'a session that was signed here with the old secret is read through SECRET_KEY_FALLBACKS, ' +
    'and signed with the new one',
  async (t) => {
    const old = await open(t)
    await old.here((session) => session.set('a', 1))
    const browser = await open(t, 'rotated', { secret: OTHER_SECRET })
    browser.cookie = old.cookie
    t.strictSame(await browser.data(), {})
    t.strictSame((await browser.flask('/rewrite')).session, one('a', int(1)))
    t.strictSame(await browser.data(), { a: 1 })
  })

live('a text that Flask keeps under _id, as Flask-Login does, is kept when the session is written here', async (t) => {
  const browser = await open(t)
  await browser.flask('/update', dict({ _id: str('abc'), _user_id: str('5') }))
  await browser.here((session) => session.set('a', 1))
  t.strictSame((await browser.flask()).session, dict({ _id: str('abc'), _user_id: str('5'), a: int(1) }))
})

live('the id and the beginning that a session has here are kept by Flask', async (t) => {
  const browser = await open(t, 'plain', { absoluteLifetime: DAY })
  const facts = (session: Session): unknown => [session.id, session.createdAt, session.keys()]
  await browser.here((session) => [session.id, session.set('a', 1)])
  const before = await browser.here(facts)
  await browser.flask('/rewrite')
  t.strictSame(await browser.here(facts), before)
})

live('a salt of its own is shared like Flask\'s, and tells sessions apart', async (t) => {
  const browser = await open(t, 'salted', { salt: 'own salt' })
  await browser.here((session) => session.set('a', 1))
  t.strictSame((await browser.flask('/update', one('b', int(2)))).session, dict({ a: int(1), b: int(2) }))
  t.strictSame(await browser.data(), { a: 1, b: 2 })
  const plain = await open(t)
  plain.cookie = browser.cookie
  t.strictSame((await plain.flask()).session, dict({}))
  t.strictSame(await plain.data(), {})
})

live(
  'a session that Flask wrote and that is only read here is not written again, though the text here would be another',
  async (t) => {
    const browser = await open(t)
    const session = dict({
      list: list(str('é😀'), float(1), float(1e16), float(1e-7), int(10n ** 20n), float(NaN)),
      '~': dict({ b: bytes(0), a: tuple(dict({})) }),
      9: datetime('1970-01-01T00:00:00')
    })
    await browser.flask('/update', session)
    const text = textIn(browser.cookie)
    await browser.here((session) => [
      session.get('list'), session['~'], session.data(), session.entries(), session.modified
    ])
    t.equal(browser.line, undefined)
    await browser.here((session) => session.touch())
    t.not(textIn(browser.cookie), text)
  })

live('a change inside an object that Flask wrote is saved', async (t) => {
  const browser = await open(t)
  await browser.flask('/update', dict({ cart: list(dict({ n: int(1) })), é: float(1.5) }))
  await browser.here((session) => { (session.cart as Array<{ n: number }>)[0]!.n++ })
  t.ok(browser.line)
  t.strictSame((await browser.flask()).session, dict({ cart: list(dict({ n: int(2) })), é: float(1.5) }))
})

live('what Flask has no form for is refused with its path, and the old cookie stands', async (t) => {
  const browser = await open(t)
  await browser.flask('/update', one('a', int(1)))
  const { cookie } = browser
  const refused: Array<[what: string, value: unknown]> = [
    ['class Map', new Map([[1, 2]])],
    ['class Set', new Set([1])],
    ['class URL', new URL('https://example.com/')],
    ['class Uint8Array', new Uint8Array(1)],
    ['invalid Date', new Date(NaN)],
    ['class Date', new Date('0000-12-31T23:59:59.999Z')],
    ['class Date', new Date('+010000-01-01T00:00:00Z')],
    ['bigint', 0n],
    ['bigint', 2n ** 53n - 1n],
    ['bigint', 10n ** 4300n],
    ['undefined', undefined],
    ['function', () => 1],
    ['symbol', Symbol('s')]
  ]
  for (const [what, value] of refused) {
    const message = await browser.here((session) => session.set('list', [0, { b: new Tuple([value]) }]))
    t.match(
      message,
      new RegExp(
        `^session\\.list\\[1\\]\\.b\\[0\\] is .*\\b${what}, ` +
          '(which Flask has no form for|which would come back as a number)'
      )
    )
    t.equal(browser.line, undefined)
  }
  t.equal(browser.cookie, cookie)
})

live(`generated sessions pass in both directions (${runs.numRuns} of seed ${runs.seed})`, async (t) => {
  const browser = await open(t, 'plain', { maxCookieSize: 12_000 })
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))
  )
  const key = fc.oneof(fc.constantFrom(...awkwardKeys), fc.constantFrom('a', '9', '10', '\uffff', '😀'), text)
  const { node } = fc.letrec<{ node: Typed }>((tie) => ({
    node: fc.oneof({ maxDepth: 5, withCrossShrink: true },
      text.map(str), fc.constant<Typed>({ t: 'null' }), fc.boolean().map((v): Typed => ({ t: 'bool', v })),
      fc.maxSafeInteger().map(int),
      fc.bigInt(-(2n ** 54n), 2n ** 54n).map(int),
      fc.bigInt(-(2n ** 256n), 2n ** 256n).map(int),
      fc.double().map(float), fc.maxSafeInteger().map(float), fc.uint8Array().map((content) => bytes(...content)),
      fc.uuid().map((v): Typed => ({ t: 'uuid', v })), text.map((v): Typed => ({ t: 'markup', v })),
      fc.date({ min: new Date('0100-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
        .map((date) => datetime(date.toISOString().slice(0, 19) + '+00:00')),
      fc.array(tie('node')).map((items) => list(...items)), fc.array(tie('node')).map((items) => tuple(...items)),
      membersOf(key, tie('node'), 0),
      fc.tuple(fc.constantFrom(...tagKeys), tie('node')).map(([tag, inner]) => one(tag, inner))
    )
  }))
  const session = membersOf(key.filter((name) => !['__proto__', '_id', '_began', '_permanent'].includes(name)), node, 1)
  await fc.assert(fc.asyncProperty(session, (each) => passes(browser, each)), runs)
  t.pass()
})

function membersOf (key: fc.Arbitrary<string>, value: fc.Arbitrary<Typed>, minLength: number): fc.Arbitrary<Typed> {
  return fc
    .uniqueArray(fc.tuple(key, value), { minLength, maxLength: 5, selector: ([name]) => name })
    .map((v): Typed => ({ t: 'dict', v }))
}

/**
 * Has a session written by Flask, read and set again here, read and written again by Flask, and read here. Throws where
 * it is not the same.
 */
async function passes (browser: Browser, session: Typed): Promise<void> {
  const expected = canonical(session)
  const value = toValue(expected)
  const setAgain = (here: Session): unknown => {
    const data = here.data()
    here.update(toValue(session) as Record<string, unknown>)
    return data
  }
  browser.cookie = undefined
  await browser.flask('/update', session)
  assertSame(await browser.here(setAgain), value, 'written by Flask, read here')
  assert.deepStrictEqual((await browser.flask('/rewrite')).session, expected, 'written here, read by Flask')
  assertSame(await browser.data(), value, 'written by Flask again, read here')
}

function assertSame (actual: unknown, expected: unknown, when: string): void {
  assert(same(actual, expected), `${when}: ${inspect(actual, { depth: 9 })} is not ${inspect(expected, { depth: 9 })}`)
}

/**
 * As it is after JavaScript had it: whole floats are integers. Keys are in Python's order, which is that of code
 * points.
 */
function canonical (node: Typed): Typed {
  const number = node.t === 'float' ? toValue(node) as number : NaN
  if (Number.isSafeInteger(number) && !Object.is(number, -0)) return int(number)
  if (node.t === 'list' || node.t === 'tuple') return { t: node.t, v: node.v.map(canonical) }
  if (node.t !== 'dict') return node
  const members = node.v.map(([key, value]): [string, Typed] => [key as string, canonical(value)])
  return { t: 'dict', v: members.sort(([a], [b]) => codePoints(a) < codePoints(b) ? -1 : 1) }
}

/** The code points of a text as one that sorts by them. */
function codePoints (text: string): string {
  return Array.from(text, (character) => character.codePointAt(0)!.toString(16).padStart(6, '0')).join('')
}

/** A cookie with this text inside, signed as Flask does, some seconds ago. */
function cookieWith (text: string, age = 0): string {
  return `session=${textSerializer(age).dumps(text)}`
}

function textIn (cookie: string | undefined): unknown {
  return textSerializer(0).loads(valueOf(cookie))
}

function textSerializer (age: number): URLSafeTimedSerializer {
  const serializer = { dumps: String, loads: (text: string) => text }
  return new URLSafeTimedSerializer(SECRET, {
    ...FLASK,
    serializer,
    compress: true,
    maxAge: Infinity,
    now: () => Date.now() / 1000 - age
  })
}
