import { createHmac } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { Signer as CookieSigner } from '@fastify/cookie'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import t from 'tap'
import sessionPlugin, {
  Session, Signer, TaggedJSONSerializer, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer
} from '../lib/index.ts'
import type { SessionOptions } from '../lib/options/session-options.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { assignSession } from '../lib/session/session.ts'
import { Mac } from '../lib/signing/mac.ts'
import { buildApp, cookieFrom, errorsOf, OTHER_SECRET, SECRET, setCookies, valueOf } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { runRecipe } from './support/documents.ts'

type Options = Partial<SessionOptions<FastifyRequest>>

const FORMATS = ['default', 'flask'] as const
const DERIVATIONS = ['hkdf', 'django-concat', 'concat', 'hmac', 'none'] as const
const HOUR = 3600
/** What must not stand raw in a line of a log: control characters, and what reorders or hides text. */
// eslint-disable-next-line no-control-regex -- the very characters looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/

/** An application that answers with its session's data, and the codes that onInvalid was called with. */
async function readingApp (
  options: Options = {}
): Promise<{ app: FastifyInstance, codes: string[], read: (...cookies: string[]) => Promise<unknown> }> {
  const codes: string[] = []
  const { app } = await buildApp({ onInvalid: ({ code }) => { codes.push(code) }, ...options })
  app.get('/', async (request, reply) => reply.jsonify(request.session.data()))
  return {
    app,
    codes,
    async read (...cookies) {
      const cookie = cookies.map((value) => `${options.cookieName ?? 'session'}=${value}`).join('; ')
      const { statusCode, body } = await app.inject({ url: '/', headers: { cookie } })
      return statusCode === 200 ? JSON.parse(body) : statusCode
    }
  }
}

/** Signs any payload as the session of these options would. */
function forge (options: Options, payload: string, now?: () => number): string {
  const { keys, digest } = resolveOptions({ secret: SECRET, ...options } as SessionOptions)
  return new TimestampSigner(keys[0]!, { salt: '', digest, keyDerivation: 'none', now }).sign(payload)
}

function base64url (text: string | Uint8Array): string {
  return Buffer.from(text as string).toString('base64url')
}

t.test('signed-cookie oracle: no token of the same secret opens as a session, whatever its salt, ' +
  'derivation and digest', async (t) => {
  const apps = Object.fromEntries(
    await Promise.all(FORMATS.map(async (format) => [format, (await buildApp({ format })).app] as const))
  )
  const info = ['1', 'session', 'session', '']
    .map((part) => `\0\0\0${String.fromCharCode(part.length)}${part}`)
    .join('')
  const opened: unknown[] = []
  let tried = 0
  for (const salt of [
    '', 'session', 'cookie-session', 'itsdangerous', 'itsdangerous.Signer', 'token', 'fastify-signed-session',
    SECRET, info
  ]) {
    for (const keyDerivation of DERIVATIONS) {
      for (const digest of ['sha1', 'sha256', 'sha384', 'sha512']) {
        const options = { salt, keyDerivation, digest }
        const payload = { ...options, compress: true }
        const stamped = `${base64url('{"admin":true}')}.${base64url(Buffer.from('65535000', 'hex'))}`
        const tokens = [
          new URLSafeTimedSerializer(SECRET, payload).dumps({ admin: true }),
          new URLSafeSerializer(SECRET, payload).dumps({ admin: true }),
          new TimestampSigner(SECRET, options).sign(base64url('{"admin":true}')),
          new Signer(SECRET, options).sign(stamped)
        ]
        for (const [format, app] of Object.entries(apps)) {
          for (const token of tokens) {
            tried++
            if (new SilentReader(app).opens(token)) opened.push({ format, salt, keyDerivation, digest })
          }
        }
      }
    }
  }
  const flasksOwn = { format: 'flask', salt: 'cookie-session', keyDerivation: 'hmac', digest: 'sha1' }
  t.strictSame(opened, [flasksOwn, flasksOwn], "but what is Flask's session itself, for which that secret serves alone")
  t.equal(tried, 9 * 5 * 4 * 4 * 2)
})

/** Asks whether an application opens a value as a session. */
class SilentReader {
  readonly #app: FastifyInstance

  constructor (app: FastifyInstance) {
    this.#app = app
  }

  opens (value: string, name = 'session'): boolean {
    try {
      this.#app.decodeSession(value, { name })
      return true
    } catch {
      return false
    }
  }
}

t.test('signed-cookie oracle: no session cookie loads as a token of the same secret', async (t) => {
  for (const format of FORMATS) {
    const cookie = (await buildApp({ format })).app.encodeSession({ reset: 'any' })
    const loaded: unknown[] = []
    for (const salt of ['', 'session', 'cookie-session', 'itsdangerous', 'reset']) {
      for (const keyDerivation of DERIVATIONS) {
        for (const digest of ['sha1', 'sha256', 'sha512']) {
          const options = { salt, keyDerivation, digest }
          const payload = { ...options, compress: true, serializer: new TaggedJSONSerializer({ format }) }
          for (const signer of [new Signer(SECRET, options), new TimestampSigner(SECRET, options)]) {
            if (signer.validate(cookie)) loaded.push([salt, keyDerivation, digest])
          }
          const untimed = new URLSafeSerializer(SECRET, payload)
          const timed = new URLSafeTimedSerializer(SECRET, payload)
          for (const load of [() => untimed.loads(cookie), () => timed.loads(cookie, { maxAge: Infinity })]) {
            try { loaded.push([load(), salt, keyDerivation, digest]) } catch {}
          }
        }
      }
    }
    t.equal(loaded.length, format === 'flask' ? 3 : 0, 'only Flask\'s own salt, derivation and digest together')
  }
})

