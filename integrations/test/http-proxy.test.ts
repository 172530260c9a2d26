import { test } from 'node:test'
import httpProxy from '@fastify/http-proxy'
import { buildApp } from '../support/app.js'
import { floodsAndServes, upstream } from '../support/upstream.js'

test('a proxied route is served after a flood of sessions that could not be saved', async (t) => {
  const app = await buildApp()
  t.after(() => app.close())
  app.addHook('preHandler', async (request) => { request.session.set('visited', request.url) })
  await app.register(httpProxy, { upstream: await upstream(t), undici: { connections: 4 } })
  await floodsAndServes(app, (text) => `/${text}`)
})
