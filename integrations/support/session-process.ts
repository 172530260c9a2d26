/** One of several processes that share sessions in Redis: forked with what it needs as JSON, ends with its parent. */
import { RedisStore } from 'fastify-signed-session'
import { redisClients } from './redis-clients.js'
import { sessionApp } from './session-app.js'

const { port, redis, secret, fallbacks } = JSON.parse(process.argv[2]) as {
  port: number
  /** The port of Redis. */
  redis: number
  secret: string
  fallbacks: string[]
}

const client = await redisClients[0].connect([{ port: redis }])
const app = await sessionApp(new RedisStore(client), { owner: 'userId', secret, fallbacks })
app.addHook('onSend', async (_request, reply) => { reply.header('x-pid', process.pid) })
process.on('disconnect', () => process.exit())
await app.listen({ port, host: '127.0.0.1' })
process.send!('listening')
