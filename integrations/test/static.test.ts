import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fastifyStatic from '@fastify/static'
import { buildApp } from '../support/app.js'

test('files have neither a cookie nor Vary, even for a session that is due to be signed anew', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'static-'))
  t.after(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'style.css'), 'a { color: red }')
  const app = await buildApp({ refreshAfter: 0, permanent: true })
  await app.register(fastifyStatic, { root, prefix: '/static/' })
  app.get('/', async (request, reply) => {
    request.session.set('downloads', 1)
    return reply.sendFile('style.css')
  })
  const cookie = `session=${app.encodeSession({ user: 'Ada' })}`
  const get = async (url: string, headers = {}) => await app.inject({ url, headers: { cookie, ...headers } })

  const file = await get('/static/style.css')
  assert.deepEqual(
    [file.body, file.headers['set-cookie'], file.headers.vary],
    ['a { color: red }', undefined, undefined]
  )
  assert.equal(file.headers['cache-control'], 'public, max-age=0')
  for (const headers of [{ 'if-none-match': `${file.headers.etag}` }, { range: 'bytes=0-3' }]) {
    const part = await get('/static/style.css', headers)
    assert.deepEqual([part.headers['set-cookie'], part.headers.vary], [undefined, undefined])
    assert.ok([304, 206].includes(part.statusCode))
  }
  const sent = await get('/')
  assert.equal(sent.body, 'a { color: red }')
  assert.match(`${sent.headers['set-cookie']}`, /^session=/, 'a handler that sends a file may change the session')
  assert.equal(sent.headers.vary, 'Cookie')
  assert.equal(sent.headers['cache-control'], 'private, no-cache')
})

test('a file behind a hook that reads the session stays public, and has no session signed anew', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'static-'))
  t.after(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'style.css'), 'a { color: red }')
  const app = await buildApp({ refreshAfter: 0, permanent: true })
  app.addHook('onRequest', async (request) => { request.session.get('user') })
  await app.register(fastifyStatic, { root, prefix: '/static/', maxAge: '1y', immutable: true })
  app.get('/', async () => 'x')
  const cookie = `session=${app.encodeSession({ user: 'Ada' })}`
  const { headers } = await app.inject({ url: '/static/style.css', headers: { cookie } })
  assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.deepEqual([headers['set-cookie'], headers.vary], [undefined, 'Cookie'])
  assert.equal(app.sessionCounters.skipped, 1)
  assert.match(`${(await app.inject({ url: '/', headers: { cookie } })).headers['set-cookie']}`, /^session=/)
})
