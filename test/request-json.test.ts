import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { brotliCompressSync, createGunzip, deflateSync, gzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import fc from 'fast-check'
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify'
import t, { type Test } from 'tap'
import { mediaTypeOf } from '../lib/fastify/body-type.ts'
import { DefaultJSONProvider, jsonBodies, JSONProvider } from '../lib/index.ts'
import { buildApp } from './support/app.ts'
import { contentTypes, MALFORMED_TYPES } from './support/content-types.ts'

const runs = { seed: 20261125, numRuns: 500 }

type Body = string | Buffer
interface Answer {
  status: number
  body: any
}

/** What handlers of these tests do, by their address. */
function addRoutes (app: FastifyInstance): void {
  app.post('/body', async (request, reply) => reply.jsonify(request.body ?? null))
  app.post('/json', async (request, reply) => reply.jsonify({ json: request.getJson() }))
  app.post('/silent', async (request, reply) =>
    reply.jsonify({ json: request.getJson({ silent: true }) ?? 'undefined' })
  )
  app.post('/force', async (request, reply) => reply.jsonify({ json: request.getJson({ force: true }) }))
  app.post('/both', async (request, reply) =>
    reply.jsonify({ json: request.getJson({ force: true, silent: true }) ?? 'undefined' })
  )
  app.post('/nothing', async (request, reply) => reply.jsonify({ body: request.body ?? 'undefined' }))
  const body = {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, age: { type: 'integer', default: 7 } }
  }
  app.post('/checked', { schema: { body } }, async (request, reply) => reply.code(201).jsonify(request.getJson()))
  app.post('/attached', { schema: { body }, attachValidation: true }, async (request, reply) =>
    reply.jsonify({ json: request.getJson({ silent: true }) ?? 'undefined' })
  )
  app.get('/json', async (request, reply) => reply.jsonify({ json: request.getJson() }))
}

async function strictApp (options: object = {}, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const { app } = await buildApp({}, server)
  await app.register(jsonBodies, options)
  addRoutes(app)
  return app
}

async function looseApp (): Promise<FastifyInstance> {
  const { app } = await buildApp()
  addRoutes(app)
  return app
}

/** Sends a body with these headers, or with this Content-Type, or by an empty one without any. */
async function post (
  app: FastifyInstance,
  url: string,
  payload: Body | undefined,
  given: string | Record<string, string> = 'application/json'
): Promise<Answer> {
  const headers = typeof given !== 'string' ? given : given === '' ? {} : { 'content-type': given }
  const response = await app.inject({ method: 'POST', url, headers, ...payload !== undefined && { payload } })
  return { status: response.statusCode, body: response.json() }
}

/** Sends a body byte by byte as it is, over a socket, and reads the whole answer. */
async function postRaw (
  t: Test,
  app: FastifyInstance,
  url: string,
  payload: Body,
  type = 'application/json'
): Promise<Answer> {
  if (!app.server.listening) await app.listen({ port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port)
  const bytes = Buffer.from(payload as string)
  const fields = ['Host: a', 'Connection: close', `Content-Type: ${type}`, `Content-Length: ${bytes.length}`]
  socket.write(`POST ${url} HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`, 'latin1')
  socket.write(bytes)
  let text = ''
  for await (const chunk of socket) text += chunk
  t.teardown(() => app.close())
  return { status: Number(text.split(' ')[1]), body: JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4)) }
}

t.test('isJson is whether the content type says so', async (t) => {
  const app = await looseApp()
  app.get('/', async (request) => `${request.isJson}`)
  const types: Array<[type: string | undefined, isJson: boolean]> = [
    ['application/json', true],
    ['Application/JSON; charset=utf-8', true],
    ['application/json;', true],
    [' application/json ', true],
    ['application/vnd.api+json', true], ['application/problem+json; a="b"', true], ['application/a+b+json', true],
    [undefined, false], ['', false], ['text/json', false], ['application/jsonp', false], ['application/xjson', false],
    ['application/+json', false],
    ['application/json-seq', false],
    ['text/plain; application/json', false],
    ['application/json, text/html', false],
    ['image/svg+xml', false], ['multipart/form-data; a=application/json', false]
  ]
  for (const [type, isJson] of types) {
    const { body } = await app.inject({ url: '/', headers: type === undefined ? {} : { 'content-type': type } })
    t.equal(body, `${isJson}`, `${type}`)
  }
})

