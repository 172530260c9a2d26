import Fastify from 'fastify'
import sessionPlugin from 'fastify-signed-session'

/**
 * Error replies in a shape of one's own, where that of jsonErrorHandler does not suit.
 * @param {string | Buffer} secret
 */
export async function build (secret) {
  const app = Fastify()
  await app.register(sessionPlugin, { secret })
  app.setNotFoundHandler(async (_request, reply) =>
    reply.code(404).jsonify({ error: 'Not Found', message: 'There is nothing at this address' })
  )
  app.setErrorHandler(async (/** @type {import('fastify').FastifyError} */ error, request, reply) => {
    if (error.statusCode === 400) return reply.code(400).jsonify({ error: 'Bad Request', message: error.message })
    request.log.error(error)
    return reply.code(500).jsonify({ error: 'Internal Server Error', message: 'An unexpected error occurred' })
  })
  app.post('/', async (request, reply) => reply.jsonify(request.getJson()))
  app.get('/broken', async () => { throw new Error('told to the log alone') })
  return app
}
