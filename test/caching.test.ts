import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import type { SessionOptions } from '../lib/index.ts'
import { forbidSharing, isShareable } from '../lib/cookies/caching.ts'
import type { Headers as HeaderSource } from '../lib/cookies/headers.ts'
import { buildApp, OTHER_SECRET, setCookies } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { freePort } from './support/free-port.ts'
import { nginx, startNginx } from './support/nginx.mjs'
import { skipFor } from './support/requirements.ts'

type Headers = Record<string, string | string[]>

function sourceOf (headers: Headers): HeaderSource {
  return {
    getHeader: (name) => headers[name],
    namesLike: (pattern) => Object.keys(headers).filter((name) => pattern.test(name)),
    header: (name, value) => { headers[name] = value },
    removeHeader: (name) => { delete headers[name] }
  }
}

const PRIVATE = 'private, no-cache'
const DEFAULT = 'private, no-cache="Set-Cookie"'
const FUTURE = 'Thu, 01 Jan 2099 00:00:00 GMT'
const PAST = 'Thu, 01 Jan 1970 00:00:00 GMT'

/** What shared caches may keep, and what becomes of it where it sets the cookie. */
const shareable: Array<[before: Headers, after: Headers]> = [
  [{ 'cache-control': 'public' }, { 'cache-control': PRIVATE }],
  [{ 'cache-control': 'public, max-age=31536000, immutable' }, { 'cache-control': PRIVATE }],
  [{ 'cache-control': 'max-age=0' }, { 'cache-control': PRIVATE }],
  [{ 'cache-control': 'no-cache,S-MAXAGE=1' }, { 'cache-control': PRIVATE }],
  [{ 'cache-control': ['must-revalidate', 'Public'] }, { 'cache-control': PRIVATE }],
  [{ 'cache-control': 'max-age=60, no-cache="Set-Cookie, private"' }, { 'cache-control': PRIVATE }],
  [{ 'cache-control': 'max-age=60, private="Set-Cookie"' }, { 'cache-control': PRIVATE }],
  [{ 'cdn-cache-control': 'max-age=60' }, { 'cdn-cache-control': 'private', 'cache-control': PRIVATE }],
  [
    { 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=60' },
    { 'cache-control': 'no-store', 'cdn-cache-control': 'private' }
  ],
  [
    { 'cache-control': 'private', 'surrogate-control': 'max-age=60;a, content="ESI/1.0"' },
    { 'cache-control': 'private', 'surrogate-control': 'no-store' }
  ],
  [
    { 'cache-control': 'no-cache', 'Cloudflare-CDN-Cache-Control': 'public' },
    { 'cache-control': PRIVATE, 'Cloudflare-CDN-Cache-Control': 'private' }
  ],
  [
    { 'vercel-cdn-cache-control': 'max-age=1', 'cdn-cache-control': 'no-store' },
    { 'vercel-cdn-cache-control': 'private', 'cdn-cache-control': 'no-store', 'cache-control': PRIVATE }
  ],
  [
    { 'cache-control': 'public', 'netlify-cdn-cache-control': 'public, s-maxage=1, durable' },
    { 'cache-control': PRIVATE, 'netlify-cdn-cache-control': 'private' }
  ],
  [{ 'akamai-cache-control': 'max-age=9' }, { 'akamai-cache-control': 'private', 'cache-control': PRIVATE }],
  ...['max-age=60', 'no-cache, cache-maxage=7d', '!no-store', 'a,!no-store'].map((value): [Headers, Headers] => [
    { 'cache-control': 'no-store', 'Edge-Control': value }, { 'cache-control': 'no-store', 'Edge-Control': 'no-store' }
  ]),
  ...['1', '060', '@4000000000'].map((value): [Headers, Headers] => [
    { 'cache-control': 'private', 'X-Accel-Expires': value }, { 'cache-control': 'private', 'X-Accel-Expires': '0' }
  ]),
  ...[undefined, 'must-revalidate', 'no-cache', 'public', 'max-age=60', ''].map((value): [Headers, Headers] => [
    { ...(value !== undefined && { 'cache-control': value }), expires: FUTURE },
    { expires: '0', 'cache-control': PRIVATE }
  ])
]

/** What they may not keep, or are not told to. */
const others: Array<[before: Headers, after: Headers]> = [
  [{}, { 'cache-control': DEFAULT }],
  [{ 'cdn-cache-control': 'no-store' }, { 'cdn-cache-control': 'no-store', 'cache-control': DEFAULT }],
  [{ 'x-cache-control': 'public' }, { 'x-cache-control': 'public', 'cache-control': DEFAULT }],
  ...[
    'no-store', 'private', 'Private, max-age=60', 'public, No-Store', 'no-cache', 'must-revalidate, No-Cache', DEFAULT
  ].map((value): [Headers, Headers] => [{ 'cache-control': value }, { 'cache-control': value }]),
  ...['no-transform', 'x-public, y-max-age=1', 'no-cache="Set-Cookie"', ''].map((value): [Headers, Headers] => [
    { 'cache-control': value, 'last-modified': PAST },
    { 'cache-control': `${value}, private`, 'last-modified': PAST }
  ]),
  [{ 'cache-control': ['immutable', 'must-revalidate'] }, { 'cache-control': 'immutable, must-revalidate, private' }],
  ...['private', 'no-store'].map((value): [Headers, Headers] => [
    { 'cache-control': value, expires: FUTURE }, { 'cache-control': value, expires: FUTURE }
  ]),
  ...[PAST, '0', '-1', '3600', '', 'tomorrow'].map((expires): [Headers, Headers] => [
    { expires }, { expires, 'cache-control': DEFAULT }
  ]),
  ...['must-revalidate', 'stale-if-error=60'].map((value): [Headers, Headers] => [
    { 'cache-control': 'private', 'cdn-cache-control': value },
    { 'cache-control': 'private', 'cdn-cache-control': 'private' }
  ]),
  ...Object.entries({
    'cdn-cache-control': ['', 'no-cache', 'private'],
    'surrogate-control': ['content="ESI/1.0"', 'no-store'],
    'edge-control': ['dca=esi', 'no-store', 'bypass-cache', 'no-store, max-age=1'],
    'x-accel-expires': ['0', '', 'off', '-1']
  }).flatMap(([name, values]) => values.map((value): [Headers, Headers] => [
    { [name]: value, 'cache-control': 'private' }, { [name]: value, 'cache-control': 'private' }
  ]))
]

t.test('a response that shared caches may keep is known, and kept from them with all its fields', async (t) => {
  for (const [before, after] of shareable) {
    const headers = { ...before }
    t.ok(isShareable(sourceOf(headers)), JSON.stringify(before))
    t.ok(forbidSharing(sourceOf(headers)))
    t.strictSame(headers, after)
    t.notOk(isShareable(sourceOf(headers)))
    t.notOk(forbidSharing(sourceOf(headers)), 'once')
    t.strictSame(headers, after)
  }
})

t.test('any other response keeps its fields, but for what would let shared caches keep the cookie', async (t) => {
  for (const [before, after] of others) {
    const headers = { ...before }
    t.notOk(isShareable(sourceOf(headers)), JSON.stringify(before))
    t.notOk(forbidSharing(sourceOf(headers)))
    t.strictSame(headers, after)
  }
})

type Act = (request: FastifyRequest) => void
const acts: Record<string, { act: Act, isRenewal?: true, options?: Partial<SessionOptions>, old?: true }> = {
  renewal: { act: ({ session }) => { session.get('user') }, isRenewal: true, options: { refreshAfter: 0 } },
  rotation: { act: ({ session }) => { session.get('user') }, isRenewal: true, old: true },
  touch: { act: ({ session }) => { session.touch() } },
  'the same value again': { act: ({ session }) => { session.set('user', 'Ada') } },
  'modified by hand': { act: ({ session }) => { session.modified = true } },
  change: { act: ({ session }) => { session.set('n', 1) } },
  'change inside an object': { act: ({ session }) => { (session.get('list') as number[]).push(1) } },
  delete: { act: ({ session }) => { session.delete() } }
}

const PUBLIC = 'public, max-age=31536000, immutable'
const isPublic: Say = (reply) => { reply.header('cache-control', PUBLIC) }
const stream: Say = (reply) => { reply.send(Readable.from(['x'])) }

type Say = (reply: FastifyReply) => void
/** When and how the application says that its response is public: in its handler, in a late hook, or as it answers. */
const ways: Record<string, { before?: Say, late?: Say, answer?: Say }> = {
  'in the handler': { before: isPublic },
  'in a late hook': { late: (reply) => { reply.header('Cache-Control', PUBLIC) } },
  'for a stream': { before: isPublic, answer: stream },
  'for a stream, in a late hook': { late: isPublic, answer: stream },
  'in a Response': { answer: (reply) => { reply.send(new Response('x', { headers: { 'cache-control': PUBLIC } })) } },
  'for one cache': {
    before: (reply) => { reply.headers({ 'cache-control': 'private', 'CDN-Cache-Control': 'max-age=60' }) }
  },
  'for one cache, and says nothing else': {
    before: (reply) => { reply.header('Vercel-CDN-Cache-Control', 'max-age=60') }
  },
  'for nginx': { before: (reply) => { reply.headers({ 'cache-control': 'private', 'x-accel-expires': '60' }) } },
  'until a time to come': { before: (reply) => { reply.header('expires', FUTURE) } },
  'on the raw response': { before: ({ raw }) => { raw.setHeader('Cache-Control', PUBLIC) } },
  'in writeHead': {
    answer: (reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'Cache-Control': PUBLIC }).end('x')
    }
  },
  'in a list for writeHead': {
    answer: (reply) => {
      reply.hijack()
      reply.raw.writeHead(200, ['Surrogate-Control', 'max-age=60'] as never).end('x')
    }
  }
}

