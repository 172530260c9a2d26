import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import etag from '@fastify/etag'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import sessionPlugin, { DefaultJSONProvider, jsonErrorHandler } from '../lib/index.ts'
import { buildApp, errorsOf, OTHER_SECRET, SECRET } from './support/app.ts'

const JSON_TYPE = 'application/json; charset=utf-8'

/** Marks what it writes. */
class Marking extends DefaultJSONProvider {
  override dumps (value: unknown, ...rest: never[]): string {
    return super.dumps({ by: 'provider', value }, ...rest)
  }
}

async function repliesApp (options: object = {}): Promise<FastifyInstance> {
  const { app } = await buildApp({ json: new Marking(), jsonReplies: true, ...options })
  return app
}

t.test('what handlers return is written as jsonify writes it', async (t) => {
  const app = await repliesApp()
  const at = new Date(0)
  const values: unknown[] = [
    { a: new Map([['at', at]]) },
    [1n, new Set([at])],
    5,
    true,
    null,
    new (class Own {
      b = 1
    })()
  ]
  values.forEach((value, index) => {
    app.get(`/returned/${index}`, async () => value)
    app.get(`/sent/${index}`, (_request, reply) => { reply.send(value) })
    app.get(`/jsonify/${index}`, async (_request, reply) => reply.jsonify(value))
  })
  for (const index of values.keys()) {
    const wanted = await app.inject(`/jsonify/${index}`)
    t.match(wanted.body, /^\{"by":"provider","value":.*\}\n$/)
    for (const kind of ['returned', 'sent']) {
      const { body, headers, statusCode } = await app.inject(`/${kind}/${index}`)
      t.strictSame(
        [statusCode, body, headers['content-type'], headers['content-length']],
        [200, wanted.body, JSON_TYPE, `${wanted.body.length}`]
      )
      const head = await app.inject({ method: 'HEAD', url: `/${kind}/${index}` })
      t.strictSame(
        [head.statusCode, head.body, head.headers['content-length'], head.headers['content-type']],
        [200, '', `${wanted.body.length}`, JSON_TYPE]
      )
    }
  }
})

t.test('strings, bytes, streams, web responses and replies without a body are as they were', async (t) => {
  const { app: plain } = await buildApp()
  const app = await repliesApp()
  for (const each of [plain, app]) {
    each.get('/string', async () => 'text')
    each.get('/json-string', async (_request, reply) => reply.type('application/json').send('{"a":1}'))
    each.get('/buffer', async () => Buffer.from('bytes'))
    each.get('/array', async () => new Uint8Array([65]))
    each.get('/stream', async () => Readable.from(['a', 'b']))
    each.get(
      '/web',
      async () => new Response('{"w":1}', { status: 201, headers: { 'content-type': 'application/json' } })
    )
    each.get('/nothing', async (_request, reply) => reply.code(204).send())
    each.get('/null', async (_request, reply) => reply.code(204).send(null))
    each.get('/object', async (_request, reply) => reply.code(204).send({ a: 1 }))
    each.get('/redirect', async (_request, reply) => reply.redirect('/'))
  }
  for (const url of [
    '/string', '/json-string', '/buffer', '/array', '/stream', '/web', '/nothing', '/null', '/object', '/redirect'
  ]) {
    const seen = async (each: FastifyInstance): Promise<unknown> => {
      const { statusCode, body, headers: { date, vary, ...headers } } = await each.inject(url)
      return { statusCode, body, headers }
    }
    t.strictSame(await seen(app), await seen(plain), url)
  }
})