t.test('signed-cookie oracle: neither the secret nor a hash of it is the key, ' +
  'so a cookie signed with either is none', async (t) => {
  const { app } = await buildApp()
  const stamped = app.encodeSession({ admin: true }).split('.').slice(0, 2).join('.')
  const keys = [
    SECRET, '', 'undefined', createHmac('sha256', SECRET).digest(),
    createHmac('sha256', 'fastify-signed-session').update(SECRET).digest()
  ]
  for (const key of keys) {
    for (const digest of ['sha1', 'sha256', 'sha512']) {
      t.notOk(new SilentReader(app).opens(`${stamped}.${createHmac(digest, key).update(stamped).digest('base64url')}`))
      t.notOk(new SilentReader(app).opens(new CookieSigner(SECRET, digest).sign(stamped)))
    }
  }
})

t.test('name swap: of registrations with one secret none opens the cookie of another salt, name, ' +
  'format or part of one', async (t) => {
  const registrations: Options[] = [
    {}, { salt: 's' }, { salt: 'cookie-session' }, { cookieName: 'admin' }, { sessionName: 'other' },
    { digest: 'sha512' }, { secret: OTHER_SECRET, fallbacks: [SECRET], salt: 'f' },
    { secret: OTHER_SECRET, fallbacks: [SECRET], cookieName: 'f' }, { format: 'flask' },
    { format: 'flask', salt: 's' }, { format: 'flask', digest: 'sha256' },
    { format: 'flask', keyDerivation: 'django-concat' }, { format: 'flask', keyDerivation: 'concat' }
  ]
  const apps = await Promise.all(
    registrations.map(async (options) => ({
      name: options.sessionName ?? 'session',
      app: (await buildApp(options)).app
    }))
  )
  const opens = apps.map(({ app: writer, name }) => {
    const cookie = writer.encodeSession({ a: 1 }, { name })
    return apps.flatMap(({ app, name }, index) => new SilentReader(app).opens(cookie, name) ? [index] : [])
  })
  t.strictSame(opens, registrations.map((_, index) => [index]), 'but its own')
})

t.test('name swap: a cookie that a fallback signed stays with its name and salt', async (t) => {
  const { app: old } = await buildApp({ secret: OTHER_SECRET })
  for (const [options, expected] of [
    [{}, { a: 1 }],
    [{ salt: 'x' }, {}],
    [{ cookieName: 'admin' }, {}],
    [{ format: 'flask' }, {}]
  ] as const) {
    const { read } = await readingApp({ fallbacks: [OTHER_SECRET], ...options })
    t.strictSame(await read(old.encodeSession({ a: 1 })), expected)
  }
})

t.test('name swap: two registrations in nested scopes cannot share a signing key', async (t) => {
  const app = Fastify()
  await app.register(sessionPlugin, { secret: SECRET, format: 'flask' })
  const second = async (): Promise<void> => {
    await app.register(async (scope) => {
      await scope.register(sessionPlugin, { secret: SECRET, format: 'flask', sessionName: 'admin' })
    })
  }
  await t.rejects(second(), /share a signing key/)
})

t.test('stale bytes: right after an honest cookie an empty or cut signature is still refused', async (t) => {
  for (const format of FORMATS) {
    const { app, codes, read } = await readingApp({ format })
    const cookie = app.encodeSession({ a: 1 })
    const stamped = cookie.slice(0, cookie.lastIndexOf('.') + 1)
    const signature = cookie.slice(stamped.length)
    const cuts = [
      '', signature.slice(0, 1), signature.slice(0, -1), signature.slice(0, -2), signature.slice(1),
      signature + signature, `${signature}A`, `${signature}=`, 'A'.repeat(signature.length)
    ]
    for (const cut of cuts) {
      t.strictSame(await read(cookie), { a: 1 })
      t.strictSame(await read(stamped + cut), {}, cut)
      t.strictSame(await read(stamped + cut, cookie), { a: 1 }, 'nor does it spoil the one behind it')
    }
    t.equal(codes.length, cuts.length)
  }
})

t.test('fallbacks: one that is missing or weak fails ready(), and Flask\'s format warns of the weak', async (t) => {
  const fails = async (options: object): Promise<string> => {
    const app = Fastify()
    app.register(sessionPlugin, { secret: SECRET, ...options } as never)
    return await app.ready().then(() => '', ({ message }: Error) => message)
  }
  const missing = [undefined, null, '', Buffer.alloc(0)]
  const weak = ['undefined', 'null', 'x'.repeat(40), 'changeme'.repeat(5), SECRET.slice(0, 31)]
  for (const fallback of [...missing, ...weak]) {
    t.match(await fails({ fallbacks: [OTHER_SECRET, fallback] }), /^The session secret fallbacks\[1\] /)
  }
  for (const fallback of missing) {
    t.match(await fails({ format: 'flask', fallbacks: [fallback] }), 'The session secret fallbacks[0] is missing')
  }
  for (const fallback of weak) t.equal(await fails({ format: 'flask', fallbacks: [fallback] }), '')
  t.not(await fails({ fallbacks: Array(2) }), '', 'nor may the list have holes')
})

