import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { buildApp, cookieFrom, OTHER_SECRET as NEW, SECRET as OLD, setCookies, valueOf } from './support/app.ts'
import { stopClock } from './support/clock.ts'

const DAY = 24 * 60 * 60

/** Requests that wait after they have used the session, and are let go one by one. */
class Gates {
  readonly #opened = new Map<string, () => void>()

  async wait (name: string): Promise<void> {
    await new Promise<void>((resolve) => { this.#opened.set(name, resolve) })
  }

  /** Lets one go, and gives the other requests time to begin before. */
  async open (name: string): Promise<void> {
    while (!this.#opened.has(name)) await new Promise(setImmediate)
    this.#opened.get(name)!()
  }
}

interface Application {
  app: FastifyInstance
  /** Sends parallel requests with one cookie, lets them answer in this order, and returns what the browser has then. */
  inOrder: (cookie: string, paths: string[]) => Promise<{ cookie: string, sent: string[] }>
}

async function application (): Promise<Application> {
  const { app } = await buildApp()
  const gates = new Gates()
  const wait = ({ url }: FastifyRequest): Promise<void> => gates.wait(url)
  app.get('/read', async (request) => { request.session.get('n'); await wait(request); return 'x' })
  app.get('/poll', { config: { session: { refresh: false } } }, async (request) => {
    request.session.get('n')
    await wait(request)
    return 'x'
  })
  app.get('/unused', async (request) => { await wait(request); return 'x' })
  app.get('/set/:key', async (request) => {
    const { key } = request.params as { key: string }
    request.session.set(key, 'set')
    await wait(request)
    return 'x'
  })
  return {
    app,
    async inOrder (cookie, paths) {
      const running = paths.map((url) => app.inject({ url, headers: { cookie } }))
      const sent: string[] = []
      for (const [index, path] of paths.entries()) {
        await gates.open(path)
        const { headers } = await running[index]!
        if (setCookies(headers).length === 0) continue
        cookie = cookieFrom(headers)!
        sent.push(path)
      }
      return { cookie, sent }
    }
  }
}

t.test('of parallel requests that change one session the last response wins, as a whole', async (t) => {
  for (const paths of [['/set/a', '/set/b'], ['/set/b', '/set/a']]) {
    const { app, inOrder } = await application()
    const { cookie, sent } = await inOrder(`session=${app.encodeSession({ n: 1 })}`, paths)
    t.strictSame(sent, paths)
    t.strictSame(app.decodeSession(valueOf(cookie)), { n: 1, [paths[1]!.slice('/set/'.length)]: 'set' })
  }
})

t.test('a session that is only read and not due never overwrites what a parallel request has saved', async (t) => {
  const { app, inOrder } = await application()
  const { cookie, sent } = await inOrder(`session=${app.encodeSession({ n: 1 })}`, [
    '/set/a', '/read', '/poll', '/unused'
  ])
  t.strictSame(sent, ['/set/a'])
  t.strictSame(app.decodeSession(valueOf(cookie)), { n: 1, a: 'set' })
})

t.test('a session that is only read and is due is signed anew as it was, ' +
  'unless its route keeps it from that', async (t) => {
  const tick = stopClock(t)
  for (const [path, data] of [
    ['/read', { n: 1 }],
    ['/poll', { n: 1, a: 'set' }],
    ['/unused', { n: 1, a: 'set' }]
  ] as const) {
    const { app, inOrder } = await application()
    const old = `session=${app.encodeSession({ n: 1 })}`
    tick(4 * DAY)
    const { cookie } = await inOrder(old, ['/set/a', path])
    t.strictSame(app.decodeSession(valueOf(cookie)), data, path)
  }
})

interface Secrets { secret: string, fallbacks?: string[] }

/** Every one of a list of processes with secrets reads what every one signs. */
async function allReadAll (secrets: readonly Secrets[]): Promise<boolean> {
  const apps = await Promise.all(secrets.map(async (options) => (await buildApp(options)).app))
  return apps.every((writer) => apps.every((reader) => reads(reader, writer.encodeSession({ a: 1 }))))
}

function reads (app: FastifyInstance, cookie: string): boolean {
  try {
    app.decodeSession(cookie)
    return true
  } catch {
    return false
  }
}

t.test('a secret is rolled across processes by giving the new one to all as a fallback first, ' +
  'and swapping then', async (t) => {
  const steps: Secrets[] = [
    { secret: OLD }, { secret: OLD, fallbacks: [NEW] }, { secret: NEW, fallbacks: [OLD] }, { secret: NEW }
  ]
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1] ?? step
    t.ok(await allReadAll([step, next]), `step ${index}: one process is there already, the other one not yet`)
  }
  t.notOk(
    await allReadAll([{ secret: OLD }, { secret: NEW, fallbacks: [OLD] }]),
    'swapped at once, what the one signs the other refuses'
  )
})

t.test('a cookie goes from process to process through the whole of a roll, ' +
  'and leaves the old secret on the way', async (t) => {
  const steps: Secrets[] = [
    { secret: OLD }, { secret: OLD, fallbacks: [NEW] }, { secret: NEW, fallbacks: [OLD] }, { secret: NEW }
  ]
  const { app: safe } = await buildApp({ secret: NEW })
  let cookie: string | undefined
  for (const [index, step] of steps.entries()) {
    for (const options of [steps[index + 1] ?? step, step]) {
      const { app } = await buildApp(options)
      app.get('/', async ({ session }) => session.setDefault('n', 1))
      const { headers, body } = await app.inject({ url: '/', headers: cookie === undefined ? {} : { cookie } })
      t.equal(body, '1')
      t.equal(
        setCookies(headers).length > 0,
        cookie === undefined || (options.secret === NEW) !== reads(safe, valueOf(cookie)),
        'it is signed anew where another secret signed it'
      )
      cookie = cookieFrom(headers) ?? cookie
    }
  }
  t.strictSame(safe.decodeSession(valueOf(cookie)), { n: 1 })
})

t.test('a secret that leaked is taken out at once: its sessions and forgeries end, ' +
  'those of the new one stay', async (t) => {
  const { app: leaked } = await buildApp({ secret: OLD })
  const { app: rolled } = await buildApp({ secret: NEW, fallbacks: [OLD] })
  const { app: safe } = await buildApp({ secret: NEW })
  const forged = leaked.encodeSession({ a: 1 })
  t.ok(reads(rolled, forged), 'as a fallback it still lets everybody in who knows it')
  t.notOk(reads(safe, forged))
  t.ok(reads(safe, rolled.encodeSession({ a: 1 })))
})