t.test('without jsonBodies getJson is request.body, and Fastify refuses what it refuses', async (t) => {
  const app = await looseApp()
  t.strictSame(await post(app, '/json', '{"a":1}'), { status: 200, body: { json: { a: 1 } } })
  t.match(await post(app, '/json', '{"a":'), { status: 400, body: { code: 'FST_ERR_CTP_INVALID_JSON_BODY' } })
  t.match(await post(app, '/silent', '{"a":'), { status: 400, body: { code: 'FST_ERR_CTP_INVALID_JSON_BODY' } })
  t.match(await post(app, '/force', '<a/>', 'text/xml'), {
    status: 415,
    body: { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }
  })
  t.strictSame(await post(app, '/json', '{"a":1}', 'text/plain'), { status: 200, body: { json: '{"a":1}' } })
  t.strictSame(await post(app, '/force', '{"a":1}', 'text/plain'), { status: 200, body: { json: { a: 1 } } })
  t.match(await post(app, '/force', '{"a":', 'text/plain'), { status: 400, body: { code: 'FSS_ERR_BAD_JSON' } })
  t.strictSame(await post(app, '/both', '{"a":', 'text/plain'), { status: 200, body: { json: 'undefined' } })
  t.strictSame(await post(app, '/force', '"{}"'), { status: 200, body: { json: '{}' } })
  t.strictSame(await post(app, '/silent', undefined, ''), { status: 200, body: { json: 'undefined' } })
})

t.test('with jsonBodies the handler meets a wrong type, unless it forces or silences', async (t) => {
  const app = await strictApp()
  const wrong = (type: string): Answer => ({
    status: 415,
    body: {
      statusCode: 415,
      code: 'FSS_ERR_UNSUPPORTED_MEDIA_TYPE',
      error: 'Unsupported Media Type',
      message: `The body is not declared as JSON: its Content-Type is ${type}; send application/json`
    }
  })
  for (const type of ['text/plain', 'text/xml', 'application/x-www-form-urlencoded', 'application/octet-stream']) {
    t.strictSame(await post(app, '/json', '{"a":1}', type), wrong(`"${type}"`))
    t.strictSame(await post(app, '/silent', '{"a":1}', type), { status: 200, body: { json: 'undefined' } })
    t.strictSame(await post(app, '/force', '{"a":1}', type), { status: 200, body: { json: { a: 1 } } })
    t.match(await post(app, '/force', '{"a":', type), { status: 400, body: { code: 'FSS_ERR_BAD_JSON' } })
    t.strictSame(await post(app, '/both', '{"a":', type), { status: 200, body: { json: 'undefined' } })
    t.strictSame(await post(app, '/checked', '{"name":"a"}', type), wrong(`"${type}"`))
  }
  t.strictSame(await post(app, '/nothing', '{"a":1}', 'text/xml'), { status: 200, body: { body: 'undefined' } })
  t.strictSame(await post(app, '/nothing', '{"a":1}', 'text/plain'), { status: 200, body: { body: '{"a":1}' } })
  t.strictSame(await post(app, '/json', undefined, ''), wrong('missing'))
  t.strictSame(await post(app, '/force', Buffer.from('[1]'), ''), { status: 200, body: { json: [1] } })
  t.strictSame((await app.inject('/json')).statusCode, 415)
  t.match((await app.inject({ url: '/json', headers: { 'content-type': 'application/json' } })).json(), {
    statusCode: 400,
    message: 'The JSON cannot be read: there is no body'
  })
  for (const type of [
    'application/json; charset=utf-8', 'application/json; charset=iso-8859-1', 'APPLICATION/JSON',
    'application/vnd.api+json', 'application/problem+json;a=b'
  ]) {
    t.strictSame(await post(app, '/json', '["é"]', type), { status: 200, body: { json: ['é'] } }, type)
    t.strictSame(await post(app, '/body', '["é"]', type), { status: 200, body: ['é'] }, type)
  }
})

