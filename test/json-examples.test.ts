import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { build as buildErrors } from '../examples/json/errors.js'
import { build as buildProviders, PrettyJSONProvider, StrictJSONProvider } from '../examples/json/providers.js'
import { build as buildReplies } from '../examples/json/replies.js'
import { build as buildRequests } from '../examples/json/requests.js'
import { configure, texts, throughFile } from '../examples/json/text.js'
import { SECRET } from './support/app.ts'

t.test('replies: a user by id, a list, a status, several values, and errors', async (t) => {
  const app = await buildReplies(SECRET)
  const bodies: Record<string, [status: number, body: string]> = {
    '/api/user/1': [200, '{"id":1,"username":"john","email":"john@example.com"}\n'],
    '/api/user/3': [404, '{"error":"User not found","user_id":3}\n'],
    '/api/user/x': [
      400,
      '{"statusCode":400,"error":"Bad Request","code":"FST_ERR_VALIDATION","message":"params/id must be ' +
        'integer","fields":[{"field":"params.id","message":"must be integer"}]}\n'
    ],
    '/api/users': [
      200,
      '[{"id":1,"username":"john","email":"john@example.com"},{"id":2,"username":"jane","email":"jane@example.com"}]\n'
    ],
    '/api/status': [200, '{"status":"ok","version":"1.0.0"}\n'],
    '/api/items': [200, '["item1","item2","item3"]\n'],
    '/api/broken': [500, '{"statusCode":500,"error":"Internal Server Error","message":"Something went wrong here"}\n'],
    '/none': [404, '{"statusCode":404,"error":"Not Found","message":"There is nothing at this address"}\n']
  }
  for (const [url, wanted] of Object.entries(bodies)) {
    const { statusCode, body, headers } = await app.inject(url)
    t.strictSame([statusCode, body], wanted, url)
    t.equal(headers['content-type'], 'application/json; charset=utf-8')
  }
})

t.test('text: dumps and loads, a decimal, a file', async (t) => {
  t.strictSame(texts(), {
    compact: '{"name":"John","age":30,"active":true}',
    sorted: '{\n  "active": true,\n  "age": 30,\n  "name": "John"\n}',
    decimal: '{"price":"19.99"}',
    fromText: { name: 'John', age: 30 },
    fromBytes: { active: true },
    exact: { id: 9007199254740993n }
  })
  const file = join(t.testdir(), 'data.json')
  const data = { users: [{ id: 1, name: 'John' }, { id: 2, name: 'Jane' }] }
  t.strictSame(await throughFile(file), data)
  t.equal(await readFile(file, 'utf8'), JSON.stringify(data, null, 2))
})

t.test('text: a configuration from a file, and into one', async (t) => {
  const dir = t.testdir({ 'config.json': '{"NAME":"Zoë","DEBUG":true}' })
  const config = { DEBUG: false, PORT: 8000 }
  await configure(config, join(dir, 'config.json'), join(dir, 'all.json'))
  t.strictSame(config, { DEBUG: true, PORT: 8000, NAME: 'Zoë' })
  t.equal(await readFile(join(dir, 'all.json'), 'utf8'), '{\n  "DEBUG": true,\n  "PORT": 8000,\n  "NAME": "Zoë"\n}')
})

t.test('providers: dates, decimals and classes of one\'s own, compact, and pretty in debug', async (t) => {
  const app = await buildProviders(SECRET)
  t.equal((await app.inject('/api/order/7')).body,
    '{"id":7,"created_at":"1970-01-01T00:00:00Z","total":39.98,"tags":["new"],"items":[{"sku":"pencil",' +
      '"price":19.99,"inStock":true}]}\n'
  )
  t.equal((await app.inject('/compact/7')).body,
    '{"id":7,"created_at":"1970-01-01T00:00:00.000Z","total":"39.98","tags":["new"],"items":[{"sku":"pencil",' +
      '"price":"19.99"}]}\n'
  )
  t.equal((await app.inject('/pretty/7')).body, '{\n  "a": {\n    "id": "7"\n  },\n  "b": 1\n}\n')
  t.equal(new PrettyJSONProvider().dumps({ b: 1, a: 2 }), '{"b":1,"a":2}')
  const strict = new StrictJSONProvider()
  t.equal(strict.dumps({ b: 1, a: 2 }), '{"a":2,"b":1}')
  t.ok(Object.isFrozen(strict.loads('{"a":1}')))
})

t.test('requests: checks, force, raw text, an upload, and a schema', async (t) => {
  const app = await buildRequests(SECRET)
  const post = async (
    url: string,
    payload: string,
    type = 'application/json'
  ): Promise<[status: number, body: unknown]> => {
    const { statusCode, body } = await app.inject({ method: 'POST', url, payload, headers: { 'content-type': type } })
    return [statusCode, JSON.parse(body)]
  }
  const john = '{"name":"John","email":"john@example.com"}'
  t.strictSame(await post('/api/create', john), [201, JSON.parse(john)])
  t.strictSame(await post('/api/create', john, 'text/plain'), [400, { error: 'Content-Type must be application/json' }])
  t.strictSame(await post('/api/create', '{'), [400, { error: 'Invalid JSON' }])
  t.strictSame(await post('/api/forced', '[1]', 'text/xml'), [200, { received: [1] }])
  t.strictSame(await post('/api/data', '[1]', 'text/plain'), [200, { status: 'success' }])
  t.strictSame(await post('/api/data', '[1', 'text/plain'), [400, { error: 'Invalid JSON' }])
  const part = (name: string, text: string): string =>
    `--b\r\nContent-Disposition: form-data; name="data"${name}\r\nContent-Type: ` +
      `application/json\r\n\r\n${text}\r\n--b--\r\n`
  const form = 'multipart/form-data; boundary=b'
  t.strictSame(await post('/upload', part('; filename="d.json"', '[1,2,3]'), form), [200, { received: 3 }])
  t.strictSame(await post('/upload', part('; filename="d.json"', '[1,2'), form), [
    400,
    { error: 'The file holds no JSON' }
  ])
  t.strictSame(await post('/upload', part('', '[1,2]'), form), [400, { error: 'A file is missing' }])
  t.strictSame(await post('/api/users', john), [201, JSON.parse(john)])
  t.match(await post('/api/users', john, 'text/plain'), [415, { code: 'FSS_ERR_UNSUPPORTED_MEDIA_TYPE' }])
  t.match(await post('/api/users', '{'), [400, { code: 'FSS_ERR_BAD_JSON' }])
  t.match(await post('/api/users', '{"name":"John"}'), [
    400,
    { fields: [{ field: 'body.email', message: "must have required property 'email'" }] }
  ])
  t.match(await post('/api/users', '{"name":"John","email":"x"}'), [
    400,
    { fields: [{ field: 'body.email', message: 'must match format "email"' }] }
  ])
})

t.test('errors: handlers of one\'s own', async (t) => {
  const app = await buildErrors(SECRET)
  t.strictSame((await app.inject('/none')).json(), { error: 'Not Found', message: 'There is nothing at this address' })
  const bad = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json' },
    payload: '{'
  })
  t.strictSame([bad.statusCode, bad.json().error], [400, 'Bad Request'])
  t.strictSame((await app.inject({ method: 'POST', url: '/', payload: [1] })).json(), [1])
  const broken = await app.inject('/broken')
  t.strictSame(
    [broken.statusCode, broken.json()],
    [500, { error: 'Internal Server Error', message: 'An unexpected error occurred' }]
  )
})
