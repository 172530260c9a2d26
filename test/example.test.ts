import { spawn } from 'node:child_process'
import t, { type Test } from 'tap'
import { build } from '../examples/app.js'
import { storeFor } from '../examples/store.js'
import { MemoryStore, type SQLiteStore } from '../lib/index.ts'

/** A browser with one page: keeps the cookie, posts forms, follows the redirect. */
class Browser {
  cookie = ''
  /** The last `Set-Cookie` line. */
  line = ''
  readonly #app: Awaited<ReturnType<typeof build>>

  constructor (app: Awaited<ReturnType<typeof build>>) {
    this.#app = app
  }

  get (url: string) {
    return this.#send({ method: 'GET', url })
  }

  post (url: string, form: Record<string, string> = {}) {
    return this.#send({
      method: 'POST',
      url,
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' }
    })
  }

  /** Posts a form and returns the page that it leads to. */
  async submit (t: Test, url: string, form?: Record<string, string>): Promise<string> {
    const response = await this.post(url, form)
    t.equal(response.statusCode, 303)
    return (await this.get(response.headers.location!.split('#')[0]!)).body
  }

  async #send ({
    headers = {},
    ...request
  }: {
    method: 'GET' | 'POST'
    url: string
    payload?: string
    headers?: Record<string, string>
  }) {
    const response = await this.#app.inject({ ...request, headers: { ...headers, cookie: this.cookie } })
    const line = response.headers['set-cookie']
    if (typeof line === 'string') {
      this.line = line
      this.cookie = line.includes('Max-Age=0') ? '' : line.split(';')[0]!
    }
    return response
  }
}

async function open (t: Test): Promise<Browser> {
  const app = await build()
  t.teardown(() => app.close())
  return new Browser(app)
}

t.test('a visitor gets a page to sign in on, and no cookie', async (t) => {
  const browser = await open(t)
  const { statusCode, headers, body } = await browser.get('/')
  t.equal(statusCode, 200)
  t.match(headers, { 'content-type': /^text\/html/, 'content-security-policy': /default-src 'none'/, vary: 'Cookie' })
  t.notOk(headers['set-cookie'])
  t.match(body, 'Your name')
  t.match(body, 'an empty session needs no cookie')
  t.same((await browser.get('/api/me')).json(), { user: null, cart: [] })
})

t.test('who signs in gets a cookie that ends with the browser', async (t) => {
  const browser = await open(t)
  t.match(await browser.submit(t, '/login', { name: ' Ada ' }), 'Hello, <strong>Ada</strong>')
  t.match(browser.line, /^session=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; HttpOnly; SameSite=Lax$/)
})

t.test('who asks to stay signed in gets a cookie that is kept', async (t) => {
  const browser = await open(t)
  t.match(await browser.submit(t, '/login', { name: 'Ada', stay: 'true' }), 'kept for 31 days')
  t.match(browser.line, /; Max-Age=2678400$/)
})

t.test('a flash is shown by one page and by no other', async (t) => {
  const browser = await open(t)
  t.match(await browser.submit(t, '/login', { name: 'Ada' }), '<p class="flash" role="status">Welcome, Ada.</p>')
  t.notMatch((await browser.get('/')).body, 'role="status"')
})

