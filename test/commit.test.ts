import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { SecureCookieSessionInterface, type Session, sessionPlugin } from '../lib/index.ts'
import { buildApp, cookieFrom, errorsOf, type LogLine, SECRET, setCookies, valueOf } from './support/app.ts'

type Headers = Record<string, unknown>
type Answer = { status: number, headers: Headers }
type Transport = (app: FastifyInstance, path: string, headers?: Record<string, string>) => Promise<Answer>

const transports: Record<string, { server?: object, get: Transport }> = {
  inject: {
    async get (app, path, headers = {}) {
      const { statusCode, headers: received } = await app.inject({ url: path, headers })
      return { status: statusCode, headers: received }
    }
  },
  'HTTP/1': {
    async get (app, path, headers = {}) {
      const { port } = await listening(app)
      return await new Promise((resolve, reject) => {
        http.get({ port, path, headers, agent: false }, (response) => {
          response.resume().on('close', () => resolve({ status: response.statusCode!, headers: response.headers }))
        }).on('error', reject)
      })
    }
  },
  'HTTP/2': {
    server: { http2: true },
    async get (app, path, headers = {}) {
      const { port } = await listening(app)
      const client = http2.connect(`http://localhost:${port}`)
      try {
        return await new Promise((resolve, reject) => {
          let answer: Answer
          client.request({ ':path': path, ...headers })
            .on('response', (received) => { answer = { status: received[':status']!, headers: received } })
            .on('error', reject).on('close', () => resolve(answer)).resume()
        })
      } finally {
        client.close()
      }
    }
  }
}

type Leave = (request: FastifyRequest, reply: FastifyReply) => unknown

/** Every way in which a reply can leave; `raw` ones never pass through onSend. */
const ways: Record<string, { leave: Leave, status?: number, raw?: true }> = {
  object: { leave: () => ({ ok: true }) },
  string: { leave: () => 'text' },
  bytes: { leave: () => Buffer.from('bytes') },
  nothing: { leave: (_request, reply) => { reply.code(204).send() }, status: 204 },
  jsonify: { leave: (_request, reply) => reply.jsonify({ ok: true }) },
  redirect: { leave: (_request, reply) => reply.redirect('/elsewhere'), status: 302 },
  stream: { leave: (_request, reply) => reply.send(Readable.from(['a', 'b'])) },
  'web stream': { leave: (_request, reply) => reply.send(new Blob(['web']).stream()) },
  'web response': {
    leave: (_request, reply) => reply.send(new Response('web', { status: 202, headers: { 'x-web': '1' } })),
    status: 202
  },
  'cookie of the application': { leave: (_request, reply) => reply.header('set-cookie', 'own=1').send('x') },
  thrown: { leave: () => { throw new Error('from the handler') }, status: 500 },
  'not found': { leave: (_request, reply) => { reply.callNotFound() }, status: 404 },
  'hijack and end': { raw: true, leave: hijacked(({ raw }) => raw.end('x')) },
  'hijack and write': { raw: true, leave: hijacked(({ raw }) => { raw.write('x'); raw.end('y') }) },
  'hijack and flush': { raw: true, leave: hijacked(({ raw }) => { raw.flushHeaders(); raw.end('y') }) },
  'raw end without hijack': { raw: true, leave: (_request, { raw }) => { raw.end('x') } },
  writeHead: { raw: true, status: 201, leave: hijacked(({ raw }) => { raw.writeHead(201); raw.end('x') }) },
  'writeHead with headers': {
    raw: true,
    status: 201,
    leave: hijacked(({ raw }) => {
      raw.writeHead(201, { 'x-raw': '1', 'set-cookie': 'own=1' })
      raw.end('x')
    })
  },
  'writeHead after setHeader': {
    raw: true,
    status: 201,
    leave: hijacked(({ raw }) => {
      raw.setHeader('set-cookie', ['own=1', 'two=2'])
      raw.writeHead(201, { 'x-raw': '1' })
      raw.end('x')
    })
  },
  'writeHead with a list': {
    raw: true,
    status: 201,
    leave: hijacked(({ raw }) => {
      raw.writeHead(201, ['x-raw', '1', 'set-cookie', 'own=1', 'set-cookie', 'two=2'] as never)
      raw.end('x')
    })
  }
}

function hijacked (leave: (reply: FastifyReply) => unknown): Leave {
  return (_request, reply) => {
    reply.hijack()
    leave(reply)
  }
}

async function listening (app: FastifyInstance): Promise<AddressInfo> {
  if (!app.server.listening) await app.listen({ port: 0, host: 'localhost' })
  return app.server.address() as AddressInfo
}

