import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import type { FastifyReply } from 'fastify'
import { buildApp } from '../support/app.js'

type OnHeaders = (response: FastifyReply['raw'], listener: () => void) => void

const onHeaders = createRequire(import.meta.url)('on-headers') as OnHeaders

for (const isFetched of [true, false]) {
  const end = isFetched ? 'was fetched before is saved' : 'was not fetched before is logged as lost'
  test(`what a listener changes in a session that ${end}`, async () => {
    const logs: Array<{ msg: string, keys?: string[] }> = []
    const stream = { write (line: string) { logs.push(JSON.parse(line)) } }
    const app = await buildApp({}, { logger: { level: 'error', stream } })
    app.addHook('onRequest', async (request, reply) => {
      if (isFetched) assert.equal(request.session.accessed, false)
      onHeaders(reply.raw, () => { request.session.set('seen', true) })
    })
    app.get('/', async () => 'x')
    app.get('/read', async ({ session }) => `${session.get('user')}`)
    app.get('/flush', (_request, reply) => { reply.hijack(); reply.raw.flushHeaders(); reply.raw.end() })
    for (const url of ['/', '/read', '/flush']) {
      logs.length = 0
      const { cookies } = await app.inject(url)
      await new Promise((resolve) => { setImmediate(resolve) })
      assert.deepEqual(cookies.map(({ value }) => app.decodeSession(value)), isFetched ? [{ seen: true }] : [], url)
      assert.deepEqual(logs.map(({ keys }) => keys), isFetched ? [] : [['seen']], url)
    }
  })
}