type Way = typeof ways[string]

async function appFor (act: Act, way: Way, options: Partial<SessionOptions>): ReturnType<typeof buildApp> {
  const { app, logs } = await buildApp({ fallbacks: [OTHER_SECRET], refreshAfter: false, ...options } as never)
  app.addHook('onSend', async (_request, reply) => { way.late?.(reply) })
  app.get('/file/:name', (request, reply) => {
    act(request)
    way.before?.(reply)
    if (way.answer === undefined) reply.send('x')
    else way.answer(reply)
  })
  await app.ready()
  return { app, logs }
}

async function cookieFor (options: object): Promise<string> {
  const { app } = await buildApp(options)
  return `session=${app.encodeSession({ user: 'Ada', list: [] })}`
}

for (const [wayName, way] of Object.entries(ways)) {
  t.test(`a response that is public ${wayName} has no cookie signed anew, and is private with any other`, async (t) => {
    for (const [name, { act, isRenewal, options = {}, old }] of Object.entries(acts)) {
      const { app, logs } = await appFor(act, way, options)
      const cookie = await cookieFor(old ? { secret: OTHER_SECRET } : {})
      const { headers } = await app.inject({ url: '/file/a', headers: { cookie } })
      const warned = logs.filter(({ msg }) => /Cache-Control/.test(msg)).map(({ level, route }) => [level, route])
      const { saved, resigned, deleted, skipped } = app.sessionCounters
      t.equal(setCookies(headers).length, isRenewal ? 0 : 1, name)
      t.equal(headers.vary, 'Cookie')
      t.equal(isShareable(sourceOf(headers as Headers)), isRenewal === true)
      if (isRenewal && wayName.endsWith('nothing else')) t.equal(headers['cache-control'], undefined)
      t.strictSame(warned, isRenewal ? [] : [[40, 'GET /file/:name']])
      t.strictSame([saved + resigned + deleted, skipped], isRenewal ? [0, 1] : [1, 0])
    }
  })

  t.test(`with cacheControl: false a response that is public ${wayName} is left as it is`, async (t) => {
    for (const { act, options = {}, old } of Object.values(acts)) {
      const { app, logs } = await appFor(act, way, { ...options, cacheControl: false })
      const { app: without } = await appFor(() => {}, way, {})
      const cookie = await cookieFor(old ? { secret: OTHER_SECRET } : {})
      const { headers } = await app.inject({ url: '/file/a', headers: { cookie } })
      const { headers: expected } = await without.inject('/file/a')
      t.equal(setCookies(headers).length, 1)
      for (const prefix of ['', 'cdn-', 'vercel-cdn-']) {
        t.equal(headers[`${prefix}cache-control`], expected[`${prefix}cache-control`])
      }
      t.strictSame(logs.filter(({ level }) => level >= 40), [])
    }
  })
}

