import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import type { Session, SessionOptions } from '../lib/index.ts'
import { buildApp, OTHER_SECRET, SECRET, setCookies } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { same } from './support/equal.ts'
import { pythonWith } from './support/python.ts'
import type { PythonFormat } from './support/python-vectors.ts'
import { blocksOf, documents } from './support/documents.ts'
import { skipFor } from './support/requirements.ts'
import { toValue, type Typed } from './support/vectors.ts'

t.setTimeout(300_000) // Python may start slowly

const SERVER = fileURLToPath(new URL('./support/python-sessions.py', import.meta.url))
const runs = { seed: 20261126, numRuns: 300 }
const START = 1_700_000_000
const MAX_AGE = 14 * 24 * 60 * 60

type Operation = [name: string, ...args: unknown[]]

/** What the other program answers; the session is null where that is an error. */
interface Reply {
  status: number
  lines: string[]
  session: Typed | null
}

interface Python {
  /** The versions, and whether Django has `SECRET_KEY_FALLBACKS`. */
  about: { fallbacks?: boolean }
  ask: (request: object) => Promise<Reply>
}

/** A process with the real middleware, which answers line by line. */
async function start (python: string): Promise<Python> {
  const child = spawn(python, [SERVER], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const read = async (): Promise<unknown> => JSON.parse((await lines.next()).value)
  const about = await read() as Python['about']
  return {
    about,
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return await read() as Reply
    }
  }
}

/** A browser with one cookie, and the two programs that it is sent to. */
class Browser {
  cookie: string | undefined
  /** The `Set-Cookie` line of the last response. */
  line: string | undefined
  act: (session: Session) => unknown = () => {}
  tick: (seconds: number) => void = () => {}
  readonly #python: Python
  readonly #format: PythonFormat
  readonly #inject: (cookie: string | undefined) => Promise<string[]>

  constructor (python: Python, format: PythonFormat, inject: (cookie: string | undefined) => Promise<string[]>) {
    this.#python = python
    this.#format = format
    this.#inject = inject
  }

  /** What `act` makes of the session in a handler here. */
  async here (act: (session: Session) => unknown): Promise<unknown> {
    let result: unknown
    this.act = (session) => { result = act(session) }
    this.#keep(await this.#inject(this.cookie))
    return result
  }

  async data (): Promise<unknown> {
    return await this.here((session) => session.data())
  }

  /** The session there after `ops`, as values of JavaScript. */
  async there (ops: Operation[] = [], secret = SECRET, config: object = {}): Promise<unknown> {
    const key = this.#format === 'django' ? 'SECRET_KEY' : 'secret_key'
    const request = { app: this.#format, config: { [key]: secret, ...config }, time: Date.now() / 1000, ops }
    const { status, lines, session } = await this.#python.ask({ ...request, cookie: this.cookie })
    this.#keep(lines)
    return status === 200 && session !== null ? toValue(session) : `an error ${status}`
  }

  #keep (lines: string[]): void {
    this.line = lines[0]?.trim()
    if (this.line === undefined) return
    const isEnd = /expires=Thu, 01 Jan 1970/i.test(this.line)
    this.cookie = isEnd ? undefined : this.line.split(';')[0]
  }
}

async function open (
  t: Test, python: Python, format: PythonFormat, options: Partial<SessionOptions<FastifyRequest>> = {}
): Promise<Browser> {
  const tick = stopClock(t, START * 1000)
  const { app } = await buildApp({ format, ...options })
  t.teardown(() => app.close())
  app.get('/', async ({ session }) => { browser.act(session) })
  const browser: Browser = new Browser(python, format, async (cookie) => {
    const response = await app.inject({ url: '/', headers: cookie === undefined ? {} : { cookie } })
    if (response.statusCode !== 200) throw new Error(response.json().message)
    return setCookies(response.headers)
  })
  browser.tick = tick
  return browser
}

/** A value here, described with its type in Python. */
function describe (value: unknown): Typed {
  if (value === null) return { t: 'null' }
  if (Array.isArray(value)) return { t: 'list', v: value.map(describe) }
  switch (typeof value) {
    case 'object': return { t: 'dict', v: Object.entries(value).map(([key, each]) => [key, describe(each)]) }
    case 'string': return { t: 'str', v: value }
    case 'boolean': return { t: 'bool', v: value }
    default: return { t: isInteger(value) ? 'int' : 'float', v: Object.is(value, -0) ? '-0.0' : `${value}` }
  }
}

const isInteger = (value: unknown): boolean =>
  typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))

const numbers = fc.oneof(
  fc.integer(), fc.double(), fc.bigInt({ min: 2n ** 53n, max: 10n ** 300n }), fc.constantFrom(NaN, -0, Infinity)
)
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '", "', 'a: b', '\u007f', ' d'))
const key = text.filter((each) => !['_id', '_began', '_permanent', '__proto__'].includes(each))
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, numbers, text, fc.boolean(), fc.constant(null), tie('list'), tie('dict')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  dict: fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true })
}))
const sessions = fc.dictionary(key, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true })
  .filter((data) => JSON.stringify(describe(data)).length < 4000)

