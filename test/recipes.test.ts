import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { cookieFrom, setCookies } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { recipeCodes, runRecipe, wholeOf } from './support/documents.ts'
import { problemsOf } from './support/strict.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Half a second. */
const START = Date.UTC(2030, 0, 1) + 500

/** A browser with one cookie. */
class Browser {
  cookie: string | undefined
  readonly #app: FastifyInstance
  readonly #name: string

  constructor (app: FastifyInstance, cookie?: string, name = 'session') {
    this.#app = app
    this.cookie = cookie
    this.#name = name
  }

  async send (method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}): Promise<string> {
    const response = await this.#app.inject({
      method,
      url,
      headers: { ...headers, ...(this.cookie === undefined ? {} : { cookie: this.cookie }) }
    })
    if (setCookies(response.headers).length > 0) this.cookie = cookieFrom(response.headers, this.#name)
    return response.body
  }

  /** Another browser with the cookie of this one. */
  stolen (): Browser {
    return new Browser(this.#app, this.cookie, this.#name)
  }
}

/** Who is signed in; and a request that takes its time, and writes when it goes on. */
function addRoutes (app: FastifyInstance): { goOn: () => void } {
  const gate = { goOn: () => {} }
  app.get('/', async ({ session }) => session.get('userId') ?? 'nobody')
  app.post('/write', async ({ session }) => { session.set('n', Number(session.get('n') ?? 0) + 1); return 'x' })
  app.post('/slow', async ({ session }) => {
    session.has('userId')
    await new Promise<void>((resolve) => { gate.goOn = resolve })
    session.set('late', true)
    return 'x'
  })
  app.post('/login/other', async ({ session }) => { session.regenerate(); session.update({ userId: 7, version: 1 }) })
  return gate
}

async function signedIn (app: FastifyInstance, url = '/login'): Promise<Browser> {
  const browser = new Browser(app)
  await browser.send('POST', url)
  return browser
}

t.test('sessions for accounts end without a request, and after the absolute time in any case', async (t) => {
  const tick = stopClock(t, START)
  const app = await runRecipe(t, 'Ages, and remember me', addRoutes)
  const [idle, busy] = [await signedIn(app), await signedIn(app)]
  tick(30 * MINUTE)
  t.equal(await idle.stolen().send('GET', '/'), '42')
  t.equal(await busy.send('GET', '/'), '42')
  tick(1)
  t.equal(await idle.send('GET', '/'), 'nobody')
  for (let passed = 30 * MINUTE + 1; passed + 20 * MINUTE <= 12 * HOUR; passed += 20 * MINUTE) {
    t.equal(await busy.send('GET', '/'), '42')
    tick(20 * MINUTE)
  }
  t.equal(await busy.send('GET', '/'), '42')
  tick(20 * MINUTE)
  t.equal(await busy.send('GET', '/'), 'nobody', 'however lately it was used')
  await busy.send('POST', '/login')
  t.equal(await busy.send('GET', '/'), '42')
})

t.test('who checks the box is remembered, and a login without a body is one without the box', async (t) => {
  const app = await runRecipe(t, 'Remember me', addRoutes)
  const maxAge = async (payload?: object): Promise<string | undefined> => {
    const { statusCode, headers } = await app.inject({ method: 'POST', url: '/login', ...(payload && { payload }) })
    t.equal(statusCode, 200)
    return /Max-Age=(\d+)/.exec(setCookies(headers)[0]!)?.[1]
  }
  t.equal(await maxAge({ remember: true }), `${30 * DAY}`)
  t.strictSame([await maxAge({}), await maxAge()], [undefined, undefined])
})

t.test('a logout ends every copy, one that a request under way signs anew too, ' +
  "and leaves the user's other sessions", async (t) => {
  const tick = stopClock(t, START)
  let gate = { goOn: () => {} }
  const app = await runRecipe(t, 'A logout that ends every copy', (app) => { gate = addRoutes(app) })
  const [here, elsewhere] = [await signedIn(app), await signedIn(app)]
  const copies = [here.stolen(), here.stolen()]
  await copies[1]!.send('POST', '/write')
  const late = here.stolen()
  const slow = late.send('POST', '/slow')
  await new Promise(setImmediate)
  await here.send('POST', '/logout')
  tick(5)
  gate.goOn()
  await slow
  t.equal(here.cookie, undefined)
  for (const copy of [...copies, late]) t.equal(await copy.send('GET', '/'), 'nobody')
  t.equal(await elsewhere.send('GET', '/'), '42')
  await here.send('POST', '/login')
  t.equal(await here.send('GET', '/'), '42', 'and the next session is another one')
})

t.test('a logout ends the first cookie of a sign-in too, and the one from before a second sign-in', async (t) => {
  const app = await runRecipe(t, 'A logout that ends every copy', addRoutes)
  const first = (await signedIn(app)).cookie
  const [here, stolen] = [new Browser(app, first), new Browser(app, first)]
  t.equal(await stolen.send('GET', '/'), '42')
  await here.send('POST', '/login')
  t.not(here.cookie, first)
  t.equal(await stolen.send('GET', '/'), 'nobody', 'who signs in again leaves no session behind')
  await here.send('POST', '/logout')
  t.equal(await here.send('GET', '/'), 'nobody')
})

