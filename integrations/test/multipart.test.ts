import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session } from 'fastify-signed-session'
import multipart from '@fastify/multipart'
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
  const form = new FormData()
  form.set('file', new Blob(['x'.repeat(100)]), 'notes.txt')
  const upload = new Response(form)
  const { statusCode, headers } = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': upload.headers.get('content-type')! },
    payload: Buffer.from(await upload.arrayBuffer())
  })
  assert.equal(statusCode, 413)
  assert.equal(headers['set-cookie'], undefined)
})
