import assert from 'node:assert/strict'
import { test } from 'node:test'
import etag from '@fastify/etag'
import Fastify from 'fastify'
import sessionPlugin from 'fastify-signed-session'
import { SECRET } from '../support/app.js'

for (const isFirst of [true, false]) {
  test('a 304 varies by the cookie and carries a new one where it is due, ' +
    `registered ${isFirst ? 'before' : 'after'}`, async () => {
    const app = Fastify()
    if (isFirst) await app.register(etag)
    await app.register(sessionPlugin, { secret: SECRET })
    if (!isFirst) await app.register(etag)
    app.get('/', async ({ session }) => `for ${session.get('user')}`)
    app.get('/touch', async ({ session }) => {
      session.touch()
      return `for ${session.get('user')}`
    })
    const cookie = `session=${app.encodeSession({ user: 'Ada' })}`
    const { etag: tag } = (await app.inject({ url: '/', headers: { cookie } })).headers
    const again = async (url: string) => await app.inject({ url, headers: { cookie, 'if-none-match': `${tag}` } })
    const { statusCode, headers } = await again('/')
    assert.deepEqual([statusCode, headers.vary, headers['set-cookie']], [304, 'Cookie', undefined])
    const touched = await again('/touch')
    assert.deepEqual(
      [touched.statusCode, touched.headers.vary, touched.headers['cache-control']],
      [304, 'Cookie', 'private, no-cache="Set-Cookie"']
    )
    assert.match(`${touched.headers['set-cookie']}`, /^session=/)
    const other = await app.inject({ url: '/', headers: { 'if-none-match': `${tag}` } })
    assert.deepEqual([other.statusCode, other.body], [200, 'for undefined'], 'another visitor\'s page has another tag')
  })
}

test('registered after the session, a save that fails is its error and no 304', async () => {
  const app = Fastify()
  await app.register(sessionPlugin, { secret: SECRET })
  await app.register(etag)
  app.get('/', async () => 'page')
  app.get('/large', async ({ session }) => {
    session.set('large', 'x'.repeat(5000))
    return 'page'
  })
  const { etag: tag } = (await app.inject('/')).headers
  const { statusCode, headers } = await app.inject({ url: '/large', headers: { 'if-none-match': `${tag}` } })
  assert.deepEqual([statusCode, headers['set-cookie']], [500, undefined])
})
