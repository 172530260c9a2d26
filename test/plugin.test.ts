import { Readable } from 'node:stream'
import cookie, { Signer as CookieSigner } from '@fastify/cookie'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t from 'tap'
import sessionPlugin, {
  type BadData, BadSignature, DefaultJSONProvider, jsonBodies, jsonErrorHandler, JSONProvider, JSONTag,
  MemoryStore, type SaveDecision, SecureCookieSessionInterface, Session, SessionInterface, type SessionSettings,
  TimestampSigner
} from '../lib/index.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { testClient } from '../lib/testing.ts'
import {
  buildApp, cookieFrom, errorsOf, type LogLine, OTHER_SECRET, SECRET, setCookies, valueOf
} from './support/app.ts'
import { stopClock } from './support/clock.ts'

const DAY = 24 * 60 * 60

class TagPair extends JSONTag {
  readonly key = ' pair'
  check (): boolean { return false }
  toJson (): unknown { return null }
  fromJson (): unknown { return null }
}

async function registrationError (options: unknown): Promise<string> {
  const app = Fastify()
  app.register(sessionPlugin, options as never)
  return await app.ready().then(() => '', (error: Error) => `${error.name}: ${error.message}`)
}

/** What proxies say of a request that came by https, and what says otherwise. */
const proxyHeaders: Array<[name: string, yes: string[], no: string[]]> = [
  [
    'x-forwarded-proto', ['https', 'HTTPS', 'http,https', ' https , http', 'wss'],
    ['', 'http', 'httpsx', 'xhttps', 'http https', 'ws']
  ],
  ['x-forwarded-protocol', ['https', 'http, https'], ['http', 'ssl']],
  ['x-url-scheme', ['https'], ['http']],
  ['cloudfront-forwarded-proto', ['https'], ['http']],
  ['forwarded', [
    'proto=https', 'Proto="HTTPS"', 'for=192.0.2.43;proto=https;by=203.0.113.43',
    'for="[2001:db8::1]:47" ; proto="https", for=10.0.0.1', 'for=a;proto=http, for=b;proto=https'
  ], ['proto=http', 'for=https', 'host=a.example;proto="http"', 'xproto=https', 'proto=httpsx', 'proto']],
  ['x-forwarded-ssl', ['on', 'ON'], ['off', 'one', '']],
  ['front-end-https', ['on', 'On'], ['off', '']],
  ['x-arr-ssl', ['2048|256|C=US, O=Example|CN=a.example'], ['']],
  ['cf-visitor', ['{"scheme":"https"}', '{"scheme": "https"}'], ['https', '{"scheme":"httpsx"}', '{"scheme":"http"}']]
]

t.test('a value set in one request is there in the next', async (t) => {
  const { app } = await buildApp()
  app.post('/login', async (request, reply) => {
    request.session.set('userId', 42)
    return reply.code(201).jsonify({ ok: true })
  })
  app.get('/', async (request, reply) => reply.jsonify(request.session.get('userId')))
  const login = await app.inject({ method: 'POST', url: '/login' })
  t.equal(login.statusCode, 201)
  t.equal(login.body, '{"ok":true}\n')
  const { body } = await app.inject({ url: '/', headers: { cookie: cookieFrom(login.headers)! } })
  t.equal(body, '42\n')
})

t.test('a request that never uses the session verifies nothing, parses nothing and sends nothing', async (t) => {
  let asked = 0
  class Counting extends SecureCookieSessionInterface {
    override openSession (...args: Parameters<SecureCookieSessionInterface['openSession']>): Session {
      asked++
      return super.openSession(...args)
    }

    override saveSession (...args: Parameters<SecureCookieSessionInterface['saveSession']>): SaveDecision {
      asked++
      return super.saveSession(...args)
    }
  }
  const { app } = await buildApp({ sessionInterface: Counting })
  app.get('/never', async () => 'x')
  app.get('/fetched', async (request) => { t.ok(request.session); return 'x' })
  app.get('/used', async (request) => { t.notOk(request.session.a); return 'x' })
  const headers = { cookie: `session=${app.encodeSession({ a: 1 })}` }
  for (const url of ['/never', '/fetched', '/missing']) {
    asked = 0
    const response = await app.inject({ url, headers })
    t.equal(response.headers.vary, undefined)
    t.strictSame(setCookies(response.headers), [])
    t.equal(asked, 0, url)
  }
  t.equal((await app.inject('/used')).headers.vary, 'Cookie')
  t.equal(asked, 2)
})

t.test('the cookie has the attributes that the options say, in setting and in deleting it', async (t) => {
  stopClock(t)
  const lines = async (options: object): Promise<string[]> => {
    const { app } = await buildApp(options)
    app.get('/set', async (request) => { request.session.set('a', 1); return 'x' })
    app.get('/clear', async (request) => { request.session.clear(); return 'x' })
    const set = await app.inject('/set')
    const name = setCookies(set.headers)[0]!.split('=')[0]!
    const cleared = await app.inject({ url: '/clear', headers: { cookie: cookieFrom(set.headers, name)! } })
    return [set, cleared].map(({ headers }) => setCookies(headers)[0]!.replace(/=[^;]*/, ''))
  }
  const GONE = 'Expires=Thu, 01 Jan 1970 00:00:00 GMT'
  t.strictSame(await lines({}), [
    'session; Path=/; HttpOnly; SameSite=Lax',
    `session; Max-Age=0; Path=/; ${GONE}; HttpOnly; SameSite=Lax`
  ])
  t.strictSame(await lines({ permanent: true, lifetime: 60 }), [
    'session; Path=/; HttpOnly; SameSite=Lax; Max-Age=60',
    `session; Max-Age=0; Path=/; ${GONE}; HttpOnly; SameSite=Lax`
  ])
  const all = {
    domain: 'a.example',
    path: '/app',
    httpOnly: false,
    sameSite: 'strict',
    secure: true,
    partitioned: true,
    priority: 'low'
  }
  t.strictSame(await lines({ cookieName: 's', cookie: all }), [
    's; Domain=a.example; Path=/app; Secure; Partitioned; Priority=Low; SameSite=Strict',
    `s; Max-Age=0; Domain=a.example; Path=/app; ${GONE}; Secure; Partitioned; Priority=Low; SameSite=Strict`
  ])
  t.match((await lines({ cookieName: '__Host-s' }))[0], /; Secure/)
  t.match((await lines({ cookie: { sameSite: 'none' } }))[0], /; Secure; SameSite=None/)
})

t.test('one response may have attributes of its own', async (t) => {
  const { app } = await buildApp()
  app.get('/', async (request) => {
    request.session.set('a', 1)
    request.session.options({
      sameSite: 'none',
      httpOnly: false,
      priority: 'high',
      userInfo: 'ignored',
      path: '/'
    } as never)
    return 'x'
  })
  t.match(setCookies((await app.inject('/')).headers), [/; Path=\/; Secure; Priority=High; SameSite=None$/])
  for (const [options, message] of [
    [
      { path: '/b' },
      /^The cookie's path cannot differ in one response, since its deletion would not match; set it at registration$/
    ],
    [{ domain: 'b.example' }, /domain cannot differ/],
    [{ partitioned: true }, /partitioned cannot differ/],
    [{ maxAge: 1 }, /maxAge is not set here/],
    [{ expires: new Date() }, /expires is not set here/],
    [{ secure: 'yes' }, /must be true, false or 'auto'/],
    [{ sameSite: 'none', secure: false }, /contradicts/],
    [{ httpOnly: 1 }, /httpOnly must be true or false/],
    [{ priority: 'first' }, /must be 'low', 'medium' or 'high'/]
  ] as const) {
    const other = (await buildApp()).app
    other.get('/', async (request) => { request.session.options(options as never) })
    t.match((await other.inject('/')).json().message, message)
  }
})

t.test('a response may name the registered attributes once more, the domain in other spellings too', async (t) => {
  const { app } = await buildApp({ cookie: { domain: 'a.example', path: '/app' } })
  app.post('/', async ({ session, body }) => { session.options(body as never) })
  for (const [payload, status] of [
    [{ domain: 'a.example', path: '/app', partitioned: false }, 200], [{ domain: '.A.Example' }, 200],
    [{ path: '/App' }, 500], [{ domain: 'b.example' }, 500], [{ domain: 5 }, 500], [{ domain: '' }, 500]
  ] as const) {
    const { statusCode } = await app.inject({ method: 'POST', url: '/', payload })
    t.equal(statusCode, status, JSON.stringify(payload))
  }
})