t.test('a name that binds the cookie to its host makes it Secure, and the page shows it still', async (t) => {
  const app = await build({ cookieName: '__Host-session' })
  t.teardown(() => app.close())
  const browser = new Browser(app)
  t.match(await browser.submit(t, '/login', { name: 'Ada' }), /<span class="payload">[\w-]+</)
  t.match(browser.line, /^__Host-session=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
})

t.test('a name is needed, and a short one', async (t) => {
  const browser = await open(t)
  for (const name of ['', '  ', 'a'.repeat(61)]) {
    const { statusCode, headers } = await browser.post('/login', { name })
    t.equal(statusCode, 400)
    t.match(headers['content-type'], /^text\/html/)
  }
  t.equal(browser.cookie, '')
})

t.test('the cart keeps what is changed inside it, with its types, through signing in', async (t) => {
  const browser = await open(t)
  await browser.submit(t, '/cart', { sku: 'pencil' })
  await browser.submit(t, '/cart', { sku: 'pencil' })
  await browser.submit(t, '/cart', { sku: 'ink' })
  await browser.submit(t, '/login', { name: 'Ada' })
  t.match(await browser.submit(t, '/cart/pencil/more'), '3 × Pencil')
  t.match((await browser.get('/api/me')).json(), {
    user: 'Ada',
    cart: [{ sku: 'pencil', name: 'Pencil', quantity: 3, added: /^\d{4}-.*Z$/ }, { sku: 'ink', quantity: 1 }]
  })
})

t.test('the cart loses what is taken out of it, and nothing by a name it does not hold', async (t) => {
  const browser = await open(t)
  await browser.submit(t, '/cart', { sku: 'pencil' })
  await browser.submit(t, '/cart/ink/less')
  t.match(await browser.submit(t, '/cart/pencil/more'), '2 × Pencil')
  t.match(await browser.submit(t, '/cart/pencil/less'), '1 × Pencil')
  t.match(await browser.submit(t, '/cart/pencil/less'), 'Nothing in it yet')
  t.equal((await browser.post('/cart', { sku: 'yacht' })).statusCode, 400)
})

t.test('values of every type come back equal', async (t) => {
  const browser = await open(t)
  const page = await browser.submit(t, '/values')
  t.equal(page.match(/<th scope="row">/g)?.length, 20)
  t.equal(page.match(/✓ equal/g)?.length, 20)
  for (const type of [
    'bigint', 'Date', 'Buffer', 'Uint8Array', 'Map', 'Set', 'URL', 'UUID', 'Tuple', 'Markup', 'Array', 'Object',
    'null'
  ]) {
    t.match(page, `<td><code>${type}</code></td>`)
  }
  t.match(page, '<code>-0</code>')
})

t.test('a value that comes back otherwise is said to differ', async (t) => {
  const app = await build()
  t.teardown(() => app.close())
  const browser = new Browser(app)
  browser.cookie = `session=${app.encodeSession({ values: { number: 13, url: new URL('https://example.com/') } })}`
  const { body } = await browser.get('/')
  t.equal(body.match(/✗ different/g)?.length, 2)
})

t.test('the page shows the three parts of the cookie and the payload as text', async (t) => {
  const browser = await open(t)
  await browser.submit(t, '/login', { name: 'Ada' })
  const { body } = await browser.get('/')
  const [payload, timestamp, signature] = browser.cookie.slice('session='.length).split('.')
  t.match(
    body,
    `<span class="payload">${payload}</span>.<span class="time">${timestamp}</span>.<span ` +
      `class="signature">${signature}</span>`
  )
  t.match(body, '&#34;user&#34;:&#34;Ada&#34;')
})

t.test('who signs out loses the cookie and everything in it', async (t) => {
  const browser = await open(t)
  await browser.submit(t, '/cart', { sku: 'pencil' })
  await browser.submit(t, '/login', { name: 'Ada' })
  t.match(await browser.submit(t, '/logout'), 'Your name')
  t.match(browser.line, /^session=; Max-Age=0; Path=\/;/)
  t.same((await browser.get('/api/me')).json(), { user: null, cart: [] })
})

t.test('an edited cookie is nobody\'s: the page is that of a visitor and says why', async (t) => {
  const browser = await open(t)
  await browser.submit(t, '/login', { name: 'Ada' })
  const forged = Buffer.from('{"user":"Grace"}').toString('base64url')
  browser.cookie = browser.cookie.replace(/=[^.]+/, `=${forged}`)
  const { statusCode, body } = await browser.get('/')
  t.equal(statusCode, 200)
  t.match(body, 'Your name')
  t.match(body, 'was refused')
  t.notMatch(body, 'Grace')
  t.notMatch(body, forged)
})

t.test('the button that changes one character of the cookie leaves a visitor, until one signs in again', async (t) => {
  for (const options of [{}, { cookieName: '__Host-session' }, { store: new MemoryStore() }]) {
    const app = await build(options)
    t.teardown(() => app.close())
    const browser = new Browser(app)
    t.notMatch(await browser.submit(t, '/tamper'), 'was refused', 'without a cookie there is nothing to change')
    t.match(await browser.submit(t, '/login', { name: 'Ada' }), 'Change one character')
    const [before, { line }] = [browser.cookie, browser]
    const page = await browser.submit(t, '/tamper')
    t.match(page, 'was refused')
    t.match(page, 'Your name')
    t.equal([...browser.cookie].filter((each, index) => each !== before[index]).length, 1)
    t.equal(browser.line.split('; ').slice(1).join(), line.split('; ').slice(1).join(), 'with the same attributes')
    t.match(await browser.submit(t, '/login', { name: 'Ada' }), 'Hello, <strong>Ada</strong>')
  }
})

t.test('what users and cookies say is escaped', async (t) => {
  const browser = await open(t)
  const attack = '"\'><script>alert(1)</script>&amp;'
  const page = await browser.submit(t, '/login', { name: attack })
  t.match(page, '&#34;&#39;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;amp;')
  t.notMatch(page, '<script')
  const evil = Buffer.from(attack).toString('base64url')
  for (const value of [attack, `${evil}.x.${attack}`, `"${attack}"`]) {
    const app = await build()
    t.teardown(() => app.close())
    for (const cookie of [`session=${value}`, `session=${value}; session=${app.encodeSession({ user: 'Ada' })}`]) {
      const { statusCode, body } = await app.inject({ url: '/', headers: { cookie } })
      t.equal(statusCode, 200)
      t.notMatch(body, '<script')
    }
  }
})

t.test('a session that is too large is refused with a page that says so, and the old one stands', async (t) => {
  const browser = await open(t)
  await browser.submit(t, '/login', { name: 'Ada' })
  const { statusCode, headers, body } = await browser.post('/values/too-large')
  t.equal(statusCode, 413)
  t.match(headers['content-type'], /^text\/html/)
  t.notOk(headers['set-cookie'])
  t.notOk(headers.location)
  t.match(body, 'too much for a cookie')
  t.match((await browser.get('/')).body, 'Hello, <strong>Ada</strong>')
})

t.test('an error of the application says nothing of its cause', async (t) => {
  const app = await build()
  t.teardown(() => app.close())
  app.get('/broken', () => { throw new Error('a detail') })
  const { statusCode, body } = await app.inject('/broken')
  t.equal(statusCode, 500)
  t.match(body, 'That did not work')
  t.notMatch(body, 'a detail')
})

t.test('with a store the cookie has an id, and the page what the store has and a way to end others', async (t) => {
  const app = await build({ store: new MemoryStore() })
  t.teardown(() => app.close())
  const [here, there] = [new Browser(app), new Browser(app)]
  t.match((await here.get('/')).body, 'Sign in to see what it has of your sessions')
  await here.submit(t, '/login', { name: 'Ada' })
  await there.submit(t, '/login', { name: 'Ada' })
  await here.submit(t, '/cart', { sku: 'ink' })
  const page = (await here.get('/')).body
  t.match(page, /&#34;[\w-]{22}&#34;/, 'the payload is an id')
  t.equal(page.match(/<th scope="row">Another /g)?.length, 1)
  t.equal(page.match(/<th scope="row">This one /g)?.length, 1)
  t.match(page, '&#34;sku&#34;:&#34;ink&#34;', 'what the store has')
  t.match(await here.submit(t, '/sessions/end-others'), 'Other sessions ended: 1.')
  t.match((await here.get('/')).body, 'Hello, <strong>Ada</strong>')
  t.match((await there.get('/')).body, 'Your name')
  t.match(await there.submit(t, '/sessions/end-others'), 'Other sessions ended: 0.')
})

t.test('without a store there is no other session to end', async (t) => {
  const app = await build()
  t.teardown(() => app.close())
  const { statusCode } = await app.inject({ method: 'POST', url: '/sessions/end-others' })
  t.equal(statusCode, 404)
})

t.test('the environment says which store', async (t) => {
  t.equal(await storeFor({}), undefined)
  t.ok(await storeFor({ STORE: 'memory' }) instanceof MemoryStore)
  await t.rejects(storeFor({ STORE: 'mongo' }), { message: 'STORE is memory or sqlite, not mongo' })
  await t.rejects(storeFor({ REDIS_URL: 'redis://127.0.0.1:1' }), { message: /needs the package redis/ })
  const statements: string[] = []
  class DatabaseSync {
    prepare (text: string) {
      statements.push(text)
      return { run: () => ({}), all: () => [], get: () => undefined }
    }
  }
  t.capture(console, 'log')
  const sqlite = await storeFor({ STORE: 'sqlite' }, async () => ({ DatabaseSync })) as SQLiteStore
  t.teardown(() => sqlite.close())
  t.match(statements, [/CREATE TABLE/])
  let failed = (_error: Error): void => {}
  const client = {
    on: (_event: string, listener: (error: Error) => void) => { failed = listener },
    connect: async () => client,
    get: async () => null,
    evalSha: async () => 0,
    eval: async () => 0
  }
  const redis = await storeFor({ REDIS_URL: 'redis://localhost' }, async () => ({ createClient: () => client }))
  t.equal(await redis?.read('a'), undefined)
  const errors = t.capture(console, 'error')
  failed(new Error('no connection'))
  t.match(errors(), [{ args: ['no connection'] }])
})

t.test('run as a program it says how to make a secret, and where it listens', async (t) => {
  const env = { ...process.env, PORT: '0', SESSION_SECRET: '' }
  const child = spawn(process.execPath, [...process.execArgv, 'examples/app.js'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => child.kill())
  let output = ''
  for await (const chunk of child.stdout) {
    output += chunk
    if (output.includes('Open')) break
  }
  t.match(output, /^SESSION_SECRET is not set.+\n.+randomBytes\(32\).+\nOpen http:\/\/localhost:\d+\n$/)
  t.equal((await fetch(output.slice(output.indexOf('http')).trim())).status, 200)
})
