import Fastify from 'fastify'
import sessionPlugin, { jsonErrorHandler, jsonNotFoundHandler } from 'fastify-signed-session'

const users = [
  { id: 1, username: 'john', email: 'john@example.com', passwordHash: 'never shown' },
  { id: 2, username: 'jane', email: 'jane@example.com', passwordHash: 'never shown' }
]

/** @param {typeof users[number]} user */
const shown = ({ id, username, email }) => ({ id, username, email })

/**
 * Answers with JSON of every kind, and with errors of one shape.
 * @param {string | Buffer} secret
 */
export async function build (secret) {
  const app = Fastify()
  await app.register(sessionPlugin, { secret, jsonReplies: true })
  app.setErrorHandler(jsonErrorHandler)
  app.setNotFoundHandler(jsonNotFoundHandler)

  const params = { type: 'object', properties: { id: { type: 'integer' } } }
  app.get('/api/user/:id', { schema: { params } }, async (request, reply) => {
    const { id } = /** @type {{ id: number }} */ (request.params)
    const user = users.find((each) => each.id === id)
    if (user === undefined) return reply.code(404).jsonify({ error: 'User not found', user_id: id })
    return reply.jsonify(shown(user))
  })
  app.get('/api/users', async (_request, reply) => reply.jsonify(users.map(shown)))
  app.get('/api/status', async () => ({ status: 'ok', version: '1.0.0' })) // as jsonify, since jsonReplies is on
  app.get('/api/items', async (_request, reply) => reply.jsonify('item1', 'item2', 'item3'))
  app.get('/api/broken', async () => { throw new Error('told to the log alone') })
  return app
}
