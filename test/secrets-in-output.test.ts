import { Readable } from 'node:stream'
import { format, inspect } from 'node:util'
import { deflateSync, gzipSync } from 'node:zlib'
import Fastify, {
  type FastifyInstance, type FastifyReply, type FastifyRequest, type LightMyRequestResponse
} from 'fastify'
import t from 'tap'
import sessionPlugin, {
  BadSignature, DefaultJSONProvider, jsonBodies, jsonErrorHandler, JSONTag, type SaveDecision,
  SecureCookieSessionInterface, Session, SessionInterface, type SessionSettings, Signer, TaggedJSONSerializer,
  TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer, UUID
} from '../lib/index.ts'
import type { SessionOptions } from '../lib/options/session-options.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { Mac } from '../lib/signing/mac.ts'
import { buildApp, cookieFrom } from './support/app.ts'
import { MemorySessions } from './support/memory-sessions.ts'

const SECRET = 'marked secret 4b1f, long enough for the rules'
const FALLBACK = 'marked fallback 9c2e, long enough for the rules'
const WEAK = ['marked weak 1', 'marked weak 2']
const SHORT = 'marked short 77'
const TEXT = 'marked-value-7f3a'
const WHEN = new Date('2031-07-09T01:02:03.000Z')
const VALUES = {
  text: TEXT,
  number: 918273645,
  date: WHEN,
  bytes: Buffer.from('marked-bytes-5d'),
  uuid: new UUID('c0ffee00c0ffee00c0ffee00c0ffee01'),
  big: 2n ** 70n,
  list: [{ inside: TEXT }]
}

/** What must not come out, in every spelling that a careless line could give it. */
const needles = new Map<string, string>()
/** Everything that came out. */
const outputs: Array<[what: string, text: string]> = []

function mark (what: string, bytes: string | Uint8Array): void {
  const buffer = Buffer.from(bytes as string)
  for (const encoding of ['latin1', 'hex', 'base64url', 'base64'] as const) {
    needles.set(buffer.toString(encoding).replace(/=+$/, ''), `${what} as ${encoding}`)
  }
  needles.set([...buffer].join(','), `${what} as numbers`)
  needles.set(
    [...buffer.subarray(0, 12)].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    `${what} as inspected bytes`
  )
}

/** The parts of a cookie, in pieces, since a line may cut them. */
function markCookie (cookie: string): string {
  for (const part of cookie.split('.')) {
    for (let at = 0; at + 12 <= part.length; at += 4) needles.set(part.slice(at, at + 12), 'cookie text')
  }
  return cookie
}

function leaksIn (text: string): string[] {
  return [...new Set([...needles].flatMap(([needle, what]) => text.includes(needle) ? [what] : []))]
}

for (const secret of [SECRET, FALLBACK, ...WEAK, SHORT]) mark('a secret', secret)
for (const secret of [SECRET, FALLBACK, ...WEAK]) {
  for (const format of ['default', 'flask'] as const) {
    if (format === 'flask' || !WEAK.includes(secret)) {
      mark('a key', resolveOptions({ secret, format }).keys[0]!.export())
    }
  }
}
for (const value of [
  TEXT,
  `${VALUES.number}`,
  WHEN.toISOString(),
  WHEN.toUTCString(),
  VALUES.bytes,
  VALUES.uuid.hex,
  VALUES.uuid.text,
  `${VALUES.big}`
]) {
  mark('a value', value)
}

/** Keeps all that can be seen of an error without asking for its evidence. */
function record (what: string, error: unknown): void {
  for (let each = error, level = 0; each instanceof Error && level < 5; each = each.cause, level++) {
    outputs.push([`${what}: message`, each.message], [`${what}: stack`, `${each.stack}`])
  }
  outputs.push(
    [`${what}: text`, String(error)],
    [`${what}: JSON`, `${JSON.stringify(error)}`],
    [`${what}: inspection`, inspect(error, { depth: Infinity })]
  )
}

