import assert from 'node:assert/strict'
import { test } from 'node:test'
import flash from '@fastify/flash'
import Fastify from 'fastify'
import { Browser, buildApp } from '../support/app.js'

declare module 'fastify-signed-session' {
  interface SessionData {
    profile?: { name: string }
  }
}

test('a message is shown once, and the session keeps what else it holds', async () => {
  const app = await buildApp()
  await app.register(flash)
  app.post('/', async (request) => {
    request.session.set('user', 'Ada')
    request.flash('info', 'saved and %s', 'sent')
    return request.flash('warning', ['one', 'two'])
  })
  app.get('/', async (request, reply) => ({
    info: reply.flash('info'),
    all: reply.flash(),
    user: request.session.get('user')
  }))
  const browser = new Browser(app)
  assert.equal((await browser.post('/')).json(), 2)
  assert.deepEqual((await browser.get('/')).json(), {
    info: ['saved and sent'],
    all: { warning: ['one', 'two'] },
    user: 'Ada'
  })
  assert.deepEqual((await browser.get('/')).json(), { info: [], all: {}, user: 'Ada' })
})

test('its key of the session has the type that it declares', async () => {
  const app = await buildApp()
  await app.register(flash)
  app.get('/', async (request) => {
    const messages: Record<string, string[]> | undefined = request.session.get('flash')
    // @ts-expect-error -- the messages of a type are a list
    request.session.set('flash', { info: 'saved' })
    request.session.flash = { info: ['saved'] }
    // @ts-expect-error -- and not any value
    request.session.flash.info = 5
    return { messages, now: request.session.get('flash') }
  })
  assert.deepEqual((await new Browser(app).get('/')).json(), { now: { info: 5 } })
})

test('keys of the application, declared as the documents say, are typed beside its key', async () => {
  const app = await buildApp()
  await app.register(flash)
  app.get('/', async ({ session }) => {
    const messages: Record<string, string[]> | undefined = session.get('flash')
    const profile: { name: string } | undefined = session.get('profile')
    session.set('profile', { name: 'Ada' })
    // @ts-expect-error -- a wrong type
    session.set('profile', 'Ada')
    return { messages, profile }
  })
  assert.deepEqual((await app.inject('/')).json(), {})
})

test('it has to come after the session', async () => {
  const app = Fastify()
  await assert.rejects(async () => { await app.register(flash) }, /'session' required by '@fastify\/flash'/)
})