const bad: Array<[what: string, payload: Body, message: string]> = [
  ['truncated', '{"a":[1', 'it ends where a comma or the closing bracket is due (line 1, column 8)'],
  ['empty', '', 'the body is empty'],
  ['white space', ' \n ', 'it ends where a value is due (line 2, column 2)'],
  ['closed brackets', '['.repeat(1e5) + ']'.repeat(1e5), 'it is nested deeper than 500 levels (line 1, column 501)'],
  ['100,000 brackets, open', '['.repeat(100000), 'it is nested deeper than 500 levels (line 1, column 501)'],
  ['a number too large', '{"a":1e999}', 'a number too large to be read begins here (line 1, column 6)'],
  ['NaN', '[NaN]', 'a value or ] is due here (line 1, column 2)'],
  ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'the bytes are not UTF-8 from here (line 1, column 2)'],
  ['latin 1', Buffer.from('["é"]', 'latin1'), 'the bytes are not UTF-8 from here (line 1, column 3)'],
  ['UTF-16', Buffer.from('[1]', 'utf16le'), 'a value or ] is due here (line 1, column 2)'],
  ['text behind it', '{}{}', 'the JSON has ended before this (line 1, column 3)'],
  ['a key of prototypes', '{"__proto__":{"a":1}}', 'the key __proto__ would change a prototype where it is copied']
]

t.test('with jsonBodies the handler meets bad JSON, with its place, over inject and over a socket', async (t) => {
  const app = await strictApp()
  for (const [what, payload, message] of bad) {
    const refused = {
      status: 400,
      body: {
        statusCode: 400,
        code: 'FSS_ERR_BAD_JSON',
        error: 'Bad Request',
        message: `The JSON cannot be read: ${message}`
      }
    }
    t.strictSame(await post(app, '/json', payload), refused, what)
    t.strictSame(await postRaw(t, app, '/json', payload), refused, `${what} over a socket`)
    t.strictSame(
      await postRaw(t, app, '/silent', payload),
      { status: 200, body: { json: 'undefined' } },
      `${what} silenced`
    )
    t.strictSame(await postRaw(t, app, '/force', payload, 'text/xml'), refused, `${what} forced`)
    t.strictSame(
      await post(app, '/nothing', payload),
      { status: 200, body: { body: 'undefined' } },
      `${what} not asked for`
    )
    t.strictSame(await post(app, '/checked', payload), refused, `${what} ahead of a schema`)
    t.strictSame(await post(app, '/attached', payload), { status: 200, body: { json: 'undefined' } })
  }
})

t.test('what is good is read, over inject and over a socket', async (t) => {
  const app = await strictApp()
  const good: Array<[payload: Body, value: unknown]> = [
    [Buffer.from('\ufeff{"a":"é"}'), { a: 'é' }],
    ['{"a":1,"a":2}', { a: 2 }],
    ['12345678901234567890', 12345678901234567000],
    ['1e308', 1e308],
    ['null', null],
    ['"text"', 'text'],
    ['['.repeat(490) + ']'.repeat(490), JSON.parse('['.repeat(490) + ']'.repeat(490))]
  ]
  for (const [payload, value] of good) {
    t.strictSame(await post(app, '/json', payload), { status: 200, body: { json: value } })
    t.strictSame(await postRaw(t, app, '/json', payload), { status: 200, body: { json: value } })
    t.strictSame(await postRaw(t, app, '/force', payload, 'text/xml'), { status: 200, body: { json: value } })
  }
  t.strictSame(
    await post(app, '/checked', '{"name":"Ada"}'),
    { status: 201, body: { name: 'Ada', age: 7 } },
    'with what the schema adds'
  )
  t.match(await post(app, '/checked', '{}'), { status: 400, body: { code: 'FST_ERR_VALIDATION' } })
})