async function recorded (what: string, act: () => unknown): Promise<void> {
  try {
    await act()
    t.fail(`${what} did not fail`)
  } catch (error) {
    record(what, error)
  }
}

type Options = Partial<SessionOptions<FastifyRequest>>

/** An application that logs everything into the outputs. */
async function markedApp (options: Options = {}): Promise<FastifyInstance> {
  const stream = { write (line: string) { outputs.push(['log', line]) } }
  const { app } = await buildApp({ secret: SECRET, ...options }, { logger: { level: 'trace', stream } })
  app.post('/values', async (request) => { request.session.update(VALUES); return 'x' })
  app.get('/use', async (request) => { request.session.has('text'); return 'x' })
  app.get('/read', async (request) => { request.session.data(); return request.session.id === '' ? '' : 'x' })
  return app
}

/** Sends a request, and keeps the body of an error. */
async function ask (
  app: FastifyInstance,
  url: string,
  cookie?: string,
  method: 'GET' | 'POST' = 'GET'
): Promise<{ statusCode: number, cookie: string | undefined }> {
  if (cookie !== undefined) markCookie(cookie)
  const { statusCode, headers, body } = await app.inject({
    method,
    url,
    ...(cookie === undefined ? {} : { headers: { cookie: `session=${cookie}` } })
  })
  if (statusCode >= 400) outputs.push([`body of ${url}`, body])
  const set = cookieFrom(headers)
  return { statusCode, cookie: set === undefined ? undefined : markCookie(set.slice('session='.length)) }
}

/** Signs any payload as the session of these options would. */
function forge (options: Options, payload: string, now?: () => number): string {
  const { keys, digest } = resolveOptions({ secret: SECRET, ...options } as SessionOptions)
  return markCookie(new TimestampSigner(keys[0]!, { salt: '', digest, keyDerivation: 'none', now }).sign(payload))
}

const b64 = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64url')

t.before(() => {
  const onWarning = (warning: Error): void => { record('warning', warning) }
  process.on('warning', onWarning)
  t.teardown(() => { process.off('warning', onWarning) })
  const write = process.stderr.write.bind(process.stderr)
  t.intercept(process.stderr, 'write', {
    value: (text: string | Uint8Array, ...rest: never[]) => {
      outputs.push(['stderr', `${text}`])
      return write(text, ...rest)
    }
  })
})

t.test('the search finds a secret, a key, a value and a cookie in the spellings it looks for', async (t) => {
  const app = await markedApp()
  const { cookie } = await ask(app, '/values', undefined, 'POST')
  for (const [text, what] of [
    [`the secret is ${SECRET}!`, 'a secret as latin1'],
    [Buffer.from(SECRET).toString('hex'), 'a secret as hex'],
    [inspect({ secret: Buffer.from(SECRET) }), 'a secret as inspected bytes'],
    [JSON.stringify(Buffer.from(FALLBACK)), 'a secret as numbers'],
    [Buffer.from(SHORT).toString('base64'), 'a secret as base64'],
    [inspect(VALUES), 'a value as latin1'],
    [JSON.stringify(VALUES.bytes), 'a value as numbers'],
    [`${cookie}`, 'cookie text'],
    [`${cookie}`.slice(9, 40), 'cookie text'],
    [resolveOptions({ secret: SECRET }).keys[0]!.export().toString('hex'), 'a key as hex']
  ] as const) t.ok(leaksIn(text).includes(what), what)
  t.strictSame(leaksIn('a line that says nothing'), [])
})