t.test('a response schema writes what it is for, and what it filters stays filtered', async (t) => {
  const app = await repliesApp()
  const schema = { type: 'object', properties: { shown: { type: 'string' } } }
  const value = { shown: 'a', secret: 'b' }
  const responses: Record<string, object> = {
    200: { 200: schema },
    '2xx': { '2XX': schema },
    default: { default: schema },
    content: { 200: { content: { 'application/json': { schema } } } }
  }
  for (const [name, response] of Object.entries(responses)) {
    app.get(`/${name}`, { schema: { response } }, async () => value)
    app.get(`/${name}/sent`, { schema: { response } }, (_request, reply) => { reply.send(value) })
  }
  app.get('/other', { schema: { response: { 404: schema } } }, async () => value)
  app.get('/404', { schema: { response: { 404: schema } } }, async (_request, reply) => reply.code(404).send(value))
  for (const name of Object.keys(responses)) {
    for (const url of [`/${name}`, `/${name}/sent`]) t.equal((await app.inject(url)).body, '{"shown":"a"}', url)
    t.equal((await app.inject({ method: 'HEAD', url: `/${name}` })).headers['content-length'], '13')
  }
  t.equal(
    (await app.inject('/other')).body,
    '{"by":"provider","value":{"shown":"a","secret":"b"}}\n',
    'a status without a schema'
  )
  t.equal((await app.inject('/404')).body, '{"shown":"a"}')
})

t.test('a response schema for the status that a later hook sets filters too', async (t) => {
  const app = await repliesApp()
  const schema = { type: 'object', properties: { shown: { type: 'string' } } }
  const value = { shown: 'a', secret: 'b' }
  const byType = (...types: string[]): object => ({
    content: Object.fromEntries(types.map((type) => [type, { schema }]))
  })
  const responses: Record<string, object> = {
    '/201': { 201: schema },
    '/type': { 201: byType('application/json') },
    '/any': { 201: byType('*/*') }
  }
  app.addHook('preSerialization', async (_request, reply, payload) => {
    reply.code(201)
    return payload
  })
  for (const [url, response] of Object.entries({ ...responses, '/other': { 201: byType('text/csv') } })) {
    app.get(url, { schema: { response } }, async () => value)
  }
  for (const url of Object.keys(responses)) {
    const { statusCode, body, headers } = await app.inject(url)
    t.strictSame([statusCode, body, headers['content-type']], [201, '{"shown":"a"}', JSON_TYPE], url)
  }
  t.equal((await app.inject('/other')).body, JSON.stringify(value), 'as Fastify writes where no content type fits')
})

t.test('an error reply after a failed one is held to its own schema', async (t) => {
  const app = await repliesApp()
  app.setErrorHandler(async (error, _request, reply) =>
    reply.code(500).send({ shown: 'a', secret: (error as Error).message })
  )
  const response = { 500: { type: 'object', properties: { shown: { type: 'string' } } } }
  app.get('/refused', { schema: { response } }, async () => ({ a: () => {} }))
  app.get(
    '/hook',
    {
      schema: { response },
      preSerialization: async (_request, reply, payload) => {
        if (reply.statusCode === 200) {
          throw new Error('hook')
        }
        return payload
      }
    },
    async () => ({ a: 1 })
  )
  app.get(
    '/onsend',
    {
      schema: { response },
      onSend: async (_request, reply) => {
        if (reply.statusCode === 200) {
          throw new Error('onSend')
        }
      }
    },
    async () => ({ a: 1 })
  )
  app.get('/free', async () => ({ a: () => {} }))
  app.get('/thrown', async () => { throw new Error('thrown') })
  for (const url of ['/refused', '/hook', '/onsend']) {
    const { statusCode, body, headers } = await app.inject(url)
    t.strictSame([statusCode, body, headers['content-type']], [500, '{"shown":"a"}', JSON_TYPE], url)
  }
  for (const [url, secret] of [
    ['/free', 'value.value.a is a function, which JSON cannot say'],
    ['/thrown', 'thrown']
  ] as const) {
    const { statusCode, headers, body } = await app.inject(url)
    t.strictSame(
      [statusCode, headers['content-type'], JSON.parse(body)],
      [500, JSON_TYPE, { by: 'provider', value: { shown: 'a', secret } }]
    )
  }
})

