import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { resolve } from 'node:path'
import t, { type Test } from 'tap'
import { python } from './support/python.ts'
import { skipFor } from './support/requirements.ts'

t.setTimeout(300_000) // Flask may start slowly

const skip = skipFor(python === undefined ? 'no Python with Flask was found' : undefined)

/** A browser with one page: keeps the cookie, posts forms, follows redirects. */
class Browser {
  cookie = ''
  readonly url: string

  constructor (url: string) {
    this.url = url
  }

  get (path: string): Promise<Page> {
    return this.#send(path, {})
  }

  post (path: string, form: Record<string, string> = {}): Promise<Page> {
    return this.#send(path, { method: 'POST', body: new URLSearchParams(form) })
  }

  async #send (path: string, init: RequestInit): Promise<Page> {
    const response = await fetch(this.url + path, { ...init, redirect: 'manual', headers: { cookie: this.cookie } })
    for (const line of response.headers.getSetCookie()) {
      this.cookie = line.includes('Max-Age=0') ? '' : line.split(';')[0]!
    }
    const location = response.headers.get('location')
    if (location !== null) return this.get(location)
    const text = await response.text()
    return { path, status: response.status, text, by: /served by <strong>(\w+)/.exec(text)?.[1] }
  }
}

interface Page {
  path: string
  status: number
  text: string
  /** Who says to have served it. */
  by: string | undefined
}

/** Not imported where Flask is missing, so that nobody asks for its coverage there. */
async function start (
  options: { python?: string | undefined, port?: number } = {}
): Promise<{ url: string, close: () => Promise<void> }> {
  const example = await import('../examples/with-flask/start.js')
  return await example.start({ port: 0, python, ...options })
}

/** A command in the place of Python. */
function command (t: Test, script: string): string {
  const path = resolve(t.testdir({ python: `#!/bin/sh\n${script}\n` }), 'python')
  chmodSync(path, 0o755)
  return path
}

/** Every time on a page, in milliseconds: `.isoformat()` and `.toISOString()` write the same one differently. */
function timesOn ({ text }: Page): number[] {
  return [...text.matchAll(/<time datetime="([^"]+)"/g)].map(([, time]) => Date.parse(time!))
}