type Moment = 'before' | 'in' | 'a later onSend' | 'after'

/** An application in which `/way?write=moment` writes to the session at that moment of a reply that leaves that way. */
async function appOf (t: Test, server: object = {}): Promise<{ app: FastifyInstance, logs: LogLine[] }> {
  const { app, logs } = await buildApp({}, server)
  t.teardown(() => app.close())
  const writes = (request: FastifyRequest, moment: Moment): void => {
    if ((request.query as { write?: Moment }).write === moment) request.session.set('moment', moment)
  }
  app.addHook('preHandler', async (request) => { writes(request, 'before') })
  app.addHook('onSend', async (request) => { writes(request, 'a later onSend') })
  for (const [name, { leave }] of Object.entries(ways)) {
    app.get(`/${name.replaceAll(' ', '-')}`, (request, reply) => {
      const { session } = request
      writes(request, 'in')
      reply.raw.on('close', () => { if (session !== undefined) writes(request, 'after') })
      const result = leave(request, reply)
      if (result !== undefined && result !== reply) reply.send(result)
    })
  }
  return { app, logs }
}

for (const [transport, { server, get }] of Object.entries(transports)) {
  t.test(`${transport}: a write before or in a reply is saved whichever way the reply leaves`, async (t) => {
    const { app, logs } = await appOf(t, server)
    for (const [name, { raw, status = 200 }] of Object.entries(ways)) {
      for (const moment of ['before', 'in', 'a later onSend'] as const) {
        if (raw && moment === 'a later onSend') continue
        const answer = await get(app, `/${name.replaceAll(' ', '-')}?write=${encodeURIComponent(moment)}`)
        t.equal(answer.status, status, `${name}, ${moment}`)
        const cookie = cookieFrom(answer.headers)
        if (!t.ok(cookie, `${name}: a write ${moment} sets the cookie`)) continue
        t.strictSame(app.decodeSession(valueOf(cookie)), { moment })
        t.equal(setCookies(answer.headers).filter((line) => line.startsWith('session=')).length, 1, 'once')
        t.match(`${answer.headers.vary}`, /^Cookie$/, 'and Vary says so')
      }
    }
    t.strictSame(errorsOf(logs).filter(({ err }) => (err as Error).message !== 'from the handler'), [])
  })

  t.test(`${transport}: a write after the headers are gone is logged with its key and route`, async (t) => {
    const { app, logs } = await appOf(t, server)
    for (const name of Object.keys(ways)) {
      logs.length = 0
      const path = `/${name.replaceAll(' ', '-')}`
      const { headers } = await get(app, `${path}?write=after`)
      for (let wait = 0; wait < 50 && lost(logs).length === 0; wait++) {
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      t.strictSame(
        lost(logs).map(({ keys, route }) => ({ keys, route })),
        [{ keys: ['moment'], route: name === 'not found' ? 'GET without a route' : `GET ${path}` }],
        name
      )
      t.notOk(cookieFrom(headers), 'and not saved')
    }
  })

  t.test(`${transport}: what a listener of close that was there first changes is logged`, async (t) => {
    const changes: Record<string, [change: (session: Session) => void, keys: string[][]]> = {
      object: [(session) => { (session.get('cart') as number[]).push(2) }, [['cart']]],
      keys: [(session) => { session.update({ b: 1, c: 2 }) }, [[], ['b', 'c']]],
      key: [(session) => { session.set('b', 1) }, [['b']]]
    }
    for (const [what, [change, keys]] of Object.entries(changes)) {
      const logs: LogLine[] = []
      const stream = { write (line: string) { logs.push(JSON.parse(line)) } }
      const app = Fastify({ logger: { level: 'warn', stream }, ...server }) as unknown as FastifyInstance
      t.teardown(() => app.close())
      app.addHook('onRequest', async (request, reply) => {
        reply.raw.on('close', () => { change(request.session) })
      })
      await app.register(sessionPlugin, { secret: SECRET })
      app.get('/', async ({ session }) => `${session.size}`)
      await app.ready()
      await get(app, '/', { cookie: `session=${app.encodeSession({ cart: [1] })}` })
      for (let wait = 0; wait < 50 && lost(logs).length < keys.length; wait++) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      t.strictSame(lost(logs).map((line) => line.keys), keys, what)
    }
  })

  t.test(`${transport}: cookies of the application stay beside the session's`, async (t) => {
    const { app } = await appOf(t, server)
    const names = async (path: string): Promise<string[]> =>
      setCookies((await get(app, `${path}?write=in`)).headers).map((line) => line.split('=')[0]!)
    t.strictSame(await names('/cookie-of-the-application'), ['own', 'session'])
    t.strictSame(await names('/writeHead-with-headers'), ['own', 'session'])
    t.strictSame(await names('/writeHead-after-setHeader'), ['own', 'two', 'session'])
    t.strictSame(await names('/writeHead-with-a-list'), ['own', 'two', 'session'])
  })

  t.test(`${transport}: what cannot be saved so late is logged, and the reply leaves without the cookie`, async (t) => {
    const { app, logs } = await buildApp({}, server)
    t.teardown(() => app.close())
    app.get('/hijacked', (request, reply) => {
      request.session.set('user', { act: () => 1 })
      reply.hijack()
      reply.raw.end('left')
    })
    app.get('/after-a-good-one', (request, reply) => {
      request.session.set('user', 1)
      reply.send('left')
    })
    app.addHook('onSend', async (request) => {
      if (request.url !== '/hijacked') {
        request.session.set('late', [Symbol('s')])
      }
    })
    for (const path of ['/hijacked', '/after-a-good-one']) {
      logs.length = 0
      const { status, headers } = await get(app, path)
      t.equal(status, 200)
      t.strictSame(setCookies(headers), [])
      t.equal(headers.vary, 'Cookie')
      t.match(errorsOf(logs), [{ msg: 'The session could not be saved', err: { type: 'NotSerializable' } }])
      t.equal(errorsOf(logs).length, 1)
    }
  })
}

type Step = (session: any) => void
const afterTheCommit: Array<
  [what: string, inHandler: Step, inLaterHook: Step, saved: Record<string, unknown> | undefined]
> = [
  [
    'options of the cookie',
    (session) => {
      session.get('cart').push(2)
    },
    (session) => {
      session.options({ sameSite: 'strict' })
    },
    { cart: [1, 2], n: 1 }
  ],
  [
    'a further change of it',
    (session) => {
      session.get('cart').push(2)
    },
    (session) => {
      session.cart.push(3)
    },
    { cart: [1, 2, 3], n: 1 }
  ],
  [
    'the same change taken back',
    (session) => {
      session.get('cart').push(2)
    },
    (session) => {
      session.cart.pop()
    },
    undefined
  ],
  [
    'modified set to false',
    (session) => {
      session.get('cart').push(2)
    },
    (session) => {
      session.modified = false
    },
    undefined
  ],
  ['another key', (session) => { session.get('cart').push(2) }, (session) => { session.n = 2 }, { cart: [1, 2], n: 2 }],
  [
    'a key set and removed',
    (session) => {
      session.set('list', [])
    },
    (session) => {
      session.modified = false
      session.delete('list')
    },
    { cart: [1], n: 1 }
  ]
]

for (const [what, inHandler, inLaterHook, saved] of afterTheCommit) {
  for (const refreshAfter of [false, 0] as const) {
    t.test(`an unannounced change that is committed is kept through ${what}, ` +
      `refreshAfter ${refreshAfter}`, async (t) => {
      const { app, logs } = await buildApp({ refreshAfter })
      t.teardown(() => app.close())
      app.get('/', (request, reply) => {
        inHandler(request.session)
        reply.send('left')
      })
      app.addHook('onSend', async ({ session }) => { inLaterHook(session) })
      await app.ready()
      const headers = { cookie: `session=${app.encodeSession({ cart: [1], n: 1 })}` }
      const answer = await app.inject({ url: '/', headers })
      const cookie = cookieFrom(answer.headers)
      const expected = saved ?? (refreshAfter === 0 ? { cart: [1], n: 1 } : undefined)
      t.strictSame(cookie && app.decodeSession(valueOf(cookie)), expected)
      await new Promise((resolve) => setImmediate(resolve))
      t.strictSame(lost(logs), [], 'and nothing counts as lost')
    })
  }
}

t.test('a session that was changed unannounced stays modified when it is committed', async (t) => {
  const { app } = await buildApp()
  t.teardown(() => app.close())
  const told: boolean[] = []
  app.get('/', (request, reply) => {
    (request.session.cart as number[]).push(2)
    reply.send('left')
  })
  app.addHook('onResponse', async ({ session }) => { told.push(session.modified) })
  await app.ready()
  await app.inject({ url: '/', headers: { cookie: `session=${app.encodeSession({ cart: [1] })}` } })
  t.strictSame(told, [true])
})

for (const opened of ['never', 'unfetched', 'read'] as const) {
  t.test('a change in an object that is fetched when the headers are gone is logged; ' +
    `session before: ${opened}`, async (t) => {
    const { app, logs } = await buildApp()
    t.teardown(() => app.close())
    app.get('/', (request, reply) => {
      if (opened === 'unfetched') t.type(request.session, 'object')
      if (opened === 'read') t.equal(request.session.n, 1)
      return reply.send(Readable.from((async function * () {
        yield 'a'
        await new Promise((resolve) => setImmediate(resolve))
        const cart = request.session.cart as number[]
        cart.push(2)
        yield 'b'
      })()))
    })
    await app.ready()
    await app.inject({ url: '/', headers: { cookie: `session=${app.encodeSession({ cart: [1], n: 1 })}` } })
    await new Promise((resolve) => setImmediate(resolve))
    t.strictSame(lost(logs).map(({ keys }) => keys), [['cart']])
  })
}

function lost (logs: readonly LogLine[]): LogLine[] {
  return logs.filter(({ msg }) => msg.startsWith('The session was changed after its headers'))
}

t.test("a value that cannot be kept goes to the application's error handler once, with its path, " +
  'and the old cookie stands', async (t) => {
  const { app, logs } = await buildApp()
  const seen: Error[] = []
  app.setErrorHandler((error: Error, _request, reply) => {
    seen.push(error)
    reply.code(507).send({ handled: error.message })
  })
  app.get('/', (request) => {
    request.session.set('cart', [{ price: 1 }, { price: 2 }, { price: () => 3 }])
    return 'never seen'
  })
  const { statusCode, headers, body } = await app.inject('/')
  t.equal(statusCode, 507)
  t.strictSame(setCookies(headers), [])
  t.equal(seen.length, 1)
  t.ok(seen[0] instanceof TypeError)
  t.match(JSON.parse(body).handled, /^session\.cart\[2\]\.price is a function/)
  t.strictSame(errorsOf(logs), [], 'what the handler was given is not logged as well')
})

t.test('an error handler that mends the session has it saved', async (t) => {
  const { app, logs } = await buildApp()
  app.setErrorHandler((_error, request, reply) => {
    request.session.delete('bad')
    reply.code(507).send('mended')
  })
  app.get('/', (request) => {
    request.session.update({ bad: [Symbol('s')], good: 1 })
    return 'never seen'
  })
  const { statusCode, headers } = await app.inject('/')
  t.equal(statusCode, 507)
  t.strictSame(app.decodeSession(valueOf(cookieFrom(headers))), { good: 1 })
  t.strictSame(errorsOf(logs), [])
})

t.test('during an error reply a session that cannot be kept hides neither the error nor its handler', async (t) => {
  const { app, logs } = await buildApp()
  app.setErrorHandler((error: Error, request, reply) => {
    request.session.set('alsoBad', [() => 1])
    reply.code(418).send(error.message)
  })
  app.get('/', (request) => {
    if ((request.query as { touch?: string }).touch) request.session.set('bad', [() => 1])
    throw new Error('the real one')
  })
  for (const url of ['/', '/?touch=1']) {
    const { statusCode, headers, body } = await app.inject(url)
    t.equal(statusCode, 418)
    t.equal(body, 'the real one')
    t.strictSame(setCookies(headers), [])
  }
  t.strictSame(errorsOf(logs).map(({ msg }) => msg), Array(2).fill('The session could not be saved'))
})

t.test('a later onSend hook that fails leaves one cookie in the error reply', async (t) => {
  const { app } = await buildApp()
  app.addHook('onSend', async (_request, reply) => { if (reply.statusCode === 200) throw new Error('late') })
  app.get('/', (request) => {
    request.session.set('a', 1)
    return 'x'
  })
  const { statusCode, headers } = await app.inject('/')
  t.equal(statusCode, 500)
  t.equal(setCookies(headers).length, 1)
  t.equal(headers.vary, 'Cookie')
})

t.test('headers that Node refuses give an error reply that keeps the session', async (t) => {
  const { app } = await buildApp()
  app.get('/', (request, reply) => {
    request.session.set('a', 1)
    reply.hijack()
    try {
      reply.raw.writeHead(200, { 'x-bad': 'line\nbreak' })
    } catch (error) {
      reply.raw.writeHead(500, { 'x-reason': (error as { code: string }).code })
    }
    reply.raw.end()
  })
  const { statusCode, headers } = await app.inject('/')
  t.equal(statusCode, 500)
  t.equal(headers['x-reason'], 'ERR_INVALID_CHAR')
  t.equal(setCookies(headers).length, 1)
})

t.test('an object of the session that changes while a stream is written is reported by key', async (t) => {
  const { app, logs } = await buildApp()
  const cookie = `session=${app.encodeSession({ cart: [1], other: { kept: true } })}`
  app.get('/', (request, reply) => {
    const cart = request.session.get('cart') as unknown[]
    const other = request.session.get('other')
    reply.send(Readable.from((async function * () {
      yield 'first'
      cart.push((request.query as { bad?: string }).bad ? () => 1 : 2)
      yield JSON.stringify(other)
    })()))
  })
  for (const [url, expected] of [
    ['/', { keys: ['cart'], route: 'GET /' }],
    ['/?bad=1', { err: { type: 'NotSerializable' } }]
  ] as const) {
    logs.length = 0
    t.strictSame(setCookies((await app.inject({ url, headers: { cookie } })).headers), [])
    t.match(lost(logs), [expected])
  }
})

t.test('a session that ends after the headers are gone is reported without a key', async (t) => {
  const { app, logs } = await buildApp()
  app.get('/', (request, reply) => {
    reply.hijack()
    reply.raw.end('x')
    request.session.delete()
  })
  await app.inject('/')
  t.match(lost(logs), [{ keys: [], route: 'GET /' }])
})

t.test('headers before an undefined third argument are seen, as Node sees them', async (t) => {
  const { app } = await buildApp()
  app.get('/', (request, reply) => {
    request.session.set('a', 1)
    reply.hijack()
    reply.raw.writeHead(200, { 'set-cookie': 'own=1', vary: 'Origin' } as never, undefined)
    reply.raw.end()
  })
  app.get('/message', (request, reply) => {
    request.session.set('a', 1)
    reply.hijack()
    reply.raw.writeHead(200, 'Fine', { vary: 'Origin' })
    reply.raw.end()
  })
  const { headers } = await app.inject('/')
  t.strictSame(setCookies(headers).map((line) => line.split('=')[0]), ['own', 'session'])
  t.equal(headers.vary, 'Origin, Cookie')
  t.equal((await app.inject('/message')).headers.vary, 'Origin, Cookie')
})

t.test('what other code takes out of the headers between the commits is put back', async (t) => {
  const { app } = await buildApp()
  app.addHook('onSend', async (request, reply) => {
    reply.header('vary', 'Origin')
    if (request.url === '/bare') reply.removeHeader('set-cookie')
  })
  app.get('/', async (request) => request.session.get('a') ?? 'none')
  app.get('/bare', async (request) => { request.session.set('a', 1); return 'x' })
  t.equal((await app.inject('/')).headers.vary, 'Origin, Cookie')
  const { headers } = await app.inject('/bare')
  t.equal(headers.vary, 'Origin, Cookie')
  t.strictSame(app.decodeSession(valueOf(cookieFrom(headers))), { a: 1 })
})

t.test('headers that we cannot change are logged where Node takes them after all', async (t) => {
  const { app, logs } = await buildApp()
  app.get('/', (request, reply) => {
    request.session.set('a', 1)
    reply.hijack()
    const { writeHead } = Object.getPrototypeOf(reply.raw)
    reply.raw.setHeader('x', 'y')
    reply.raw.writeHead(200, { '': 'x' })
    t.type(writeHead, 'function')
    reply.raw.end()
  })
  t.strictSame(setCookies((await app.inject('/')).headers), [])
  t.match(errorsOf(logs), [{ msg: 'The session could not be saved' }])
})

t.test('headers that Node refuses, and then takes mended, leave with the cookie and without an error', async (t) => {
  const { app, logs } = await buildApp()
  app.get('/', (request, reply) => {
    request.session.set('a', 1)
    reply.hijack()
    t.throws(() => reply.raw.writeHead(200, { 'x y': 'z' }))
    reply.raw.writeHead(200, { x: 'y' }).end()
  })
  t.equal(setCookies((await app.inject('/')).headers).length, 1)
  t.strictSame(errorsOf(logs), [])
})

t.test('HTTP/2 headers outside of Latin-1 do not keep the cookie away', async (t) => {
  const { app } = await buildApp({}, { http2: true } as never)
  t.teardown(() => app.close())
  app.get('/', (request, reply) => {
    request.session.set('a', 1)
    reply.hijack()
    reply.raw.writeHead(200, { 'x-name': 'žluť' })
    reply.raw.end('x')
  })
  const { headers } = await transports['HTTP/2']!.get(app, '/')
  t.ok(cookieFrom(headers))
})

t.test('a second writeHead fails as ever, and commits nothing', async (t) => {
  const { app, logs } = await buildApp()
  app.get('/', (request, reply) => {
    request.session.set('a', 1)
    reply.hijack()
    reply.raw.writeHead(200)
    t.throws(() => reply.raw.writeHead(201), { code: 'ERR_HTTP_HEADERS_SENT' })
    reply.raw.end()
  })
  t.equal(setCookies((await app.inject('/')).headers).length, 1)
  t.strictSame(errorsOf(logs), [])
  t.equal(app.sessionCounters.saved, 1)
})

t.test('headers that go by other capitals stand once', async (t) => {
  const { app } = await buildApp()
  app.addHook('onRequest', async (_request, reply) => {
    const { writeHead } = reply.raw
    reply.raw.writeHead = function (this: typeof reply.raw, status: number, headers: object) {
      const capitals = Object.entries(headers).map(([name, value]) => [
        name.replace(/^set-cookie$/, 'Set-Cookie').replace(/^vary$/, 'Vary'),
        value
      ])
      return writeHead.call(this, status, Object.fromEntries(capitals))
    } as never
  })
  app.get('/', async (request) => { request.session.set('a', 1); return 'x' })
  const { headers } = await app.inject('/')
  t.equal(setCookies(headers).length, 1)
  t.equal(headers.vary, 'Cookie')
})

t.test('headers may be given to writeHead as pairs', async (t) => {
  const { app } = await buildApp()
  app.get('/', (request, reply) => {
    request.session.set('a', 1)
    reply.hijack()
    reply.raw.writeHead(201, [['x-raw', '1'], ['set-cookie', 'own=1']] as never)
    reply.raw.end('x')
  })
  const { statusCode, headers } = await app.inject('/')
  t.equal(statusCode, 201)
  t.equal(headers['x-raw'], '1')
  t.strictSame(setCookies(headers).map((line) => line.split('=')[0]), ['own', 'session'])
})

t.test('an object of the session that changes after the headers are gone is reported, ' +
  'however the reply left', async (t) => {
  const { app, logs } = await buildApp()
  const cookie = `session=${app.encodeSession({ user: { name: 'Ada' } })}`
  const rename = (request: FastifyRequest): void => { (request.session.get('user') as { name: string }).name += '!' }
  app.get('/sent', (request, reply) => { request.session.get('user'); reply.send('x'); rename(request) })
  app.get('/saved', (request, reply) => {
    request.session.set('n', 2)
    request.session.get('user')
    reply.send('x')
    rename(request)
  })
  app.get(
    '/later',
    {
      onResponse: async (request) => {
        rename(request)
      }
    },
    async (request) => `${request.session.get('user')}`
  )
  for (const url of ['/sent', '/saved', '/later']) {
    logs.length = 0
    await app.inject({ url, headers: { cookie } })
    t.match(lost(logs), [{ keys: ['user'], route: `GET ${url}` }])
  }
})

t.test('an object that only the interface or a hook ahead of the plugin has read ' +
  'is reported when it changes after the headers', async (t) => {
  let cart: number[] = []
  class Reading extends SecureCookieSessionInterface {
    override openSession (...args: Parameters<SecureCookieSessionInterface['openSession']>): Session {
      const session = super.openSession(...args)
      cart = session.get('cart') as number[]
      return session
    }
  }
  const byInterface = await buildApp({ sessionInterface: Reading })
  byInterface.app.addHook('preHandler', async ({ session }) => { t.equal(session.get('n'), 1) })
  const logs: LogLine[] = []
  const app = Fastify({ logger: { level: 'warn', stream: { write: (line) => { logs.push(JSON.parse(line)) } } } })
  app.addHook('onRequest', async ({ session }) => { cart = session.get('cart') as number[] })
  await app.register(sessionPlugin, { secret: SECRET })
  for (const each of [byInterface, { app, logs }]) {
    each.app.get('/', async () => 'x')
    each.app.addHook('onResponse', async () => { cart.push(2) })
    await each.app.ready()
    await each.app.inject({ url: '/', headers: { cookie: `session=${each.app.encodeSession({ cart: [1], n: 1 })}` } })
    await new Promise((resolve) => setImmediate(resolve))
    t.strictSame(lost(each.logs).map(({ keys }) => keys), [['cart']])
  }
})

t.test('a change that an error handler makes to a session that stays broken is not lost in silence', async (t) => {
  const { app, logs } = await buildApp()
  app.setErrorHandler((_error, request, reply) => {
    request.session.set('flash', 'sorry')
    reply.code(400).send('handled')
  })
  app.get('/', async (request) => { request.session.set('bad', [() => 1]) })
  const { statusCode, headers } = await app.inject('/')
  t.equal(statusCode, 400)
  t.strictSame(setCookies(headers), [])
  t.match(errorsOf(logs), [{ msg: 'The session could not be saved' }])
})

t.test('an object that only a stream reads is reported as nothing', async (t) => {
  const { app, logs } = await buildApp()
  const cookie = `session=${app.encodeSession({ cart: [1] })}`
  app.get('/', (request, reply) => reply.send(Readable.from([JSON.stringify(request.session.get('cart'))])))
  await app.inject({ url: '/', headers: { cookie } })
  t.strictSame(errorsOf(logs), [])
})

t.test('what changes between the two commits replaces the cookie of the first', async (t) => {
  const { app } = await buildApp()
  app.addHook('onSend', async (request) => {
    const { late } = request.query as { late: string }
    if (late === 'clear') request.session.clear()
    if (late === 'push') (request.session.get('list') as number[]).push(2)
    if (late === 'options') request.session.options({ priority: 'high' })
  })
  app.get('/', (request) => {
    request.session.set('list', [1])
    return 'x'
  })
  const lines = async (late: string, cookie = ''): Promise<string[]> =>
    setCookies((await app.inject({ url: `/?late=${late}`, headers: { cookie } })).headers)
  t.strictSame(await lines('clear'), [], 'a new session that ends as an empty one has no cookie at all')
  t.match(
    await lines('clear', `session=${app.encodeSession({ a: 1 })}`),
    [/^session=; .*Max-Age=0/],
    'one that had a cookie has it deleted'
  )
  const [pushed, ...none] = await lines('push')
  t.strictSame(none, [])
  t.strictSame(app.decodeSession(valueOf(pushed!.split(';')[0])), { list: [1, 2] })
  t.match(await lines('options'), [/Priority=High/])
})

/**
 * An application whose server hands upgrades to Fastify, as @fastify/websocket does, and what a client is told first.
 */
async function upgrading (
  t: Test,
  hook: (request: FastifyRequest, reply: FastifyReply) => unknown,
  handle: (request: FastifyRequest) => unknown
) {
  const { app, logs } = await buildApp()
  app.get('/ws', { preHandler: async (request, reply) => hook(request, reply) }, (request, reply) => {
    reply.hijack()
    const { socket } = request.raw
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n')
    handle(request)
    socket.end()
  })
  const { port } = await listening(app)
  t.teardown(() => app.close())
  app.server.on('upgrade', (request, socket) => {
    const response = new http.ServerResponse(request)
    response.assignSocket(socket as Socket)
    closed = once(response, 'close')
    response.once('finish', () => socket.end())
    app.routing(request, response)
  })
  const headers = {
    connection: 'upgrade',
    upgrade: 'test',
    cookie: `session=${app.encodeSession({ list: [1], user: 'Ada' })}`
  }
  let closed: Promise<unknown>
  const get = async (sent: object = headers): Promise<Headers> => {
    const received = await send(sent)
    await closed
    return received
  }
  const send = async (sent: object): Promise<Headers> => await new Promise((resolve, reject) => {
    const request = http.get({ port, path: '/ws', headers: { ...headers, ...sent }, agent: false })
    request.on('upgrade', (response, socket) => socket.resume().on('close', () => resolve(response.headers)))
    request.on('response', (response) => response.resume().on('close', () => resolve(response.headers)))
    request.on('error', reject)
  })
  return { get, logs }
}

t.test('after an upgrade a session is read, and a change to it is an error that says so', async (t) => {
  const seen: unknown[] = []
  const { get, logs } = await upgrading(t, () => {}, ({ session }) => {
    seen.push(session.get('user'), session.data())
    for (const change of [
      () => {
        session.user = 'Bob'
      },
      () => session.clear(),
      () => {
        session.permanent = true
      },
      () => session.touch()
    ]) {
      t.throws(change, { message: /^The session cannot be changed once the connection was upgraded to a websocket/ })
    }
    seen.push(session.get('user'))
  })
  t.equal((await get())['set-cookie'], undefined)
  t.strictSame(seen, ['Ada', { list: [1], user: 'Ada' }, 'Ada'])
  t.strictSame(errorsOf(logs), [])
})

t.test('what no response of an upgraded connection could save is logged with its keys when it is over', async (t) => {
  const LOST = /^The session was changed, but the connection was upgraded/
  const changed = await upgrading(
    t,
    ({ session }) => {
      session.set('user', 'Bob')
    },
    ({ session }) => {
      ;(session.get('list') as number[]).push(2)
    }
  )
  await changed.get()
  t.match(errorsOf(changed.logs), [{ msg: LOST, keys: ['list', 'user'], route: 'GET /ws' }])
  const fresh = await upgrading(t, ({ session }) => { session.set('user', 'Bob') }, () => {})
  await fresh.get({ cookie: '' })
  t.match(errorsOf(fresh.logs), [{ msg: LOST, keys: ['user'] }])
  const untouched = await upgrading(t, () => {}, () => {})
  await untouched.get()
  t.strictSame(errorsOf(untouched.logs), [])
})

t.test('an upgrade that is refused is a reply like any other, and saves the session', async (t) => {
  const { get, logs } = await upgrading(t, ({ session }, reply) => {
    session.set('refused', true)
    return reply.code(401).send('no')
  }, () => {})
  t.match(cookieFrom(await get()), /^session=/)
  t.strictSame(errorsOf(logs), [])
})

type Use = (request: FastifyRequest) => unknown

/** What is done with a session of `{ user, list }`, and the keys that are lost where its cookie does not go out. */
const uses: Record<string, { use: Use, keys?: string[] }> = {
  nothing: { use: () => {} },
  'a read': { use: ({ session }) => session.get('list') },
  'a key set': { use: ({ session }) => { session.set('n', 1) }, keys: ['n'] },
  'an object changed': { use: ({ session }) => { (session.get('list') as number[]).push(1) }, keys: ['list'] },
  'the end': { use: ({ session }) => { session.delete() }, keys: ['user', 'list'] }
}

type WriteHead = http.ServerResponse['writeHead']
const kept = new WeakMap<object, WriteHead>()

function prototypeOf ({ raw }: FastifyReply): { writeHead: WriteHead } {
  return 'stream' in raw ? http2.Http2ServerResponse.prototype as never : http.ServerResponse.prototype
}

function respond ({ raw }: FastifyReply, headers: object): void {
  const { stream } = raw as unknown as http2.Http2ServerResponse
  stream.respond({ ':status': 201, ...headers })
  stream.end('x')
}

type Past = (reply: FastifyReply, headers: http.OutgoingHttpHeaders) => void
/** How headers leave past what stands in the place of `writeHead`. */
const pasts: Record<string, { leave: Past, only?: string }> = {
  'writeHead of the prototype': {
    leave: (reply, headers) => { prototypeOf(reply).writeHead.call(reply.raw, 201, headers).end('x') }
  },
  'a writeHead that was kept': {
    leave: (reply, headers) => { kept.get(reply.raw)!.call(reply.raw, 201, headers).end('x') }
  },
  'stream.respond': { leave: respond, only: 'HTTP/2' }
}

/** An application whose headers leave past `writeHead`: `/handler` never passes through onSend, the others do. */
async function passing (t: Test, server: object, use: Use, leave: Past): ReturnType<typeof buildApp> {
  const { app, logs } = await buildApp({ refreshAfter: 0 }, server)
  t.teardown(() => app.close())
  app.addHook('onRequest', async (_request, { raw }) => { kept.set(raw, raw.writeHead) })
  app.addHook('onSend', (request, reply, payload, done) => {
    if (request.url === '/put-back') return done(null, payload)
    if (request.url === '/later') use(request)
    leave(reply, request.url === '/without' ? {} : reply.getHeaders() as http.OutgoingHttpHeaders)
  })
  app.get('/handler', (request, reply) => { use(request); reply.hijack(); leave(reply, {}) })
  app.get('/put-back', (request, reply) => {
    use(request)
    reply.raw.writeHead = kept.get(reply.raw)!
    reply.send('x')
  })
  app.get('/without', async (request) => { use(request); return 'x' })
  app.get('/with', async (request) => { use(request); return 'x' })
  app.get('/later', async (request) => { request.session.get('user'); return 'x' })
  return { app, logs }
}

for (const [transport, { server = {}, get }] of Object.entries(transports)) {
  t.test(`${transport}: a change whose headers leave past writeHead without it is logged once as lost`, async (t) => {
    for (const [pastName, { leave, only = transport }] of Object.entries(pasts)) {
      if (only !== transport) continue
      for (const [useName, { use, keys }] of Object.entries(uses)) {
        const { app, logs } = await passing(t, server, use, leave)
        const cookie = `session=${app.encodeSession({ user: 'Ada', list: [] })}`
        let sent = 0
        for (const path of ['/handler', '/without', '/with', '/put-back', '/later']) {
          logs.length = 0
          const { headers } = await get(app, path, { cookie })
          await new Promise((resolve) => { setTimeout(resolve, 5) })
          const isSent = setCookies(headers).length > 0
          const isLost = keys !== undefined && (path === '/later' || !isSent)
          const name = [pastName, useName, path].join()
          t.strictSame(lost(logs).map(({ keys, route }) => [keys, route]), isLost ? [[keys, `GET ${path}`]] : [], name)
          t.strictSame(errorsOf(logs).length, isLost ? 1 : 0)
          if (path === '/with' || path === '/put-back') t.equal(isSent, useName !== 'nothing', name)
          if (isSent) sent++
        }
        const { saved, resigned, deleted } = app.sessionCounters
        t.equal(saved + resigned + deleted, sent, 'what did not go out is not counted')
      }
    }
  })
}