t.test('bodyLimit holds for JSON and for every other type', async (t) => {
  const app = await strictApp({}, { bodyLimit: 20 })
  app.post('/small', { bodyLimit: 5 }, async (request, reply) => reply.jsonify(request.getJson({ force: true })))
  for (const type of ['application/json', 'text/xml', 'text/plain', 'application/a+json']) {
    t.match(await post(app, '/force', `"${'a'.repeat(20)}"`, type), {
      status: 413,
      body: { code: 'FST_ERR_CTP_BODY_TOO_LARGE' }
    })
    t.match(await post(app, '/small', '"aaaa"', type), { status: 413 })
    t.match(await post(app, '/small', '"aaa"', type), { status: 200, body: 'aaa' })
  }
})

t.test('the server\'s rules of poisoned keys hold, for a provider that knows none too', async (t) => {
  class Bare extends JSONProvider {
    override dumps (value: unknown): string { return JSON.stringify(value) }
    override loads (text: string): unknown { return JSON.parse(text) }
  }
  for (const json of [undefined, new Bare()]) {
    for (const [action, status, body] of [
      ['error', 400, {}],
      ['remove', 200, { json: { b: 1 } }],
      ['ignore', 200, {}]
    ] as const) {
      const { app } = await buildApp({ json }, { onProtoPoisoning: action, onConstructorPoisoning: action })
      await app.register(jsonBodies)
      addRoutes(app)
      t.match(await post(app, '/json', '{"__proto__":{"a":1},"b":1}'), { status, body })
      t.match(await post(app, '/json', '{"constructor":{"prototype":{"a":1}},"b":1}'), { status, body })
    }
  }
})

t.test('a value that a provider of one\'s own made to hold itself is read', async (t) => {
  class Circular extends DefaultJSONProvider {
    override loads (text: string | Uint8Array): unknown {
      const value = super.loads(text) as Record<string, unknown>
      return Object.assign(value, { self: value })
    }
  }
  const { app } = await buildApp({ json: Circular })
  await app.register(jsonBodies)
  app.post('/', async (request) => Object.keys(request.getJson<object>()))
  t.strictSame(await post(app, '/', '{"constructor":{"a":1}}'), { status: 200, body: ['constructor', 'self'] })
})

