import { readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { BadData, BadPayload } from '../lib/errors.ts'
import { DefaultJSONProvider } from '../lib/json/default-provider.ts'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'
import { Tuple } from '../lib/json/values.ts'
import { cookieAttributes, type CookieOptions } from '../lib/cookies/attributes.ts'
import { CookieWriter } from '../lib/cookies/cookie-writer.ts'
import { cookieValues } from '../lib/cookies/headers.ts'
import type { SessionOptions } from '../lib/options/session-options.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import type { Session } from '../lib/session/session.ts'
import { type TextSerializer, URLSafeTimedSerializer } from '../lib/signing/serializer.ts'
import { Signer, TimestampSigner } from '../lib/signing/signer.ts'
import { buildApp, SECRET, setCookies } from './support/app.ts'
import { same } from './support/equal.ts'
import {
  type Config, FLASK, type Input, ITSDANGEROUS, type Kind, type Operation, recorded, type Result, signing,
  type Step, type StepResult, toValue, type Typed, type Vector, vectors
} from './support/vectors.ts'

const tagged = new TaggedJSONSerializer({ format: 'flask' })
/** Signs text as it is, so that what is inside plays no part. */
const asIs: TextSerializer = { dumps: (text) => text as string, loads: (text) => text }

interface Difference {
  why: string
  /** What is expected in the place of what was recorded. */
  instead: object
}

/** Where we differ from Flask on purpose, by case or by case and step: what is safer, cheaper or more exact. */
const differences = new Map<string, Difference>()
const listed: Array<{ why: string, cases: Record<string, object> }> = JSON.parse(
  readFileSync(new URL('fixtures/flask-differences.json', import.meta.url), 'utf8'))
for (const { why, cases } of listed) {
  for (const [title, instead] of Object.entries(cases)) differences.set(title, { why, instead })
}

type Verdict = 'agrees' | 'differs as listed' | 'failed'
const verdicts = new Map<string, Set<Verdict>>()
const compared = new Set<string>()

/**
 * Holds what happens here against what was recorded, or against what is listed in its place, which then must not come
 * to the same. Steps count from 1.
 */
function compare<Expected extends object> (
  t: Test,
  { id, description }: Vector<Kind>,
  step: number | undefined,
  ours: unknown,
  expected: Expected,
  outcomeOf: (expected: Expected) => unknown
): void {
  const title = step === undefined ? id : `${id} step ${step}`
  const difference = differences.get(title)
  const isOther =
    difference === undefined ||
    t.notOk(alike(ours, outcomeOf(expected)), `${title} differs from Flask: ${difference.why}`)
  const wanted = outcomeOf({ ...expected, ...difference?.instead })
  const isWanted = t.ok(alike(ours, wanted), `${title}: ${description}`, { ours, wanted })
  const verdict = !isOther || !isWanted ? 'failed' : difference === undefined ? 'agrees' : 'differs as listed'
  verdicts.set(id, (verdicts.get(id) ?? new Set()).add(verdict))
  compared.add(title)
}

/** Compares all cases of a kind: what `run` gives with what `outcomeOf` makes of what was recorded. */
async function compareAll<K extends Kind> (
  t: Test,
  kind: K,
  run: (vector: Vector<K>) => unknown,
  outcomeOf: (result: Result<K>, vector: Vector<K>) => unknown,
  errorName = anyError
): Promise<void> {
  for (const vector of vectors(kind)) {
    const ours = await outcome(async () => run(vector), errorName)
    compare(t, vector, undefined, ours, vector.expected, (expected) =>
      expected.ok ? outcomeOf(expected, vector) : { refused: errorName(expected.error) })
  }
}

/** Where Flask's class of error does not count. */
function anyError (_name: string): string {
  return 'an error'
}

/** What `act` gives, or that it was refused. */
async function outcome (act: () => Promise<unknown>, errorName = anyError): Promise<unknown> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof BadData || error instanceof TypeError || error instanceof SyntaxError)) throw error
    return { refused: errorName(error.name) }
  }
}

function alike (a: unknown, b: unknown): boolean {
  return same(inOneOrder(a), inOneOrder(b))
}