t.test('duplicate cookies: work is bounded by eight candidates times the keys, ' +
  'however many there are and wherever they stand', async (t) => {
  const fallbacks = Array.from({ length: 8 }, (_, index) => `${OTHER_SECRET} ${index}`)
  const { app, codes, read } = await readingApp({ fallbacks })
  const cookie = app.encodeSession({ a: 1 })
  const forged = (count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${cookie.slice(0, -4)}${1000 + n}`)
  const macs = t.capture(Mac.prototype, 'verify', Mac.prototype.verify)
  const cases: Array<[cookies: string[], data: object, macs: number]> = [
    [Array(500).fill('short'), {}, 0],
    [Array(500).fill('a.b.c'), {}, 0],
    [forged(500), {}, 8 * 9],
    [Array(500).fill(forged(1)[0]), {}, 9],
    [[...forged(7).map((each) => '\u00e9' + each), cookie], { a: 1 }, 1],
    [['\u0080' + forged(1)[0], forged(1)[0]!.replace('.', '\u00ff.'), forged(1)[0]!.slice(0, -1) + '\u00e4'], {}, 0],
    [['\u00ff'.repeat(4000) + forged(1)[0]], {}, 0],
    [[...Array(500).fill('a.b'), ...forged(7), cookie], { a: 1 }, 7 * 9 + 1],
    [[cookie, ...forged(500)], { a: 1 }, 1],
    [[...forged(8), cookie], {}, 8 * 9]
  ]
  for (const [cookies, data, expected] of cases) {
    macs()
    t.strictSame(await read(...cookies), data)
    t.equal(macs().length, expected)
  }
  t.equal(codes.length, cases.filter(([, data]) => !('a' in data)).length, 'one report a request')
})

t.test('clock skew: a stamp one minute ahead is taken, one an hour ahead is refused, ' +
  'and neither outlives its lifetime', async (t) => {
  for (const format of FORMATS) {
    const tick = stopClock(t)
    const { app, codes, read } = await readingApp({ format, lifetime: 2 * HOUR })
    for (const [ahead, data] of [[1, { a: 1 }], [60, { a: 1 }], [61, {}], [HOUR, {}]] as const) {
      tick(ahead)
      const cookie = app.encodeSession({ a: 1 })
      tick(-ahead)
      t.strictSame(await read(cookie), data, `${ahead} s`)
      tick(ahead + 2 * HOUR)
      t.strictSame(await read(cookie), { a: 1 })
      tick(1)
      t.strictSame(await read(cookie), {})
    }
    t.strictSame([...new Set(codes)], ['FSS_ERR_SIGNATURE_EXPIRED'])
  }
})

t.test('clock skew: a stamp more than a minute ahead is refused though the lifetime has no end', async (t) => {
  for (const format of FORMATS) {
    const tick = stopClock(t)
    const { app, codes, read } = await readingApp({ format, lifetime: Infinity })
    for (const [ahead, data] of [[60, { a: 1 }], [61, {}], [10 * 365 * 24 * HOUR, {}]] as const) {
      tick(ahead)
      const cookie = app.encodeSession({ a: 1 })
      tick(-ahead)
      t.strictSame(await read(cookie), data, `${ahead} s`)
      tick(ahead)
      t.strictSame(await read(cookie), { a: 1 })
      tick(-ahead)
    }
    t.strictSame(codes, ['FSS_ERR_SIGNATURE_EXPIRED', 'FSS_ERR_SIGNATURE_EXPIRED'])
  }
})

t.test('replay: a cookie kept from before the logout still opens, ' +
  'unless a list of ended ids has it as in the recipe', async (t) => {
  for (const recipe of [false, true]) {
    const app = recipe ? await runRecipe(t, 'A logout that ends every copy', addReader) : (await buildApp()).app
    if (!recipe) addReader(app)
    const path = recipe ? '' : '/plain'
    const login = async (): Promise<string> =>
      cookieFrom((await app.inject({ method: 'POST', url: `${path}/login` })).headers)!
    const [stolen, other] = [await login(), await login()]
    const get = async (cookie: string): Promise<string> => (await app.inject({ url: '/', headers: { cookie } })).body
    t.equal(await get(stolen), '42')
    t.match(
      setCookies((await app.inject({ method: 'POST', url: `${path}/logout`, headers: { cookie: stolen } })).headers),
      [/^session=; Max-Age=0/]
    )
    t.equal(await get(stolen), recipe ? 'nobody' : '42')
    t.equal(await get(other), '42', 'other logins of the user stay')
    for (const url of ['/', `${path}/logout`]) {
      const anonymous = await app.inject({ method: url === '/' ? 'GET' : 'POST', url })
      t.strictSame(setCookies(anonymous.headers), [], 'visitors get no cookie for it')
    }
  }
})

function addReader (app: FastifyInstance): void {
  app.get('/', async ({ session }) => session.get('userId') ?? 'nobody')
  app.post('/plain/login', async ({ session }) => { session.set('userId', 42) })
  app.post('/plain/logout', async ({ session }) => { session.clear() })
}

t.test('replay: an older cookie of a session brings back what it held', async (t) => {
  const { app } = await buildApp()
  app.get('/spend', async ({ session }) => session.pop('voucher') ?? 'nothing left')
  const cookie = `session=${app.encodeSession({ voucher: '10 euros' })}`
  const first = await app.inject({ url: '/spend', headers: { cookie } })
  t.strictSame([first.body, cookieFrom(first.headers)], ['10 euros', undefined])
  t.equal((await app.inject({ url: '/spend', headers: { cookie } })).body, '10 euros')
})

t.test('reading: whoever has a cookie reads its data, for which no secret is needed', async (t) => {
  for (const format of FORMATS) {
    const cookie = (await buildApp({ format })).app.encodeSession({ user: 'Ada' })
    t.match(Buffer.from(cookie.split('.')[0]!, 'base64url').toString(), /^\{"user":"Ada"(,"_id":"[\w-]{22}")?\}$/)
  }
})

t.test('reading: an id that was seen in a log opens nothing', async (t) => {
  const { app, read } = await readingApp()
  app.get('/id', async ({ session }) => { session.set('user', 'Ada'); return session.id })
  const { body: id, headers } = await app.inject('/id')
  for (const cookie of [id, `${id}.${id}.${id}`, `${base64url(`{"_id":"${id}"}`)}.${id.slice(0, 6)}.${id}`]) {
    t.strictSame(await read(cookie), {})
  }
  t.strictSame(await read(valueOf(cookieFrom(headers))), { user: 'Ada' })
})

t.test('planting: of two genuine sessions the first counts, so what a subdomain puts ahead is taken', async (t) => {
  const { app, read } = await readingApp()
  const [planted, own] = [app.encodeSession({ user: 'Mallory' }), app.encodeSession({ user: 'Ada' })]
  t.strictSame(await read(planted, own), { user: 'Mallory' })
  t.strictSame(await read('planted.by.nobody', own), { user: 'Ada' }, 'what is not genuine is passed over')
})

t.test('fixation: regenerate leaves nothing of a planted session but what was asked for, ' +
  'with a new id and clock', async (t) => {
  const tick = stopClock(t)
  for (const [keep, data] of [[undefined, { userId: 42 }], [['cart', 'missing'], { cart: [1], userId: 42 }]] as const) {
    const { app } = await buildApp({ absoluteLifetime: 31 * 24 * HOUR })
    app.get('/plant', async ({ session }) => {
      session.update({ cart: [1], admin: true, constructor: 'x', userId: 7, csrf: 'known' })
      session.permanent = true
      return session.id
    })
    app.get('/login', async ({ session }) => {
      session.regenerate(keep)
      session.set('userId', 42)
      return session.id
    })
    app.get('/', async ({ session }) => ({ id: session.id, data: session.data(), began: session.createdAt!.getTime() }))
    const planted = await app.inject('/plant')
    const cookie = cookieFrom(planted.headers)!
    tick(HOUR)
    const login = await app.inject({ url: '/login', headers: { cookie } })
    const after = (await app.inject({ url: '/', headers: { cookie: cookieFrom(login.headers)! } })).json()
    t.strictSame(after, { id: login.body, data, began: Date.now() })
    t.not(after.id, planted.body)
    t.notMatch(setCookies(login.headers)[0], 'Expires', 'nor is it permanent any more')
    t.strictSame(
      (await app.inject({ url: '/', headers: { cookie } })).json().data.userId,
      7,
      'the planted cookie knows nothing of the login'
    )
  }
})

t.test('fixation: regenerate changes no prototype by a key it is asked to keep', async (t) => {
  for (const format of FORMATS) {
    const { app } = await buildApp({ format })
    const session = app.sessionInterface.openSession(
      [forge({ format }, base64url('{"__proto__":{"admin":true},"a":1}'))],
      t.fail
    ) as Session
    session.regenerate(session.keys())
    t.equal(session.admin, undefined)
    t.equal((session.data() as { admin?: unknown }).admin, undefined)
    t.strictSame(session.keys(), ['__proto__', 'a'])
  }
})

/** An application that stores a body as it comes, and answers with the session's id and data. */
async function assigningApp (
  server: object = {}
): Promise<
  (
    body: string,
    type?: string
  ) => Promise<{
    statusCode: number
    cookie: string | undefined
    data: Record<string, unknown>
    id: unknown
    message: string
  }>
> {
  const { app } = await buildApp({ absoluteLifetime: HOUR }, server)
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(body as string)))
  })
  app.post('/', async (request) => {
    const { id } = request.session
    request.session.update(request.body as Record<string, unknown>)
    return { id }
  })
  return async (payload, type = 'application/json') => {
    const { statusCode, headers, body } = await app.inject({
      method: 'POST',
      url: '/',
      payload,
      headers: { 'content-type': type }
    })
    const cookie = cookieFrom(headers)
    const { id, message = '' } = JSON.parse(body)
    return { statusCode, cookie, data: cookie === undefined ? {} : app.decodeSession(valueOf(cookie)), id, message }
  }
}

const FORM = 'application/x-www-form-urlencoded'
const RESERVED = /^The session key "(_id|_began|_permanent|__proto__)" is reserved$/

t.test('mass assignment: a body reaches neither id, clock nor a prototype, ' +
  'and one that tries is stored in no part', async (t) => {
  const post = await assigningApp({ onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' })
  const bodies: Array<[body: string, type?: string]> = [
    ['{"name":"x","_id":"AAAAAAAAAAAAAAAAAAAAAA"}'],
    ['{"name":"x","_began":0}'],
    ['{"name":"x","_permanent":true}'],
    ['{"name":"x","__proto__":{"admin":true}}'],
    ['{"name":"x","\\u005f_proto__":1}'],
    ['name=x&_id=AAAAAAAAAAAAAAAAAAAAAA', FORM],
    ['name=x&_began=0', FORM],
    ['name=x&__proto__=admin', FORM],
    ['name=x&%5F_proto__=admin', FORM]
  ]
  for (const [body, type] of bodies) {
    const { statusCode, message, data } = await post(body, type)
    t.equal(statusCode, 400, body)
    t.match(message, RESERVED)
    t.strictSame(data, {})
  }
  t.equal(({} as { admin?: boolean }).admin, undefined)
})

t.test('mass assignment: Fastify\'s own guard stops a poisoned body before the session', async (t) => {
  const post = await assigningApp()
  for (const body of ['{"name":"x","__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}']) {
    const { statusCode, cookie } = await post(body)
    t.equal(statusCode, 400)
    t.equal(cookie, undefined)
  }
})

t.test('mass assignment: names that objects have and tags are ordinary keys', async (t) => {
  const post = await assigningApp({ onConstructorPoisoning: 'ignore' })
  const bodies: object[] = [
    { constructor: { prototype: { admin: true } } },
    { constructor: 'x', toString: 'y', hasOwnProperty: 'z', valueOf: null }, { ' d': 'x' }, { x: { ' b': 'AA==' } },
    { ' di': { ' d__': 1 } }, { x: [{ ' di': { ' t__': [] } }] }, { x: { then: 'x' } }, { x: { toJSON: 'x' } }
  ]
  for (const body of bodies) {
    const { statusCode, data, id } = await post(JSON.stringify(body))
    t.equal(statusCode, 200)
    t.equal(JSON.stringify(data), JSON.stringify(body))
    t.match(id, /^[\w-]{22}$/)
  }
  t.strictSame((await post('constructor=x&toString=y', FORM)).data, { constructor: 'x', toString: 'y' })
})

t.test('mass assignment: what no session can take is the client\'s error, and stored in no part', async (t) => {
  const post = await assigningApp()
  for (const key of [
    'get', 'id', 'size', 'permanent', 'modified', 'regenerate', 'isNew', 'then', 'toJSON', 'key', 'save'
  ]) {
    t.match(await post(JSON.stringify({ name: 'x', [key]: 1 })), {
      statusCode: 400,
      cookie: undefined,
      message: `"${key}" is a member of the session and cannot be a key; choose another name`
    })
  }
  for (const body of ['[{"a":1}]', '"text"', '5', 'null']) {
    t.match(await post(body), {
      statusCode: 400,
      cookie: undefined,
      message: 'The data of a session must be an object without a class'
    })
  }
  const deep = '['.repeat(650) + ']'.repeat(650)
  t.match(await post(`{"name":"x","deep":${deep}}`), {
    statusCode: 400,
    cookie: undefined,
    message: /nested deeper than 600 levels$/
  })
  const trusting = await assigningApp({ onProtoPoisoning: 'ignore' })
  t.match(await trusting('{"name":"x","inner":{"__proto__":{"admin":true}}}'), {
    statusCode: 400,
    cookie: undefined,
    message: /would change a prototype/
  })
})

t.test('mass assignment: an object of a class is refused, so a URLSearchParams itself stores nothing', async (t) => {
  const session = new Session()
  for (const values of [
    new URLSearchParams('_id=x'), new Map([['_id', 'x']]), new FormData(), Object.create({ _id: 'x' }), null, 'text'
  ]) {
    t.throws(
      () => {
        session.update(values as never)
      },
      { message: 'The data of a session must be an object without a class' }
    )
  }
  t.throws(() => { session.update(Object.assign(Object.create(null), { a: 1, _id: 'x' })) }, RESERVED)
  t.equal(session.size, 0)
})

const failures: Record<string, (request: FastifyRequest) => unknown> = {
  'throws an error': () => { throw new Error('thrown') },
  'throws nothing at all': () => {
    throw undefined // eslint-disable-line no-throw-literal -- the hostile case
  },
  'throws an object without a class': () => {
    throw Object.create(null)
  },
  'rejects with an error': async () => {
    throw new Error('rejected')
  },
  // eslint-disable-next-line prefer-promise-reject-errors -- the hostile case
  'rejects with nothing': async () => await Promise.reject(undefined),
  'returns a thenable that throws': () => ({
    then () {
      throw new Error('then')
    }
  }),
  'has a then that throws': () =>
    Object.defineProperty({}, 'then', {
      get () {
        throw new Error('then')
      }
    })
}

for (const [what, fail] of Object.entries(failures)) {
  t.test(`onInvalid that ${what} is logged once, and the request goes on`, async (t) => {
    const { app, logs } = await buildApp({
      onInvalid: (_error, request) => {
        request.session.set('seen', 1)
        return fail(request) as Promise<void>
      }
    })
    app.get('/', async (request) => request.session.data())
    const response = await app.inject({ url: '/', headers: { cookie: 'session=forged' } })
    t.strictSame([response.statusCode, response.json()], [200, { seen: 1 }])
    t.strictSame(
      errorsOf(logs).map(({ msg }) => msg),
      ['onInvalid failed']
    )
  })
}

const touches: Record<string, [touch: (request: FastifyRequest) => unknown, data: object | null]> = {
  'reads the session': [({ session }) => session.get('a'), null],
  'writes into it': [
    ({ session }) => {
      session.a = 1
    },
    { a: 1 }
  ],
  'replaces it': [
    (request) => {
      request.session = { b: 2 }
    },
    { b: 2 }
  ],
  'ends it': [
    (request) => {
      request.session = null
    },
    null
  ],
  'deletes it': [({ session }) => session.delete(), null],
  'regenerates it and asks for its id': [
    ({ session }) => {
      session.regenerate(['a'])
      return session.id
    },
    null
  ],
  'touches it': [({ session }) => session.touch(), null],
  'sets options of its cookie': [({ session }) => session.options({ sameSite: 'strict' }), null],
  'writes and throws': [
    ({ session }) => {
      session.a = 1
      throw new Error('no')
    },
    { a: 1 }
  ]
}

for (const [what, [touch, data]] of Object.entries(touches)) {
  t.test(`onInvalid that ${what} is called once, and what it did is kept`, async (t) => {
    let calls = 0
    const { app } = await buildApp({
      onInvalid: (_error, request) => {
        calls++
        touch(request)
      }
    })
    app.get('/', async (request) => [request.session.data(), request.session.isNew])
    const { headers, body } = await app.inject({ url: '/', headers: { cookie: 'session=forged; session=again' } })
    t.strictSame(JSON.parse(body), [data ?? {}, true])
    t.equal(calls, 1)
    const cookie = cookieFrom(headers)
    t.strictSame(cookie === undefined ? null : app.decodeSession(valueOf(cookie)), data)
  })
}

t.test('onInvalid that writes once the headers are gone has the loss logged', async (t) => {
  let done: () => void
  const later = new Promise<void>((resolve) => {
    done = resolve
  })
  const { app, logs } = await buildApp({
    onInvalid: async (_error, request) => {
      await later
      request.session.set('late', 1)
    }
  })
  app.get('/', async (request) => request.session.size)
  t.strictSame(setCookies((await app.inject({ url: '/', headers: { cookie: 'session=forged' } })).headers), [])
  done!()
  await new Promise(setImmediate)
  t.match(errorsOf(logs), [{ msg: /headers were sent, and the change is lost/, keys: ['late'] }])
})

/** A proxy that counts how often each key is read, and answers otherwise each time. */
function fickle (reads: string[]): object {
  return new Proxy({ a: 0, b: 0 }, { get: (_target, key) => reads.push(String(key)) })
}

t.test('hostile values: each property is read once, and what was read is what is kept', async (t) => {
  for (const format of FORMATS) {
    const { app } = await buildApp({ format })
    const reads: string[] = []
    t.strictSame(app.decodeSession(app.encodeSession({ x: fickle(reads), y: [fickle(reads)] })), {
      x: { a: 1, b: 2 },
      y: [{ a: 3, b: 4 }]
    })
    t.strictSame(reads, ['a', 'b', 'a', 'b'])
    let asked = 0
    const getters = {
      get a () {
        return ++asked
      },
      get b () {
        return asked === 1 ? new Date(0) : 'never'
      }
    }
    t.strictSame(app.decodeSession(app.encodeSession({ x: getters })), { x: { a: 1, b: new Date(0) } })
    t.strictSame(
      app.decodeSession(
        app.encodeSession({
          get x () {
            return ++asked
          }
        })
      ),
      { x: 2 }
    )
  }
})

t.test('hostile values: toJSON is never asked; it is refused as a function, ' +
  'and left out where it is not enumerable', async (t) => {
  const toJSON = (): never => t.fail('asked') as never
  class Sly {
    toJSON = toJSON
  }
  for (const format of FORMATS) {
    const { app } = await buildApp({ format })
    const hidden = Object.defineProperty({ a: 1 }, 'toJSON', { value: toJSON })
    t.strictSame(app.decodeSession(app.encodeSession({ x: hidden })), { x: { a: 1 } })
    t.throws(() => app.encodeSession({ x: { toJSON } }), { message: /^session\.x\.toJSON is a function/ })
    t.throws(() => app.encodeSession({ x: Object.assign([1], { toJSON }) }), {
      message: /^session\.x is an array with holes or with properties of its own/
    })
    t.throws(() => app.encodeSession({ x: [new Sly()] }), { message: /^session\.x\[0\] is an object of class Sly/ })
    t.throws(() => app.encodeSession({ x: Object.assign(new Date(0), { toJSON }) }), {
      message: /^session\.x is an object of class Date/
    })
  }
})

const hostile: Array<[what: string, value: () => unknown, path: string]> = [
  ['a proxy of a Date', () => new Proxy(new Date(), {}), 'session.x[0]'],
  ['a proxy of a Map', () => new Proxy(new Map(), {}), 'session.x[0]'],
  ['a proxy of bytes', () => new Proxy(Buffer.alloc(4), {}), 'session.x[0]'],
  [
    'a proxy without an end',
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => ['a'],
          getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }),
          get () {
            return endless()
          }
        }
      ),
    'session.x[0].a.a.a.a.a.a.a.a….a.a'
  ],
  ['a getter without an end', () => endless(), 'session.x[0].a.a.a.a.a.a.a.a….a.a'],
  [
    'a getter that gives a function',
    () => ({
      get f () {
        return () => 1
      }
    }),
    'session.x[0].f'
  ],
  [
    'an object that is itself inside',
    () => {
      const o: Record<string, unknown> = {}
      o.self = o
      return o
    },
    'session.x[0].self'
  ],
  ['the session itself', () => new Session(), 'session.x[0]'],
  ['a promise', () => Promise.resolve(1), 'session.x[0]'],
  ['a class that lies about its name', () => Object.create({ constructor: { name: '\u001b[31m' } }), 'session.x[0]']
]

function endless (): object {
  return {
    get a () {
      return endless()
    }
  }
}

for (const [what, value, path] of hostile) {
  t.test(`hostile values: ${what} is refused with its path, in both formats, and the old cookie stands`, async (t) => {
    for (const format of FORMATS) {
      const { app, logs } = await buildApp({ format })
      app.get('/', async (request) => {
        request.session.set('x', [value()])
        return 'x'
      })
      const { headers, body } = await app.inject({
        url: '/',
        headers: { cookie: `session=${app.encodeSession({ a: 1 })}` }
      })
      const isTooDeep = what.endsWith('without an end') // which a client may have sent
      t.match(JSON.parse(body), { statusCode: isTooDeep ? 400 : 500, code: 'FSS_ERR_NOT_SERIALIZABLE' })
      t.ok(JSON.parse(body).message.startsWith(path), body)
      t.notMatch(body, UNSAFE)
      t.strictSame(setCookies(headers), [])
      t.equal(errorsOf(logs).length, isTooDeep ? 0 : 1)
    }
  })
}

t.test('hostile values: what their traps throw is the error of the request, and the old cookie stands', async (t) => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const throwing = (trap: string): object =>
    new Proxy(
      { a: 1 },
      {
        [trap] () {
          throw new Error(`trap ${trap}`)
        }
      }
    )
  for (const value of [
    {
      get a () {
        throw new Error('trap')
      }
    },
    throwing('get'),
    throwing('ownKeys'),
    throwing('getPrototypeOf'),
    proxy
  ]) {
    const { app } = await buildApp()
    app.get('/', async (request) => {
      request.session.set('x', value)
      return 'x'
    })
    const { statusCode, headers } = await app.inject({
      url: '/',
      headers: { cookie: `session=${app.encodeSession({ a: 1 })}` }
    })
    t.equal(statusCode, 500)
    t.strictSame(setCookies(headers), [])
  }
})

t.test('hostile values: an object that names other keys when asked again brings no reserved key in', async (t) => {
  const sly = (honest: number): never => {
    let asked = 0
    const values: Record<string, unknown> = { ok: 1, _id: 'A'.repeat(22), _began: 0 }
    return new Proxy(values, {
      ownKeys: () => (asked++ < honest ? ['ok'] : Object.keys(values)),
      getOwnPropertyDescriptor: (_target, key) => ({
        value: values[key as string],
        enumerable: true,
        configurable: true
      })
    }) as never
  }
  const outcomeOf = (store: () => Session): string => {
    try {
      return store().keys().join()
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  const seen = new Set<string>()
  for (let honest = 0; honest < 5; honest++) {
    const session = new Session() as Session
    seen.add(
      outcomeOf(() => {
        session.update(sly(honest))
        return session
      })
    )
    seen.add(
      outcomeOf(() => {
        assignSession(session, sly(honest))
        return session
      })
    )
    seen.add(outcomeOf(() => new Session(sly(honest)) as Session))
    t.notOk(session.has('_id') || session.has('_began'))
  }
  t.strictSame([...seen].sort(), ['FSS_ERR_INVALID_SESSION_DATA', 'ok'])
})

const NASTY = [
  'a\nb', '\r\n{"level":60}', '\u001b[31mred', '\u009b31m', '\u202efdp', '\u2066x\u2069', '\u2028', '\u0000',
  '\u007f', '\ufeff', '\u200b'
]

t.test('log injection: a hostile key reaches no log line and no error raw', async (t) => {
  for (const key of NASTY) {
    const lines: string[] = []
    const app = Fastify({
      logger: {
        level: 'trace',
        stream: {
          write: (line: string) => {
            lines.push(line)
          }
        }
      }
    })
    await app.register(sessionPlugin, { secret: SECRET, maxCookieSize: 300 })
    app.post('/refused', async (request) => {
      request.session.set('deep', { [key]: [() => 1] })
    })
    app.post('/large', async (request) => {
      request.session.set(key, 'x'.repeat(400))
    })
    app.post('/near', async (request) => {
      request.session.set(key, 'x'.repeat(100))
      return ''
    })
    app.post('/late', (request, reply) => {
      reply.hijack()
      reply.raw.end()
      request.session.set(key, 1)
    })
    app.post('/member', async (request) => {
      ;(request as never as Record<string, Record<string, unknown>>).session![`get${key}`] = Symbol('x')
    })
    for (const url of ['/refused', '/large', '/near', '/late', '/member']) {
      lines.length = 0
      const { body } = await app.inject({ method: 'POST', url })
      for (const text of [body, ...lines]) {
        t.notOk(UNSAFE.test(text.replace(/\n$/, '')), `${url} ${encodeURIComponent(key)}`)
      }
      t.ok(lines.length > (url === '/near' ? 2 : 1))
    }
  }
})

t.test('log injection: hostile names in cookies, forms and options are escaped too', async (t) => {
  for (const name of NASTY) {
    const { app, logs } = await buildApp()
    app.get('/', async (request) => request.session.size)
    await app.inject({
      url: '/',
      headers: {
        cookie: `session=${encodeURIComponent(name)}; ${encodeURIComponent(name)}=session=x; ` +
          `session=${name.replace(/[^\u0020-\u007e]/g, '')}.x.y`
      }
    })
    t.notMatch(JSON.stringify(logs), encodeURIComponent(name).replaceAll('%', '%%'))
    const refused = async (options: object): Promise<string> =>
      await Fastify()
        .register(sessionPlugin, options as never)
        .ready()
        .then(
          () => '',
          ({ message }: Error) => message
        )
    for (const options of [
      { cookieName: name }, { [name]: 1 }, { cookie: { [name]: 1 } }, { format: name }, { digest: name },
      { cookie: { path: name } }, { cookie: { domain: name } }
    ]) {
      const message = await refused({ secret: SECRET, ...options })
      t.not(message, '')
      t.notOk(UNSAFE.test(message), encodeURIComponent(message))
    }
    for (const act of [() => app.encodeSession({ a: 1 }, { name }), () => app.encodeSession({ [name]: () => 1 })]) {
      t.throws(act, { message: /^[\u0020-\u007e…]*$/ })
    }
  }
})

t.test('log injection: a session name is escaped where it begins a path', async (t) => {
  const { app } = await buildApp({ sessionName: 'a\n\u202e', cookieName: 'a' })
  try {
    app.encodeSession({ f: () => 1 }, { name: 'a\n\u202e' })
    t.fail('not refused')
  } catch (error) {
    t.notOk(UNSAFE.test((error as Error).message), encodeURIComponent((error as Error).message))
  }
})

const EMPTY = {}
const bomb = (bytes: number): string => '.' + base64url(deflateSync(Buffer.alloc(bytes, ' ')))
const nested = (levels: number, open: string, close: string): string =>
  `{"a":${open.repeat(levels)}1${close.repeat(levels)}}`
const bytes = (...parts: Array<string | number[]>): string =>
  base64url(Buffer.concat(parts.map((part) => Buffer.from(part as string))))

/** What each format reads; EMPTY stands for a refusal. */
const payloads: Array<[what: string, payload: string, inDefault: object, inFlask?: object]> = [
  ['no JSON', base64url('nonsense'), EMPTY],
  ['nothing', '', EMPTY],
  ['a text that ends early', base64url('{"a":[1,2'), EMPTY],
  ['more than one value', base64url('{}{}'), EMPTY],
  ['a list', base64url('[1]'), EMPTY],
  ['null', base64url('null'), EMPTY],
  ['lists deeper than the limit', base64url(nested(5000, '[', ']')), EMPTY],
  ['objects deeper than the limit', base64url(nested(5000, '{"a":', '}')), EMPTY],
  ['escapes deeper than the limit', base64url(nested(2000, '{" di":{" d__":', '}}')), EMPTY],
  ['tuples deeper than the limit', base64url(nested(2000, '{" t":[', ']}')), EMPTY],
  ['deflated bytes past the limit', bomb(300 * 1024), EMPTY],
  ['a bomb of sixteen megabytes', bomb(16 * 1024 * 1024), EMPTY],
  ['a deflated text that ends early', bomb(5000).slice(0, 12), EMPTY],
  ['bytes that are not UTF-8', bytes('{"a":"', [0xff, 0xfe], '"}'), EMPTY],
  ['an overlong form of UTF-8', bytes('{"a":"', [0xc0, 0xaf], '"}'), EMPTY],
  ['a surrogate as UTF-8', bytes('{"a":"', [0xed, 0xa0, 0x80], '"}'), EMPTY],
  ['a raw control character', base64url('{"a":"\u0001"}'), EMPTY],
  ['a byte order mark', base64url('\ufeff{"a":1}'), EMPTY],
  ['base64url with padding', base64url('{"a":1}') + '=', EMPTY],
  ['base64url of another spelling', base64url('{"ab":1}').slice(0, -1) + 'R', EMPTY],
  ['an integer of 4301 digits', base64url(`{"a":${'9'.repeat(4301)}}`), { a: Infinity }, EMPTY],
  ['an integer of a hundred thousand digits', base64url(`{"a":${'9'.repeat(100_000)}}`), { a: Infinity }, EMPTY],
  ['an integer past 2^53', base64url('{"a":9007199254740993}'), { a: 9007199254740992 }, { a: 9007199254740993n }],
  ['a number past every double', base64url('{"a":1e400,"b":-1e400}'), { a: Infinity, b: -Infinity }],
  ['a bare NaN', base64url('{"a":NaN}'), EMPTY, { a: NaN }],
  ['the same key twice', base64url('{"a":1,"a":2}'), { a: 2 }],
  ['the same id twice', base64url('{"_id":"AAAAAAAAAAAAAAAAAAAAAA","_id":5,"a":1}'), { _id: 5, a: 1 }],
  ['a tag twice, the last of it right', base64url('{"a":{" b":5," b":"AA=="}}'), { a: Buffer.of(0) }],
  ['a tag beside another key', base64url('{"a":{" b":"AA==","c":1}}'), { a: { ' b': 'AA==', c: 1 } }],
  ['a tag that nobody knows', base64url('{"a":{" zz":1}}'), { a: { ' zz': 1 } }],
  ...[
    '{" d":5}', '{" d":"yesterday"}', '{" d":"Thu, 31 Feb 2030 00:00:00 GMT"}', '{" d":[]}', '{" b":"*"}',
    '{" b":"AA"}', '{" b":{}}', '{" u":"x"}', '{" m":[1]}', '{" t":{}}', '{" t":"abc"}', '{" di":{}}', '{" di":[]}',
    '{" di":{"a__":1}}', '{" di":{" d__":1,"x":2}}', '{" di":{" d":"2030-01-01T00:00:00.000Z"}}',
    '{" b":{" b":"AA=="}}'
  ].map((text): [string, string, object] => [`a tag with wrong content: ${text}`, base64url(`{"a":${text}}`), EMPTY]),
  ...[
    '{" n":"1e9"}',
    '{" n":5}',
    `{" n":"${'9'.repeat(4301)}"}`,
    '{" f":"5"}',
    '{" un":1}',
    '{" mp":[[1]]}',
    '{" mp":[[1,2],[1,3]]}',
    '{" st":[1,1]}',
    '{" ur":"//x"}',
    '{" u8":"_"}'
  ].map((text): [string, string, object, object] => [
    `a tag with wrong content: ${text.slice(0, 30)}`, base64url(`{"a":${text}}`), EMPTY, { a: JSON.parse(text) }
  ])
]

for (const format of FORMATS) {
  t.test(`hostile payloads: behind a valid signature of format ${format} they are an empty session, ` +
    'onInvalid and one reading of at most 256 KiB', async (t) => {
    const codes: string[] = []
    const { app } = await buildApp({ format, compress: true })
    for (const [what, payload, inDefault, inFlask = inDefault] of payloads) {
      const expected = format === 'flask' ? inFlask : inDefault
      codes.length = 0
      const { serializer } = app.sessionInterface
      const read = t.capture(serializer, 'loads', serializer.loads)
      const session = app.sessionInterface.openSession([forge({ format }, payload)], ({ code }) => {
        codes.push(code)
      }) as Session
      const texts = read()
      read.restore()
      t.strictSame(session.data(), expected, what)
      t.strictSame(codes, expected === EMPTY ? ['FSS_ERR_BAD_PAYLOAD'] : [], what)
      t.ok(texts.length <= 1 && texts.every(({ args: [text] }) => text.length <= 256 * 1024), what)
    }
  })

  t.test(`hostile payloads: in a request of format ${format} they are no error`, async (t) => {
    const { codes, read } = await readingApp({ format, compress: true })
    for (const [what, payload] of payloads.filter(
      ([, , inDefault, inFlask = inDefault]) => (format === 'flask' ? inFlask : inDefault) === EMPTY
    )) {
      codes.length = 0
      t.strictSame(await read(forge({ format }, payload)), {}, what)
      t.equal(codes.length, 1)
    }
  })
}

for (const [format, limit] of [
  ['default', 600],
  ['flask', 485]
] as const) {
  t.test(`deep payloads: in format ${format} to read never fails, and what is read can be written`, async (t) => {
    const codes: string[] = []
    const { app } = await buildApp({
      format,
      compress: true,
      onInvalid: ({ code }) => {
        codes.push(code)
      }
    })
    app.get('/read', async ({ session }) => {
      session.get('a')
    })
    app.get('/write', async ({ session }) => {
      session.get('a')
      session.set('b', 1)
    })
    const holders = [
      ['[', ']', 1],
      ['{"a":', '}', 1],
      ['{" t":[', ']}', 2],
      ['{" di":{" t__":', '}}', 2]
    ] as const
    for (const [open, close, brackets] of holders) {
      const most = Math.floor((limit - 1) / brackets)
      for (const levels of [200, 201, most - 1, most, most + 1, 502, 1601, 5000]) {
        codes.length = 0
        const cookie = `session=${forge({ format }, base64url(nested(levels, open, close)))}`
        const read = await app.inject({ url: '/read', headers: { cookie } })
        t.equal(read.statusCode, 200, `${levels} times ${open}`)
        t.equal(read.headers['set-cookie'], undefined)
        t.strictSame(codes, levels <= most ? [] : ['FSS_ERR_BAD_PAYLOAD'])
        const written = await app.inject({ url: '/write', headers: { cookie } })
        t.equal(written.statusCode, 200)
        const kept = Object.keys(app.decodeSession(valueOf(cookieFrom(written.headers))))
        t.strictSame(kept, levels <= most ? ['a', 'b'] : ['b'])
      }
    }
  })
}

t.test('hostile payloads: a genuine stamp that no Date can hold is refused', async (t) => {
  const { keys } = resolveOptions({ secret: SECRET })
  const signer = new Signer(keys[0]!, { salt: '', keyDerivation: 'none' })
  const { codes, read } = await readingApp({ lifetime: Infinity })
  for (const stamp of ['_'.repeat(20), 'A', '', '________']) {
    codes.length = 0
    await read(signer.sign(`${base64url('{"a":1}')}.${stamp}`))
    t.strictSame(codes, stamp === '' ? [] : ['FSS_ERR_BAD_TIME_SIGNATURE'], stamp)
  }
})