t.test('a name prefix has what browsers demand of it, in every response', async (t) => {
  for (const [cookieName, path, isScript] of [
    ['__Secure-s', '/app', true], ['__Host-s', '/', true],
    ['__Http-s', '/app', false], ['__HTTP-s', '/app', false], ['__Host-Http-s', '/', false],
    ['__Hostile-s', '/app', undefined], ['__Https-s', '/app', undefined], ['a__Http-s', '/app', undefined]
  ] as const) {
    const { app } = await buildApp({ cookieName, cookie: { path } })
    app.get('/', async (request) => { request.session.set('a', 1); return 'x' })
    app.get('/script', async ({ session }) => { session.options({ httpOnly: false }); session.set('a', 1); return 'x' })
    const [line] = setCookies((await app.inject('/')).headers)
    t.equal(/; HttpOnly.*; Secure/.test(line!), isScript !== undefined, line!)
    const { statusCode, body } = await app.inject('/script')
    t.equal(statusCode, isScript === false ? 500 : 200, cookieName)
    if (isScript === false) t.match(body, 'httpOnly: false contradicts the cookie name')
  }
})

t.test('Secure is set where the request came by https, or a proxy says so', async (t) => {
  const { app } = await buildApp()
  app.get('/', async (request) => { request.session.set('a', 1); return 'x' })
  const isSecure = async (headers: Record<string, string>): Promise<boolean> =>
    /; Secure/.test(setCookies((await app.inject({ url: '/', headers })).headers)[0]!)
  t.equal(await isSecure({}), false)
  t.equal(await isSecure({ 'x-forwarded-proto': 'http' }), false)
  t.equal(await isSecure({ 'x-forwarded-proto': 'https' }), true)
  t.equal(await isSecure({ 'x-forwarded-proto': 'http, HTTPS' }), true)
  for (const [name, yes, no] of proxyHeaders) {
    for (const value of yes) t.ok(await isSecure({ [name]: value }), `${name}: ${value}`)
    for (const value of no) t.notOk(await isSecure({ [name]: value }), `${name}: ${value}`)
  }
  const twice = await app.inject({ url: '/', headers: { forwarded: ['proto=http', 'proto=https'] } as never })
  t.match(setCookies(twice.headers)[0], /; Secure/, 'a header may stand twice')
  const { app: off } = await buildApp({ cookie: { secure: false } })
  off.get('/', async (request) => { request.session.set('a', 1); return 'x' })
  t.notMatch(
    setCookies((await off.inject({ url: '/', headers: { 'x-forwarded-proto': 'https' } })).headers)[0]!,
    'Secure'
  )
})

t.test('no word of a proxy makes the cookie less strict', async (t) => {
  const { app } = await buildApp({}, { trustProxy: true })
  app.get('/', async (request) => { request.session.set('a', 1); return request.protocol })
  const told = Object.fromEntries(proxyHeaders.map(([name, , no]) => [name, no.at(-1)!]))
  const { body, headers } = await app.inject({ url: '/', headers: { ...told, 'x-forwarded-proto': 'https' } })
  t.equal(body, 'https')
  t.match(setCookies(headers)[0], /; Secure/)
})

t.test('in production a cookie without Secure is warned of once, naming trustProxy', async (t) => {
  const before = process.env.NODE_ENV
  t.teardown(() => { process.env.NODE_ENV = before ?? '' })
  process.env.NODE_ENV = 'production'
  for (const [options, warnings] of [
    [{}, 1],
    [{ cookie: { secure: false } }, 0],
    [{ cookie: { secure: true } }, 0]
  ] as const) {
    const { app, logs } = await buildApp(options)
    app.get('/', async (request) => { request.session.set('a', 1); return 'x' })
    await app.inject('/')
    await app.inject('/')
    const text = 'The cookie "session" is sent without Secure, since a request came over plain http. ' +
      'Behind a proxy that ends TLS, set trustProxy, or have it send X-Forwarded-Proto'
    t.strictSame(logs.filter(({ level }) => level === 40).map(({ msg }) => msg), Array(warnings).fill(text))
  }
})

t.test('a response that sets or deletes the cookie is kept out of shared caches, ' +
  'unless it says otherwise', async (t) => {
  const cacheControl = async (options: object, own?: string): Promise<unknown> => {
    const { app } = await buildApp(options)
    app.get('/', async (request, reply) => {
      if (own !== undefined) reply.header('cache-control', own)
      request.session.set('a', 1)
      return 'x'
    })
    return (await app.inject('/')).headers['cache-control']
  }
  t.equal(await cacheControl({}), 'private, no-cache="Set-Cookie"')
  t.equal(await cacheControl({}, 'no-store'), 'no-store')
  t.equal(await cacheControl({ cacheControl: false }), undefined)
  const { app } = await buildApp()
  app.get('/read', async (request) => request.session.get('a'))
  app.get('/end', async (request) => { request.session.clear(); return 'x' })
  const headers = { cookie: `session=${app.encodeSession({ a: 'x' })}` }
  t.equal((await app.inject({ url: '/end', headers })).headers['cache-control'], 'private, no-cache="Set-Cookie"')
  t.equal(
    (await app.inject({ url: '/read', headers })).headers['cache-control'],
    undefined,
    'one that only reads is left alone'
  )
})

t.test('a session whose cookie would be too large is an error before anything is sent, ' +
  'and the old one stands', async (t) => {
  const { app, logs } = await buildApp()
  app.get('/', async (request) => {
    request.session.update({ small: 'x', large: 'y'.repeat(4000) })
    return 'never seen'
  })
  const { statusCode, headers, body } = await app.inject('/')
  t.equal(statusCode, 500)
  t.strictSame(setCookies(headers), [])
  t.match(JSON.parse(body), {
    code: 'FSS_ERR_COOKIE_TOO_LARGE',
    message:
      /^The cookie "session" would take 5\d\d\d bytes, more than the 4096 of .* each key: "large" 4010, "small" 11$/
  })
  t.equal(errorsOf(logs).length, 1, 'and Fastify logs it once')
  const { app: exact } = await buildApp({ maxCookieSize: 200 })
  exact.get('/:n', async (request) => {
    request.session.set('a', 'x'.repeat(Number((request.params as { n: string }).n)))
    return 'x'
  })
  const sizes = await Promise.all(
    [...Array(90).keys()].map(async (n) => setCookies((await exact.inject(`/${n}`)).headers)[0]?.length ?? 0)
  )
  t.ok(sizes.includes(200) || sizes.includes(199))
  t.ok(sizes.at(-1) === 0 && Math.max(...sizes) <= 200)
})

t.test('a cookie renamed to another session\'s name is not that session', async (t) => {
  const app = Fastify()
  await app.register(sessionPlugin, [{ secret: SECRET }, { secret: SECRET, sessionName: 'admin' }] as never)
  app.get('/', async (request) => ({
    user: request.session.data(),
    admin: (request as unknown as { admin: Session }).admin.data()
  }))
  const value = app.encodeSession({ role: 'any' })
  t.strictSame((await app.inject({ url: '/', headers: { cookie: `session=${value}` } })).json(), {
    user: { role: 'any' },
    admin: {}
  })
  t.strictSame((await app.inject({ url: '/', headers: { cookie: `admin=${value}` } })).json(), { user: {}, admin: {} })
})

t.test('a value that @fastify/cookie signed with the same secret is no session', async (t) => {
  const { app } = await buildApp()
  app.get('/', async (request) => request.session.data())
  const [payload, stamp] = app.encodeSession({ admin: true }).split('.')
  for (const algorithm of ['sha256', 'sha512', 'sha1']) {
    const signed = new CookieSigner(SECRET, algorithm).sign(`${payload}.${stamp}`)
    for (const value of [
      signed,
      signed.replace(/=+$/, ''),
      signed.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
    ]) {
      t.strictSame((await app.inject({ url: '/', headers: { cookie: `session=${value}` } })).json(), {})
    }
  }
})

t.test('a refused cookie calls onInvalid once, after the session is settled', async (t) => {
  const seen: unknown[] = []
  const { app } = await buildApp({
    onInvalid (error: Error & { code?: string }, request: FastifyRequest) {
      request.session.set('reason', error.code)
      seen.push(error.code)
    }
  })
  app.get('/', async (request) => [request.session.get('reason'), request.session.isNew])
  const response = await app.inject({ url: '/', headers: { cookie: 'session=forged; session=again' } })
  t.strictSame(response.json(), ['FSS_ERR_BAD_SIGNATURE', true])
  t.strictSame(seen, ['FSS_ERR_BAD_SIGNATURE'])
  await app.inject({ url: '/', headers: { cookie: 'session=' } })
  t.equal(seen.length, 1, 'an empty cookie is none')
})

t.test('what onInvalid throws or rejects with is logged, and the session is an empty one', async (t) => {
  for (const onInvalid of [() => { throw new Error('thrown') }, async () => { throw new Error('rejected') }]) {
    const { app, logs } = await buildApp({ onInvalid })
    app.get('/', async (request) => request.session.size)
    const { statusCode, body } = await app.inject({ url: '/', headers: { cookie: 'session=forged' } })
    t.equal(statusCode, 200)
    t.equal(body, '0')
    t.match(errorsOf(logs), [{ msg: 'onInvalid failed' }])
    t.match(
      logs.filter(({ msg }) => msg === 'A session cookie was refused'),
      [{ level: 20, code: 'FSS_ERR_BAD_SIGNATURE', session: 'session' }]
    )
  }
})