/** The value with the keys of all its objects sorted. */
function inOneOrder (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOneOrder)
  if (value instanceof Tuple) return new Tuple([...value].map(inOneOrder))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
  return Object.fromEntries(entries.map(([key, item]) => [key, inOneOrder(item)]))
}

/** JSON as Python reads it, each number as `int` or `float` with its exact value, tags left as they are. */
function pythonJSON (text: string): unknown {
  const numbers = /"(?:[^"\\]|\\.)*"|-?(?:\d[\d.eE+-]*|Infinity)|NaN/g
  return JSON.parse(
    text.replace(numbers, (token) => (token.startsWith('"') ? token : JSON.stringify(pythonNumber(token))))
  )
}

function pythonNumber (token: string): string {
  if (/^-?\d+$/.test(token)) return `int ${BigInt(token)}`
  return `float ${Object.is(Number(token), -0) ? '-0' : Number(token)}`
}

t.test('a value is written with the same tags and the same content', async (t) => {
  await compareAll(
    t,
    'tag_dumps',
    ({ input }) => pythonJSON(tagged.dumps(toValue(input.value))),
    ({ text }) => pythonJSON(text)
  )
})

t.test('a text is read as the same value', async (t) => {
  await compareAll(t, 'tag_loads', ({ input }) => tagged.loads(input.text), ({ value }) => toValue(value))
})

t.test('a date is written as the same HTTP date', async (t) => {
  await compareAll(t, 'http_date', ({ input: { value } }) => {
    const isNumber = value.t === 'int' || value.t === 'float'
    return JSON.parse(tagged.dumps(isNumber ? new Date(Number(value.v) * 1000) : toValue(value)))[' d']
  }, ({ text }) => text)
})

t.test('a text is signed as the same token', async (t) => {
  await compareAll(t, 'signer_sign', ({ input }) => {
    const [secret, options] = signing(input, ITSDANGEROUS)
    const signer = input.timed
      ? new TimestampSigner(secret, { ...options, sep: input.sep, now: () => input.time! })
      : new Signer(secret, { ...options, sep: input.sep })
    const signed = signer.sign(input.value)
    return [signed, signer.unsign(signed)]
  }, ({ signed }, { input }) => [signed, input.value])
})

/** Flask's serializer of sessions, as a case asks for it. */
function serializerFor (input: Input<'sign' | 'unsign'>, serializer: TextSerializer): URLSafeTimedSerializer {
  const [secret, options] = signing(input, FLASK)
  const clockTolerance = maxAgeOf(input) === Infinity ? Infinity : 0 // without a max_age nothing is asked of the time
  const now = (): number => input.time
  return new URLSafeTimedSerializer(secret, { ...options, compress: true, serializer, now, clockTolerance })
}

function maxAgeOf (input: Input<'sign' | 'unsign'>): number {
  return 'max_age' in input ? input.max_age ?? Infinity : 0
}

t.test('a value is signed as a cookie that holds the same, and the same text as the same cookie', async (t) => {
  await compareAll(t, 'sign', ({ input, expected }) => {
    const cookie = serializerFor(input, tagged).dumps(toValue(input.value))
    const text = serializerFor(input, asIs).loads(cookie, { maxAge: 0 }) as string
    const isExact = expected.ok && expected.compare === 'exact'
    return [pythonJSON(text), isExact ? serializerFor(input, asIs).dumps(expected.text) : 'compressed']
  }, ({ text, compare, cookie }) => [pythonJSON(text), compare === 'exact' ? cookie : 'compressed'])
})

t.test('a cookie is read as the same value of the same time, or refused for the same error', async (t) => {
  const named = ['SignatureExpired', 'BadTimeSignature', 'BadSignature', 'BadPayload']
  await compareAll(t, 'unsign', ({ input }) => {
    const limit = { maxAge: maxAgeOf(input) }
    const { value, dateSigned } = serializerFor(input, tagged).loadsWithTimestamp(input.cookie, limit)
    return { value, timestamp: dateSigned.getTime() / 1000 }
  },
  ({ value, timestamp }) => ({ value: toValue(value), timestamp }),
  (name) => (named.includes(name) ? name : 'another error')
  )
})