t.test('a logout everywhere ends all sessions of the user until then, and no others', async (t) => {
  const tick = stopClock(t, START)
  let gate = { goOn: () => {} }
  const app = await runRecipe(t, 'Log out everywhere', (app) => { gate = addRoutes(app) })
  const [here, elsewhere, other] = [await signedIn(app), await signedIn(app), await signedIn(app, '/login/other')]
  tick(5 * DAY)
  await elsewhere.send('GET', '/')
  await elsewhere.send('POST', '/write')
  const sameSecond = await signedIn(app)
  const late = here.stolen()
  const slow = late.send('POST', '/slow')
  await new Promise(setImmediate)
  await here.send('POST', '/logout-everywhere')
  const rightAfter = await signedIn(app)
  tick(5)
  gate.goOn()
  await slow
  t.match(late.cookie, /^session=/, 'what was under way was signed after the logout')
  for (const browser of [here, elsewhere, sameSecond, late]) t.equal(await browser.send('GET', '/'), 'nobody')
  t.equal(await rightAfter.send('GET', '/'), '42', 'a sign-in in the same second is another session')
  t.equal(await other.send('GET', '/'), '7')
})

t.test('who changes the password stays in, and nobody else does', async (t) => {
  stopClock(t, START)
  const app = await runRecipe(t, 'Log out everywhere', (app) => {
    addRoutes(app)
    app.post('/remember', async ({ session }) => { session.permanent = true })
    app.get('/permanent', async ({ session }) => `${session.permanent}`)
  })
  const [here, elsewhere] = [await signedIn(app), await signedIn(app)]
  await here.send('POST', '/remember')
  const stolen = here.stolen()
  await here.send('POST', '/change-password')
  t.equal(await here.send('GET', '/'), '42')
  t.equal(await here.send('GET', '/permanent'), 'true')
  for (const browser of [elsewhere, stolen]) t.equal(await browser.send('GET', '/'), 'nobody')
  await new Browser(app).send('POST', '/change-password')
  t.equal(await here.send('GET', '/'), '42')
  await here.send('POST', '/logout-everywhere')
  t.equal(await here.send('GET', '/'), 'nobody')
  t.equal(await (await signedIn(app)).send('GET', '/'), '42')
})

t.test('nobody who is not signed in ends a session everywhere', async (t) => {
  stopClock(t, START)
  const app = await runRecipe(t, 'Log out everywhere', addRoutes)
  const visitor = new Browser(app)
  await visitor.send('POST', '/write')
  const cookie = visitor.cookie
  await new Browser(app).send('POST', '/logout-everywhere')
  await visitor.send('POST', '/logout-everywhere')
  await visitor.send('GET', '/')
  t.equal(visitor.cookie, cookie)
})

t.test('behind a proxy that ends TLS the cookie has the prefix in production, ' +
  'and Secure as the proxy says', async (t) => {
  const before = process.env.NODE_ENV
  t.teardown(() => { if (before === undefined) delete process.env.NODE_ENV; else process.env.NODE_ENV = before })
  for (const [environment, name] of [['production', '__Host-session'], ['test', 'session']] as const) {
    process.env.NODE_ENV = environment
    await t.test(environment, async (t) => {
      const app = await runRecipe(t, 'Behind a proxy that ends TLS', (app) => {
        app.get('/', async ({ session, protocol, ip }) => { session.set('a', 1); return { protocol, ip } })
      })
      const { headers, body } = await app.inject({
        url: '/',
        headers: { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' }
      })
      t.match(setCookies(headers), [new RegExp(`^${name}=[^;]+; Path=/; HttpOnly; Secure; SameSite=Lax$`)])
      t.strictSame(JSON.parse(body), { protocol: 'https', ip: '192.0.2.7' })
      const plain = await app.inject({ url: '/', headers: { 'x-forwarded-proto': 'http' } })
      t.equal(
        /; Secure/.test(setCookies(plain.headers)[0]!),
        environment === 'production',
        'a prefixed cookie is never without it'
      )
    })
  }
})

t.test('every recipe compiles in strict TypeScript', async (t) => {
  const codes = [...recipeCodes.values()].filter((code) => !/rateLimit|body/.test(code)).map(wholeOf)
  t.strictSame(problemsOf(t, codes), [])
  t.equal(codes.length, recipeCodes.size - 2, 'but one with a plugin that is installed elsewhere, and one with a body')
})

t.test('the limit of requests is tested with the plugin itself', async (t) => {
  const [register] = /app\.register\(rateLimit.*/.exec(recipeCodes.get('A limit of requests')!)!
  const tested = readFileSync(new URL('../integrations/test/rate-limit.test.ts', import.meta.url), 'utf8')
  t.ok(tested.includes(register.replace('max: 100', 'max: 2')))
})
