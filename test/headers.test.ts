import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t from 'tap'
import sessionPlugin from '../lib/index.ts'
import { cookiesBeside, type Headers, varyByCookie, writeSetCookie } from '../lib/cookies/headers.ts'
import { type LogLine, SECRET, setCookies } from './support/app.ts'
import { MemorySessions } from './support/memory-sessions.ts'

function bagOf (headers: Record<string, string | string[]>): Headers {
  return {
    getHeader: (name) => headers[name],
    header: (name, value) => { headers[name] = value },
    removeHeader: (name) => { delete headers[name] }
  }
}

t.test('Vary names Cookie once, beside what is there', async (t) => {
  for (const [before, after] of [
    [undefined, 'Cookie'], ['', 'Cookie'], ['Accept-Encoding', 'Accept-Encoding, Cookie'], ['cookie', 'cookie'],
    ['Accept, COOKIE', 'Accept, COOKIE'],
    ['*', '*'],
    [['Accept', 'Origin'], 'Accept, Origin, Cookie'],
    ['X-Cookie', 'X-Cookie, Cookie']
  ] as const) {
    const headers: Record<string, string | string[]> = before === undefined ? {} : { vary: before as string }
    varyByCookie(bagOf(headers))
    t.strictSame(headers.vary, after)
  }
})

t.test('our Set-Cookie is put behind the others and in the place of our earlier one', async (t) => {
  const headers: Record<string, string | string[]> = { 'set-cookie': 'a=1' }
  const replace = (previous: string | undefined, line: string | undefined): void => {
    writeSetCookie(bagOf(headers), cookiesBeside(bagOf(headers), previous), line)
  }
  replace(undefined, 's=1')
  t.strictSame(headers['set-cookie'], ['a=1', 's=1'])
  headers['set-cookie'] = [...headers['set-cookie']!, 'b=1']
  replace('s=1', 's=2')
  t.strictSame(headers['set-cookie'], ['a=1', 'b=1', 's=2'])
  replace('s=2', undefined)
  t.strictSame(headers['set-cookie'], ['a=1', 'b=1'])
  headers['set-cookie'] = 'a=1'
  replace('a=1', undefined)
  t.strictSame(headers, {})
})

type Change = (request: FastifyRequest) => void
const changes: Record<string, [change: Change, key: string]> = {
  'a new key': [({ session }) => { session.set('n', 1) }, 'n'],
  'an object inside': [({ session }) => { (session.get('list') as number[]).push(1) }, 'list'],
  'the end': [({ session }) => { session.delete() }, 'list']
}
const LOST = /^The session was changed after its headers/

/** The data of a session, as JSON, once it has that change. */
function results (change: string, use: string): string {
  if (change === 'the end') return 'ended'
  const before = use === 'changed' ? { before: 1 } : {}
  const data = change === 'a new key' ? { list: [], ...before, n: 1 } : { list: [1], ...before }
  return JSON.stringify({ user: 'Ada', ...data })
}

function dataIn (app: FastifyInstance, line: string): string {
  const value = line.split(';', 1)[0]!.slice('session='.length)
  return value === '' ? 'ended' : JSON.stringify(app.decodeSession(value))
}

/** Puts a wrapper on `writeHead`, that changes the session before or behind the call of what was there. */
function wrap (request: FastifyRequest, { raw }: FastifyReply, change: Change, isBefore: boolean): void {
  const previous = raw.writeHead
  raw.writeHead = function (this: typeof raw, ...args: never[]) {
    if (isBefore) change(request)
    previous.apply(this, args as never)
    if (!isBefore) change(request)
    return this
  } as never
}

/** When the wrapper is put on, and what was done with the session before. */
const moments = ['ahead of the plugin', 'ahead of the session', 'behind the session', 'in a late hook'] as const
const uses: Record<string, Change> = {
  never: () => {},
  fetched: ({ session }) => { t.type(session, 'object') },
  read: ({ session }) => { t.strictSame(session.get('user'), 'Ada') },
  changed: ({ session }) => { session.set('before', 1) }
}
const leaves: Record<string, (reply: FastifyReply) => unknown> = {
  send: (reply) => reply.send('x'),
  stream: (reply) => reply.send(Readable.from(['x'])),
  flushHeaders: (reply) => { reply.hijack(); reply.raw.flushHeaders(); reply.raw.end() },
  end: (reply) => { reply.hijack(); reply.raw.end('x') },
  write: (reply) => { reply.hijack(); reply.raw.write('x'); reply.raw.end() },
  writeHead: (reply) => { reply.hijack(); reply.raw.writeHead(201, { 'x-raw': '1' }).end() }
}

function loggingApp (logs: LogLine[]): FastifyInstance {
  const stream = { write (line: string) { logs.push(JSON.parse(line)) } }
  return Fastify({ logger: { level: 'warn', stream } }) as unknown as FastifyInstance
}

type Put = (request: FastifyRequest, reply: FastifyReply) => void

type Moment = typeof moments[number]

