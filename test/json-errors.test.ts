import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { DefaultJSONProvider, jsonBodies, jsonErrorHandler, jsonNotFoundHandler } from '../lib/index.ts'
import { buildApp, errorsOf } from './support/app.ts'

async function errorApp (
  options: object = {},
  server: object = {}
): Promise<{ app: FastifyInstance, logs: Awaited<ReturnType<typeof buildApp>>['logs'] }> {
  const built = await buildApp(options, server)
  built.app.setErrorHandler(jsonErrorHandler)
  built.app.setNotFoundHandler(jsonNotFoundHandler)
  return built
}

const HIDDEN = '{"statusCode":500,"error":"Internal Server Error","message":"Something went wrong here"}\n'

t.test('what a schema refused is named, field by field', async (t) => {
  const { app } = await errorApp({}, { ajv: { customOptions: { allErrors: true } } })
  const item = {
    type: 'object',
    additionalProperties: false,
    required: ['sku'],
    properties: { sku: { type: 'string' }, n: { type: 'integer' } }
  }
  const body = {
    type: 'object',
    required: ['name', 'email'],
    properties: {
      name: { type: 'string', minLength: 1 },
      email: { type: 'string', format: 'email' },
      items: { type: 'array', items: item },
      'a/b~c d': { type: 'integer' }
    }
  }
  app.post('/', { schema: { body } }, async () => 'fine')
  app.get(
    '/query',
    { schema: { querystring: { type: 'object', properties: { page: { type: 'integer' } } } } },
    async () => 'fine'
  )
  const {
    statusCode,
    headers,
    body: text
  } = await app.inject({
    method: 'POST',
    url: '/',
    payload: { name: '', email: 'x', items: [{ n: 'many' }], 'a/b~c d': 'x' }
  })
  t.strictSame([statusCode, headers['content-type']], [400, 'application/json; charset=utf-8'])
  const { message, fields, ...rest } = JSON.parse(text)
  t.strictSame(rest, { statusCode: 400, error: 'Bad Request', code: 'FST_ERR_VALIDATION' })
  t.match(message, /^body\/name must NOT have fewer than 1 characters/)
  t.strictSame(fields, [
    { field: 'body.name', message: 'must NOT have fewer than 1 characters' },
    { field: 'body.email', message: 'must match format "email"' },
    { field: 'body.items[0].sku', message: "must have required property 'sku'" },
    { field: 'body.items[0].n', message: 'must be integer' },
    { field: 'body["a/b~c d"]', message: 'must be integer' }
  ])
  t.match((await app.inject('/query?page=x')).json(), {
    fields: [{ field: 'querystring.page', message: 'must be integer' }]
  })
  t.match((await app.inject({ method: 'POST', url: '/', payload: [] })).json(), {
    fields: [{ field: 'body', message: 'must be object' }]
  })
})

t.test('a property in excess is named, and findings of any shape are told', async (t) => {
  const { app } = await errorApp({}, { ajv: { customOptions: { removeAdditional: false } } })
  app.post('/', { schema: { body: { type: 'object', additionalProperties: false } } }, async () => 'fine')
  app.get('/odd', async () => {
    throw Object.assign(new Error('odd'), { statusCode: 400, validation: [{}, { message: 5, instancePath: '/a' }] })
  })
  t.strictSame((await app.inject({ method: 'POST', url: '/', payload: { 'x\u202e': 1 } })).json().fields, [
    { field: 'body["x\\u202e"]', message: 'must NOT have additional properties' }
  ])
  t.strictSame((await app.inject('/odd')).json().fields, [
    { field: 'request', message: 'is refused' },
    { field: 'request.a', message: '5' }
  ])
})

t.test('404 and 415 and bad JSON have the same shape', async (t) => {
  const { app } = await errorApp()
  await app.register(jsonBodies)
  app.post('/', async (request, reply) => reply.jsonify(request.getJson()))
  app.get('/gone', async (_request, reply) => reply.callNotFound())
  for (const url of ['/none', '/gone']) {
    const { statusCode, body } = await app.inject(url)
    t.strictSame(
      [statusCode, body],
      [404, '{"statusCode":404,"error":"Not Found","message":"There is nothing at this address"}\n']
    )
  }
  t.match(
    (await app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'text/xml' }, payload: '<a/>' })).json(),
    {
      statusCode: 415,
      error: 'Unsupported Media Type',
      code: 'FSS_ERR_UNSUPPORTED_MEDIA_TYPE',
      message: /send application\/json$/
    }
  )
  t.match(
    (
      await app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'application/json' }, payload: '{' })
    ).json(),
    { statusCode: 400, error: 'Bad Request', code: 'FSS_ERR_BAD_JSON', message: /line 1, column 2/ })
})

t.test('a reply about a body that is no JSON shows the characters around the place, no other does', async (t) => {
  const { app } = await errorApp({ debug: true })
  await app.register(jsonBodies)
  app.post('/', async (request, reply) => reply.jsonify(request.getJson()))
  app.post('/other', async () => new DefaultJSONProvider().loads('{"password":hunter2}'))
  const near = async (payload: string, url = '/'): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' }
    return (await app.inject({ method: 'POST', url, headers, payload })).json().near
  }
  t.equal(await near('{"password":"hunter2","age":,"name":"Ada"}'), 'r2","age":,"name":"A')
  t.equal(await near(''), undefined)
  t.equal(await near('{"__proto__":1}'), undefined)
  t.equal(await near('1', '/other'), undefined)
})