t.test('flow: sessions that are made, read, signed anew, renewed through a fallback and ended', async (t) => {
  for (const options of [
    {}, { compress: true }, { format: 'flask' }, { absoluteLifetime: 1e6, refreshAfter: 0, permanent: true }
  ] as const) {
    const old = await markedApp({ ...options, secret: FALLBACK })
    const app = await markedApp({ ...options, fallbacks: [FALLBACK] })
    app.get('/end', async (request) => { request.session.delete(); return 'x' })
    for (const each of [old, app]) {
      const { cookie } = await ask(each, '/values', undefined, 'POST')
      for (const [url, status] of [
        ['/use', 200], ['/read', 200], ['/end', 200], ['/nowhere', 404]
      ] as const) {
        t.equal((await ask(app, url, cookie!)).statusCode, status)
      }
    }
  }
})

t.test('flow: cookies that are forged, cut, renamed, expired, from the future or no cookies at all', async (t) => {
  for (const format of ['default', 'flask'] as const) {
    const app = await markedApp({
      format,
      onInvalid: (error, request) => {
        request.log.error(error)
        request.log.warn({ error, err: error })
        record('onInvalid', error)
      }
    })
    const good = app.encodeSession(VALUES)
    app.get('/decode', async () => app.decodeSession(good.slice(0, -2)))
    app.get('/wrapped', async () => {
      try {
        app.decodeSession(good.slice(0, -2))
      } catch (cause) {
        throw new Error('wrapped', { cause })
      }
    })
    const other = (await markedApp({ format, salt: 'other' })).encodeSession(VALUES)
    const payload = b64(JSON.stringify({ text: TEXT }))
    const at = (seconds: number): string => forge({ format }, payload, () => Date.now() / 1000 + seconds)
    for (const cookie of [
      good.slice(0, -3), good + 'x', 'x' + good, good.replace(/\.[^.]*$/, '.'), other, at(-1e8), at(1e5), TEXT,
      `${SECRET}`, `${payload}..x`, `${payload}.A.x`, '"'.repeat(20)
    ]) {
      t.equal((await ask(app, '/use', cookie)).statusCode, 200)
      await recorded('decodeSession', () => app.decodeSession(cookie))
    }
    for (const url of ['/decode', '/wrapped']) t.equal((await ask(app, url)).statusCode, 500)
  }
})

const unkept: Array<() => unknown> = [
  () => () => TEXT,
  () => Symbol(TEXT),
  () => Promise.resolve(TEXT),
  () =>
    new (class Card {
      number = TEXT
    })(),
  () => Object.assign([TEXT], { more: TEXT }),
  () => new Error(TEXT),
  () => new RegExp(TEXT),
  () => Object.assign(new Date(0), { text: TEXT }),
  () => new WeakSet([[TEXT]]),
  () => { const cycle: unknown[] = [TEXT]; cycle.push(cycle); return cycle },
  () => { let deep: unknown = TEXT; for (let i = 0; i < 300; i++) deep = [deep]; return deep }
]