for (const format of ['django', 'starlette'] as const) {
  const installed = pythonWith(format)
  const skip = skipFor(installed === undefined
    ? `no Python with ${format} was found, so no cookie is passed to a real one and back`
    : undefined)
  const python = installed === undefined ? undefined : await start(installed)
  const live = (title: string, test: (t: Test, python: Python) => Promise<void>): void => {
    t.test(`${format}: ${title}`, { skip }, async (t) => await test(t, python!))
  }

  live(`any session passes in both directions (seed ${runs.seed})`, async (t, python) => {
    const browser = await open(t, python, format, { maxCookieSize: 100_000 })
    await fc.assert(fc.asyncProperty(sessions, async (data) => {
      browser.cookie = undefined
      await browser.here((session) => session.update(data))
      const there = await browser.there()
      const back = await browser.data()
      browser.cookie = undefined
      await browser.there([['update', describe(data)]])
      const here = await browser.data()
      await browser.here((session) => session.touch())
      const again = await browser.there()
      return [there, back, here, again].every((each) => same(each, data))
    }), runs)
    t.pass()
  })

  live('a change on one side is seen on the other, and what was there stays', async (t, python) => {
    const browser = await open(t, python, format)
    const login = { _auth_user_id: '7', _auth_user_backend: 'a.b', _auth_user_hash: 'c'.repeat(64) }
    await browser.there([['update', describe(login)]])
    await browser.here((session) => session.set('cart', [{ sku: 'é', n: 1 }]))
    t.strictSame(await browser.there([['update', describe({ seen: true })]]), {
      ...login, cart: [{ sku: 'é', n: 1 }], seen: true
    })
    await browser.here((session) => session.pop('cart'))
    t.strictSame(await browser.there(), { ...login, seen: true })
  })

  live('what is long is passed compressed or not, as the format has it', async (t, python) => {
    const browser = await open(t, python, format)
    const data = { text: 'lorem ipsum '.repeat(50) }
    await browser.here((session) => session.update(data))
    t.equal(browser.cookie!.includes('=.'), format === 'django')
    t.strictSame(await browser.there(), data)
    browser.cookie = undefined
    await browser.there([['update', describe(data)]])
    t.equal(browser.cookie!.includes('=.'), format === 'django')
    t.strictSame(await browser.data(), data)
  })

  live('both sides read a session for 14 days, and write as long an age', async (t, python) => {
    const browser = await open(t, python, format)
    await browser.there([['update', describe({ a: 1 })]])
    t.match(browser.line, /Max-Age=1209600/)
    const { cookie } = browser
    await browser.here((session) => session.set('b', 1))
    t.match(browser.line, /Max-Age=1209600/)
    browser.tick(MAX_AGE)
    t.strictSame(await browser.there(), { a: 1, b: 1 })
    browser.cookie = cookie
    t.strictSame(await browser.data(), { a: 1 })
    browser.tick(1)
    t.strictSame(await browser.data(), {})
    t.strictSame(await browser.there(), {})
  })

  live('a session that one side empties is gone on the other', async (t, python) => {
    const browser = await open(t, python, format)
    for (const empty of [
      async () => await browser.here((session) => session.clear()),
      async () => await browser.here((session) => session.pop('a')),
      async () => await browser.there([[format === 'django' ? 'flush' : 'clear']])
    ]) {
      await browser.there([['update', describe({ a: 1 })]])
      await empty()
      t.equal(browser.cookie, undefined)
      t.match(browser.line, format === 'django' ? /^sessionid=(""|);/ : /^session=null;/)
      t.strictSame(await browser.data(), {})
    }
    browser.cookie = format === 'django' ? 'sessionid=""' : 'session=null'
    t.strictSame(await browser.data(), {}, 'in a client that keeps what was deleted, too')
  })

  live('a session that Python leaves without a key is not deleted here', async (t, python) => {
    const browser = await open(t, python, format)
    await browser.there([['update', describe({ a: 1 })], ['clear']])
    await browser.here((session) => { session.set('a', 1); session.pop('a') })
    t.equal(browser.line, undefined)
  })

  live('an older secret is read here, and a session leaves with the new one', async (t, python) => {
    const browser = await open(t, python, format, { secret: OTHER_SECRET, fallbacks: [SECRET] })
    await browser.there([['update', describe({ a: 1 })]])
    const { cookie } = browser
    t.strictSame(await browser.data(), { a: 1 })
    t.strictSame(await browser.there([], OTHER_SECRET), { a: 1 })
    browser.cookie = cookie
    const config = python.about.fallbacks === true && format === 'django' ? { SECRET_KEY_FALLBACKS: [SECRET] } : {}
    const isKnown = Object.keys(config).length > 0
    t.strictSame(await browser.there([], OTHER_SECRET, config), isKnown ? { a: 1 } : {})
  })

  live('900 levels pass in both directions', async (t, python) => {
    const browser = await open(t, python, format, { maxCookieSize: 10_000 })
    let nested: unknown = 1
    for (let level = 0; level < 899; level++) nested = [nested]
    await browser.here((session) => session.set('nested', nested))
    t.strictSame(await browser.there([['has', 'nested']]), { deep: true })
    browser.cookie = undefined
    await browser.there([['nest', 899]])
    t.ok(await browser.here((session) => session.has('nested')))
    await browser.here((session) => session.touch())
    t.strictSame(await browser.there([['has', 'nested']]), { deep: true })
    await t.rejects(browser.here((session) => session.set('nested', [nested])), { message: /deeper than 900 levels/ })
  })

  live('a cookie that was changed is a new session on both sides', async (t, python) => {
    const browser = await open(t, python, format)
    await browser.there([['update', describe({ a: 1 })]])
    const changed = browser.cookie!.replace(/=../, '=ey0')
    browser.cookie = changed
    t.strictSame(await browser.data(), {})
    browser.cookie = changed
    t.strictSame(await browser.there(), {})
  })

  live('the code of the documentation runs in Python', async (t) => {
    const text = documents.get(`docs/${format}.md`)!
    const { code } = blocksOf(text).find(({ language }) => language === 'python')!
    const { status, stderr } = spawnSync(installed!, ['-c', code], { env: { ...process.env, SESSION_SECRET: SECRET } })
    t.equal(status, 0, `${stderr}`)
  })
}