t.test('from 500 on nothing is told but in debug, and all is logged', async (t) => {
  const failure = Object.assign(new Error('secret'), { code: 'E_SECRET', statusCode: 503 })
  for (const debug of [false, true]) {
    const { app, logs } = await errorApp({ debug })
    app.get('/500', async () => { throw new TypeError('secret') })
    app.get('/503', async () => { throw failure })
    app.get('/418', async () => {
      throw Object.assign(new Error('a teapot'), { status: 418, headers: { 'x-tea': 'green' } })
    })
    app.get('/set', async (_request, reply) => { reply.code(409); throw new Error('set before') })
    const { statusCode, body } = await app.inject('/500')
    t.equal(statusCode, 500)
    if (debug) t.match(JSON.parse(body), { message: 'secret', stack: /^TypeError: secret\n/ })
    else t.equal(body, HIDDEN)
    t.match(
      (await app.inject('/503')).json(),
      debug
        ? { statusCode: 503, code: 'E_SECRET', message: 'secret' }
        : { statusCode: 503, error: 'Service Unavailable', message: 'Something went wrong here' }
    )
    const teapot = await app.inject('/418')
    t.match(teapot.json(), { statusCode: 418, error: "I'm a Teapot", message: 'a teapot' })
    t.equal(teapot.headers['x-tea'], 'green')
    t.match((await app.inject('/set')).json(), { statusCode: 409, message: 'set before' })
    t.match(errorsOf(logs), [{ err: { message: 'secret' }, msg: 'The request failed' }, { err: { message: 'secret' } }])
    t.ok(logs.some(({ level, msg }) => level === 30 && msg === 'The request was refused'))
  }
})

t.test('whatever is thrown is answered', async (t) => {
  const { app } = await errorApp()
  const thrown = [
    undefined, null, 'secret', 5, {}, { statusCode: 200 }, { statusCode: 'x', status: 999 },
    { message: 5, statusCode: 599 }, Object.create(null)
  ]
  thrown.forEach((value, index) => {
    app.get(`/${index}`, async () => { throw value })
  })
  for (const index of thrown.keys()) {
    const { statusCode, body } = await app.inject(`/${index}`)
    t.ok(statusCode >= 500)
    t.notMatch(body, 'secret')
    t.match(JSON.parse(body), {
      statusCode,
      message: 'Something went wrong here',
      error: index === 7 ? 'Error' : 'Internal Server Error'
    })
  }
})

t.test('an error of a client without a message has the name of its status', async (t) => {
  const { app } = await errorApp()
  app.get('/', async () => {
    throw { statusCode: 402 } // eslint-disable-line no-throw-literal -- the case at hand
  })
  t.strictSame((await app.inject('/')).json(), {
    statusCode: 402,
    error: 'Payment Required',
    message: 'Payment Required'
  })
})

t.test('a response schema for the status filters the reply', async (t) => {
  const { app } = await errorApp()
  const response = { 400: { type: 'object', properties: { error: { type: 'string' } } } }
  app.get('/', { schema: { response } }, async (_request, reply) => {
    reply.serializer(() => 'left behind')
    throw Object.assign(new Error('bad'), { statusCode: 400 })
  })
  t.equal((await app.inject('/')).body, '{"error":"Bad Request"}')
})

t.test('the provider of the scope writes, and where it fails plain JSON does', async (t) => {
  class Throwing extends DefaultJSONProvider {
    override dumps (): string {
      throw new Error('secret')
    }
  }
  const { app, logs } = await errorApp()
  await app.register(async (scope) => {
    scope.json = new DefaultJSONProvider({ debug: true })
    scope.get('/debug', async () => {
      throw Object.assign(new Error('bad'), { statusCode: 400, stack: undefined })
    })
  })
  await app.register(async (scope) => {
    scope.json = new Throwing()
    scope.get('/throwing', async () => {
      throw new Error('a')
    })
  })
  await app.register(async (scope) => {
    scope.json = {} as never
    scope.get('/none', async () => {
      throw new Error('a')
    })
  })
  t.equal(
    (await app.inject('/debug')).body,
    '{\n  "statusCode": 400,\n  "error": "Bad Request",\n  "message": "bad"\n}\n'
  )
  for (const url of ['/throwing', '/none']) {
    const { statusCode, body, headers } = await app.inject(url)
    t.strictSame([statusCode, body, headers['content-type']], [500, HIDDEN, 'application/json; charset=utf-8'])
  }
  t.ok(errorsOf(logs).some(({ msg }) => msg === 'The JSON provider failed at an error reply'))
})

t.test('the handlers work without the plugin', async (t) => {
  const app = Fastify()
  app.setErrorHandler(jsonErrorHandler)
  app.setNotFoundHandler(jsonNotFoundHandler)
  app.get('/', async () => {
    throw new Error('secret')
  })
  t.equal((await app.inject('/')).body, HIDDEN)
  t.equal((await app.inject('/none')).statusCode, 404)
  t.equal((await app.inject({ method: 'HEAD', url: '/' })).headers['content-length'], `${HIDDEN.length}`)
})
