import Fastify from 'fastify'
import sessionPlugin from '../../lib/index.ts'

/**
 * One of several processes that share a session: forked with its port and secrets as JSON, tells when it listens, and
 * ends with its parent.
 */
const { port, secret, fallbacks } = JSON.parse(process.argv[2]!) as {
  port: number
  secret: string
  fallbacks: string[]
}

const app = Fastify({ trustProxy: '127.0.0.1' })
await app.register(sessionPlugin, { secret, fallbacks, cookieName: '__Host-session' })

app.addHook('onSend', async (request, reply) => {
  reply.headers({ 'x-pid': process.pid, 'x-seen-as': `${request.protocol} ${request.ip}` })
})
app.post<{ Params: { user: string } }>('/login/:user', async ({ session, params }) => {
  session.regenerate()
  session.update({ user: params.user, count: 0 })
  return session.data()
})
app.post('/count', async ({ session }) => {
  session.set('count', Number(session.get('count')) + 1)
  return session.data()
})
app.get('/', async ({ session }) => session.data())

process.on('disconnect', () => process.exit())
await app.listen({ port, host: '127.0.0.1' })
process.send!('listening')