t.test('flow: values that cannot be kept, are too large, or come too late', async (t) => {
  for (const format of ['default', 'flask'] as const) {
    const app = await markedApp({ format, compress: false, maxCookieSize: 500 })
    unkept.forEach((value, index) =>
      app.get(`/unkept/${index}`, async (request) => {
        request.session.update({ ...VALUES, wrong: [{ at: value() }] })
      })
    )
    const later = (request: FastifyRequest): void => { request.session.update({ ...VALUES, late: TEXT }) }
    app.get('/large', async (request) => { request.session.set('large', TEXT.repeat(100)) })
    app.get('/near', async (request) => { request.session.set('near', TEXT.repeat(14)); return 'x' })
    app.get('/hijack', (request, reply) => { reply.hijack(); reply.raw.end('x'); later(request) })
    app.get('/unkept/hijack', (request, reply) => {
      request.session.set('wrong', [unkept[0]!()])
      reply.hijack()
      reply.raw.end('x')
    })
    app.get('/stream', (request, reply) => {
      const cart = request.session.setDefault('cart', [TEXT] as unknown) as unknown[]
      return reply.send(Readable.from((function * () { yield 'x'; cart.push(TEXT) })()))
    })
    app.get('/thrown', async (request) => {
      request.session.set('wrong', unkept[1]!())
      throw new Error('of the application')
    })
    app.get('/reserved', async (request) => { request.session.update({ _id: TEXT }) })
    app.get('/assigned', async (request) => { (request as { session: unknown }).session = TEXT })
    app.get('/member', async (request) => { (request.session as Record<string, unknown>).get = TEXT })
    app.get('/options', async (request) => { request.session.options({ domain: TEXT, sameSite: TEXT } as never) })
    const errors = [...unkept.keys()].map((index) => `/unkept/${index}`).concat('/large', '/thrown', '/options')
    for (const url of errors) t.equal((await ask(app, url, app.encodeSession({ text: TEXT }))).statusCode, 500, url)
    for (const url of ['/reserved', '/assigned', '/member']) {
      t.equal((await ask(app, url, app.encodeSession({ text: TEXT }))).statusCode, 400, url)
    }
    for (const url of ['/near', '/hijack', '/unkept/hijack', '/stream']) {
      t.equal((await ask(app, url)).statusCode, 200, url)
    }
    for (const value of unkept) await recorded('encodeSession', () => app.encodeSession({ wrong: value() }))
  }
  for (const [value, name] of [
    [TEXT, 5],
    [{ [Symbol(TEXT)]: 1 }, null]
  ] as const) {
    await recorded('set', () => {
      new Session().set(name as never, value as never)
    })
  }
})

class TagThrows extends JSONTag {
  readonly key = ' th'
  check (value: unknown): boolean { return value === TEXT }
  toJson (): unknown { throw new Error('toJson of the application failed') }
  fromJson (value: unknown): unknown { throw new Error(`cannot read ${value}`) }
}
class TagNoJSON extends TagThrows {
  override toJson (): unknown { return { text: [TEXT, () => TEXT] } }
}

t.test('flow: tags and serializers of the application that fail', async (t) => {
  for (const Tag of [TagThrows, TagNoJSON]) {
    const app = await markedApp({ tags: [Tag] })
    t.equal((await ask(app, '/values', undefined, 'POST')).statusCode, 500)
    t.equal((await ask(app, '/read', forge({}, b64(`{"a":{" th":"${TEXT}"}}`)))).statusCode, 200)
    await recorded('decodeSession', () => app.decodeSession(forge({}, b64(`{"a":{" th":"${TEXT}"}}`))))
  }
  const serializer = {
    dumps: (value: unknown) => JSON.stringify(value),
    loads: (text: string) => {
      throw new Error(`cannot read ${text}`)
    }
  }
  const app = await markedApp({ serializer })
  await ask(app, '/use', forge({}, b64(`{"a":"${TEXT}"}`)))
  await recorded('decodeSession', () => app.decodeSession(forge({}, b64(`{"a":"${TEXT}"}`))))
  for (const Class of [URLSafeSerializer, URLSafeTimedSerializer]) {
    const token = new Class(SECRET, { salt: 's', serializer })
    await recorded('loads', () => token.loads(token.dumps(TEXT), { maxAge: 5 }))
  }
})

t.test('flow: payloads behind a valid signature that nobody can read', async (t) => {
  const payloads = [
    `{"a":"${TEXT}"`,
    TEXT,
    `"${TEXT}"`,
    `["${TEXT}"]`,
    `{"a":{" d":"${TEXT}"}}`,
    `{"a":{" b":"${TEXT}!"}}`,
    `{"a":{" u":"${TEXT}"}}`,
    `{"a":{" di":{"${TEXT}":1}}}`,
    `{"a":{" t":"${TEXT}"}}`,
    `{"a":"${TEXT}\u0001"}`, `${'['.repeat(9000)}"${TEXT}"`
  ]
    .map(b64)
    .concat(
      b64(Buffer.from(`{"a":"${TEXT}\xff"}`, 'latin1')),
      `.${b64(TEXT)}`,
      `.${b64(deflateSync(TEXT.repeat(30_000)))}`
    )
  for (const format of ['default', 'flask'] as const) {
    let refused = 0
    const app = await markedApp({
      format,
      compress: true,
      onInvalid: (error, request) => {
        refused++
        request.log.error({ err: new Error('wrapped', { cause: error }) })
      }
    })
    for (const payload of payloads) {
      const cookie = forge({ format }, payload)
      t.equal((await ask(app, '/use', cookie)).statusCode, 200)
      await recorded('decodeSession', () => app.decodeSession(cookie))
    }
    t.equal(refused, payloads.length)
  }
})