t.test('refused cookies are logged at debug, with one warning a code and minute that counts the others', async (t) => {
  const tick = stopClock(t)
  const { app, logs } = await buildApp()
  app.get('/', async (request) => request.session.size)
  const value = app.encodeSession({ a: 1 })
  const refuse = async (cookie: string): Promise<unknown> =>
    app.inject({ url: '/', headers: { cookie: `session=${cookie}` } })
  const lines = (level: number): unknown[] =>
    logs
      .filter((line) => line.level === level && line.code !== undefined)
      .map(({ code, suppressed }) => [code, suppressed])
  await refuse('forged')
  await refuse('forged')
  await refuse(value + 'x')
  tick(59.999)
  await refuse('forged')
  t.strictSame(lines(40), [['FSS_ERR_BAD_SIGNATURE', 0], ['FSS_ERR_BAD_TIME_SIGNATURE', 0]])
  tick(0.001)
  await refuse('forged')
  t.strictSame(lines(40).at(-1), ['FSS_ERR_BAD_SIGNATURE', 2])
  t.equal(lines(20).length, 5)
  tick(-DAY)
  await refuse('forged')
  t.equal(lines(40).length, 4, 'a clock that was set back does not silence it')
  t.notMatch(JSON.stringify(logs), value)
})

t.test('a warning says what is wrong with the cookies, and an expired one is no warning', async (t) => {
  const tick = stopClock(t)
  const { app, logs } = await buildApp({ absoluteLifetime: 40 * DAY })
  app.get('/', async (request) => request.session.size)
  const { keys: [key], digest } = resolveOptions({ secret: SECRET })
  const unreadable = new TimestampSigner(key!, { salt: '', digest, keyDerivation: 'none' }).sign('bm9uZQ')
  const told = async (...cookies: string[]): Promise<unknown[]> => {
    logs.length = 0
    await app.inject({ url: '/', headers: { cookie: cookies.map((value) => `session=${value}`).join('; ') } })
    return logs.filter(({ code }) => code).map(({ level, code, msg }) => [level, code, msg.split('. ')[0]])
  }
  const debug = (code: string): unknown[] => [20, code, 'A session cookie was refused']
  const warning = (code: string, what: string): unknown[] => {
    return [debug(code), [40, code, `Session cookies are refused: ${what}`]]
  }
  t.strictSame(await told('forged'), warning('FSS_ERR_BAD_SIGNATURE', 'their signature does not hold'))
  t.strictSame(await told(unreadable), warning('FSS_ERR_BAD_PAYLOAD', 'their payload cannot be read'))
  const value = app.encodeSession({ a: 1 })
  tick(31 * DAY + 1)
  t.strictSame(await told(value), [debug('FSS_ERR_SIGNATURE_EXPIRED')], 'older than the lifetime')
  tick(-62 * DAY)
  t.strictSame(await told(value), [debug('FSS_ERR_SIGNATURE_EXPIRED')], 'from the future')
  t.strictSame(await told(value, 'forged'), [debug('FSS_ERR_SIGNATURE_EXPIRED')], 'where another one is refused too')
  t.strictSame({ ...app.sessionCounters.refused }, {
    FSS_ERR_BAD_SIGNATURE: 1, FSS_ERR_BAD_PAYLOAD: 1, FSS_ERR_SIGNATURE_EXPIRED: 3
  })
})

t.test('with encryption off again, cookies leave readable, and that is logged once', async (t) => {
  const encrypted = (await buildApp({ encrypt: true })).app.encodeSession({ a: 'b' })
  const { app, logs } = await buildApp()
  app.get('/', async (request) => request.session.get('a'))
  const get = async (value: string): Promise<unknown> => {
    const { body, headers } = await app.inject({ url: '/', headers: { cookie: `session=${value}` } })
    return [body, cookieFrom(headers)?.startsWith('session=~')]
  }
  for (let count = 0; count < 3; count++) t.strictSame(await get(encrypted), ['b', false])
  t.strictSame(await get(app.encodeSession({ a: 'b' })), ['b', undefined])
  t.match(logs.filter(({ level }) => level >= 40), [{
    level: 40, session: 'session', msg: 'Encrypted session cookies are replaced by signed ones, which their owners can'
  }])
  t.match(app.sessionCounters, { opened: 4, verified: 4, resigned: 3 })
})

t.test('what was encrypted moves into a store without a word, since it is not readable there', async (t) => {
  const cookie = `session=${(await buildApp({ encrypt: true })).app.encodeSession({ a: 'b' })}`
  const { app, logs } = await buildApp({ store: new MemoryStore() })
  app.get('/', async (request) => { request.session.set('c', 'd'); return request.session.data() })
  const { body, headers } = await app.inject({ url: '/', headers: { cookie } })
  t.strictSame(JSON.parse(body), { a: 'b', c: 'd' })
  t.match(cookieFrom(headers), /^session=[\w-]/)
  t.strictSame(logs.filter(({ level }) => level >= 40), [])
})

t.test('encoding, decoding and counting are those of signed sessions where they are encrypted', async (t) => {
  const { app, logs } = await buildApp({ encrypt: true, fallbacks: [OTHER_SECRET] })
  app.get('/', async (request) => request.session.get('a'))
  const value = app.encodeSession({ a: 'b' })
  t.match(value, /^~/)
  t.strictSame(app.decodeSession(value), { a: 'b' })
  t.throws(() => app.decodeSession(`${value.slice(0, -1)}${value.endsWith('A') ? 'E' : 'A'}`), {
    code: 'FSS_ERR_BAD_TIME_SIGNATURE'
  })
  const old = (await buildApp({ encrypt: true, secret: OTHER_SECRET })).app.encodeSession({ a: 'b' })
  const signed = (await buildApp()).app.encodeSession({ a: 'b' })
  for (const each of [value, old, signed]) {
    const { body, headers } = await app.inject({ url: '/', headers: { cookie: `session=${each}` } })
    t.equal(body, 'b')
    t.equal(cookieFrom(headers)?.startsWith('session=~'), each === value ? undefined : true)
  }
  t.match(app.sessionCounters, { opened: 3, verified: 3, resigned: 2, refused: {} })
  t.strictSame(logs.filter(({ level }) => level >= 40), [])
})

t.test('counters tell what has happened to a session', async (t) => {
  const tick = stopClock(t)
  const { app } = await buildApp({ fallbacks: [OTHER_SECRET] })
  app.get('/read', async (request) => request.session.get('a'))
  app.get('/write', async (request) => { request.session.set('a', 'b'); return 'x' })
  app.get('/clear', async (request) => { request.session.clear(); return 'x' })
  app.get('/bad', async (request) => { request.session.set('a', () => 1); return 'x' })
  app.get('/never', async () => 'x')
  const get = async (url: string, value: string): Promise<unknown> =>
    app.inject({ url, headers: { cookie: `session=${value}` } })
  const value = app.encodeSession({ a: 'b' })
  const old = (await buildApp({ secret: OTHER_SECRET })).app.encodeSession({ a: 'b' })
  for (const [url, cookie] of [
    ['/never', value], ['/read', value], ['/read', old], ['/write', value], ['/write', ''], ['/clear', value],
    ['/bad', ''], ['/read', 'forged'], ['/read', 'forged']
  ] as const) {
    await get(url, cookie)
  }
  tick(4 * DAY)
  await get('/read', value)
  t.strictSame({ ...app.sessionCounters }, {
    opened: 9,
    verified: 5,
    ended: 0,
    saved: 2,
    resigned: 2,
    deleted: 1,
    skipped: 0,
    refused: { FSS_ERR_BAD_SIGNATURE: 2 }
  })
  const several = Fastify()
  await several.register(sessionPlugin, [{ secret: SECRET }, { secret: SECRET, sessionName: 'admin' }])
  t.strictSame(Object.keys(several.sessionCounters), ['session', 'admin'])
})

t.test('a cookie close to its limit is warned of once a minute, with the bytes of each key', async (t) => {
  const { app, logs } = await buildApp({ maxCookieSize: 400 })
  app.get('/:n', async (request) => {
    request.session.set('a', 'x'.repeat(Number((request.params as { n: string }).n)))
    return 'x'
  })
  for (const n of [50, 170, 170]) await app.inject(`/${n}`)
  t.match(
    logs.filter(({ level }) => level === 40),
    [{ msg: /close to its limit/, bytes: { a: 176 }, maxCookieSize: 400, suppressed: 0 }]
  )
  t.equal(logs.filter(({ level }) => level === 40).length, 1)
})