t.test('what the provider of the scope throws is an error of its own, but a SyntaxError is bad JSON', async (t) => {
  class Failing extends DefaultJSONProvider {
    override loads (text: string | Uint8Array): unknown {
      if (`${text}`.includes('bug')) throw new TypeError('a bug')
      if (`${text}`.includes('odd')) throw new SyntaxError('odd')
      if (`${text}`.includes('undefined')) throw undefined // eslint-disable-line no-throw-literal -- a hostile provider
      return JSON.parse(`${text}`)
    }
  }
  const { app } = await buildApp({ json: Failing })
  await app.register(jsonBodies)
  addRoutes(app)
  for (const url of ['/json', '/silent', '/nothing']) {
    t.match(await post(app, url, '"bug"'), { status: 500, body: { message: 'a bug' } })
  }
  t.match(await post(app, '/both', '"bug"', 'text/xml'), { status: 500, body: { message: 'a bug' } })
  t.match(await post(app, '/json', '"odd"'), {
    status: 400,
    body: {
      code: 'FSS_ERR_BAD_JSON',
      message: 'The JSON cannot be read: the provider of the application does not read it'
    }
  })
  t.match(await post(app, '/json', '[1'), {
    status: 400,
    body: { message: /a comma or the closing bracket is due \(line 1, column 3/ }
  })
  t.match(await post(app, '/silent', '"undefined"'), {
    status: 500,
    body: { message: 'The JSON provider threw something that is no error' }
  })
})

t.test('a body is parsed once, by the provider of the scope the route is in', async (t) => {
  let parsed = 0
  class Counting extends DefaultJSONProvider {
    override loads (...args: Parameters<DefaultJSONProvider['loads']>): unknown {
      parsed++
      return { counted: super.loads(...args) }
    }
  }
  const { app } = await buildApp()
  await app.register(jsonBodies)
  await app.register(async (scope) => {
    scope.json = new Counting()
    scope.post('/inner', async (request, reply) =>
      reply.jsonify(request.getJson({ force: true }), request.getJson({ force: true }))
    )
  })
  app.post('/outer', async (request, reply) => reply.jsonify(request.getJson()))
  t.strictSame(await post(app, '/inner', '[1]'), { status: 200, body: [{ counted: [1] }, { counted: [1] }] })
  t.strictSame(await post(app, '/inner', '[1]', 'text/xml'), {
    status: 200,
    body: [{ counted: [1] }, { counted: [1] }]
  })
  t.equal(parsed, 2)
  t.strictSame(await post(app, '/outer', '[1]'), { status: 200, body: [1] })
})

t.test('with force every body is JSON that no other parser takes', async (t) => {
  const app = await strictApp({ force: true })
  for (const type of ['text/plain', 'text/xml', 'application/json']) {
    t.strictSame(await post(app, '/json', '[1]', type), { status: 200, body: { json: [1] } })
    t.strictSame(await post(app, '/body', '[1]', type), { status: 200, body: [1] })
    t.match(await post(app, '/json', '[1', type), { status: 400, body: { code: 'FSS_ERR_BAD_JSON' } })
    t.strictSame(await post(app, '/checked', '{"name":"a"}', type), { status: 201, body: { name: 'a', age: 7 } })
  }
  const { app: other } = await buildApp()
  await t.rejects(
    async () => await other.register(jsonBodies, { force: 'yes' as never }),
    new TypeError('The option force of jsonBodies must be true or false')
  )
})

t.test('other scopes and other parsers are left alone', async (t) => {
  const { app } = await buildApp()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    done(null, { own: `${body}` })
  })
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => { done(null, `${body}`) })
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => { done(null, `other ${body}`) })
  await app.register(async (scope) => {
    await scope.register(jsonBodies)
    scope.post('/strict', async (request, reply) => reply.jsonify(request.getJson()))
    scope.post('/strict/body', async (request, reply) => reply.jsonify(request.body))
    scope.post('/strict/force', async (request, reply) => reply.jsonify(request.getJson({ force: true })))
    await scope.register(async (inner) => {
      await inner.register(jsonBodies, { force: true })
      inner.post('/inner', async (request, reply) => reply.jsonify(request.getJson()))
    })
  })
  app.post('/own', async (request, reply) => reply.jsonify(request.getJson()))
  t.strictSame(await post(app, '/own', '[1'), { status: 200, body: { own: '[1' } })
  t.strictSame(await post(app, '/strict', '[1]'), { status: 200, body: [1] })
  t.strictSame(await post(app, '/strict/body', '1,2', 'text/csv'), { status: 200, body: '1,2' })
  t.match(await post(app, '/strict', '1,2', 'text/csv'), { status: 415 })
  t.strictSame(await post(app, '/strict/force', '[1]', 'text/csv'), { status: 200, body: [1] })
  t.strictSame(await post(app, '/strict/body', '<a/>', 'text/xml'), { status: 200, body: null })
  t.strictSame(await post(app, '/own', '<a/>', 'text/xml'), { status: 200, body: 'other <a/>' })
  t.strictSame(await post(app, '/inner', '[1]', 'text/csv'), { status: 200, body: [1] })
})

t.test('a parser of plain text that the application has stays', async (t) => {
  const { app } = await buildApp()
  app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => { done(null, `own ${body}`) })
  await app.register(jsonBodies)
  addRoutes(app)
  t.strictSame(await post(app, '/body', 'text', 'text/plain'), { status: 200, body: 'own text' })
  t.match(await post(app, '/json', '{}', 'text/plain'), { status: 415 })
  t.strictSame(await post(app, '/json', '{}'), { status: 200, body: { json: {} } })
})

t.test('a schema by content type lets plain text through', async (t) => {
  const { app } = await buildApp()
  await app.register(jsonBodies)
  const body = {
    content: { 'application/json': { schema: { type: 'object' } }, 'text/plain': { schema: { type: 'string' } } }
  }
  app.post('/', { schema: { body } }, async (request, reply) => reply.jsonify(request.body))
  t.strictSame(await post(app, '/', 'text', 'text/plain'), { status: 200, body: 'text' })
  t.strictSame(await post(app, '/', '{}'), { status: 200, body: {} })
  t.match(await post(app, '/', '{}', 'text/xml'), { status: 415 })
})

