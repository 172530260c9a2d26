import assert from 'node:assert/strict'
import { test } from 'node:test'
import helmet from '@fastify/helmet'
import Fastify from 'fastify'
import sessionPlugin from 'fastify-signed-session'
import { SECRET } from '../support/app.js'

for (const isFirst of [true, false]) {
  test(`its headers and the session's stand together, registered ${isFirst ? 'before' : 'after'}`, async () => {
    const app = Fastify()
    if (isFirst) await app.register(helmet, { enableCSPNonces: true })
    await app.register(sessionPlugin, { secret: SECRET })
    if (!isFirst) await app.register(helmet, { enableCSPNonces: true })
    app.get('/', async (request, reply) => {
      request.session.set('nonce', reply.cspNonce.script)
      return reply.cspNonce.script
    })
    app.get('/fail', async (request) => {
      request.session.set('failed', true)
      throw new Error('no')
    })
    for (const [url, status] of [['/', 200], ['/fail', 500]] as const) {
      const { headers, statusCode } = await app.inject(url)
      assert.equal(statusCode, status)
      assert.match(`${headers['content-security-policy']}`, /script-src 'self' 'nonce-/)
      assert.match(`${headers['set-cookie']}`, /^session=/)
      assert.equal(headers.vary, 'Cookie')
    }
  })
}
