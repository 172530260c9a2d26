import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from 'fastify-signed-session'
import multipart from '@fastify/multipart'
import type { InjectOptions } from 'fastify'
import { buildApp } from '../support/app.js'

test('what a handler learns while a file comes in is saved', async (t) => {
  const app = await buildApp()
  t.after(() => app.close())
  await app.register(multipart)
  app.post('/', async (request) => {
    const session = request.session as Session<Record<string, unknown>>
    for await (const part of request.parts()) {
      if (part.type === 'file') {
        session.set(part.fieldname, { name: part.filename, bytes: (await part.toBuffer()).length })
      } else {
        session.set(part.fieldname, part.value)
      }
    }
    return session.data()
  })
  const form = new FormData()
  form.set('title', 'Notes')
  form.set('file', new Blob(['x'.repeat(100000)]), 'notes.txt')
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const response = await fetch(url, { method: 'POST', body: form })
  const expected = { title: 'Notes', file: { name: 'notes.txt', bytes: 100000 } }
  assert.deepEqual(await response.json(), expected)
  const [value] = response.headers.getSetCookie()[0]!.slice('session='.length).split(';')
  assert.deepEqual(app.decodeSession(value!), expected)
})

test('a file that is too large is an error of its own, and the old session stands', async () => {
  const app = await buildApp()
  await app.register(multipart, { limits: { fileSize: 10 } })
  app.post('/', async (request) => {
    const file = await request.file()
    request.session.set('bytes', (await file!.toBuffer()).length)
  })
  const { statusCode, headers } = await app.inject(await upload('x'.repeat(100)))
  assert.equal(statusCode, 413)
  assert.equal(headers['set-cookie'], undefined)
})

test('the fields of a part contain themselves, and are refused with their path', async () => {
  const app = await buildApp()
  await app.register(multipart)
  app.post('/', async (request) => {
    const file = await request.file()
    await file!.toBuffer()
    request.session.set('fields', file!.fields)
  })
  const { statusCode, headers, body } = await app.inject(await upload('x'))
  assert.deepEqual([statusCode, headers['set-cookie']], [500, undefined])
  assert.match(body, /session\.fields\.title\.fields is a cycle/)
})

/** A request that sends a field and a file of that text. */
async function upload (text: string): Promise<InjectOptions> {
  const form = new FormData()
  form.set('title', 'Notes')
  form.set('file', new Blob([text]), 'notes.txt')
  const sent = new Response(form)
  return {
    method: 'POST',
    url: '/',
    headers: { 'content-type': sent.headers.get('content-type')! },
    payload: Buffer.from(await sent.arrayBuffer())
  }
}