t.test('an error reply of an error handler that failed in a hook is written whole', async (t) => {
  const app = await repliesApp()
  app.setErrorHandler(async (_error, _request, reply) => reply.code(500).send({ outer: true }))
  await app.register(async (scope) => {
    let calls = 0
    scope.setErrorHandler(async (_error, _request, reply) => reply.code(500).send({ inner: true }))
    scope.addHook('preSerialization', async (_request, _reply, payload) => {
      if (calls++ < 1) throw new Error('hook')
      return payload
    })
    scope.get('/', async () => { throw new Error('handler') })
  })
  const { statusCode, body, headers } = await app.inject('/')
  t.strictSame(
    [statusCode, body, headers['content-type']],
    [500, '{"by":"provider","value":{"outer":true}}\n', JSON_TYPE]
  )
})

t.test('a serializer of the application goes first, for a reply or a scope, ' +
  'and a later hook has its say', async (t) => {
  const app = await repliesApp()
  app.get('/reply', async (_request, reply) =>
    reply.serializer((value) => `own ${JSON.stringify(value)}`).send({ a: 1 })
  )
  app.get('/typed', async (_request, reply) => reply.type('application/json').serializer(() => '"own"').send({ a: 1 }))
  app.get('/other', async (_request, reply) => reply.type('text/csv').serializer(() => 'a,b').send({ a: 1 }))
  app.get('/jsonify', async (_request, reply) => reply.serializer(() => 'own').jsonify({ a: 1 }))
  app.get('/hook', { preSerialization: async (_request, _reply, payload) => ({ wrapped: payload }) }, async () => ({
    a: 1
  }))
  await app.register(async (scope) => {
    scope.setReplySerializer(() => '"scope"')
    scope.get('/scope', async () => ({ a: 1 }))
  })
  const bodies: Record<string, string> = {
    '/reply': 'own {"a":1}',
    '/typed': '"own"',
    '/other': 'a,b',
    '/scope': '"scope"',
    '/jsonify': '{"by":"provider","value":{"a":1}}\n',
    '/hook': '{"by":"provider","value":{"wrapped":{"a":1}}}\n'
  }
  for (const [url, body] of Object.entries(bodies)) t.equal((await app.inject(url)).body, body, url)
})

t.test('the type of the handler or else of the provider is sent', async (t) => {
  const typed = new DefaultJSONProvider()
  const app = await repliesApp({ json: typed })
  app.get('/own', async (_request, reply) => reply.type('application/hal+json').send({ a: 1 }))
  app.get('/provider', async () => ({ a: 1 }))
  t.equal((await app.inject('/own')).headers['content-type'], 'application/hal+json; charset=utf-8')
  t.equal((await app.inject('/provider')).headers['content-type'], JSON_TYPE)
  typed.mimetype = 'application/vnd.api+json'
  t.equal((await app.inject('/provider')).headers['content-type'], 'application/vnd.api+json; charset=utf-8')
  typed.mimetype = 'application/vnd.api+json; charset=UTF-8'
  t.equal((await app.inject('/provider')).headers['content-type'], 'application/vnd.api+json; charset=UTF-8')
})

t.test('it is asked for, and each scope has its own provider', async (t) => {
  const { app } = await buildApp({ json: new Marking() })
  app.get('/', async () => ({ a: 1 }))
  t.equal((await app.inject('/')).body, '{"a":1}')
  const other = await repliesApp()
  await other.register(async (scope) => {
    scope.json = new DefaultJSONProvider({ debug: true })
    scope.get('/child', async () => ({ a: 1 }))
    await scope.register(async (inner) => { inner.get('/grandchild', async () => ({ a: 1 })) })
    scope.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ missing: true }))
    scope.setErrorHandler(async (_error, _request, reply) => reply.code(500).send({ failed: true }))
    scope.get('/failing', async () => { throw new Error('a') })
  }, { prefix: '/scope' })
  other.get('/root', async () => ({ a: 1 }))
  const bodies = {
    '/scope/child': '{\n  "a": 1\n}\n',
    '/scope/grandchild': '{\n  "a": 1\n}\n',
    '/scope/none': '{\n  "missing": true\n}\n',
    '/scope/failing': '{\n  "failed": true\n}\n',
    '/root': '{"by":"provider","value":{"a":1}}\n'
  }
  for (const [url, body] of Object.entries(bodies)) t.equal((await other.inject(url)).body, body, url)
})

