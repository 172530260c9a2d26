import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import underPressure from '@fastify/under-pressure'
import { Browser, buildApp } from '../support/app.js'

test('a request that is turned away opens no session and ends none', async (t) => {
  let isHealthy = true
  const app = await buildApp()
  t.after(() => app.close())
  await app.register(underPressure, {
    healthCheck: async () => isHealthy,
    healthCheckInterval: 5,
    exposeStatusRoute: true
  })
  app.get('/', async ({ session }) => session.get('user'))
  const browser = new Browser(app)
  browser.cookies.set('session', app.encodeSession({ user: 'Ada' }))
  const until = async (status: number) => {
    for (;;) {
      const response = await browser.get('/')
      if (response.statusCode === status) return response
      await wait(5)
    }
  }

  assert.equal((await until(200)).body, 'Ada')
  const { opened } = app.sessionCounters
  isHealthy = false
  const { headers } = await until(503)
  const opens = app.sessionCounters.opened
  await browser.get('/')
  assert.equal(app.sessionCounters.opened, opens)
  assert.deepEqual([headers['set-cookie'], headers.vary], [undefined, undefined])
  isHealthy = true
  assert.equal((await until(200)).body, 'Ada')
  assert.ok(app.sessionCounters.opened > opened)
  const status = await browser.get('/status')
  assert.deepEqual([status.headers['set-cookie'], status.headers.vary], [undefined, undefined])
})