t.test('the warning comes once a minute and counts the others', async (t) => {
  const tick = stopClock(t)
  const { app, logs } = await appFor(acts.change!.act, ways['in the handler']!, {})
  for (const seconds of [0, 0, 59, 1]) {
    tick(seconds)
    await app.inject('/file/a')
  }
  t.strictSame(logs.filter(({ level }) => level === 40).map(({ suppressed }) => suppressed), [0, 2])
})

t.test('a renewal that a late hook makes room for goes out', async (t) => {
  const late: Say = (reply) => { reply.header('cache-control', 'no-store') }
  const { app } = await appFor(acts.renewal!.act, { before: isPublic, late }, { refreshAfter: 0 })
  const { headers } = await app.inject({ url: '/file/a', headers: { cookie: await cookieFor({}) } })
  t.equal(setCookies(headers).length, 1)
  t.equal(headers['cache-control'], 'no-store')
  t.strictSame([app.sessionCounters.resigned, app.sessionCounters.skipped], [1, 0])
})

t.test('the error of a session that cannot be saved is kept from shared caches, ' +
  'whatever the reply had said', async (t) => {
  for (const cacheControl of [true, false]) {
    const { app } = await buildApp({ cacheControl })
    app.get('/', async ({ session }, reply) => {
      session.set('wrong', [() => 1])
      return reply.header('cache-control', 'public, max-age=60').header('cdn-cache-control', 'max-age=60').send('x')
    })
    app.get('/own', async ({ session }, reply) => {
      session.set('wrong', [() => 1])
      return reply.header('cache-control', 'no-transform').send('x')
    })
    const { statusCode, headers } = await app.inject('/')
    t.equal(statusCode, 500)
    t.match(headers, cacheControl
      ? { 'cache-control': PRIVATE, 'cdn-cache-control': 'private' }
      : { 'cache-control': 'public, max-age=60', 'cdn-cache-control': 'max-age=60' })
    t.equal((await app.inject('/own')).headers['cache-control'], 'no-transform')
  }
})