t.test('sessions that together could pass what servers accept are warned of at the start', async (t) => {
  const warnings = async (count: number, options: object): Promise<number> => {
    const lines: string[] = []
    const app = Fastify({ logger: { level: 'warn', stream: { write: (line: string) => { lines.push(line) } } } })
    await app.register(
      sessionPlugin,
      [...Array(count).keys()].map((n) => ({ secret: SECRET, sessionName: `s${n}`, ...options }))
    )
    return lines.filter((line) => line.includes('together could take')).length
  }
  t.equal(await warnings(2, {}), 0)
  t.equal(await warnings(3, {}), 1)
  t.equal(await warnings(3, { maxCookieSize: 2000 }), 0)
})

t.test('sessions of a scope count together with those around it', async (t) => {
  const { app, logs } = await buildApp({ maxCookieSize: 4096 })
  const warnings = (): string[] => logs.filter(({ level }) => level === 40).map(({ msg }) => msg)
  for (const name of ['one', 'two']) {
    await app.register(async (scope) => {
      await scope.register(sessionPlugin, { secret: SECRET, sessionName: name, maxCookieSize: 4096 })
    })
  }
  t.strictSame(warnings(), [], 'but not with those beside it')
  await app.register(async (scope) => {
    await scope.register(sessionPlugin, [2048, 2049].map((maxCookieSize, index) =>
      ({ secret: SECRET, sessionName: `three${index}`, maxCookieSize })))
  })
  t.strictSame(warnings(), [
    'The sessions together could take 8193 bytes of cookies, ' +
      'more than the 8192 that many servers and proxies accept; lower maxCookieSize'
  ])
})

t.test('the secret alone is enough', async (t) => {
  for (const secret of [SECRET, Buffer.from(SECRET)]) {
    const app = Fastify()
    await app.register(sessionPlugin, secret)
    t.strictSame(app.decodeSession(app.encodeSession({ a: 1 })), { a: 1 })
  }
})

t.test('wrong options fail ready() with one sentence', async (t) => {
  t.match(await registrationError(undefined), /^TypeError: The session secret is missing: .*SESSION_SECRET$/)
  t.match(await registrationError({ secret: process.env.NO_SUCH_SECRET }), /^TypeError: The session secret is missing/)
  t.match(await registrationError([]), 'TypeError: The list of sessions is empty')
  t.match(
    await registrationError([{ secret: SECRET }, { secret: SECRET }]),
    /^TypeError: A request has a property "session" already/
  )
  t.match(
    await registrationError([{ secret: SECRET }, { secret: SECRET, sessionName: 'b', cookieName: 'session' }]),
    /^TypeError: Two sessions share the cookie "session"/
  )
  t.match(await registrationError({ secret: SECRET, sessionName: 'body' }), /body/)
  t.match(await registrationError({ secret: SECRET, maxAge: 60000 }), /"maxAge" is unknown: use lifetime, in seconds$/)
  t.equal(await registrationError({ secret: SECRET, prefix: '/a', logLevel: 'warn', logSerializers: {} }), '')
})

t.test('a decorator of the application in the place of one of the plugin is named', async (t) => {
  for (const name of ['sessionInterface', 'sessionCounters', 'encodeSession', 'decodeSession']) {
    const app = Fastify()
    app.decorate(name, 1)
    await t.rejects(async () => { await app.register(sessionPlugin, { secret: SECRET }) }, new RegExp(`'${name}'`))
  }
})

t.test('a secret from an environment variable that is not set is told of, alone as in options', async (t) => {
  for (const register of [
    async (app: FastifyInstance) => { await app.register(sessionPlugin, process.env.NO_SUCH_SECRET) },
    async (app: FastifyInstance) => { await app.register(sessionPlugin, '') },
    async (app: FastifyInstance) => { await app.register(import('../lib/index.ts'), process.env.NO_SUCH_SECRET) }
  ]) {
    await t.rejects(register(Fastify()), { message: /^The session secret is missing: .*SESSION_SECRET$/ })
  }
})

t.test('a second registration says how several sessions are registered', async (t) => {
  const { app } = await buildApp()
  await t.rejects(async () => {
    await app.register(sessionPlugin, { secret: SECRET, sessionName: 'other' })
  }, /registered in this scope already; several sessions go into one registration, as a list/)
  const scoped = Fastify()
  await scoped.register(sessionPlugin, { secret: SECRET })
  const inner = async (options: object): Promise<void> => {
    await scoped.register(async (scope) => {
      await scope.register(sessionPlugin, options as never)
    })
  }
  await t.rejects(inner({ secret: SECRET }), /"session" already/)
})

t.test('a scope may have a session of its own beside the outer one', async (t) => {
  const app = Fastify()
  await app.register(sessionPlugin, { secret: SECRET })
  await app.register(async (scope) => {
    await scope.register(sessionPlugin, { secret: OTHER_SECRET, sessionName: 'admin' })
    scope.get('/', async (request) => {
      (request as unknown as { admin: Session }).admin.set('b', 2)
      request.session.set('a', 1)
      return 'x'
    })
  })
  const { headers } = await app.inject('/')
  t.strictSame(setCookies(headers).map((line) => line.split('=')[0]), ['session', 'admin'])
})

t.test('a scope without the session has an error that names encapsulation', async (t) => {
  const app = Fastify()
  const read = async (request: FastifyRequest) => request.session.get('user') ?? 'nobody'
  await app.register(async (scope) => {
    await scope.register(sessionPlugin, { secret: SECRET })
    scope.get('/with', read)
  })
  await app.register(async (scope) => {
    scope.get('/without', read)
    scope.put('/without', async (request) => { request.session = {} })
  })
  app.get('/around', read)
  t.equal((await app.inject('/with')).body, 'nobody')
  for (const [method, url] of [['GET', '/without'], ['PUT', '/without'], ['GET', '/around']] as const) {
    const { statusCode, body } = await app.inject({ method, url })
    t.equal(statusCode, 500)
    t.match(
      JSON.parse(body).message,
      /^request\.session does not exist in this scope: .* \(encapsulation\)\. Register it in a scope around both, or /
    )
  }
})

t.test('scopes beside each other may each have the session, and one around them then has to come first', async (t) => {
  const app = Fastify()
  for (const prefix of ['/a', '/b']) {
    await app.register(async (scope) => {
      await scope.register(sessionPlugin, { secret: SECRET })
      scope.get('/', async (request) => `${request.session.get('at')}`)
    }, { prefix })
  }
  const nested = app.register(async (scope) => {
    await scope.register(sessionPlugin, { secret: SECRET })
    await scope.register(async (inner) => { await inner.register(sessionPlugin, { secret: SECRET }) })
  })
  await t.rejects(async () => { await nested }, /"session" already/)
  const around = Fastify()
  await around.register(async (scope) => { await scope.register(sessionPlugin, { secret: SECRET }) })
  await t.rejects(
    async () => {
      await around.register(sessionPlugin, { secret: SECRET })
    },
    { message: /^A scope inside this one has a session "session" already/ }
  )
})

t.test('sessions that would share a signing key are refused', async (t) => {
  const flask = (options: object): object => ({ secret: SECRET, format: 'flask', ...options })
  const SHARED = /^TypeError: Two sessions share a signing key, .* give each a secret or a salt of its own$/
  t.match(await registrationError([flask({}), flask({ sessionName: 'b' })]), SHARED)
  t.match(
    await registrationError([flask({}), flask({ sessionName: 'b', secret: OTHER_SECRET, fallbacks: [SECRET] })]),
    SHARED
  )
  t.equal(
    await registrationError([
      flask({}),
      flask({ sessionName: 'b', salt: 'b' }),
      flask({ sessionName: 'c', secret: OTHER_SECRET })
    ]),
    ''
  )
})

t.test('a weak secret of Flask is warned of in the log', async (t) => {
  const { logs } = await buildApp({ secret: 'dev', format: 'flask' })
  t.match(
    logs.filter(({ level }) => level === 40),
    [{ msg: /^The session secret has 3 bytes where at least 32 are needed/ }]
  )
})

t.test('several sessions are kept apart, by name', async (t) => {
  const app = Fastify()
  await app.register(sessionPlugin, [
    { secret: SECRET },
    { secret: OTHER_SECRET, sessionName: 'admin', cookieName: 'a', lifetime: 60 }
  ])
  app.get('/', async (request) => {
    (request as unknown as { admin: Session }).admin.set('b', 2)
    request.session.set('a', 1)
    return 'x'
  })
  const { headers } = await app.inject('/')
  t.strictSame(app.decodeSession(valueOf(cookieFrom(headers))), { a: 1 })
  t.strictSame(app.decodeSession(valueOf(cookieFrom(headers, 'a')), { name: 'admin' }), { b: 2 })
  t.equal(headers.vary, 'Cookie')
  t.ok(app.sessionInterface.admin instanceof SecureCookieSessionInterface)
  t.throws(() => app.encodeSession({}, { name: 'none' }), {
    message: 'There is no session "none"; there are "session", "admin"'
  })
  const others = Fastify()
  await others.register(sessionPlugin, [{ secret: SECRET, sessionName: 'a' }, { secret: SECRET, sessionName: 'b' }])
  t.throws(() => others.encodeSession({ a: 1 }), { message: 'There is no session "session"; there are "a", "b"' })
})