t.test('flow: an onInvalid that throws or rejects with what it was given', async (t) => {
  const failures: Array<NonNullable<Options['onInvalid']>> = [
    (error) => {
      throw error
    },
    async (error) => {
      throw error
    },
    (cause) => {
      throw new Error('wrapped', { cause })
    },
    (error) => {
      throw new AggregateError([error], 'several')
    },
    (error, request) => { request.session.update(VALUES); throw error }
  ]
  for (const onInvalid of failures) {
    const app = await markedApp({ onInvalid })
    for (const payload of [`{"a":"${TEXT}"`, `{"a":{" d":"${TEXT}"}}`]) {
      t.equal((await ask(app, '/use', forge({}, b64(payload)))).statusCode, 200)
    }
    t.equal((await ask(app, '/use', app.encodeSession(VALUES).slice(0, -3))).statusCode, 200)
  }
})

class FailingStore extends SessionInterface {
  override readonly async = true
  readonly #step: string

  constructor (step: string) {
    super()
    this.#step = step
  }

  async openSession (cookies: readonly string[], refused: (error: BadSignature) => void): Promise<Session> {
    if (this.#step === 'open') throw new Error('store down')
    if (this.#step === 'refuse') {
      refused(new BadSignature('unknown', { payload: cookies[0], originalError: new Error(cookies[0]) }))
    }
    return new Session({ ...VALUES }) as Session
  }

  async saveSession (): Promise<SaveDecision> {
    if (this.#step === 'save') throw new Error('store full')
    return {
      action: 'set',
      value: this.#step === 'value' ? `${TEXT};` : `${TEXT}.${TEXT.repeat(400)}`,
      maxAge: undefined,
      vary: true
    }
  }
}

t.test('flow: an asynchronous interface that fails at any step', async (t) => {
  for (const [step, status] of [
    ['open', 500], ['refuse', 500], ['save', 500], ['value', 500], ['size', 500]
  ] as const) {
    const app = await markedApp({ sessionInterface: new FailingStore(step) })
    app.get('/hijack', (request: FastifyRequest, reply: FastifyReply) => {
      request.session.update(VALUES)
      reply.hijack()
      reply.raw.end()
    })
    t.equal((await ask(app, '/read', `${TEXT}.${TEXT}`)).statusCode, status, step)
    await ask(app, '/hijack')
    await recorded('encodeSession', () => app.encodeSession(VALUES))
  }
})

t.test('flow: weak secrets of Flask, and wrong options', async (t) => {
  const app = await markedApp({ secret: WEAK[0], fallbacks: WEAK.slice(1), format: 'flask', lifetime: Infinity })
  await ask(app, '/values', undefined, 'POST')
  t.equal(outputs.filter(([what, text]) => what === 'log' && text.includes('The session secret')).length, 2)
  const wrong: unknown[] = [
    { secret: SHORT },
    { secret: Buffer.from(SHORT) },
    { secret: SECRET, fallbacks: [FALLBACK, SHORT] },
    { secret: SECRET, fallbacks: FALLBACK },
    { secret: [SECRET] },
    { secret: { key: SECRET } },
    { secret: `changeme ${SECRET}` },
    { secret: `-----BEGIN PRIVATE KEY-----\n${SECRET}` },
    { secret: SECRET, format: FALLBACK },
    { secret: SECRET, digest: FALLBACK },
    { secret: SECRET, keyDerivation: FALLBACK },
    { secret: SECRET, salt: 5 },
    { secret: SECRET, cookieName: FALLBACK },
    { secret: SECRET, unknown: FALLBACK },
    { secret: SECRET, cookie: FALLBACK },
    { secret: SECRET, cookie: { path: FALLBACK } },
    { secret: SECRET, cookie: { domain: FALLBACK } },
    { secret: SECRET, lifetime: FALLBACK },
    { secret: SECRET, tags: [FALLBACK] },
    { secret: SECRET, serializer: FALLBACK },
    [SECRET],
    [{ secret: SECRET }, { secret: SECRET }],
    [
      { secret: SECRET, format: 'flask' },
      { secret: SECRET, format: 'flask', sessionName: 'b' }
    ],
    { secret: SECRET, salt: FALLBACK.repeat(40) }
  ]
  for (const options of wrong) {
    await recorded('registration', async () => {
      await Fastify()
        .register(sessionPlugin, options as never)
        .ready()
    })
  }
  for (const options of [
    {}, { salt: 5 }, { salt: 's', digest: 'none' }, { salt: 's', sep: 'A' }, { salt: 's', keyDerivation: 'x' },
    { salt: 's', fallbacks: FALLBACK }
  ]) {
    for (const Class of [Signer, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer]) {
      await recorded('signer', () => new Class(SECRET, options as never))
    }
  }
  const signer = new TimestampSigner(SECRET, { salt: 's' })
  for (const text of [
    TEXT, `${TEXT}.x`, signer.sign(TEXT).slice(0, -2),
    markCookie(new Signer(SECRET, { salt: 's' }).sign(`${TEXT}.*`))
  ]) {
    await recorded('unsign', () => signer.unsign(text))
  }
})

const BODY = 'Qz7Kd9Wm2Xv5Rt8Lb3Gn6'

class QuotingProvider extends DefaultJSONProvider {
  override loads (text: string): unknown { throw new SyntaxError(`cannot read ${text}`) }
}

t.test('flow: bodies that are no JSON, with every error handler and a provider that quotes them', async (t) => {
  for (let at = 0; at + 5 <= BODY.length; at++) needles.set(BODY.slice(at, at + 5), 'a piece of a body')
  const own = (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    request.log.error(error)
    request.log.info({ err: error, error, wrapped: new Error('wrapped', { cause: error }) })
    request.log.warn({ err: new AggregateError([new Error('wrapped', { cause: error })], 'several') })
    record('a body', error)
    t.strictSame(leaksIn(inspected(error)), [])
    reply.code(400).send('refused')
  }
  const good = `"${BODY}"`
  const texts = [
    `{"a":"${BODY}"`, `{"a":${BODY}}`, `{"a":"${BODY}\n"}`, `"${BODY}\\x"`, `${good} ${good}`, `[${good},1e999]`,
    `{"__proto__":${good}}`, '['.repeat(600) + good, good
  ]
  const payloads = [...texts.map((text) => Buffer.from(text)), Buffer.from(`"${BODY}\xff"`, 'latin1'), gzipSync(good)]
  const headers = { 'content-type': 'application/json' }
  for (const handler of [undefined, jsonErrorHandler, own]) {
    for (const json of [undefined, QuotingProvider]) {
      const app = await markedApp({ json, debug: true })
      if (handler !== undefined) app.setErrorHandler(handler as typeof own)
      await app.register(jsonBodies)
      app.post('/body', async (request) => `${typeof request.getJson()}`)
      app.post('/checked', { schema: { body: { type: 'object' } } }, async () => 'x')
      for (const url of ['/body', '/checked']) {
        for (const payload of payloads) {
          const { statusCode } = await app.inject({ method: 'POST', url, headers, payload })
          const isRead = payload.toString() === good && json === undefined && url === '/body'
          t.equal(statusCode, isRead ? 200 : 400)
        }
      }
    }
  }
  t.ok(leaksIn(BODY.slice(3, 9)).includes('a piece of a body'))
})

/** Everything an inspection can reach, as deep as it goes and hidden properties too. */
function inspected (value: unknown): string {
  return inspect(value, { showHidden: true, depth: Infinity, maxArrayLength: null, maxStringLength: null })
}

t.test('inspections of interface, settings, signers and serializers show no secret and no key, ' +
  'deep and with what is hidden', async (t) => {
  let settings: SessionSettings | undefined
  class Own extends SecureCookieSessionInterface {
    constructor (given: SessionSettings) {
      super(given)
      settings = given
    }
  }
  for (const secret of [SECRET, Buffer.from(SECRET)]) {
    const app = await markedApp({ secret, fallbacks: [FALLBACK], sessionInterface: Own })
    const cookie = app.encodeSession(VALUES)
    await ask(app, '/use', cookie)
    const options = { salt: 's', fallbacks: [FALLBACK] }
    const objects: Record<string, unknown> = {
      settings,
      sessionInterface: app.sessionInterface,
      serializer: app.sessionInterface.serializer,
      counters: app.sessionCounters,
      json: app.json,
      mac: new Mac('sha256', Buffer.from(SECRET)),
      signers: [Signer, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer].map(
        (Class) => new Class(secret, options)
      ),
      tagged: new TaggedJSONSerializer()
    }
    for (const [name, object] of Object.entries(objects)) t.strictSame(leaksIn(inspected(object)), [], name)
    t.strictSame(leaksIn(`${JSON.stringify(settings, (key, value) => key === 'serializer' ? undefined : value)}`), [])
    t.strictSame(leaksIn(inspect(app, { showHidden: true, depth: 6 })), [], 'application')
    t.strictSame(leaksIn(app.printPlugins() + app.printRoutes({ includeHooks: true, includeMeta: true })), [])
  }
})

t.test('inspections of errors show no evidence, deep and with what is hidden', async (t) => {
  const app = await markedApp()
  const cookies = [
    app.encodeSession(VALUES).slice(0, -2), forge({}, b64(`{"a":"${TEXT}"`)),
    forge({}, b64(`{"a":{" d":"${TEXT}"}}`)), forge({}, b64(`{"text":"${TEXT}"}`), () => 5), TEXT
  ]
  for (const cookie of cookies) {
    markCookie(cookie)
    try {
      app.decodeSession(cookie)
      t.fail('not refused')
    } catch (error) {
      t.strictSame(leaksIn(inspected(error)), [], (error as Error).message)
    }
  }
})

t.test('inspecting a session shows its data, and no secret', async (t) => {
  const app = await markedApp()
  let shown = ''
  app.get('/shown', async (request) => {
    shown = inspect(request.session, { depth: Infinity, showHidden: true })
    return 'x'
  })
  await ask(app, '/shown', app.encodeSession(VALUES))
  t.ok(shown.includes(TEXT))
  t.notOk(shown.includes(SECRET))
})

/** Ways to inspect; the last is that of `console.dir`. */
const inspections = [
  {}, ...[{}, { showProxy: true }, { customInspect: false }].map((each) => ({ ...each, showHidden: true, depth: 5 }))
]

t.test('inspecting request, reply and response shows no value, and is no use of the session', async (t) => {
  for (const options of [{}, { sessionInterface: MemorySessions }] as Options[]) {
    const { app } = await buildApp({ secret: SECRET, ...options })
    const look = (request: FastifyRequest, reply: FastifyReply): boolean[] => [
      format('%s %o', request, reply),
      ...[request, reply, reply.raw].flatMap((value) => inspections.map((each) => inspect(value, each)))
    ].map((text) => text.includes(TEXT))
    const nowhere = Array(13).fill(false)
    app.post('/values', async (request) => { request.session.set('text', TEXT); return 'x' })
    app.get('/fetched', async (request, reply) => {
      t.type(request.session, 'object')
      look(request, reply)
      return [request.session.accessed, reply.getHeader('vary')]
    })
    app.get('/read', async (request, reply) => {
      t.strictSame(request.session.get('text'), TEXT)
      t.match(inspect(request.session), TEXT, 'the session itself is shown')
      return look(request, reply)
    })
    app.get('/left', (request, reply) => {
      t.strictSame(request.session.get('text'), TEXT)
      reply.send('x')
      t.strictSame(look(request, reply), nowhere, 'after the reply')
    })
    const cookie = cookieFrom((await app.inject({ method: 'POST', url: '/values' })).headers)!
    const get = async (url: string): Promise<LightMyRequestResponse> => await app.inject({ url, headers: { cookie } })
    t.strictSame((await get('/fetched')).json(), [false, null])
    t.equal((await get('/fetched')).headers.vary, undefined)
    t.strictSame((await get('/read')).json(), nowhere)
    t.equal((await get('/left')).statusCode, 200)
  }
})

t.test('inspecting a session by its internals shows no secret and no key, in whatever state it is', async (t) => {
  for (const options of [
    {},
    { format: 'flask', compress: true },
    { absoluteLifetime: 1e6, fallbacks: [FALLBACK] }
  ] as const) {
    const app = await markedApp(options)
    const internals = [...needles].filter(([, what]) => what.startsWith('a secret') || what.startsWith('a key'))
    const shown: string[] = []
    const show = ({ session }: FastifyRequest): void => {
      shown.push(inspect(session, { customInspect: false, showHidden: true, depth: Infinity }))
    }
    app.get('/shown', async (request) => { show(request); request.session.update(VALUES); show(request); return 'x' })
    app.addHook('onResponse', async (request) => { show(request) })
    await ask(app, '/shown', app.encodeSession(VALUES))
    t.equal(shown.length, 3)
    t.strictSame(internals.filter(([needle]) => shown.some((text) => text.includes(needle))), [])
  }
})

function jsonOrReason (value: unknown): string {
  try {
    return `${JSON.stringify(value)}`
  } catch (error) {
    return `${error}` // tags know their serializer, which knows its tags
  }
}

t.test('console.log and JSON of what the plugin adds show no secret, no key and no cookie', async (t) => {
  const app = await markedApp({ fallbacks: [FALLBACK], onInvalid: () => {} })
  const cookie = app.encodeSession(VALUES)
  markCookie(cookie)
  const printed: string[] = []
  app.get('/print', async (request) => {
    for (const value of [
      app, app.sessionInterface, app.sessionCounters, app.json, app.encodeSession, app.decodeSession,
      request.server.sessionInterface
    ]) {
      printed.push(format('%o', value), format(value))
    }
    for (const value of [app.sessionInterface, app.sessionCounters, app.json, { ...app.sessionInterface }]) {
      printed.push(jsonOrReason(value))
    }
    request.log.info({ value: app.sessionInterface, app }, 'logged')
    request.session.has('text')
    return 'x'
  })
  await ask(app, '/print', cookie)
  t.equal(printed.length, 18)
  t.strictSame(printed.flatMap(leaksIn), [])
})

t.test('of all that came out, nothing shows a secret, a key, a value or a piece of a cookie', async (t) => {
  t.comment(`${outputs.length} outputs searched for ${needles.size} spellings`)
  t.ok(outputs.length > 1000)
  t.strictSame(
    [
      ...new Set(
        outputs.flatMap(([what, text]) => leaksIn(text).map((leak) => `${what} shows ${leak}: ${text.slice(0, 300)}`))
      )
    ],
    []
  )
})
