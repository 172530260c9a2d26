import { test } from 'node:test'
import replyFrom from '@fastify/reply-from'
import { buildApp } from '../support/app.js'
import { floodsAndServes, upstream } from '../support/upstream.js'

const agents = { undici: { connections: 4 }, 'the agent of Node': false } as const

for (const [name, undici] of Object.entries(agents)) {
  test(`a route is served after a flood of sessions that could not be saved, with ${name}`, async (t) => {
    const app = await buildApp()
    t.after(() => app.close())
    const options = { base: await upstream(t), undici, http: { agentOptions: { maxSockets: 4 } } }
    await app.register(replyFrom, options as replyFrom.FastifyReplyFromOptions)
    app.get('/', (request, reply) => {
      request.session.set('hits', (request.query as { text?: string }).text ?? 'few')
      return reply.from('/')
    })
    await floodsAndServes(app, (text) => `/?text=${text}`)
  })
}