t.test('outside a request a session is a cookie value and back', async (t) => {
  const { app } = await buildApp()
  t.strictSame(app.decodeSession(app.encodeSession({ when: new Date(1) })), { when: new Date(1) })
  t.throws(() => app.decodeSession('forged'), { code: 'FSS_ERR_BAD_SIGNATURE' })
  t.throws(() => app.encodeSession({ f: () => 1 }), { message: /^session\.f is a function/ })
  t.throws(() => app.encodeSession({}), { message: 'An empty session has no cookie' })
  t.throws(() => app.decodeSession(''), { name: 'BadSignature', message: 'There is no cookie' })
  for (const choice of ['session', { sessionName: 'session' }]) {
    t.throws(() => app.decodeSession('x', choice as never), { message: 'A session is chosen by { name }' })
  }
})

t.test('what a cookie is refused for is said in one sentence', async (t) => {
  const tick = stopClock(t)
  const { app } = await buildApp({ lifetime: 10 })
  const value = app.encodeSession({ a: 1 })
  const sentence = (cookie: string): string => {
    try {
      return `${app.decodeSession(cookie)}`
    } catch (error) {
      return (error as Error).message
    }
  }
  const [payload, stamp, signature] = value.split('.') as [string, string, string]
  t.equal(sentence('nonsense'), 'There is no signature')
  t.equal(sentence(`${payload}x.${stamp}.${signature}`), 'The signature does not match')
  t.equal(sentence(`.${value}`), 'The signature does not match', 'a dot that marks compression is signed too')
  tick(11)
  t.equal(sentence(value), 'The signature is 11 seconds old, more than 10')
  tick(-11 - 61)
  t.equal(sentence(value), 'The signature is from 61 seconds in the future')
})

t.test('outside a request a session starts permanent where new ones do, ' +
  'and is held to the size of its cookie', async (t) => {
  const { app } = await buildApp({ permanent: true, maxCookieSize: 260 })
  const openedBy = (value: string): Session => app.sessionInterface.openSession([value], t.fail) as Session
  t.strictSame(app.decodeSession(app.encodeSession({ a: 1 })), { a: 1 })
  t.equal(openedBy(app.encodeSession({ a: 1 })).permanent, true)
  t.match(openedBy(app.encodeSession({ a: 1 })).id, /^[\w-]{22}$/)
  t.throws(() => app.encodeSession({ a: 1, id: 2 }), { message: /^"id" is a member of the session/ })
  t.throws(() => app.encodeSession({}), { message: 'An empty session has no cookie' })
  app.get('/:n', async (request) => {
    request.session.set('a', 'x'.repeat(Number((request.params as { n: string }).n)))
    return 'x'
  })
  for (let n = 0; n < 120; n++) {
    const { headers } = await app.inject({ url: `/${n}`, headers: { 'x-forwarded-proto': 'https' } })
    if (setCookies(headers).length > 0) {
      t.strictSame(app.decodeSession(app.encodeSession({ a: 'x'.repeat(n) })), { a: 'x'.repeat(n) })
    } else {
      t.throws(() => app.encodeSession({ a: 'x'.repeat(n) }), {
        code: 'FSS_ERR_COOKIE_TOO_LARGE',
        message: new RegExp(`Bytes of each key: .*"a" ${n + 6}`)
      })
    }
  }
})

t.test('@fastify/cookie may be registered before, after, without its hook, or not at all', async (t) => {
  const orders: Array<(app: ReturnType<typeof Fastify>) => void> = [
    (app) => { app.register(cookie); app.register(sessionPlugin, { secret: SECRET }) },
    (app) => { app.register(sessionPlugin, { secret: SECRET }); app.register(cookie) },
    (app) => { app.register(cookie, { hook: false } as never); app.register(sessionPlugin, { secret: SECRET }) },
    (app) => { app.register(sessionPlugin, { secret: SECRET }) }
  ]
  for (const [index, register] of orders.entries()) {
    const app = Fastify()
    register(app)
    app.get('/', async (request, reply) => {
      request.session.set('a', 1)
      if (index < 3) reply.setCookie('own', '1')
      return 'x'
    })
    const { headers } = await app.inject('/')
    t.strictSame(
      setCookies(headers)
        .map((line) => line.split('=')[0])
        .sort(),
      index < 3 ? ['own', 'session'] : ['session']
    )
  }
})

t.test('a session used in a hook from before the plugin is saved all the same', async (t) => {
  const app = Fastify()
  app.addHook('onRequest', async (request) => { request.session.set('early', 1) })
  await app.register(sessionPlugin, { secret: SECRET })
  app.get('/', async () => 'x')
  app.get('/hijack', (_request, reply) => { reply.hijack(); reply.raw.end() })
  for (const url of ['/', '/hijack']) {
    t.strictSame(app.decodeSession(valueOf(cookieFrom((await app.inject(url)).headers))), { early: 1 })
  }
})

t.test('a session used between the hooks of two registrations is saved once', async (t) => {
  const app = Fastify()
  await app.register(sessionPlugin, { secret: SECRET })
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request) => { (request as unknown as { admin: Session }).admin.set('early', 1) })
    await scope.register(sessionPlugin, { secret: SECRET, sessionName: 'admin' })
    scope.get('/', async () => 'x')
  })
  const { headers } = await app.inject('/')
  t.strictSame(setCookies(headers).map((line) => line.split('=')[0]), ['admin'])
})

t.test('a session used between the hooks of two registrations is told once that its headers have left', async (t) => {
  const { app, logs } = await buildApp()
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request) => { (request as unknown as { admin: Session }).admin.set('list', []) })
    await scope.register(sessionPlugin, { secret: SECRET, sessionName: 'admin' })
    scope.get('/', (request, reply) => {
      reply.hijack()
      reply.raw.end('x')
      ;((request as unknown as { admin: Session }).admin.get('list') as number[]).push(1)
    })
  })
  await app.inject('/')
  t.match(errorsOf(logs), [{ session: 'admin', keys: ['list'] }])
  t.equal(errorsOf(logs).length, 1)
})

t.test('of several sessions each counts what its headers said, and logs what came too late', async (t) => {
  const names = ['session', 'admin', 'third'] as const
  const logs: LogLine[] = []
  const app = Fastify({ logger: { stream: { write: (line: string) => { logs.push(JSON.parse(line)) } } } })
  await app.register(sessionPlugin, names.map((sessionName) => ({ secret: SECRET, sessionName })))
  app.get('/', (request, reply) => {
    const sessions = names.map((name) => (request as unknown as Record<string, Session>)[name]!)
    for (const session of sessions) session.set('list', [])
    reply.send('x')
    for (const session of sessions) (session.get('list') as number[]).push(1)
  })
  const { headers } = await app.inject('/')
  t.strictSame(setCookies(headers).map((line) => line.split('=')[0]), names)
  for (const name of names) t.equal(app.sessionCounters[name]!.saved, 1, name)
  t.strictSame(errorsOf(logs).map(({ session }) => session).sort(), [...names].sort())
  t.strictSame(errorsOf(logs).map(({ keys }) => keys), names.map(() => ['list']))
})

t.test('asking whether a session was accessed does not open it', async (t) => {
  const { app } = await buildApp()
  app.get('/', async (request) => [request.session.accessed, request.session.size, request.session.accessed])
  app.get('/asked', async (request) => request.session.accessed)
  t.strictSame((await app.inject('/')).json(), [false, 0, true])
  t.equal((await app.inject('/asked')).headers.vary, undefined)
})

t.test('jsonify sends one value, several as a list, none as null', async (t) => {
  const { app } = await buildApp()
  app.get('/none', async (_request, reply) => reply.jsonify())
  app.get('/one', async (_request, reply) => reply.jsonify({ a: new Date(0), b: 2n ** 60n }))
  app.get('/many', async (_request, reply) => reply.jsonify(1, [2], null))
  app.get('/bad', async (_request, reply) => reply.jsonify({ a: [NaN] }))
  t.equal((await app.inject('/none')).body, 'null\n')
  const { headers, body } = await app.inject('/one')
  t.equal(body, '{"a":"1970-01-01T00:00:00.000Z","b":1152921504606846976}\n')
  t.match(headers, { 'content-type': /^application\/json/, 'content-length': `${body.length}` })
  t.equal((await app.inject('/many')).body, '[1,[2],null]\n')
  t.match((await app.inject('/bad')).json(), { statusCode: 500, message: 'value.a[0] is NaN, which JSON cannot say' })
})

t.test('in debug jsonify indents', async (t) => {
  for (const [options, body] of [[{ debug: true }, '{\n  "a": 1\n}\n'], [{ debug: false }, '{"a":1}\n']] as const) {
    const { app } = await buildApp(options)
    app.get('/', async (_request, reply) => reply.jsonify({ a: 1 }))
    t.equal((await app.inject('/')).body, body)
  }
})