t.test('an inner registration may turn it off, and have a provider of its own', async (t) => {
  const { sessionPlugin } = await import('../lib/index.ts')
  const app = await repliesApp()
  await app.register(async (scope) => {
    await scope.register(sessionPlugin, { secret: OTHER_SECRET, sessionName: 'inner', jsonReplies: false })
    scope.get('/off', async () => ({ a: 1 }))
    scope.get('/off/jsonify', async (_request, reply) => reply.jsonify(1))
  })
  await app.register(async (scope) => {
    const second = { secret: OTHER_SECRET, sessionName: 'second' }
    await scope.register(sessionPlugin, { ...second, debug: true, jsonReplies: true })
    scope.get('/own', async () => ({ a: 1 }))
  })
  t.equal((await app.inject('/off')).body, '{"a":1}')
  t.equal((await app.inject('/off/jsonify')).body, '{"by":"provider","value":1}\n')
  t.equal((await app.inject('/own')).body, '{\n  "a": 1\n}\n')
})

t.test('a serializer that a hook between two registrations sets stays', async (t) => {
  const { sessionPlugin } = await import('../lib/index.ts')
  const app = await repliesApp()
  await app.register(async (scope) => {
    scope.addHook('preSerialization', async (_request, reply, payload) => {
      reply.serializer(() => 'own')
      return payload
    })
    await scope.register(sessionPlugin, { secret: OTHER_SECRET, sessionName: 'inner', jsonReplies: true })
    scope.get('/', async () => ({ a: 1 }))
  })
  t.equal((await app.inject('/')).body, 'own')
})

