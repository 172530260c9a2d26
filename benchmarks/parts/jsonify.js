import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import { Dispatcher, parseResponse } from '../dispatch.js'
import { figure } from '../figures.js'
import { interleave } from '../harness.js'
import { kilobyte, several } from '../payloads.js'
import sessionPlugin from '../product.js'

/** A whole reply of 1 KB by `reply.jsonify`, against `reply.send` of the same object. */
export async function jsonify ({ rounds }) {
  const objects = several(kilobyte)
  const app = Fastify()
  let next = 0
  await app.register(sessionPlugin, { secret: randomBytes(32) })
  app.get('/send', (_request, reply) => { reply.send(objects[next++ % objects.length]) })
  app.get('/jsonify', (_request, reply) => { reply.jsonify(objects[next++ % objects.length]) })
  await app.ready()
  const dispatcher = (url) => new Dispatcher(app, [{ url, headers: { host: 'localhost:3000' } }])
  for (const url of ['/send', '/jsonify']) {
    next = 0
    const { status, headers, body } = parseResponse(await dispatcher(url).capture())
    assert.equal(status, 200)
    assert.match(headers['content-type'][0], /^application\/json/)
    assert.deepEqual(JSON.parse(body), objects[0])
  }
  const result = await interleave(
    { send: dispatcher('/send').run, jsonify: dispatcher('/jsonify').run },
    { rounds: 2 * rounds }
  )
  await app.close()
  return [
    figure('jsonify', result.ratio('jsonify', 'send'), 'x reply.send of the same object'),
    figure('jsonify-send-ns', result.nanoseconds('send'), 'ns')
  ]
}