/** What has an nginx keep a response, where it was told to ignore Set-Cookie, and to keep whatever is in /any. */
const keptByNginx: Array<[path: string, headers: Headers]> = [
  ['/', { 'cache-control': 'public, max-age=60' }],
  ['/', { 'x-accel-expires': '60' }],
  ['/', { 'x-accel-expires': '@4000000000', 'cache-control': 'no-store' }],
  ['/', { 'x-accel-expires': '60', 'cache-control': 'private' }],
  ['/', { expires: FUTURE }],
  ['/', { expires: FUTURE, 'cache-control': 'must-revalidate' }],
  ['/any/', {}],
  ['/any/', { 'cache-control': 'must-revalidate', 'last-modified': PAST }],
  ['/any/', { 'cache-control': 'no-transform' }],
  ['/any/', { 'cdn-cache-control': 'max-age=60' }]
]

/** The cookies that two browsers get one after the other, through an nginx. */
async function throughNginx (t: Test, cacheControl: boolean): Promise<Array<[string, string]>> {
  const { app } = await buildApp({ cacheControl })
  let requests = 0
  keptByNginx.forEach(([path, headers], index) => app.get(`${path}${index}`, async ({ session }, reply) => {
    session.set('request', ++requests)
    return reply.headers(headers).send('x')
  }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => app.close())
  const port = await freePort()
  const pass = `proxy_pass http://127.0.0.1:${(app.server.address() as AddressInfo).port}; ` +
    'proxy_cache kept; proxy_ignore_headers Set-Cookie;'
  await startNginx(t, `proxy_cache_path kept keys_zone=kept:1m;
    server {
      listen 127.0.0.1:${port};
      location / { ${pass} }
      location /any/ { ${pass} proxy_cache_valid 200 1m; }
    }`, port)
  const get = async (path: string): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).headers.getSetCookie().join()
  const cookies: Array<[string, string]> = []
  for (const [index, [path]] of keptByNginx.entries()) {
    cookies.push([await get(`${path}${index}`), await get(`${path}${index}`)])
  }
  return cookies
}

const skip = skipFor(nginx === undefined ? 'nginx was not found, so no cache stands before the application' : undefined)
t.test('an nginx that keeps responses with their cookies keeps none with that of a session', { skip }, async (t) => {
  const [kept, guarded] = [await throughNginx(t, false), await throughNginx(t, true)]
  keptByNginx.forEach(([path, headers], index) => {
    const name = `${path} ${JSON.stringify(headers)}`
    t.match(kept[index]![0], /^session=/)
    t.equal(kept[index]![0], kept[index]![1], `${name} without cacheControl`)
    t.match(guarded[index]![1], /^session=/)
    t.not(guarded[index]![0], guarded[index]![1], name)
  })
})
