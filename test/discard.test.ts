import { EventEmitter, once } from 'node:events'
import { createReadStream } from 'node:fs'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { Session, SessionInterface } from '../lib/index.ts'
import { discard } from '../lib/fastify/discard.ts'
import { buildApp } from './support/app.ts'

/** A payload, and whether what it holds is free again; undefined where that is asked in vain. */
interface Held {
  payload: unknown
  freed: () => Promise<unknown>
}

function webStream (freed: () => void): ReadableStream {
  return new ReadableStream({ pull (controller) { controller.enqueue('x') }, cancel: freed })
}

/** A stream from before Node had `destroy`, which is ended by one method or by none. */
function oldStream (end?: 'close' | 'abort'): Held {
  const stream = Object.assign(new EventEmitter(), { pipe: (to: unknown) => to })
  const { promise, resolve } = settling()
  if (end !== undefined) Object.assign(stream, { [end] () { resolve(); stream.emit('error', new Error('aborted')) } })
  else resolve()
  return { payload: stream, freed: () => promise }
}

function settling (): { promise: Promise<void>, resolve: () => void } {
  let resolve!: () => void
  return { promise: new Promise((_resolve) => { resolve = _resolve }), resolve: () => { resolve() } }
}

async function upstream (t: Test): Promise<IncomingMessage> {
  const server = http.createServer((_request, response) => { response.write('x'.repeat(1e6)) }).listen(0)
  await once(server, 'listening')
  t.teardown(() => { server.closeAllConnections(); server.close() })
  const [response] = await once(http.get({ port: (server.address() as AddressInfo).port, agent: false }), 'response')
  return response
}

function closing (payload: Readable): Held {
  const closed = new Promise((resolve) => { payload.once('close', resolve) })
  return { payload, freed: () => payload.closed ? Promise.resolve() : closed }
}

const kinds: Record<string, (t: Test) => Held | Promise<Held>> = {
  file: () => closing(createReadStream(import.meta.filename)),
  'file that is open': async () => {
    const stream = createReadStream(import.meta.filename)
    await once(stream, 'open')
    return closing(stream)
  },
  'file that is not there': () => closing(createReadStream(`${import.meta.filename}.missing`)),
  generator: async () => {
    const { promise, resolve } = settling()
    const stream = Readable.from((async function * () { try { for (;;) yield 'x' } finally { resolve() } })())
    await once(stream, 'readable')
    return { payload: stream, freed: () => promise }
  },
  duplex: () => closing(new PassThrough()),
  'stream whose end fails': () => closing(new Readable({
    read () {},
    destroy (_error, done) { done(new Error('of its end')) }
  })),
  'upstream body': async (t) => closing(await upstream(t)),
  'old stream with close': () => oldStream('close'),
  'old stream with abort': () => oldStream('abort'),
  'old stream without an end': () => oldStream(),
  'web stream': () => {
    const { promise, resolve } = settling()
    return { payload: webStream(resolve), freed: () => promise }
  },
  'web stream whose cancel fails': () => {
    const { promise, resolve } = settling()
    return { payload: webStream(() => { resolve(); throw new Error('of its end') }), freed: () => promise }
  },
  response: () => {
    const { promise, resolve } = settling()
    return { payload: new Response(webStream(resolve)), freed: () => promise }
  },
  'response without a body': () => ({ payload: new Response(null), freed: async () => {} }),
  'locked web stream': (t) => {
    const stream = webStream(() => {})
    const reader = stream.getReader()
    const freed = async (): Promise<void> => { t.equal((await reader.read()).value, 'x', 'its reader goes on') }
    return { payload: stream, freed }
  },
  'stream that throws when it is destroyed': () => ({
    payload: { pipe () {}, destroy () { throw new Error('of its end') } },
    freed: async () => {}
  })
}

class FailingLater extends SessionInterface {
  override readonly async = true
  async openSession (): Promise<Session> { return new Session() as Session }
  async saveSession (): Promise<never> { throw new TypeError('cannot be saved') }
}

for (const [name, sessionInterface] of [['synchronous', undefined], ['asynchronous', new FailingLater()]] as const) {
  t.test(`a payload that is not sent, since the session could not be saved, is freed: ${name}`, async (t) => {
    for (const [kind, make] of Object.entries(kinds)) {
      const { app } = await buildApp({ sessionInterface })
      const { payload, freed } = await make(t)
      app.get('/', (request, reply) => {
        request.session.set('large', 'x'.repeat(5000))
        reply.send(payload)
      })
      const { statusCode, json } = await app.inject('/')
      t.equal(statusCode, 500, kind)
      t.match(json().message, /would take \d+ bytes|cannot be saved/, kind)
      await freed()
    }
  })
}

t.test('a payload is sent whole where an error reply goes without its session', async (t) => {
  const { app } = await buildApp()
  app.setErrorHandler((_error, request, reply) => {
    request.session.set('large', 'x'.repeat(5000))
    reply.send(Readable.from(['told ', 'in ', 'full']))
  })
  app.get('/', () => { throw new Error('from the handler') })
  t.equal((await app.inject('/')).body, 'told in full')
})

t.test('text, bytes and nothing hold nothing', async (t) => {
  for (const payload of ['text', Buffer.from('bytes'), undefined, null, {}]) t.doesNotThrow(() => discard(payload))
})