t.test('a payload that cannot be read has the error that was the cause, as it has there', async (t) => {
  for (const { id, input } of vectors('unsign')) {
    try {
      serializerFor(input, tagged).loads(input.cookie)
    } catch (error) {
      if (error instanceof BadPayload) t.ok(error.originalError instanceof Error, `${id}: ${error.message}`)
    }
  }
})

t.test('the provider writes the same text, with the settings that are the defaults there', async (t) => {
  await compareAll(
    t,
    'provider_dumps',
    ({ input: { value, sort_keys: sortKeys = true, ensure_ascii: ensureAscii = true, kwargs = {} } }) => {
      const { indent, separators = [indent === undefined ? ', ' : ',', ': '] } = kwargs
      return new DefaultJSONProvider().dumps(toValue(value), { indent, separators, sortKeys, ensureAscii })
    }, ({ text }) => text)
})

t.test('the provider reads the same values', async (t) => {
  const provider = new DefaultJSONProvider()
  await compareAll(t, 'provider_loads', ({ input }) =>
    provider.loads('text' in input ? input.text : Buffer.from(input.bytes, 'base64'), { exactIntegers: true }),
  ({ value }) => toValue(value)
  )
})

t.test('jsonify answers with the same value in the same layout, media type and length', async (t) => {
  const seenOf = (status: number, body: string, headers: Record<string, unknown>): object => {
    const [type] = `${headers['content-type']}`.split(';') // Fastify names the charset too
    return { status, body, type, length: headers['content-length'] }
  }
  await compareAll(t, 'jsonify', async ({ input }) => {
    const {
      args = [],
      kwargs,
      debug = false,
      compact,
      mimetype,
      sort_keys: sortKeys = true,
      ensure_ascii: ensureAscii = true
    } = input
    const { app } = await buildApp({ debug })
    Object.assign(app.json, { sortKeys, ensureAscii, compact }, mimetype !== undefined && { mimetype })
    const values = kwargs === undefined ? args : [...args, { t: 'dict', v: kwargs } satisfies Typed]
    app.get('/', async (_request, reply) => reply.jsonify(...values.map(toValue)))
    const { statusCode, body, headers } = await app.inject('/')
    return seenOf(statusCode, body, headers)
  },
  ({ status, body, headers }) =>
    seenOf(status, body, Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])))
  )
})

t.test('a Cookie header holds the same cookies', async (t) => {
  await compareAll(t, 'parse_cookie', ({ input, expected }) => {
    const names = new Set(expected.ok ? expected.pairs.map(([name]) => name) : [])
    return [...names].flatMap((name) => cookieValues(input.header, name).map((value) => [name, value]))
  }, ({ pairs }) => pairs)
})

/** A `Set-Cookie` line, with its attributes in one order. */
function parseLine (line: string): { name: string, value: string, attributes: string[] } {
  const [pair, ...attributes] = line.split('; ')
  const [name, ...value] = pair!.split('=')
  return {
    name: name!,
    value: value.join('='),
    attributes: attributes.map((each) => each.replace(/^[^=]+/, (key) => key.toLowerCase())).sort()
  }
}

t.test('a Set-Cookie line has the same value and attributes, and is too long where Flask warns of it', async (t) => {
  await buildApp() // for the serializer of cookies, which works once it was loaded
  const { maxCookieSize } = resolveOptions({ secret: SECRET })
  await compareAll(
    t,
    'dump_cookie',
    ({
      input: {
        key,
        value,
        kwargs: { max_age: maxAge, domain, path, ...rest }
      }
    }) => {
      const { httponly: httpOnly = false, secure = false, samesite: sameSite = false, partitioned } = rest
      const writer = new CookieWriter(
        key,
        cookieAttributes(key, { domain, path, httpOnly, secure, sameSite, partitioned } as CookieOptions)
      )
      const line = maxAge === 0 ? writer.delete(false) : writer.set(value, undefined, false)
      return [parseLine(line), line.length > maxCookieSize]
    }, ({ header, warnings }) => [parseLine(header), warnings.length > 0])
})

/** What the operations of one request share. */
interface Context {
  session: Session
  reply: FastifyReply
  flashes?: Tuple<string>[]
}