async function wrappedApp (moment: Moment, use: Change, wrap: Put, logs: LogLine[]): Promise<FastifyInstance> {
  const app = loggingApp(logs)
  const put = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => { wrap(request, reply) }
  if (moment === 'ahead of the plugin') app.addHook('onRequest', put)
  await app.register(sessionPlugin, { secret: SECRET })
  if (moment === 'ahead of the session') app.addHook('onRequest', put)
  app.addHook('onRequest', async (request) => { use(request) })
  if (moment === 'behind the session') app.addHook('onRequest', put)
  if (moment === 'in a late hook') app.addHook('onSend', put)
  for (const [name, leave] of Object.entries(leaves)) app.get(`/${name}`, (_request, reply) => { leave(reply) })
  await app.ready()
  return app
}

for (const moment of moments) {
  t.test(`what a wrapper of writeHead changes is saved, or logged once as lost; put on ${moment}`, async (t) => {
    let saved = 0
    for (const [useName, use] of Object.entries(uses)) {
      for (const [changeName, [change, key]] of Object.entries(changes)) {
        const result = results(changeName, useName)
        for (const isBefore of [true, false]) {
          const logs: LogLine[] = []
          const put: Put = (request, reply) => { wrap(request, reply, change, isBefore) }
          const app = await wrappedApp(moment, use, put, logs)
          const cookie = `session=${app.encodeSession({ user: 'Ada', list: [] })}`
          for (const leave of Object.keys(leaves)) {
            if (moment === 'in a late hook' && leave !== 'send' && leave !== 'stream') continue
            logs.length = 0
            const { headers } = await app.inject({ url: `/${leave}`, headers: { cookie } })
            await new Promise((resolve) => { setImmediate(resolve) })
            const isSaved = setCookies(headers).some((line) => result === dataIn(app, line))
            if (isSaved) saved++
            const told = logs.filter(({ msg }) => LOST.test(msg)).map(({ keys }) => keys as string[])
            t.equal(told.length, isSaved ? 0 : 1, [useName, changeName, isBefore ? 'before' : 'behind', leave].join())
            if (told.length > 0) t.ok(told[0]!.length === 0 || told[0]!.includes(key))
          }
        }
      }
    }
    t.equal(saved > 0, moment === 'behind the session' || moment === 'in a late hook')
  })
}

t.test('a wrapper that changes nothing is told nothing', async (t) => {
  for (const moment of moments) {
    for (const use of Object.values(uses)) {
      const logs: LogLine[] = []
      const app = await wrappedApp(moment, use, (request, reply) => { wrap(request, reply, () => {}, true) }, logs)
      for (const leave of Object.keys(leaves)) {
        const cookie = `session=${app.encodeSession({ user: 'Ada' })}`
        const { statusCode } = await app.inject({ url: `/${leave}`, headers: { cookie } })
        t.ok(statusCode < 300)
      }
      t.strictSame(logs, [])
    }
  }
})

const forms: Record<string, (headers: Record<string, string>) => unknown> = {
  capitals: (headers) => Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toUpperCase(), text])),
  'a list': (headers) => Object.entries(headers).flat(),
  pairs: (headers) => Object.entries(headers)
}

for (const [form, change] of Object.entries(forms)) {
  t.test(`what a wrapper of writeHead passes on as ${form} is known for what it is`, async (t) => {
    const app = Fastify() as unknown as FastifyInstance
    await app.register(sessionPlugin, { secret: SECRET })
    app.get('/', (request, reply) => {
      request.session.set('a', 1)
      const { writeHead } = reply.raw
      reply.raw.writeHead = function (this: typeof reply.raw, status: number, headers: Record<string, string>) {
        return writeHead.call(this, status, change({ ...headers, 'cdn-cache-control': 'max-age=60' }) as never)
      } as never
      reply.send('x')
    })
    const { headers } = await app.inject('/')
    t.equal(setCookies(headers).length, 1)
    t.match(headers, { vary: 'Cookie', 'cdn-cache-control': 'private', 'cache-control': /^private, no-cache/ })
  })
}

t.test('headers of an asynchronous session are put back too, and what a wrapper changes in it is logged', async (t) => {
  const logs: LogLine[] = []
  const app = loggingApp(logs)
  await app.register(sessionPlugin, { secret: SECRET, sessionInterface: MemorySessions })
  app.addHook('onSend', async (_request, reply) => { reply.removeHeader('set-cookie').header('vary', 'Origin') })
  app.get('/', async ({ session }) => { session.set('a', 1); return 'x' })
  app.get('/wrapped', async (request, reply) => {
    wrap(request, reply, ({ session }) => { session.set('b', 1) }, true)
    return 'x'
  })
  const { headers } = await app.inject('/')
  t.match(setCookies(headers), [/^session=/])
  t.equal(headers.vary, 'Origin, Cookie')
  t.strictSame(logs, [])
  await app.inject('/wrapped')
  t.match(logs, [{ msg: /^The session was changed while it was saved or later/, route: 'GET /wrapped' }])
  t.equal(logs.length, 1)
})
