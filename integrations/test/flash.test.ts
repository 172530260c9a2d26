import assert from 'node:assert/strict'
import { test } from 'node:test'
import flash from '@fastify/flash'
import Fastify from 'fastify'
import { Browser, buildApp } from '../support/app.js'

test('a message is shown once, and the session keeps what else it holds', async () => {
  const app = await buildApp()
  await app.register(flash)
  app.post('/', async (request) => {
    request.session.set('user', 'Ada')
    request.flash('info', 'saved and %s', 'sent')
    return request.flash('warning', ['one', 'two'])
  })
  app.get('/', async (request, reply) => ({ info: reply.flash('info'), all: reply.flash(), user: request.session.get('user') }))
  const browser = new Browser(app)
  assert.equal((await browser.post('/')).json(), 2)
  assert.deepEqual((await browser.get('/')).json(), { info: ['saved and sent'], all: { warning: ['one', 'two'] }, user: 'Ada' })
  assert.deepEqual((await browser.get('/')).json(), { info: [], all: {}, user: 'Ada' })
})

test('it has to come after the session', async () => {
  const app = Fastify()
  await assert.rejects(async () => { await app.register(flash) }, /'session' required by '@fastify\/flash'/)
})