const operations: Record<
  string,
  (context: Context, operation: Omit<Operation, 'value'> & { key: string, value: any }) => unknown
> = {
  set: ({ session }, { key, value }) => session.set(key, value),
  get: ({ session }, { key }) => session.get(key),
  contains: ({ session }, { key }) => session.has(key),
  keys: ({ session }) => session.keys(),
  dump: ({ session }) => session.data(),
  len: ({ session }) => session.size,
  bool: ({ session }) => session.size > 0,
  pop: ({ session }, { key, value }) => session.pop(key, value),
  del: ({ session }, { key }) => { session.delete(key) },
  clear: ({ session }) => session.clear(),
  update: ({ session }, { value }) => session.update(value),
  setdefault: ({ session }, { key, value }) => session.setDefault(key, value),
  permanent: ({ session }, { value }) => { session.permanent = value },
  get_permanent: ({ session }) => session.permanent,
  get_modified: ({ session }) => session.modified,
  modified: ({ session }, { value }) => { session.modified = value },
  nested_append: ({ session }, { key, value }) => { (session.get(key) as unknown[]).push(value) },
  flash: ({ session }, { value, category = 'message' }) => {
    session.set('_flashes', [...session.get('_flashes') as Tuple[] ?? [], new Tuple([category, value])])
  },
  get_flashed: (context, { with_categories: withCategories = false, category_filter: filter = [] }) => {
    context.flashes ??= context.session.pop('_flashes', []) as Tuple<string>[]
    const flashes = context.flashes.filter(([category]) => filter.length === 0 || filter.includes(category!))
    return withCategories ? flashes : flashes.map(([, message]) => message)
  },
  vary: ({ reply }, { header }) => { reply.header('vary', header) },
  abort: (_context, { code }) => { throw Object.assign(new Error('aborted'), { statusCode: code }) },
  raise: () => { throw new Error('raised') },
  noop: () => {}
}

/** What carries the results of a request's operations. */
const wire = new TaggedJSONSerializer()

/** The options for a configuration of Flask; what it leaves open is as Flask has it. */
function optionsFor ({ config = {}, ...input }: Input<'scenario'>): Partial<SessionOptions> {
  const [secret, { fallbacks, salt, digest, keyDerivation }] = signing(
    { ...input, secret_key: input.secret_key ?? '' },
    FLASK
  )
  const { PERMANENT_SESSION_LIFETIME: lifetime, SESSION_REFRESH_EACH_REQUEST: refreshes } = config
  return {
    format: 'flask',
    secret,
    fallbacks,
    ...{ salt, digest, keyDerivation } as Pick<SessionOptions, 'salt' | 'digest' | 'keyDerivation'>,
    cookieName: config.SESSION_COOKIE_NAME,
    cookie: cookieOptionsFor(config),
    lifetime: lifetime === undefined ? undefined : Math.trunc(lifetime),
    refreshAfter: refreshes === false ? false : undefined
  }
}

function cookieOptionsFor (config: Config): CookieOptions {
  return {
    domain: config.SESSION_COOKIE_DOMAIN || undefined,
    path: config.SESSION_COOKIE_PATH ?? config.APPLICATION_ROOT,
    httpOnly: config.SESSION_COOKIE_HTTPONLY,
    secure: config.SESSION_COOKIE_SECURE,
    sameSite: (config.SESSION_COOKIE_SAMESITE?.toLowerCase() ?? false) as CookieOptions['sameSite'],
    partitioned: config.SESSION_COOKIE_PARTITIONED
  }
}

async function scenarioApp (input: Input<'scenario'>): Promise<FastifyInstance> {
  const { app } = await buildApp(optionsFor(input))
  app.post<{ Body: Step }>('/ops', async ({ session, body }, reply) => {
    const context: Context = { session, reply }
    const results = body.ops!.map((each) => {
      const value = each.value === undefined ? undefined : toValue(each.value)
      return operations[each.op]!(context, { key: '', ...each, value }) ?? null
    })
    return reply.type('application/json').send(wire.dumps(results))
  })
  app.get('/noop', async () => 'noop')
  return app
}

