import fc from 'fast-check'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { jsonBodies } from '../lib/index.ts'
import { buildApp } from './support/app.ts'
import { contentTypes, MALFORMED_TYPES } from './support/content-types.ts'

const runs = { seed: 20261125, numRuns: 500 }
const schema = {
  type: 'object', required: ['name'], properties: { name: { type: 'string' }, age: { type: 'integer' } }
}
/** A body that these schemas refuse. */
const REFUSED = Buffer.from('{"name":"unvalidated","age":"old"}')
const bodies: Record<string, object> = {
  plain: schema,
  nullable: { ...schema, type: ['object', 'null'] },
  json: { content: { 'application/json': { schema } } },
  other: {
    content: {
      'application/json': { schema }, 'application/x+json': { schema }, 'text/xml': { schema }, 'image/png': { schema }
    }
  },
  misspelled: {
    content: { 'Application/JSON': { schema }, '*/*': { schema }, 'application/json; charset=utf-8': { schema } }
  }
}
const routes = Object.keys(bodies).flatMap((name) => [`/${name}/false`, `/${name}/true`])
const ways = [{}, { silent: true }, { force: true }, { force: true, silent: true }]

/** All values of JSON that a handler can get of a body, unless it is told that the schema refuses the body. */
function valuesOf (request: FastifyRequest): unknown[] {
  const attempts = [() => request.body, ...ways.map((way) => () => request.getJson(way as object))]
  const values = attempts.map((attempt) => {
    try {
      return attempt()
    } catch {
      return undefined
    }
  })
  return request.validationError ? [] : values.filter((value) => typeof value === 'object' && !Buffer.isBuffer(value))
}

/** An application with other parsers, and routes that answer with `valuesOf`. */
async function schemaApp (options?: object): Promise<FastifyInstance> {
  const { app } = await buildApp()
  app.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => { done(null, body) })
  app.addContentTypeParser('image/png', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body) })
  if (options !== undefined) await app.register(jsonBodies, options)
  for (const [name, body] of Object.entries(bodies)) {
    for (const attachValidation of [false, true]) {
      const url = `/${name}/${attachValidation}`
      app.post(url, { schema: { body }, attachValidation }, async (request) => valuesOf(request))
    }
  }
  return app
}

async function post (app: FastifyInstance, url: string, payload: string | Buffer, type: string | undefined) {
  const headers = type === undefined ? {} : { 'content-type': type }
  return await app.inject({ method: 'POST', url, headers, payload: Buffer.from(payload as string) })
}

t.test(`no Content-Type and no force is a way round the schema of a route (seed ${runs.seed})`, async (t) => {
  const apps = { strict: await schemaApp({}), forced: await schemaApp({ force: true }), loose: await schemaApp() }
  const names = Object.keys(apps) as Array<keyof typeof apps>
  const types = [
    undefined, 'application/json', 'application/x+json', 'application/vnd.api+json; a=b', 'APPLICATION/JSON',
    'text/plain', 'application/json ;x', 'Text/Plain; charset=utf-8', 'text/xml', 'text/csv', 'image/png', '*/*',
    ...MALFORMED_TYPES
  ]
  const isHeld = async (name: keyof typeof apps, url: string, type: string | undefined): Promise<boolean> => {
    // Without jsonBodies Fastify parses, and finds no schema for a type that is misspelled in one.
    if (name === 'loose' && url.startsWith('/misspelled')) return true
    const { statusCode, body } = await post(apps[name], url, REFUSED, type)
    return !body.includes('unvalidated') && [200, 400, 415].includes(statusCode)
  }
  for (const name of names) {
    for (const url of routes) {
      for (const type of types) t.ok(await isHeld(name, url, type), `${name} ${url} ${type?.slice(0, 40)}`)
    }
  }
  await fc.assert(fc.asyncProperty(fc.constantFrom(...names), fc.constantFrom(...routes), contentTypes, isHeld), runs)
})

t.test('a media type that the schema of a route does not have is a 415 ahead of the handler', async (t) => {
  for (const force of [false, true]) {
    const app = await schemaApp({ force })
    for (const url of ['/json/false', '/json/true', '/misspelled/false']) {
      const refused = await post(app, url, '{"name":"a"}', 'application/x+json')
      t.strictSame(refused.json(), {
        statusCode: 415,
        code: 'FSS_ERR_UNSUPPORTED_MEDIA_TYPE',
        error: 'Unsupported Media Type',
        message: 'The route has no schema for this body: its Content-Type is "application/x+json"; send another type'
      })
      const untyped = (await post(app, url, '{"name":"a"}', undefined)).json()
      t.match(untyped, { statusCode: 415, message: /its Content-Type is missing; send/ })
    }
  }
})

t.test('a media type that the schema of a route has is read, however it is spelled', async (t) => {
  for (const force of [false, true]) {
    const app = await schemaApp({ force })
    const read = Array(5).fill({ name: 'a' })
    for (const type of ['application/json', 'application/json; a=b', 'APPLICATION/JSON']) {
      for (const url of ['/json/false', '/json/true', '/other/false']) {
        t.strictSame((await post(app, url, '{"name":"a"}', type)).json(), read, `${url} ${type}`)
      }
    }
    t.strictSame((await post(app, '/other/false', '{"name":"a"}', 'application/x+json')).json(), read)
    const { statusCode, body } = await post(app, '/other/false', '{"name":"a"}', 'text/xml')
    t.match([statusCode, body], force ? [200, /"a"/] : [415, 'The body is not declared as JSON'])
  }
})

t.test('what a schema has seen as text may be parsed by force', async (t) => {
  for (const isRegistered of [true, false]) {
    const { app } = await buildApp()
    if (isRegistered) await app.register(jsonBodies)
    const content = { 'text/plain': { schema: { type: 'string', maxLength: 10 } }, 'application/json': { schema: {} } }
    app.post('/', { schema: { body: { content } } }, async (request) => request.getJson<object>({ force: true }))
    t.strictSame((await post(app, '/', '{"a":1}', 'text/plain')).json(), { a: 1 })
    t.match((await post(app, '/', '{"a":12345}', 'text/plain')).json(), { statusCode: 400, code: 'FST_ERR_VALIDATION' })
  }
})
