import assert from 'node:assert/strict'
import { createReadStream } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import compress from '@fastify/compress'
import Fastify from 'fastify'
import sessionPlugin from 'fastify-signed-session'
import { SECRET } from '../support/app.js'

const TEXT = 'compressible '.repeat(200)

for (const isFirst of [true, false]) {
  test('a compressed reply carries the cookie and varies by both, ' +
    `registered ${isFirst ? 'before' : 'after'}`, async () => {
    const app = Fastify()
    if (isFirst) await app.register(compress)
    await app.register(sessionPlugin, { secret: SECRET })
    if (!isFirst) await app.register(compress)
    app.get('/', async (request, reply) => {
      request.session.set('user', 'Ada')
      return reply.type('text/plain').send(TEXT)
    })
    app.get('/json', async (request, reply) => reply.jsonify({ user: request.session.get('user'), text: TEXT }))
    const sent = { 'accept-encoding': 'gzip' }
    const { headers, rawPayload, cookies } = await app.inject({ url: '/', headers: sent })
    assert.equal(headers['content-encoding'], 'gzip')
    assert.equal(gunzipSync(rawPayload).toString(), TEXT)
    assert.deepEqual(`${headers.vary}`.toLowerCase().split(', ').sort(), ['accept-encoding', 'cookie'])
    const read = await app.inject({ url: '/json', headers: { ...sent, cookie: `session=${cookies[0]!.value}` } })
    assert.deepEqual(JSON.parse(gunzipSync(read.rawPayload).toString()), { user: 'Ada', text: TEXT })
    assert.deepEqual(`${read.headers.vary}`.toLowerCase().split(', ').sort(), ['accept-encoding', 'cookie'])
    assert.equal(read.headers['set-cookie'], undefined)
  })
}

test('a HEAD of such a route has the same cookie and Vary, and no body', async () => {
  const app = Fastify()
  await app.register(compress)
  await app.register(sessionPlugin, { secret: SECRET })
  app.get('/', async (request) => {
    request.session.set('user', 'Ada')
    return TEXT
  })
  const { headers, body } = await app.inject({ method: 'HEAD', url: '/', headers: { 'accept-encoding': 'gzip' } })
  assert.equal(body, '')
  assert.match(`${headers['set-cookie']}`, /^session=/)
  assert.match(`${headers.vary}`, /Cookie/)
})

test('a file that was to be compressed is closed where the session could not be saved', async () => {
  for (const isFirst of [true, false]) {
    const app = Fastify()
    if (isFirst) await app.register(compress)
    await app.register(sessionPlugin, { secret: SECRET })
    if (!isFirst) await app.register(compress)
    let closed: Promise<unknown> | undefined
    app.get('/', (request, reply) => {
      request.session.set('large', 'x'.repeat(5000))
      const file = createReadStream(import.meta.filename)
      closed = new Promise<void>((resolve) => { file.once('close', () => { resolve() }) })
      return reply.type('text/plain').send(file)
    })
    for (const sent of [{ 'accept-encoding': 'gzip' }, { 'accept-encoding': 'br' }, {}]) {
      const { statusCode } = await app.inject({ url: '/', headers: sent })
      assert.equal(statusCode, 500)
      await closed
    }
  }
})