t.test('with jsonBodies the handler meets a Content-Type that is no media type as it meets a wrong one', async (t) => {
  const app = await strictApp()
  const forced = await strictApp({ force: true })
  for (const type of MALFORMED_TYPES) {
    const what = type.slice(0, 40)
    const send = async (server: FastifyInstance, url: string, payload: string): Promise<Answer> => {
      const answer = await post(server, url, payload, { 'content-type': type })
      t.strictSame(await postRaw(t, server, url, payload, type), answer, `${what} over a socket`)
      return answer
    }
    const { status, body } = await send(app, '/json', '{}')
    t.match([status, body], [415, { code: 'FSS_ERR_UNSUPPORTED_MEDIA_TYPE', error: 'Unsupported Media Type' }], what)
    t.match(body.message, `its Content-Type is ${JSON.stringify(type).slice(0, 90)}`, what)
    t.strictSame(await send(app, '/silent', '{}'), { status: 200, body: { json: 'undefined' } }, what)
    t.strictSame(await send(app, '/force', '{"a":1}'), { status: 200, body: { json: { a: 1 } } }, what)
    t.match(await send(app, '/force', '{"a":'), { status: 400, body: { code: 'FSS_ERR_BAD_JSON' } }, what)
    t.strictSame(await send(app, '/both', '{"a":'), { status: 200, body: { json: 'undefined' } }, what)
    t.strictSame(await send(app, '/checked', '{"name":"a"}'), { status, body }, what)
    t.strictSame(await send(forced, '/json', '[1]'), { status: 200, body: { json: [1] } }, what)
    t.strictSame(await send(forced, '/checked', '{"name":"a"}'), { status: 201, body: { name: 'a', age: 7 } }, what)
    t.match(await post(app, '/force', undefined, { 'content-type': type }), { status: 400 }, 'without a body')
  }
})

