import multipart from '@fastify/multipart'
import Fastify from 'fastify'
import sessionPlugin, { jsonBodies, jsonErrorHandler } from 'fastify-signed-session'

/**
 * Reads JSON from requests: with checks by hand, with a schema, whatever its type, as raw text, and from an upload.
 * @param {string | Buffer} secret
 */
export async function build (secret) {
  const app = Fastify()
  await app.register(sessionPlugin, { secret })
  await app.register(jsonBodies)
  await app.register(multipart)
  app.setErrorHandler(jsonErrorHandler)

  app.post('/api/create', async (request, reply) => {
    if (!request.isJson) return reply.code(400).jsonify({ error: 'Content-Type must be application/json' })
    const data = /** @type {{ name?: string, email?: string } | undefined} */ (request.getJson({ silent: true }))
    if (data === undefined) return reply.code(400).jsonify({ error: 'Invalid JSON' })
    return reply.code(201).jsonify({ name: data.name, email: data.email })
  })

  app.post('/api/forced', async (request, reply) => reply.jsonify({ received: request.getJson({ force: true }) }))

  app.post('/api/data', async (request, reply) => {
    try {
      app.json.loads(/** @type {string} */ (request.body)) // text/plain
    } catch {
      // a fault of loads is not the client's, unless the text is
      return reply.code(400).jsonify({ error: 'Invalid JSON' })
    }
    return reply.jsonify({ status: 'success' })
  })

  app.post('/upload', async (request, reply) => {
    const upload = await request.file()
    if (upload === undefined) return reply.code(400).jsonify({ error: 'A file is missing' })
    try {
      const data = /** @type {unknown[]} */ (await app.json.load(upload.file))
      return reply.jsonify({ received: data.length })
    } catch {
      return reply.code(400).jsonify({ error: 'The file holds no JSON' })
    }
  })

  // The schema answers 415, 400 with the fields, or lets the request through.
  const body = {
    type: 'object',
    required: ['name', 'email'],
    properties: {
      name: { type: 'string', minLength: 1 },
      email: { type: 'string', format: 'email' },
      age: { type: 'integer' }
    }
  }
  app.post('/api/users', { schema: { body } }, async (request, reply) => reply.code(201).jsonify(request.getJson()))
  return app
}