t.test('Flask and Fastify behind one address', { skip }, async (t) => {
  const { url, close } = await start()
  t.teardown(close)

  t.test('who signs in with Flask is known to Fastify, and who signs out is not', async (t) => {
    const browser = new Browser(url)
    t.match(await browser.get('/'), { path: '/login', status: 200, by: 'Flask' })
    t.match(await browser.get('/cart'), { by: 'Fastify', text: 'Nobody is signed in' })
    t.match(await browser.post('/login', { name: ' ' }), { path: '/login', text: 'A name is needed' })
    t.match(await browser.post('/login', { name: ' Ada ' }), {
      path: '/cart',
      by: 'Fastify',
      text: 'Hello, <strong>Ada</strong>'
    })
    t.match(await browser.get('/account'), { by: 'Flask', text: 'You are <strong>Ada</strong>' })
    t.match(await browser.post('/logout'), { path: '/login', by: 'Flask' })
    t.equal(browser.cookie, '')
    t.match(await browser.get('/cart'), { by: 'Fastify', text: 'Nobody is signed in' })
  })

  t.test('what one side puts in the other shows, with its types', async (t) => {
    const browser = new Browser(url)
    const cart = await browser.post('/login', { name: 'Ada' })
    t.match(cart.text, /<code>Tuple \[ &#39;login form&#39;, \d{4}-\d\d-\d\dT[\d:]+\.000Z \]<\/code>/)
    for (const sku of ['pencil', 'pencil', 'notebook', 'ink']) await browser.post(`/cart/${sku}`, { change: '1' })
    const changed = await browser.post('/cart/notebook', { change: '-1' })
    t.match(changed.text, '2 × Pencil')
    t.match(changed.text, '0 × Notebook')
    const account = await browser.get('/account')
    t.match(account.text, /\(&#39;login form&#39;,\s+datetime\.datetime\([^)]+tzinfo=datetime\.timezone\.utc\)\)/)
    t.match(account.text, /&#39;pencil&#39;: {&#39;added&#39;: datetime\.datetime\([^)]+\),\s+&#39;quantity&#39;: 2}/)
    t.same(timesOn(account), timesOn(cart))
    const ordered = await browser.post('/cart/order')
    t.match(ordered, { path: '/account', by: 'Flask', text: /<li>2 × Pencil<\/li>\s*<li>1 × Ink<\/li>/ })
    t.match(ordered.text, '[(&#39;Pencil&#39;, 2), (&#39;Ink&#39;, 1)]')
    t.same(timesOn(ordered), timesOn(cart))
  })

  t.test('a message is shown once, whichever side flashed it', async (t) => {
    const browser = new Browser(url)
    t.match(await browser.post('/login', { name: 'Ada' }), { by: 'Fastify', text: 'Flask says: welcome, Ada.' })
    for (const path of ['/cart', '/account']) t.notMatch((await browser.get(path)).text, 'Flask says')
    await browser.post('/cart/ink', { change: '1' })
    t.match(await browser.post('/cart/order'), { by: 'Flask', text: 'Fastify says: your order is taken.' })
    for (const path of ['/account', '/cart']) t.notMatch((await browser.get(path)).text, 'Fastify says')
  })

  t.test('both sides escape what users say and refuse what no button says', async (t) => {
    const browser = new Browser(url)
    const attack = '"\'><script>alert(1)</script>'
    const pages = [await browser.post('/login', { name: attack }), await browser.get('/account')]
    t.same(pages.map(({ by }) => by), ['Fastify', 'Flask'])
    for (const { text } of pages) {
      t.match(text, /&#34;&#39;(&#62;|&gt;)(&#60;|&lt;)script/)
      t.notMatch(text, '<script')
    }
    t.match(await browser.post('/cart/yacht', { change: '1' }), { status: 400 })
    t.match(await browser.post('/cart/ink', { change: '1000' }), { status: 400 })
    t.match(await browser.post('/cart/order'), { path: '/cart', text: '0 × Ink' })
  })

  t.test('/cart and what is below it is Fastify\'s, the rest and the look Flask\'s', async (t) => {
    const browser = new Browser(url)
    t.match(await browser.get('/cart?from=here'), { by: 'Fastify' })
    t.match(await browser.get('/cart/none'), { status: 404, text: '"statusCode":404' })
    t.match(await browser.get('/carts'), { status: 404, text: '<!doctype html>' })
    t.match(await browser.get('/static/style.css'), { status: 200, text: '--accent' })
  })

  t.test('without Flask one sentence says what to install', async (t) => {
    const sentence = /^This example needs Python 3 with Flask, which was not found as .+: install it with .+\.$/m
    await t.rejects(start({ python: '/nonexistent' }), { message: sentence })
    const child = run({ PYTHON: command(t, 'exit 1') })
    const [output, [code]] = await Promise.all([child.stderr.toArray(), once(child, 'exit')])
    t.match(output.join(''), sentence)
    t.equal(code, 1)
  })

  t.test('a Flask that ends at once, or a port that is taken, ends all of it', async (t) => {
    await t.rejects(start({ python: command(t, 'test "$1" = -c') }), { message: 'Flask ended before it could answer.' })
    await t.rejects(start({ port: Number(new URL(url).port) }), { code: 'EADDRINUSE' })
  })

  t.test('a side that has gone is a 502, and the other one answers on', async (t) => {
    const { url, close } = await start({ python: command(t, 'echo http://127.0.0.1:1') })
    t.teardown(close)
    const browser = new Browser(url)
    t.match(await browser.get('/account'), { status: 502, text: 'does not answer' })
    t.match(await browser.get('/cart'), { status: 200, by: 'Fastify' })
  })

  t.test('run as a program it says where it listens, and ends both when it is stopped', async (t) => {
    const child = run({ PYTHON: python, PORT: '0', SESSION_SECRET: 'a secret that is long enough, 0123456789' })
    t.teardown(() => child.kill())
    const [output] = await once(child.stdout, 'data')
    t.match(String(output), /^Open http:\/\/localhost:\d+\n$/)
    const url = String(output).slice('Open '.length).trim()
    t.match(await new Browser(url).get('/'), { status: 200, by: 'Flask' })
    child.kill()
    t.same(await once(child, 'exit'), [0, null])
    await t.rejects(fetch(url))
  })
})

function run (env: NodeJS.ProcessEnv) {
  return spawn(process.execPath, [...process.execArgv, 'examples/with-flask/start.js'], {
    env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe']
  })
}