class Shouting extends DefaultJSONProvider {
  override dumps (value: unknown): string { return super.dumps(value).toUpperCase() }
}

t.test('the JSON provider is replaced by option or by assignment, in each scope', async (t) => {
  const answer = async (app: FastifyInstance): Promise<string> => {
    app.get('/', async (_request, reply) => reply.jsonify('a'))
    return (await app.inject('/')).body
  }
  t.equal(await answer((await buildApp({ json: Shouting })).app), '"A"\n')
  t.equal(await answer((await buildApp({ json: new Shouting() })).app), '"A"\n')
  const assigned = (await buildApp()).app
  assigned.json = new Shouting()
  t.equal(await answer(assigned), '"A"\n')
  const before = Fastify()
  before.json = new Shouting()
  before.register(sessionPlugin, { secret: SECRET })
  t.equal(await answer(before), '"A"\n')
  const scoped = (await buildApp()).app
  await scoped.register(async (scope) => {
    scope.json = new Shouting()
    scope.get('/scope', async (_request, reply) => reply.jsonify('a'))
  })
  t.equal(await answer(scoped), '"a"\n')
  t.equal((await scoped.inject('/scope')).body, '"A"\n')
  t.ok(scoped.json instanceof JSONProvider)
  const wrong = (await buildApp()).app
  wrong.json = Shouting as never
  t.match(await answer(wrong), /fastify\.json must be an instance of a JSONProvider/)
})

t.test('tags can be registered on the application\'s serializer', async (t) => {
  const { app } = await buildApp()
  t.equal(app.sessionInterface.serializer!.tags!.has(' d'), true)
})

class StoreSessionInterface extends SessionInterface {
  override readonly async = true
  readonly store = new Map<string, string>()
  fail = false

  async openSession (cookies: readonly string[], refused: (error: BadData) => void): Promise<Session> {
    if (this.fail) throw new Error('store down')
    if (cookies[0] === 'unknown') refused(new BadSignature('unknown'))
    const stored = this.store.get(cookies[0] ?? '')
    return stored === undefined
      ? new Session({}, { hasCookie: cookies.length > 0 })
      : new Session(JSON.parse(stored), { isNew: false, id: cookies[0], hasCookie: true })
  }

  async saveSession (session: Session): Promise<SaveDecision> {
    const vary = session.accessed
    if (!session.modified) return { action: 'keep', vary }
    const openedId = this.openedId(session)
    if (session.size === 0 || session.id !== openedId) this.store.delete(`${openedId}`)
    if (session.size === 0) return { action: 'delete', vary }
    if (session.get('refuse')) throw new Error('store full')
    this.store.set(session.id, JSON.stringify(session))
    return { action: 'set', value: session.id, maxAge: undefined, vary }
  }
}

t.test('a store on the server is one asynchronous session interface', async (t) => {
  const sessionInterface = new StoreSessionInterface()
  const { app, logs } = await buildApp({ sessionInterface })
  app.get('/set', async (request) => { request.session.set('a', [1]); return 'x' })
  app.get('/push', async (request) => { (request.session.get('a') as number[]).push(2); return 'x' })
  app.get('/get', async (request) => request.session.data())
  app.get('/refuse', async (request) => { request.session.set('refuse', true); return 'x' })
  app.get('/hijack', (request, reply) => { request.session.set('late', 1); reply.hijack(); reply.raw.end() })
  const cookie = cookieFrom((await app.inject('/set')).headers)!
  t.match(cookie, /^session=[\w-]{22}$/)
  await app.inject({ url: '/push', headers: { cookie } })
  t.strictSame((await app.inject({ url: '/get', headers: { cookie } })).json(), { a: [1, 2] })
  t.strictSame(errorsOf(logs), [])
  t.equal((await app.inject({ url: '/refuse', headers: { cookie } })).statusCode, 500)
  logs.length = 0
  await app.inject({ url: '/hijack', headers: { cookie } })
  t.match(
    errorsOf(logs),
    [{ msg: /while it was saved or later, so that the change may be lost/ }],
    'it cannot be saved once onSend is over'
  )
  t.throws(() => app.encodeSession({ a: 1 }), /use sessionInterface\.encode or \.decode/)
  sessionInterface.fail = true
  t.match((await app.inject({ url: '/get', headers: { cookie } })).json(), { statusCode: 500, message: 'store down' })
})

t.test('a store is told the id that a session was opened with, ' +
  'so that a copy of the cookie opens nothing more', async (t) => {
  const sessionInterface = new StoreSessionInterface()
  const { app } = await buildApp({ sessionInterface })
  app.get('/set', async (request) => { request.session.set('a', 1); return 'x' })
  app.get('/get', async (request) => request.session.data())
  app.get('/regenerate', async (request) => { request.session.regenerate(['a']); return 'x' })
  app.get('/delete', async (request) => { request.session.delete(); return 'x' })
  app.get('/null', async (request) => { request.session = null; return 'x' })
  const send = (url: string, cookie: string) => app.inject({ url, headers: { cookie } })
  const first = cookieFrom((await app.inject('/set')).headers)!
  const second = cookieFrom((await send('/regenerate', first)).headers)!
  t.not(second, first)
  t.strictSame((await send('/get', first)).json(), {})
  t.strictSame((await send('/get', second)).json(), { a: 1 })
  await send('/delete', second)
  t.strictSame((await send('/get', second)).json(), {})
  await send('/null', cookieFrom((await app.inject('/set')).headers)!)
  t.equal(sessionInterface.store.size, 0)
})

t.test('an asynchronous session is open from onRequest on, and a refused cookie is reported', async (t) => {
  const seen: string[] = []
  const { app } = await buildApp({
    sessionInterface: new StoreSessionInterface(),
    onInvalid: (error) => {
      seen.push(error.code)
    }
  })
  app.get('/', async (request) => request.session.size)
  t.equal((await app.inject({ url: '/', headers: { cookie: 'session=unknown' } })).body, '0')
  t.strictSame(seen, ['FSS_ERR_BAD_SIGNATURE'])
  const early = Fastify()
  early.addHook('onRequest', async (request) => { request.session.set('a', 1) })
  await early.register(sessionPlugin, { secret: SECRET, sessionInterface: new StoreSessionInterface() })
  early.get('/', async () => 'x')
  t.match((await early.inject('/')).json(), { message: /^The session is not open: its interface is asynchronous/ })
})

/** Makes the id, and notes the time, only after it has waited. */
class SlowSessions extends StoreSessionInterface {
  readonly given: boolean[] = []
  readonly #opened = new WeakSet<Session>()

  override async openSession (cookies: readonly string[], refused: (error: BadData) => void): Promise<Session> {
    const session = await super.openSession(cookies, refused)
    this.#opened.add(session)
    return session
  }