t.test('jsonify sends the length, and works with ETag, compression and HEAD', async (t) => {
  const { app } = await buildApp()
  await app.register(etag)
  await app.register(compress, { threshold: 100, encodings: ['gzip'] })
  const value = { text: 'é'.repeat(200) }
  const text = JSON.stringify(value) + '\n'
  app.get('/', async (_request, reply) => reply.jsonify(value))
  app.get('/small', async (_request, reply) => reply.jsonify('é'))
  const plain = await app.inject('/')
  t.strictSame([plain.body, plain.headers['content-length']], [text, `${Buffer.byteLength(text)}`])
  t.match(plain.headers.etag, /^"/)
  const again = await app.inject({ url: '/', headers: { 'if-none-match': `${plain.headers.etag}` } })
  t.strictSame([again.statusCode, again.body], [304, ''])
  const zipped = await app.inject({ url: '/', headers: { 'accept-encoding': 'gzip' } })
  t.equal(zipped.headers['content-encoding'], 'gzip')
  t.equal(gunzipSync(zipped.rawPayload).toString(), text)
  const head = await app.inject({ method: 'HEAD', url: '/small' })
  t.strictSame([head.statusCode, head.body, head.headers['content-length']], [200, '', '5'])
})

t.test('a second send changes nothing and is logged as an error with a code', async (t) => {
  const { app, logs } = await buildApp()
  app.get('/sync', (_request, reply) => { reply.jsonify(1); reply.jsonify(2) })
  app.get('/async', async (_request, reply) => { reply.jsonify(1); return reply.jsonify(2) })
  app.get('/later', (_request, reply) => { reply.jsonify(1); setImmediate(() => reply.jsonify(2)) })
  app.get('/returned', async (_request, reply) => { reply.jsonify(1); return { a: 2 } })
  for (const url of ['/sync', '/async', '/later', '/returned']) {
    const before = logs.length
    t.equal((await app.inject(url)).body, '1\n', url)
    await new Promise((resolve) => setTimeout(resolve, 10))
    t.match(
      logs.slice(before).find((line) => line.err !== undefined),
      { err: { code: 'FST_ERR_REP_ALREADY_SENT', message: /^Reply was already sent/ } },
      url
    )
  }
})

t.test('providers that throw, toJSON that throws, and cycles are errors 500 that leave the server well', async (t) => {
  const { app, logs } = await buildApp({ jsonReplies: true })
  app.setErrorHandler(jsonErrorHandler)
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const secret = new Error('secret')
  const values: Record<string, unknown> = {
    cycle,
    deep: JSON.parse('['.repeat(100000) + ']'.repeat(100000)),
    throws: { toJSON () { throw secret } },
    nothing: {
      toJSON () {
        throw undefined // eslint-disable-line no-throw-literal -- the case at hand
      }
    },
    getter: {
      get a () {
        throw secret
      }
    },
    recursion: {
      toJSON () {
        return { again: this }
      }
    },
    proxy: new Proxy(
      {},
      {
        ownKeys () {
          throw secret
        }
      }
    )
  }
  for (const [name, value] of Object.entries(values)) {
    app.get(`/${name}`, async () => value)
    app.get(`/${name}/jsonify`, async (_request, reply) => reply.jsonify(value))
  }
  for (const name of Object.keys(values)) {
    for (const url of [`/${name}`, `/${name}/jsonify`]) {
      const { statusCode, body } = await app.inject(url)
      t.equal(statusCode, 500, url)
      t.match(JSON.parse(body), { statusCode: 500, error: 'Internal Server Error' })
      t.notMatch(body, 'secret')
    }
  }
  t.ok(errorsOf(logs).length >= 12)
  class Throwing extends DefaultJSONProvider {
    override dumps (): string {
      throw secret
    }
  }
  const { app: failing } = await buildApp({ json: Throwing, jsonReplies: true })
  failing.setErrorHandler(jsonErrorHandler)
  failing.get('/', async () => ({ a: 1 }))
  failing.get('/jsonify', async (_request, reply) => reply.jsonify(1))
  for (const url of ['/', '/jsonify']) {
    const { statusCode, body } = await failing.inject(url)
    t.strictSame(
      [statusCode, body],
      [500, '{"statusCode":500,"error":"Internal Server Error","message":"Something went wrong here"}\n']
    )
  }
})

t.test('what is no provider is refused by name', async (t) => {
  const { app } = await buildApp({ jsonReplies: true })
  app.get('/', async () => ({ a: 1 }))
  app.get('/jsonify', async (_request, reply) => reply.jsonify(1))
  for (const wrong of [null, 5, {}]) {
    app.json = wrong as never
    for (const url of ['/', '/jsonify']) {
      t.match((await app.inject(url)).json(), {
        statusCode: 500,
        message: 'fastify.json must be an instance of a JSONProvider'
      })
    }
  }
})

t.test('a client that leaves during a long reply harms nobody', async (t) => {
  const { app, logs } = await buildApp({ jsonReplies: true })
  t.teardown(() => app.close())
  app.get('/large', async () => [...Array(300).keys()].map((key) => `${key}`.repeat(10000)))
  app.get('/', async () => ({ a: 1 }))
  await app.listen({ port: 0 })
  const client = request({ port: (app.server.address() as AddressInfo).port, path: '/large' }).end()
  client.on('error', () => {})
  const [response] = await once(client, 'response')
  response.on('error', () => {}).once('data', () => client.destroy())
  await new Promise((resolve) => response.once('close', resolve))
  t.equal((await app.inject('/')).body, '{"a":1}\n')
  t.strictSame(errorsOf(logs), [])
})

t.test('a scope may have jsonReplies by itself', async (t) => {
  const app = Fastify()
  await app.register(async (scope) => {
    await scope.register(sessionPlugin, { secret: SECRET, jsonReplies: true })
    scope.get('/inside', async () => ({ at: new Date(0), big: 2n ** 60n }))
  })
  t.equal((await app.inject('/inside')).body.trim(), '{"at":"1970-01-01T00:00:00.000Z","big":1152921504606846976}')
})