t.test('a Content-Type that is no media type is only in raw.headers, but QUERY leaves it to Fastify', async (t) => {
  const { app } = await buildApp()
  await app.register(jsonBodies)
  const handler = async ({ headers, raw }: FastifyRequest): Promise<unknown[]> => {
    return [headers['content-type'] ?? null, headers['x-other'], raw.headers['content-type']]
  }
  app.route({ method: ['QUERY', 'DELETE'], url: '/', handler })
  const given = { url: '/', headers: { 'content-type': 'json', 'x-other': 'a' }, payload: '{}' }
  t.strictSame((await app.inject({ method: 'DELETE', ...given })).json(), [null, 'a', 'json'])
  const refused = await app.inject({ method: 'QUERY' as never, ...given })
  t.match(refused.json(), { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' })
})

t.test(`the media type of a body is the one that Fastify finds (seed ${runs.seed})`, async () => {
  const { app } = await buildApp()
  app.get('/', async (request) => [request.mediaType ?? null, mediaTypeOf(request) ?? null])
  await fc.assert(fc.asyncProperty(contentTypes, async (type) => {
    const [expected, found] = (await app.inject({ url: '/', headers: { 'content-type': type } })).json()
    return expected === found
  }), runs)
})

const zipped = gzipSync('{"a":1}')
const encoded: Array<[coding: string, payload: Buffer]> = [
  ['gzip', zipped], ['GZIP', zipped], ['x-gzip', zipped], ['gzip, identity', zipped],
  ['deflate', deflateSync('{"a":1}')], ['br', brotliCompressSync('{"a":1}')],
  ['gzip, br', brotliCompressSync(zipped)], ['rot13', Buffer.from('{"n":1]')]
]

t.test('a body with a Content-Encoding that nobody decoded is a 415 that names it', async (t) => {
  const [app, loose] = [await strictApp(), await looseApp()]
  for (const [coding, payload] of encoded) {
    const refused = {
      statusCode: 415,
      code: 'FSS_ERR_UNSUPPORTED_MEDIA_TYPE',
      error: 'Unsupported Media Type',
      message: `The body cannot be read: its Content-Encoding is "${coding}"; send it without one`
    }
    const send = async (server: FastifyInstance, url: string, type = 'application/json') => {
      const headers = { 'content-type': type, 'content-encoding': coding }
      return await server.inject({ method: 'POST', url, headers, payload })
    }
    for (const [url, type] of [['/json'], ['/checked'], ['/force', 'text/xml'], ['/force', 'json']] as const) {
      const response = await send(app, url, type)
      t.strictSame(response.json(), refused)
      t.equal(response.headers['accept-encoding'], 'identity')
    }
    for (const url of ['/silent', '/both', '/attached']) {
      t.strictSame((await send(app, url)).json(), { json: 'undefined' })
    }
    t.strictSame((await send(app, '/nothing')).json(), { body: 'undefined' })
    t.strictSame((await send(loose, '/force', 'text/plain')).json(), refused)
  }
})

t.test('without a length a body is taken for encoded where it is no text', async (t) => {
  const app = await strictApp()
  for (const [coding, payload] of encoded) {
    const headers = { 'content-type': 'application/json', 'content-encoding': coding }
    const stream = Readable.from([payload])
    const { statusCode } = await app.inject({ method: 'POST', url: '/json', headers, payload: stream })
    t.equal(statusCode, coding === 'rot13' ? 400 : 415, coding)
  }
})

t.test('the Content-Encoding identity is none', async (t) => {
  const app = await strictApp()
  for (const coding of ['identity', 'Identity', '', ' , identity,']) {
    const headers = { 'content-type': 'application/json', 'content-encoding': coding }
    t.strictSame(await post(app, '/json', '{"a":1}', headers), { status: 200, body: { json: { a: 1 } } })
    t.match(await post(app, '/json', '{"a":', headers), { status: 400 })
  }
})

t.test('a body that the application decodes is read, whether its Content-Encoding was taken off or not', async (t) => {
  const [compressed, hooked] = [await buildApp(), await buildApp()]
  await compressed.app.register(compress)
  hooked.app.addHook('preParsing', (request, _reply, payload, done) => {
    request.headers = { ...request.headers, 'content-encoding': undefined }
    const receivedEncodedLength = Number(request.headers['content-length'])
    done(null, payload.pipe(Object.assign(createGunzip(), { receivedEncodedLength })))
  })
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  for (const { app } of [compressed, hooked]) {
    await app.register(jsonBodies)
    addRoutes(app)
    t.strictSame(await post(app, '/json', zipped, headers), { status: 200, body: { json: { a: 1 } } })
    const { status, body } = await post(app, '/json', gzipSync('{"a":'), headers)
    t.match([status, body.message], [400, /line 1, column 6/])
  }
})

t.test('a parser that cannot be added for another reason than being there fails the start', async (t) => {
  const { app } = await buildApp()
  const failure = new Error('no')
  await t.rejects(async () => await app.register(async (scope) => {
    const { addContentTypeParser } = scope
    scope.addContentTypeParser = function (this: FastifyInstance, type: string, ...rest: never[]) {
      if (type === 'text/plain') throw failure
      return (addContentTypeParser as Function).call(this, type, ...rest)
    } as never
    await scope.register(jsonBodies)
  }), failure)
})

t.test('jsonBodies needs the plugin', async (t) => {
  const { default: Fastify } = await import('fastify')
  await t.rejects(async () => await Fastify().register(jsonBodies), /fastify-signed-session/)
})

t.test('a client that goes away in the middle of a body harms nobody', async (t) => {
  const app = await strictApp()
  t.teardown(() => app.close())
  await app.listen({ port: 0 })
  const { port } = app.server.address() as AddressInfo
  const socket = connect(port)
  socket.write('POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a":')
  await new Promise((resolve) => setTimeout(resolve, 30))
  socket.destroy()
  t.strictSame(await post(app, '/json', '[1]'), { status: 200, body: { json: [1] } })
})