  override async saveSession (session: Session): Promise<SaveDecision> {
    this.given.push(this.#opened.has(session))
    await new Promise(setImmediate)
    if (session.modified) session.set('savedBy', 'the store')
    return await super.saveSession(session)
  }
}

t.test('what an interface changes while it saves is no change of the application, ' +
  'and it saves what it opened', async (t) => {
  const sessionInterface = new SlowSessions()
  const { app, logs } = await buildApp({ sessionInterface })
  app.get('/set', async ({ session }) => { session.set('list', [1]); return 'x' })
  app.get('/push', async ({ session }) => { (session.get('list') as number[]).push(2); return 'x' })
  app.get('/get', async ({ session }) => session.data())
  app.get('/late', async ({ session }, reply) => {
    session.set('a', 1)
    setImmediate(() => { session.set('b', 2) }) // while the interface waits
    return reply.send('x')
  })
  const cookie = cookieFrom((await app.inject('/set')).headers)!
  await app.inject({ url: '/push', headers: { cookie } })
  t.strictSame((await app.inject({ url: '/get', headers: { cookie } })).json(), { list: [1, 2], savedBy: 'the store' })
  t.strictSame(errorsOf(logs), [])
  t.strictSame(sessionInterface.given, [true, true, true])
  await app.inject({ url: '/late', headers: { cookie } })
  t.match(
    errorsOf(logs),
    [{ msg: /while it was saved or later, so that the change may be lost/ }],
    'what the application changes meanwhile is told'
  )
})

t.test('a session interface need not know the bytes of each key, nor what was changed too late', async (t) => {
  const { app, logs } = await buildApp({ sessionInterface: new StoreSessionInterface(), maxCookieSize: 30 })
  app.get('/', async (request) => { request.session.set('a', [1]); return 'x' })
  t.match((await app.inject('/')).json(), { code: 'FSS_ERR_COOKIE_TOO_LARGE', message: /\(docs\/stores\.md\)\.$/ })
  const { app: roomy, logs: none } = await buildApp({ sessionInterface: new StoreSessionInterface() })
  roomy.get('/', async (request) => { request.session.set('a', [1]); return 'x' })
  roomy.get('/stream', (request, reply) => {
    ;(request.session.get('a') as number[]).push(2)
    reply.send(Readable.from(['x']))
  })
  const cookie = cookieFrom((await roomy.inject('/')).headers)!
  await roomy.inject({ url: '/stream', headers: { cookie } })
  t.strictSame(errorsOf(none), [])
  t.equal(errorsOf(logs).length, 1)
})

t.test('a session interface is an instance, or a class made with the settings', async (t) => {
  let given: SessionSettings | undefined
  class Own extends SecureCookieSessionInterface {
    constructor (settings: SessionSettings) {
      super(settings)
      given = settings
    }
  }
  const { app } = await buildApp({ sessionInterface: Own, lifetime: 5 })
  t.ok(app.sessionInterface instanceof Own)
  t.equal(given!.lifetime, 5)
})

t.test('an interface that answers otherwise than it declares is told so, and takes nothing down', async (t) => {
  const answers: Array<[part: object, message: RegExp]> = [
    [
      {
        openSession: async () => {
          throw new Error('store down')
        }
      },
      /returned a promise: it has to declare async = true/
    ],
    ...[{}, undefined, null, 'session', { data: () => ({}) }].map((opened): [object, RegExp] => [
      { openSession: () => opened },
      /opened no session: openSession must return one, as new Session\(data\) makes it/
    ]),
    [
      { saveSession: async () => ({ action: 'keep', vary: false }) },
      /returned a promise: it has to declare async = true/
    ],
    [{ saveSession: () => ({ action: 'forget', vary: false }) }, /gave no decision to keep, set or delete/],
    [{ saveSession: () => undefined }, /gave no decision to keep, set or delete/],
    [{ saveSession: () => ({ action: 'set', value: undefined, vary: false }) }, /characters that a cookie cannot hold/],
    ...[NaN, -1, 1.5, 1e20, Infinity, '2030', new Date(0), null].map((maxAge): [object, RegExp] => [
      { saveSession: () => ({ action: 'set', value: 'x', maxAge, vary: false }) },
      /gave a maxAge that is no whole number of seconds/
    ])
  ]
  for (const [part, message] of answers) {
    const { app } = await buildApp({
      sessionInterface: {
        async: false,
        serializer: undefined,
        openSession: () => new Session(),
        saveSession: () => ({ action: 'keep', vary: false }),
        weigh: () => [],
        unsavedKeys: () => [],
        ...part
      } as never
    })
    app.get('/', async (request) => request.session.size)
    const { headers, body } = await app.inject('/')
    t.match(JSON.parse(body), { statusCode: 500, message })
    t.strictSame(setCookies(headers), [])
    t.throws(
      'openSession' in part ? () => app.decodeSession('value') : () => app.encodeSession({ a: 1 }),
      { message },
      'nor outside a request'
    )
  }
})

t.test('of a decision is written what was checked, whoever made it and however it answers', async (t) => {
  const turning = (): SaveDecision => {
    let reads = 0
    return {
      action: 'set',
      vary: true,
      maxAge: undefined,
      get value () {
        return reads++ === 0 ? 'x' : 'a; Domain=evil.example'
      }
    }
  }
  class Own extends SecureCookieSessionInterface {
    override saveSession (): SaveDecision { return turning() }
  }
  class Slow extends StoreSessionInterface {
    override async saveSession (): Promise<SaveDecision> { return turning() }
  }
  for (const sessionInterface of [Own, new Slow()]) {
    const { app } = await buildApp({ sessionInterface })
    app.get('/', async (request) => { request.session.set('a', 1); return 'x' })
    t.strictSame(setCookies((await app.inject('/')).headers), ['session=x; Path=/; HttpOnly; SameSite=Lax'])
    const client = testClient(app)
    await client.sessionTransaction((session) => { session.set('a', 1) })
    t.equal(client.cookies.header(), 'session=x')
  }
})

t.test('an asynchronous interface that opens no session is told so', async (t) => {
  class Wrong extends StoreSessionInterface {
    override async openSession (): Promise<Session> { return {} as Session }
  }
  const { app } = await buildApp({ sessionInterface: new Wrong() })
  app.get('/', async () => 'x')
  t.match((await app.inject('/')).json(), { statusCode: 500, message: /opened no session/ })
})

t.test('a decision that only says what it must is complete', async (t) => {
  const sessionInterface = {
    async: false,
    openSession: () => new Session(),
    saveSession: () => ({ action: 'set', value: 'x' }),
    weigh: () => [],
    unsavedKeys: () => []
  }
  const { app } = await buildApp({ sessionInterface: sessionInterface as never })
  app.get('/', async (request) => request.session.size)
  const { headers } = await app.inject('/')
  t.strictSame([setCookies(headers), headers.vary], [['session=x; Path=/; HttpOnly; SameSite=Lax'], undefined])
})

t.test('an asynchronous session that nobody used changes neither headers nor log', async (t) => {
  const { app, logs } = await buildApp({ sessionInterface: new StoreSessionInterface() })
  app.get('/', async () => 'x')
  app.get('/hijack', (_request, reply) => { reply.hijack(); reply.raw.end() })
  for (const url of ['/', '/hijack']) t.equal((await app.inject(url)).headers.vary, undefined)
  t.strictSame(errorsOf(logs), [])
})

t.test('another copy of @fastify/cookie does no harm', async (t) => {
  const app = Fastify()
  app.decorate('serializeCookie', () => 'of another copy')
  await app.register(sessionPlugin, { secret: SECRET })
  app.get('/', async (request) => { request.session.set('a', 1); return 'x' })
  t.match(setCookies((await app.inject('/')).headers), [/^session=/])
})

t.test('attributes that the serializer refuses fail at the start', async (t) => {
  for (const cookie of [{ domain: '-a.com' }, { domain: 'a_b.com' }]) {
    t.match(
      await registrationError({ secret: SECRET, cookie }),
      /^TypeError: The option cookie is refused by the serializer/
    )
  }
})

t.test('sessions of different scopes that share a key or a cookie are refused', async (t) => {
  const nested = async (outer: object, inner: object): Promise<string> => {
    const app = Fastify()
    await app.register(sessionPlugin, { secret: SECRET, ...outer })
    return await app
      .register(async (scope) => {
        await scope.register(sessionPlugin, { secret: SECRET, sessionName: 'admin', ...inner })
      })
      .then(() => '', (error: Error) => error.message)
  }
  t.equal(await nested({}, {}), '')
  t.match(await nested({ format: 'flask' }, { format: 'flask' }), /^Two sessions share a signing key/)
  t.match(await nested({}, { cookieName: 'session' }), /^Two sessions share the cookie "session" and differ in/)
})

/** Registers sessions in scopes beside each other, and returns why one was refused. */
async function besideEachOther (...sessions: object[]): Promise<string> {
  const app = Fastify()
  for (const options of sessions) {
    app.register(async (scope) => { await scope.register(sessionPlugin, options as never) })
  }
  return await app.ready().then(() => '', (error: Error) => error.message)
}

t.test('sessions of one cookie name have equal settings on one server, whichever is registered first', async (t) => {
  const base = { secret: SECRET, fallbacks: [OTHER_SECRET] }
  class Own extends SecureCookieSessionInterface {}
  const [store, otherStore] = [new StoreSessionInterface(), new StoreSessionInterface()]
  const serializer = { dumps: JSON.stringify, loads: JSON.parse }
  const differing: Array<[name: string, options: object, other?: object]> = [
    ['secret or fallbacks', { secret: OTHER_SECRET }],
    ['secret or fallbacks', { fallbacks: [] }],
    ['secret or fallbacks, salt', { salt: 'other' }],
    ['digest', { digest: 'sha512' }],
    ['sessionName', { sessionName: 'other', cookieName: 'session' }],
    ['secret or fallbacks, format, salt, digest, keyDerivation, compress, refreshAfter', { format: 'flask' }],
    ['compress', { compress: true }],
    ['encrypt', { encrypt: true }],
    ['cookie', { cookie: { path: '/app' } }],
    ['cookie', { cookie: { domain: 'a.example' } }],
    ['cookie', { cookie: { sameSite: 'strict' } }],
    ['lifetime, permanentLifetime', { lifetime: 60 }],
    ['permanentLifetime', { permanentLifetime: 90 * 24 * 60 * 60 }],
    ['permanent', { permanent: true }],
    ['refreshAfter', { refreshAfter: false }],
    ['absoluteLifetime', { absoluteLifetime: 60 }],
    ['maxCookieSize', { maxCookieSize: 2048 }],
    ['cacheControl', { cacheControl: false }],
    ['tags', { tags: [TagPair] }],
    ['serializer', { serializer }],
    ['serializer', { serializer }, { serializer: { ...serializer } }],
    ['sessionInterface', { sessionInterface: Own }],
    ['sessionInterface', { sessionInterface: store }, { sessionInterface: otherStore }]
  ]
  for (const [name, options, other = {}] of differing) {
    const message = `Two sessions share the cookie "session" and differ in ${name}, so that one would overwrite ` +
      'the other; give each a cookieName of its own, or both the same options'
    t.equal(await besideEachOther({ ...base, ...options }, { ...base, ...other }), message)
    t.equal(await besideEachOther({ ...base, ...other }, { ...base, ...options }), message)
  }
})

t.test('scopes beside each other may have one session, with equal settings however they are said', async (t) => {
  const sessionInterface = new StoreSessionInterface()
  const equal: Array<[one: object, other: object]> = [
    [{}, { lifetime: 31 * DAY, cookieName: 'session', cookie: { path: '/', secure: 'auto' } }],
    [{ secret: SECRET }, { secret: Buffer.from(SECRET) }],
    [{ fallbacks: [OTHER_SECRET], tags: [TagPair] }, { fallbacks: [Buffer.from(OTHER_SECRET)], tags: [TagPair] }],
    [{ format: 'flask' }, { format: 'flask', keyDerivation: 'hmac' }],
    [{ onInvalid () {} }, { onInvalid () {} }],
    [{ sessionInterface }, { sessionInterface }],
    [{ json: false }, { debug: true }]
  ]
  for (const [one, other] of equal) {
    t.equal(await besideEachOther({ secret: SECRET, ...one }, { secret: SECRET, ...other }), '')
    t.equal(await besideEachOther({ secret: SECRET, ...other }, { secret: SECRET, ...one }), '')
  }
})

t.test('sessions of one name that differ in their cookies do not share a key, a fallback neither', async (t) => {
  const [user, admin] = [{ secret: SECRET, cookieName: 'user' }, { secret: SECRET, cookieName: 'admin' }]
  const flask = { format: 'flask' } as const
  const rolled = { ...flask, cookieName: 'admin', secret: OTHER_SECRET, fallbacks: [SECRET] }
  const one = { ...user, ...flask }
  for (const other of [{ ...admin, ...flask }, rolled]) {
    for (const sessions of [[one, other], [other, one]]) {
      t.match(await besideEachOther(...sessions), /^Two sessions share a signing key/)
    }
  }
  t.equal(await besideEachOther({ ...user, ...flask }, { ...admin, ...flask, salt: 'admin' }), '')
  t.equal(await besideEachOther(user, admin), '', 'by default the name of the cookie is part of the key')
})

t.test('a scope around others meets their cookies, whichever is registered first', async (t) => {
  const outer = { secret: SECRET }
  const inner = { secret: SECRET, sessionName: 'inner', cookieName: 'session' }
  for (const isOuterFirst of [true, false]) {
    const app = Fastify()
    if (isOuterFirst) app.register(sessionPlugin, outer)
    app.register(async (scope) => { await scope.register(sessionPlugin, inner) })
    if (!isOuterFirst) app.register(sessionPlugin, outer)
    await t.rejects(async () => { await app.ready() }, /^Two sessions share the cookie "session" and differ in /)
  }
})

t.test('with json: false everything of JSON is left to the application', async (t) => {
  const app = Fastify()
  const own = { parse: JSON.parse }
  app.decorate('json', own as never)
  app.decorateRequest('isJson', true as never)
  app.decorateRequest('getJson', () => 'own' as never)
  app.decorateReply('jsonify', function (this: FastifyReply) { return this.send('own') } as never)
  await app.register(sessionPlugin, { secret: SECRET, json: false })
  app.setErrorHandler(jsonErrorHandler)
  app.get('/', async (request, reply) => {
    request.session.set('a', 1)
    t.strictSame([app.json, request.isJson, request.getJson()], [own, true, 'own'])
    return reply.jsonify()
  })
  app.get('/error', async () => { throw Object.assign(new Error('no'), { statusCode: 400 }) })
  const { body, headers } = await app.inject('/')
  t.equal(body, 'own')
  t.equal(setCookies(headers).length, 1)
  t.strictSame((await app.inject('/error')).json(), { statusCode: 400, error: 'Bad Request', message: 'no' })
  const bare = Fastify()
  await bare.register(sessionPlugin, { secret: SECRET, json: false })
  t.notOk(bare.hasDecorator('json') || bare.hasRequestDecorator('getJson') || bare.hasReplyDecorator('jsonify'))
  await bare.register(async (scope) => {
    await scope.register(sessionPlugin, { secret: SECRET, sessionName: 'inner' })
    scope.get('/inner', async (_request, reply) => reply.jsonify(1))
  })
  t.equal((await bare.inject('/inner')).body, '1\n', 'in that scope alone')
  const parsing = Fastify()
  await parsing.register(sessionPlugin, { secret: SECRET, json: false })
  const message = 'jsonBodies needs the JSON that the option json: false leaves out'
  await t.rejects(async () => { await parsing.register(jsonBodies) }, { name: 'TypeError', message })
})

t.test('decorators of others in place of those of JSON are an error that names json: false', async (t) => {
  const others: Array<[what: string, decorate: (app: FastifyInstance) => void]> = [
    ['fastify.json is there already and is no JSONProvider', (app) => app.decorate('json', JSON as never)],
    ['fastify.json is there already and is no JSONProvider', (app) => { app.json = Shouting as never }],
    ['request.isJson is there already', (app) => app.decorateRequest('isJson', false as never)],
    ['request.getJson is there already', (app) => app.decorateRequest('getJson', { getter: () => () => 1 } as never)],
    ['reply.jsonify is there already', (app) => app.decorateReply('jsonify', { getter () { return () => this } })]
  ]
  for (const [what, decorate] of others) {
    const message = `${what}: with the option json: false fastify-signed-session leaves JSON to the application`
    const app = Fastify()
    decorate(app)
    app.register(sessionPlugin, { secret: SECRET })
    await t.rejects(async () => { await app.ready() }, { name: 'TypeError', message })
    const around = Fastify()
    decorate(around)
    around.register(async (scope) => { await scope.register(sessionPlugin, { secret: SECRET }) })
    await t.rejects(async () => { await around.ready() }, { name: 'TypeError', message }, 'in a scope inside too')
  }
})

t.test('a session interface cannot bring attributes into the cookie by its value', async (t) => {
  class Injecting extends SecureCookieSessionInterface {
    override saveSession (): SaveDecision {
      return { action: 'set', value: 'id; Domain=evil.example', maxAge: undefined, vary: true }
    }
  }
  const { app } = await buildApp({ sessionInterface: Injecting })
  app.get('/', async (request) => request.session.size)
  const { headers, body } = await app.inject('/')
  t.strictSame(setCookies(headers), [])
  t.match(JSON.parse(body), { statusCode: 500, message: /characters that a cookie cannot hold/ })
})

t.test('a session interface may change what the one of the package decided, and is held to the same', async (t) => {
  const decisions: Array<[change: object, expected: RegExp]> = [
    [{ maxAge: 60 }, /^session=[\w.-]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=60$/],
    [{ maxAge: NaN }, /a maxAge that is no whole number of seconds/],
    [{ value: 'id; Domain=evil.example' }, /characters that a cookie cannot hold/]
  ]
  for (const [change, expected] of decisions) {
    for (const changed of [(decision: object) => Object.assign(decision, change), copied]) {
      class Changing extends SecureCookieSessionInterface {
        override saveSession (session: Session): SaveDecision {
          return changed(super.saveSession(session)) as SaveDecision
        }
      }
      const { app } = await buildApp({ sessionInterface: Changing })
      app.get('/', async ({ session }) => { session.set('a', 1) })
      const { headers, body } = await app.inject('/')
      t.match(setCookies(headers)[0] ?? JSON.parse(body).message, expected)
    }
    function copied (decision: object): object { return { ...decision, ...change } }
  }
})

t.test('whatever a session interface throws reaches the error handler', async (t) => {
  class Throwing extends SecureCookieSessionInterface {
    // eslint-disable-next-line no-throw-literal -- what others throw need not be an error
    override saveSession (): SaveDecision { throw 'text' }
  }
  const { app } = await buildApp({ sessionInterface: Throwing })
  app.get('/', async (request) => request.session.size)
  t.match((await app.inject('/')).json(), { message: 'The session interface threw something that is no error' })
})

t.test('of several sessions, those that a hook ahead of the plugin used are saved by a reply that ' +
  'bypasses Fastify too', async (t) => {
  const app = Fastify()
  app.addHook('onRequest', async (request) => {
    request.session.set('a', 1)
    ;(request as unknown as { admin: Session }).admin.set('b', 2)
  })
  await app.register(sessionPlugin, [{ secret: SECRET }, { secret: SECRET, sessionName: 'admin' }])
  app.get('/', (_request, reply) => {
    reply.hijack()
    reply.raw.end('x')
  })
  t.match(setCookies((await app.inject('/')).headers).sort(), [/^admin=/, /^session=/])
})
