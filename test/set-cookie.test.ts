import { Readable } from 'node:stream'
import cookie from '@fastify/cookie'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import t from 'tap'
import sessionPlugin, { type SessionOptions } from '../lib/index.ts'
import { rivalOf } from '../lib/cookies/rival.ts'
import { type LogLine, OTHER_SECRET, SECRET, setCookies } from './support/app.ts'

const NOW = Date.UTC(2030, 0, 1) / 1000
const OURS = 's=ours; Path=/; HttpOnly; SameSite=Lax'

const rivals: Array<[lines: string[], ours: string, rival: 'ends' | 'sets' | undefined, url?: string]> = [
  [[], OURS, undefined],
  [['s=x; Path=/'], OURS, 'sets'],
  [['s=; Path=/'], OURS, 'sets'],
  [['s=x; Path=/; Max-Age=0'], OURS, 'ends'],
  [['s=x; Path=/; max-age = -1 '], OURS, 'ends'],
  [['s=x; Path=/; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], OURS, 'sets'],
  [['s=x; Path=/; Max-Age=0; Expires=Thu, 01 Jan 2032 00:00:00 GMT'], OURS, 'ends'],
  [['s=x; Path=/; Max-Age=soon; Expires=Thu, 01 Jan 1970 00:00:00 GMT'], OURS, 'ends'],
  [['s=x; Path=/; Expires=Mon, 31 Dec 2029 23:59:59 GMT'], OURS, 'ends'],
  [['s=x; Path=/; Expires=Tue, 01 Jan 2030 00:00:00 GMT'], OURS, 'ends'],
  [['s=x; Path=/; Expires=Tue, 01 Jan 2030 00:00:01 GMT'], OURS, 'sets'],
  [['s=x; Path=/; Expires=Thu, 03 Jan 2030 00:00:00 GMT'], OURS, 'sets'],
  [['s=x; Path=/; Expires=never'], OURS, 'sets'],
  [[' s = x ;path=/;MAX-AGE=0'], OURS, 'ends'],
  [['s=x; Path=/; Max-Age=0', 's=y; Path=/'], OURS, 'sets'],
  [['s=y; Path=/', 's=x; Path=/; Max-Age=0', 'other=x; Path=/'], OURS, 'ends'],
  [['S=x; Path=/; Max-Age=0', 'ss=x; Path=/', 's', 'x=s=1; Path=/', '=s; Path=/'], OURS, undefined],
  [['s=x; Path=/app; Max-Age=0'], OURS, undefined],
  [['s=x; Path=/; Path=/app'], OURS, undefined],
  [['s=x; Path=/app'], 's=ours; Path=/app', 'sets'],
  [['s=x; Path=/a=b'], 's=ours; Path=/a=b', 'sets'],
  [['s=x; Path=/; Domain=a.example'], OURS, undefined],
  [['s=x; Path=/; Domain='], OURS, 'sets'],
  [['s=x; Path=/; Domain=.A.Example'], 's=ours; Domain=a.example; Path=/', 'sets'],
  [['s=x; Path=/'], 's=ours; Domain=a.example; Path=/', undefined],
  [['s=x'], OURS, 'sets', '/logout?to=/app/start'],
  [['s=x'], OURS, undefined, '/app/logout'],
  [['s=x; Path=app'], 's=ours; Path=/app', 'sets', '/app/logout'],
  [['s=x'], OURS, 'sets', '*'],
  [['s=x; Path=/; Max-Age=0; SameSite=None'], OURS, undefined],
  [['s=x; Path=/; Max-Age=0; SameSite=None; Secure'], OURS, 'ends'],
  [['s=x; Path=/; Max-Age=0; Partitioned; Secure'], OURS, undefined],
  [['s=x; Path=/; Max-Age=0; Secure'], `${OURS}; Secure; Partitioned`, undefined],
  [['s=x; Path=/; Max-Age=0; Secure; Partitioned'], `${OURS}; Secure; Partitioned`, 'ends'],
  [['s=x; Path=/; Max-Age=0; Partitioned'], `${OURS}; Secure; Partitioned`, undefined],
  ...['__Host-s', '__Secure-s', '__HOST-HTTP-s', '__Http-s'].flatMap((name): typeof rivals => [
    [[`${name}=; Path=/; Max-Age=0; HttpOnly`], `${name}=ours; Path=/; Secure; HttpOnly`, undefined],
    [[`${name}=; Path=/; Max-Age=0; HttpOnly; Secure`], `${name}=ours; Path=/; Secure; HttpOnly`, 'ends']
  ]),
  [['__Http-s=; Path=/; Max-Age=0; Secure'], '__Http-s=ours; Path=/; Secure; HttpOnly', undefined],
  [['__Host-s=; Max-Age=0; Secure'], '__Host-s=ours; Path=/; Secure; HttpOnly', undefined],
  [['__Secure-s=; Max-Age=0; Secure'], '__Secure-s=ours; Path=/; Secure; HttpOnly', 'ends']
]

t.test('of lines about the same cookie that browsers take the last counts, and ends it or sets it', async (t) => {
  for (const [lines, ours, rival, url = '/'] of rivals) t.equal(rivalOf(lines, ours, url, NOW), rival, lines.join())
})

type Act = (request: FastifyRequest) => void

/** What a request does with its session, and whose line stands beside a value that the application writes. */
const acts: Record<string, {
  act: Act
  stands: 'ours' | 'theirs'
  options?: Partial<SessionOptions>
  isNew?: true
  old?: true
}> = {
  renewal: { act: ({ session }) => { session.get('user') }, stands: 'theirs', options: { refreshAfter: 0 } },
  rotation: { act: ({ session }) => { session.get('user') }, stands: 'theirs', old: true },
  touch: { act: ({ session }) => { session.touch() }, stands: 'theirs' },
  change: { act: ({ session }) => { session.set('n', 1) }, stands: 'theirs' },
  'change inside an object': { act: ({ session }) => { (session.get('list') as number[]).push(1) }, stands: 'theirs' },
  'first value': { act: ({ session }) => { session.set('n', 1) }, stands: 'theirs', isNew: true },
  regenerate: { act: ({ session }) => { session.regenerate(['user']) }, stands: 'ours' },
  login: { act: ({ session }) => { session.regenerate(); session.set('user', 'Ada') }, stands: 'ours', isNew: true },
  'delete and set': { act: ({ session }) => { session.delete(); session.set('user', 'Bob') }, stands: 'ours' },
  assignment: { act: (request) => { request.session = { user: 'Bob' } }, stands: 'ours' },
  delete: { act: ({ session }) => { session.delete() }, stands: 'ours' },
  'last key': { act: ({ session }) => { for (const key of session.keys()) session.delete(key) }, stands: 'ours' }
}

type Write = (reply: FastifyReply, line: string) => void
const header: Write = (reply, line) => { reply.header('set-cookie', line) }

/** How the application writes a line of its own: in the handler, or in an onSend hook behind ours. */
const ways: Record<string, { plugin?: 'before' | 'after', inHandler?: Write, late?: Write, answer?: Write }> = {
  'reply.setCookie, registered before': { plugin: 'before', inHandler: byPlugin },
  'reply.setCookie, registered after': { plugin: 'after', inHandler: byPlugin },
  'reply.setCookie in a late hook': { plugin: 'before', late: byPlugin },
  'reply.header': { inHandler: header },
  'reply.header in a late hook': { late: header },
  'a list in a late hook': { late: (reply, line) => { reply.header('set-cookie', ['own=1', line]) } },
  'raw.setHeader': { inHandler: ({ raw }, line) => { raw.setHeader('set-cookie', line) } },
  'raw.setHeader in a late hook': { late: ({ raw }, line) => { raw.setHeader('Set-Cookie', ['own=1', line]) } },
  'reply.header and a stream': { inHandler: header, answer: stream },
  'reply.header in a late hook, and a stream': { late: header, answer: stream },
  'a Response': { answer: (reply, line) => { reply.send(new Response('x', { headers: { 'set-cookie': line } })) } },
  'writeHead with an object': { answer: hijacked(({ raw }, line) => { raw.writeHead(200, { 'Set-Cookie': line }) }) },
  'writeHead with a list': { answer: hijacked(({ raw }, line) => { raw.writeHead(200, ['Set-Cookie', line]) }) },
  'writeHead with pairs': {
    answer: hijacked(({ raw }, line) => { raw.writeHead(200, [['set-cookie', line]] as never) })
  },
  'setHeader and end': { answer: hijacked((reply, line) => { reply.raw.setHeader('set-cookie', line) }) }
}

function stream (reply: FastifyReply): void {
  reply.send(Readable.from(['x']))
}

function byPlugin (reply: FastifyReply, line: string): void {
  if (line === CLEARS) reply.clearCookie('session', { path: '/' })
  else reply.setCookie('session', 'theirs', { path: '/' })
}

function hijacked (write: Write): Write {
  return (reply, line) => {
    reply.hijack()
    write(reply, line)
    reply.raw.end('x')
  }
}

const CLEARS = 'session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
const SETS = 'session=theirs; Path=/'

type Way = typeof ways[string]

async function appFor (act: Act, line: string, way: Way, given: object, logs: LogLine[]): Promise<FastifyInstance> {
  const stream = { write (text: string) { logs.push(JSON.parse(text)) } }
  const options = { secret: SECRET, fallbacks: [OTHER_SECRET], refreshAfter: false, ...given } as SessionOptions
  const app = Fastify({ logger: { level: 'warn', stream } }) as unknown as FastifyInstance
  if (way.plugin === 'before') await app.register(cookie)
  await app.register(sessionPlugin, options)
  if (way.plugin === 'after') await app.register(cookie)
  app.addHook('onSend', async (_request, reply) => { way.late?.(reply, line) })
  app.get('/', (request, reply) => {
    act(request)
    way.inHandler?.(reply, line)
    if (way.answer === undefined) reply.send('x')
    else way.answer(reply, line)
  })
  return app
}

/** What a browser keeps after lines of one cookie. */
function kept (lines: string[]): 'nothing' | 'theirs' | 'ours' | 'no line' {
  const last = lines.filter((line) => line.startsWith('session=')).at(-1)
  if (last === undefined) return 'no line'
  return last.startsWith('session=;') ? 'nothing' : last.startsWith('session=theirs') ? 'theirs' : 'ours'
}

for (const [wayName, way] of Object.entries(ways)) {
  t.test(`a line of the application's for the session's cookie, by ${wayName}`, async (t) => {
    for (const [name, { act, stands, options = {}, isNew, old }] of Object.entries(acts)) {
      const isEnd = name === 'delete' || name === 'last key'
      for (const [line, expected, warnings] of [
        [CLEARS, 'nothing', isEnd ? 0 : 1], [SETS, isEnd ? 'nothing' : stands, 1]
      ] as const) {
        const logs: LogLine[] = []
        const app = await appFor(act, line, way, options, logs)
        const from = await appFor(act, line, way, old ? { secret: OTHER_SECRET, fallbacks: [] } : {}, [])
        await from.ready()
        const sent = isNew ? '' : `session=${from.encodeSession({ user: 'Ada', list: [] })}`
        const { statusCode, headers } = await app.inject({ url: '/', headers: { cookie: sent } })
        t.equal(statusCode, 200)
        t.equal(kept(setCookies(headers)), expected, `${name}, ${line}`)
        t.strictSame(logs.map(({ route }) => route), Array(warnings).fill('GET /'))
        for (const { msg } of logs) t.match(msg, 'session.delete()')
        const { saved, resigned } = app.sessionCounters
        t.equal(saved + resigned, expected === 'ours' ? 1 : 0, 'what did not go out is not counted')
      }
    }
  })
}

t.test('lines about other cookies do not keep the session from being saved', async (t) => {
  const others = ['session=; Path=/app', 'session=; Path=/; Domain=example.com', 'Session=; Path=/', 'other=; Path=/']
  for (const line of others.map((each) => `${each}; Max-Age=0`)) {
    for (const way of [ways['reply.header']!, ways['reply.header in a late hook']!, ways['writeHead with a list']!]) {
      const logs: LogLine[] = []
      const app = await appFor(({ session }) => { session.set('n', 1) }, line, way, {}, logs)
      const lines = setCookies((await app.inject('/')).headers)
      t.ok(lines.includes(line))
      t.equal(lines.filter((each) => each.startsWith('session=ey')).length, 1)
      t.strictSame(logs, [])
    }
  }
})

t.test('a session that is only read leaves the application\'s line alone, without a warning', async (t) => {
  for (const way of Object.values(ways)) {
    const logs: LogLine[] = []
    const app = await appFor(({ session }) => { session.get('user') }, CLEARS, way, {}, logs)
    await app.ready()
    const cookie = `session=${app.encodeSession({ user: 'Ada' })}`
    const { headers } = await app.inject({ url: '/', headers: { cookie } })
    t.equal(kept(setCookies(headers)), 'nothing')
    t.strictSame(logs, [])
  }
})

t.test('the warning comes once a minute and counts the others', async (t) => {
  const logs: LogLine[] = []
  const app = await appFor(({ session }) => { session.set('n', 1) }, CLEARS, ways['reply.header']!, {}, logs)
  for (let n = 0; n < 3; n++) await app.inject('/')
  t.strictSame(logs.map(({ level, suppressed }) => [level, suppressed]), [[40, 0]])
})

t.test('a line that is taken back in a late hook leaves its place to the session', async (t) => {
  const logs: LogLine[] = []
  const app = await appFor(({ session }) => { session.set('n', 1) }, CLEARS, {
    inHandler: header, late: (reply) => { reply.removeHeader('set-cookie') }
  }, {}, logs)
  t.equal(kept(setCookies((await app.inject('/')).headers)), 'ours')
})

t.test('a session that a late hook empties again leaves the lines of the application alone', async (t) => {
  const app = await appFor(({ session }) => { session.set('n', 1) }, 'other=1', {
    inHandler: header, late: ({ request }) => { request.session.pop('n') }
  }, {}, [])
  t.strictSame(setCookies((await app.inject('/')).headers), ['other=1'])
})