async function answer (
  app: FastifyInstance,
  { path: url = '/ops', ops, cookie }: Step
): Promise<[StepResult, results: unknown]> {
  const headers = cookie === undefined ? {} : { cookie }
  const response = await app.inject(
    ops === undefined ? { url, headers } : { method: 'POST', url, headers, payload: { ops } }
  )
  const { statusCode: status, headers: { vary = null } } = response
  const results = status === 200 && ops !== undefined ? wire.loads(response.body) : undefined
  return [{ status, set_cookie: setCookies(response.headers), vary: vary as string | null }, results]
}

/**
 * What can be seen of an answer. Cookies are read with the current secret alone, so that they must be signed with it.
 */
function seen (input: Input<'scenario'>, { status, set_cookie: lines, vary }: StepResult, results: unknown): object {
  const [secret, options] = signing({ ...input, secret_key: input.secret_key! }, FLASK)
  const reader = new URLSafeTimedSerializer(secret, {
    ...options,
    fallbacks: [],
    compress: true,
    serializer: asIs,
    maxAge: Infinity
  })
  const cookies = lines
    .map((line) => parseLine(asFlaskSaysIt(line)))
    .map(({ value, ...rest }) => ({ ...rest, content: value === '' ? '' : contentOf(reader, value) }))
  return { status, cookies, vary, results: status === 200 ? results : undefined }
}

/** A line that keeps a cookie: Flask says until when, and this package for how long. */
function asFlaskSaysIt (line: string): string {
  return line.replace(/Max-Age=([1-9]\d*)/, (_, seconds) =>
    `Expires=${new Date(Date.now() + Number(seconds) * 1000).toUTCString()}`)
}

function contentOf (reader: URLSafeTimedSerializer, cookie: string): unknown {
  const { value, dateSigned } = reader.loadsWithTimestamp(cookie)
  return [pythonJSON(value as string), dateSigned]
}

function clockOf (t: Test): (seconds: number) => void {
  let now = 0
  t.intercept(Date, 'now', { value: () => now * 1000 })
  return (seconds) => { now = seconds }
}

t.test('an application answers the same requests with the same sessions, cookies and headers', async (t) => {
  const setClock = clockOf(t)
  for (const vector of vectors('scenario')) {
    const { input, expected } = vector
    let app: FastifyInstance | undefined
    const start = await outcome(async () => { app = await scenarioApp(input) })
    compare(t, vector, undefined, start, expected, (each) => each.ok ? undefined : { refused: anyError(each.error) })
    if (app === undefined || !expected.ok) continue
    for (const [index, step] of input.steps.entries()) {
      setClock(step.time ?? input.time)
      const ours = seen(input, ...await answer(app, step))
      compare(t, vector, index + 1, ours, expected.steps[index]!, (result) =>
        seen(input, result, result.results?.map(toValue))
      )
    }
  }
})

t.test('what Flask deletes although no cookie came is deleted alike where one came', async (t) => {
  for (const { id, input, expected } of vectors('scenario')) {
    if (!expected.ok || differences.has(id)) continue
    for (const [index, step] of input.steps.entries()) {
      const deletion = expected.steps[index]!.set_cookie.map(parseLine).find(({ value }) => value === '')
      if (deletion === undefined || step.cookie !== undefined) continue
      if (deletion.name.startsWith('__Host-')) deletion.attributes.push('secure')
      const [{ set_cookie: lines }] = await answer(await scenarioApp(input), { ...step, cookie: `${deletion.name}=x` })
      t.strictSame(lines.map(parseLine), [deletion], `${id} step ${index + 1}`)
    }
  }
})

t.test('every recorded case agrees or differs as listed, and every difference is one of a case', async (t) => {
  const all = [...verdicts.values()]
  const failed = all.filter((each) => each.has('failed'))
  const differing = all.filter((each) => each.has('differs as listed') && !each.has('failed'))
  const agreeing = all.filter((each) => each.has('agrees') && each.size === 1)
  t.comment(`${agreeing.length} agree, ${differing.length} differ as listed, ${failed.length} failed`)
  t.equal(agreeing.length + differing.length, 290)
  t.equal(Object.values(recorded).reduce((sum, count) => sum + count), 290)
  t.strictSame([...differences.keys()].filter((title) => !compared.has(title)), [])
})
