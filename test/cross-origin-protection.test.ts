import { createServer } from 'node:http'
import { connect as connectHTTP2 } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { crossOriginProtection, type CrossOriginProtectionOptions, sessionPlugin } from '../lib/index.ts'
import { type LogLine, SECRET } from './support/app.ts'
import { launch, missing } from './support/chromium.ts'
import { blocksOf, documents, run } from './support/documents.ts'
import { skipFor } from './support/requirements.ts'
import { WatchedStore } from './support/watched-store.ts'

const HOST = 'app.example'
const TRUSTED = ['https://partner.example', 'http://partner.example:8080', 'capacitor://localhost']
const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

interface Built {
  app: FastifyInstance
  logs: LogLine[]
}

/** An application that answers every method, with what it logs. */
async function build (t: Test, options: CrossOriginProtectionOptions = {}, server: object = {}): Promise<Built> {
  const logs: LogLine[] = []
  const stream = { write: (line: string) => { logs.push(JSON.parse(line)) } }
  const app = Fastify({ logger: { level: 'info', stream }, ...server }) as unknown as FastifyInstance
  t.teardown(() => app.close())
  await app.register(crossOriginProtection, options)
  app.addContentTypeParser(['application/x-www-form-urlencoded', 'text/plain'], (_request, body, done) => {
    body.resume()
    body.on('end', () => { done(null) })
  })
  app.route({ method: [...METHODS], url: '/', handler: async () => 'done' })
  app.post('/closed', async () => 'done')
  app.post('/open', { config: { crossOrigin: 'allow' } }, async () => 'done')
  return { app, logs }
}

/** Header fields, whether they are refused, and why that is so. */
type Row = [headers: Record<string, string>, status: 200 | 403, rule: string]

const rows: Row[] = [
  [{}, 200, 'a client that is no browser'],
  [{ origin: '', 'sec-fetch-site': '' }, 200, 'empty fields are none'],
  [{ 'sec-fetch-site': 'same-origin' }, 200, 'a page of this origin'],
  [{ 'sec-fetch-site': 'same-origin', origin: 'https://other.example' }, 200, 'Sec-Fetch-Site goes first'],
  [{ 'sec-fetch-site': 'none' }, 200, 'what the user does, such as a form sent again'],
  [{ 'sec-fetch-site': 'cross-site' }, 403, 'without an Origin'],
  [{ 'sec-fetch-site': 'same-site' }, 403, 'another port or subdomain'],
  [{ 'sec-fetch-site': 'same-site', origin: `https://${HOST}` }, 403, 'another scheme or a proxy: the browser knows'],
  [{ 'sec-fetch-site': 'cross-site', origin: 'null' }, 403, 'a sandboxed page'],
  [{ 'sec-fetch-site': 'Same-Origin' }, 403, 'browsers write it in lower case'],
  [{ 'sec-fetch-site': 'same-origin, cross-site' }, 403, 'two fields of that name'],
  [{ 'sec-fetch-site': 'something-new' }, 403, 'a value to come'],
  [{ 'sec-fetch-site': 'cross-site', origin: TRUSTED[0]! }, 200, 'a trusted origin'],
  [{ 'sec-fetch-site': 'cross-site', origin: `https://${HOST}` }, 403, 'the own host is not trusted by that'],
  [{ origin: `https://${HOST}` }, 200, 'an older browser, this host'],
  [{ origin: `http://${HOST}` }, 200, 'the scheme is what a proxy may have changed'],
  [{ origin: `https://${HOST}:443`, host: HOST }, 200, 'the default port says nothing'],
  [{ origin: `https://${HOST}`, host: `${HOST}:443` }, 200, 'nor in the Host'],
  [{ origin: `http://${HOST}`, host: `${HOST}:443` }, 403, 'which is not that of http'],
  [{ origin: `https://${HOST}`, host: HOST.toUpperCase() }, 200, 'case says nothing in a host'],
  [{ origin: `https://${HOST}:8443` }, 403, 'another port'],
  [{ origin: `https://${HOST}:8443`, host: `${HOST}:8443` }, 200, 'the same port'],
  [{ origin: `https://${HOST}`, host: `${HOST}:8443` }, 403, 'no port, another host'],
  [{ origin: `https://www.${HOST}` }, 403, 'a subdomain'],
  [{ origin: `https://${HOST}.evil.example` }, 403, 'a host that begins so'],
  [{ origin: `https://evil${HOST}` }, 403, 'a host that ends so'],
  [{ origin: `capacitor://${HOST}` }, 403, 'a scheme that is not of the web'],
  [{ origin: 'http://[::1]:3000', host: '[::1]:3000' }, 200, 'IPv6'],
  [{ origin: 'http://[::1]:3000', host: '[0:0::1]:3000' }, 200, 'IPv6 in another spelling'],
  [{ origin: 'http://[::1]:3001', host: '[::1]:3000' }, 403, 'IPv6, another port'],
  [{ origin: 'null' }, 403, 'an older browser, a sandboxed page'],
  [{ origin: 'null', host: 'null' }, 403, 'no host has that origin'],
  [{ origin: 'nonsense' }, 403, 'no origin at all'],
  [{ origin: `https://${HOST}, https://evil.example` }, 403, 'two fields of that name'],
  [{ origin: `https://evil.example, https://${HOST}` }, 403, 'in either order'],
  [{ origin: TRUSTED[1]! }, 200, 'a trusted origin with its port'],
  [{ origin: 'http://partner.example' }, 403, 'a trusted host with another port'],
  [{ origin: TRUSTED[2]! }, 200, 'a trusted origin of an application'],
  [{ origin: 'capacitor://Localhost' }, 403, 'which is compared as text'],
  [{ origin: `https://${HOST}`, host: '' }, 403, 'no Host'],
  [{ origin: `https://${HOST}`, host: 'no host' }, 403, 'a Host that is none']
]

t.test('the headers decide what passes, and GET, HEAD and OPTIONS always do', async (t) => {
  const { app } = await build(t, { trustedOrigins: TRUSTED })
  for (const [headers, status, rule] of rows) {
    for (const method of METHODS) {
      const response = await app.inject({ method, url: '/', headers: { host: HOST, ...headers } })
      const expected = ['GET', 'HEAD', 'OPTIONS'].includes(method) ? 200 : status
      t.equal(response.statusCode, expected, `${rule}: ${method} ${JSON.stringify(headers)}`)
    }
  }
})

t.test('a GET that asks for a websocket is held to the rules', async (t) => {
  const { app } = await build(t)
  const status = async (upgrade: string, origin: string): Promise<number> =>
    (await app.inject({ url: '/', headers: { host: HOST, connection: 'upgrade', upgrade, origin } })).statusCode
  for (const upgrade of ['websocket', 'WebSocket', 'h2c, websocket', 'websocket ,h2c']) {
    t.equal(await status(upgrade, 'https://evil.example'), 403, upgrade)
    t.equal(await status(upgrade, `https://${HOST}`), 200, upgrade)
  }
  t.equal(await status('h2c', 'https://evil.example'), 200)
})

t.test('the error says what was refused and what to do, and escapes what the client sent', async (t) => {
  const { app } = await build(t)
  const refused = async (headers: Record<string, string>): Promise<{ code: string, message: string }> =>
    (await app.inject({ method: 'POST', url: '/?token=hidden', headers })).json()
  const advice = ', so it was refused. ' +
    'See docs/cross-origin-protection.md for the reason, and for how to allow it'
  t.same(await refused({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }), {
    statusCode: 403,
    code: 'FSS_ERR_CROSS_ORIGIN',
    error: 'Forbidden',
    message: `The POST request comes from the origin "https://evil.example", which is "cross-site" here${advice}`
  })
  t.match(await refused({ origin: 'a\u202eb' }), { message: /from the origin "a\\u202eb", so it/ })
  t.match(await refused({ 'sec-fetch-site': 'same-site' }), { message: /an origin that the browser does not name/ })
})

t.test('a route whose config crossOrigin is not allow fails, ahead of the first request', async (t) => {
  for (const crossOrigin of ['Allow', true, 'deny', null]) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(crossOriginProtection)
    t.throws(() => app.post('/pay', { config: { crossOrigin } as object }, async () => ''), {
      name: 'TypeError', message: 'The config crossOrigin of the route POST "/pay" must be \'allow\', or left out'
    })
  }
})

t.test('a route may take requests from everywhere', async (t) => {
  const { app } = await build(t)
  const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const status = async (url: string): Promise<number> =>
    (await app.inject({ method: 'POST', url, headers })).statusCode
  t.equal(await status('/open'), 200)
  t.equal(await status('/nowhere'), 403, 'but not one that is not there')
})

t.test('with report a request passes, and one line a minute and route says so', async (t) => {
  const { app, logs } = await build(t, { report: true })
  const send = async (origin: string, url: string): Promise<number> => {
    const headers = { host: HOST, origin, 'sec-fetch-site': 'cross-site' }
    return (await app.inject({ method: 'POST', url, headers })).statusCode
  }
  for (const origin of ['https://a\u202e.example', 'https://b.example']) t.equal(await send(origin, '/?a=b'), 200)
  t.equal(await send('https://c.example', '/nowhere?a=b'), 404)
  await app.inject({ method: 'POST', url: '/nowhere', headers: { 'sec-fetch-site': 'cross-site', host: HOST } })
  await app.inject({ method: 'POST', url: '/closed', headers: { 'sec-fetch-site': 'same-site', host: HOST } })
  const lines = logs.filter(({ level }) => level === 40).map(({ time, pid, hostname, reqId, msg, ...line }) => line)
  const line = { level: 40, method: 'POST', host: HOST, suppressed: 0 }
  t.strictSame(lines, [
    { ...line, route: `${METHODS} /`, origin: 'https://a\\u202e.example', site: 'cross-site' },
    { ...line, route: 'POST without a route', origin: 'https://c.example', site: 'cross-site' },
    { ...line, route: 'POST /closed', origin: '', site: 'same-site' }
  ])
})

t.test('behind a trusted proxy the host is that of X-Forwarded-Host', async (t) => {
  const headers = { host: '10.0.0.5:3000', 'x-forwarded-host': HOST, origin: `https://${HOST}` }
  for (const [trustProxy, status] of [[true, 200], [false, 403]] as const) {
    const { app } = await build(t, {}, { trustProxy })
    t.equal((await app.inject({ method: 'POST', url: '/', headers })).statusCode, status)
  }
})

t.test('over HTTP/2 the host is the :authority', async (t) => {
  const { app } = await build(t, {}, { http2: true })
  const authority = new URL(await app.listen({ port: 0, host: '127.0.0.1' })).host
  const client = connectHTTP2(`http://${authority}`)
  t.teardown(() => { client.close() })
  const post = async (headers: Record<string, string | string[]>): Promise<number> => {
    const stream = client.request({ ':method': 'POST', ':path': '/', ...headers })
    stream.end()
    return await new Promise((resolve, reject) => {
      stream.on('response', (received) => { resolve(received[':status']!) }).on('error', reject).resume()
    })
  }
  t.equal(await post({ origin: `http://${authority}` }), 200)
  t.equal(await post({ origin: 'http://evil.example' }), 403)
  t.equal(await post({ 'sec-fetch-site': ['same-origin', 'cross-site'] }), 403, 'two fields')
  t.equal(await post({}), 200)
})

t.test('of several Origin fields none is believed', async (t) => {
  const { app } = await build(t)
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const post = async (...origins: string[]): Promise<string> => {
    const lines = ['POST / HTTP/1.1', `Host: ${HOST}`, ...origins.map((origin) => `Origin: ${origin}`)]
    const socket = connect(Number(port), '127.0.0.1')
    socket.end([...lines, 'Content-Length: 0', 'Connection: close', '', ''].join('\r\n'))
    let answer = ''
    for await (const chunk of socket) answer += chunk
    return answer.split(' ')[1]!
  }
  t.equal(await post(`https://${HOST}`), '200')
  t.equal(await post(`https://${HOST}`, 'https://evil.example'), '403')
  t.equal(await post('https://evil.example', `https://${HOST}`), '403')
})

t.test('registered first, it refuses ahead of a read of the store', async (t) => {
  const store = new WatchedStore()
  const { app } = await build(t)
  await app.register(sessionPlugin, { secret: SECRET, store })
  await app.ready()
  const cookie = `session=${await app.sessionInterface.encode({ userId: 42 })}`
  const post = async (headers: object): Promise<number> =>
    (await app.inject({ method: 'POST', url: '/', headers: { cookie, ...headers } })).statusCode
  store.calls.length = 0
  t.equal(await post({ 'sec-fetch-site': 'cross-site' }), 403)
  t.strictSame(store.calls, [])
  t.equal(await post({}), 200)
  t.equal(store.calls.length, 1)
})

t.test('what is no origin fails the registration with the one that was meant, where it is known', async (t) => {
  const meant: Array<[given: unknown, message: RegExp]> = [
    ['https://app.example/', /has "https:\/\/app\.example\/", which is no origin to trust: expected "https:/],
    ['https://app.example/path?a#b', /expected "https:\/\/app\.example"$/],
    ['https://user:pass@app.example', /expected "https:\/\/app\.example"$/],
    ['HTTPS://App.Example', /expected "https:\/\/app\.example"$/],
    ['https://app.example:443', /expected "https:\/\/app\.example"$/],
    ['http://[0:0::1]:80', /expected "http:\/\/\[::1\]"$/],
    ['https://bücher.example', /expected "https:\/\/xn--bcher-kva\.example"$/],
    ['https://*.app.example', /expected scheme:\/\/host or scheme:\/\/host:port$/],
    ['*', /expected scheme/],
    ['', /expected scheme/],
    ['null', /has "null", which is no origin to trust: expected scheme/],
    ['app.example', /expected scheme/],
    ['localhost:3000', /expected scheme/],
    ['file://', /expected scheme/],
    ['capacitor://localhost/', /expected scheme/],
    ['capacitor://*', /expected scheme/],
    ['Capacitor://localhost', /expected scheme/],
    ['capacitor://user@localhost', /expected scheme/],
    ['mailto:ada@app.example', /expected scheme/],
    [undefined, /has an entry of type undefined, which is/],
    [/app/, /has an entry of type object, which is/]
  ]
  for (const [given, message] of meant) {
    const app = Fastify()
    app.register(crossOriginProtection, { trustedOrigins: [given as string] })
    await t.rejects(async () => { await app.ready() }, { name: 'TypeError', message }, String(given))
  }
})

t.test('origins as browsers write them are taken', async (t) => {
  const trustedOrigins = [
    'https://app.example', 'http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:8080',
    'https://xn--bcher-kva.example', 'capacitor://localhost', 'chrome-extension://abcdefghijklmnop', 'app://-'
  ]
  const { app } = await build(t, { trustedOrigins })
  for (const origin of trustedOrigins) {
    const headers = { origin, 'sec-fetch-site': 'cross-site' }
    t.equal((await app.inject({ method: 'POST', url: '/', headers })).statusCode, 200, origin)
  }
})

t.test('wrong options fail the registration', async (t) => {
  const wrong: Array<[options: object, end: string]> = [
    [{ trustedOrigin: [] }, '"trustedOrigin" is unknown: did you mean trustedOrigins?'],
    [{ trustedOrigins: 'https://a.example' }, 'trustedOrigins must be a list of origins'],
    [{ report: 'yes' }, 'report must be true or false']
  ]
  for (const [options, end] of wrong) {
    const message = `The crossOriginProtection option ${end}`
    const app = Fastify()
    app.register(crossOriginProtection, options)
    await t.rejects(async () => { await app.ready() }, { name: 'TypeError', message })
  }
})

t.test('the example of the document refuses, and takes what it says it takes', async (t) => {
  const [example] = blocksOf(documents.get('docs/cross-origin-protection.md')!)
  const { app } = await run(t, example!.code)
  const post = async (url: string, origin: string): Promise<number> =>
    (await app!.inject({ method: 'POST', url, headers: { origin, 'sec-fetch-site': 'cross-site' } })).statusCode
  t.equal(await post('/transfer', 'https://evil.example'), 403)
  t.equal(await post('/transfer', 'https://partner.example'), 200)
  t.equal(await post('/webhook', 'https://evil.example'), 200)
})

const skip = skipFor(missing())
// Every name is this machine. Of `.test` browsers send no Sec-Fetch-Site over plain http, as older ones do of any name.
const browser = skip === false ? await launch('--host-resolver-rules=MAP *.test 127.0.0.1') : undefined
t.teardown(() => browser?.close())
t.setTimeout(600_000)

/** A server of nothing but pages, on a port of its own. */
async function openSite (t: Test, name: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>a page</title>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return `http://${name}:${(server.address() as AddressInfo).port}`
}

interface Target {
  origin: string
  /** The next method, path and status, pages aside. */
  next: () => Promise<string>
}

/** An application that listens under a name. */
async function openTarget (t: Test, name: string, options = {}): Promise<Target> {
  const { app } = await build(t, options)
  const waiting: Array<(answer: string) => void> = []
  app.addHook('onResponse', async ({ method, url }, { statusCode }) => {
    if (!PAGES.has(url)) waiting.shift()?.(`${method} ${url} ${statusCode}`)
  })
  const page = '<!doctype html><title>ours</title>'
  app.get('/page', async (_request, reply) => reply.type('text/html').send(page))
  app.get('/private', async (_request, reply) =>
    reply.header('referrer-policy', 'no-referrer').type('text/html').send(page))
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const next = async (): Promise<string> => await new Promise((resolve) => { waiting.push(resolve) })
  return { origin: `http://${name}:${port}`, next }
}

const PAGES = new Set(['/page', '/private', '/favicon.ico'])

/** What the target answers where a page runs a script. */
async function answerTo ({ next }: Target, page: string, script: string): Promise<string> {
  const opened = await browser!.newPage()
  await opened.goto(page)
  const [answer] = await Promise.all([next(), opened.evaluate(script)])
  await opened.close()
  return answer
}

const submit = (attributes: string): string => `document.body.innerHTML =
  '<form ${attributes}><input name="a" value="b"></form>'; document.forms[0].submit()`

/** What a page can do to a server, as a script, and what comes of it where the page is of another origin. */
const attempts: Array<[name: string, script: (target: string) => string, refused: string]> = [
  ['a form', (target) => submit(`method="post" action="${target}/"`), 'POST / 403'],
  ['a form of text', (target) => submit(`method="post" enctype="text/plain" action="${target}/"`), 'POST / 403'],
  ['a form that gets', (target) => submit(`action="${target}/"`), 'GET /?a=b 200'],
  ['a link', (target) => `location.href = '${target}/'`, 'GET / 200'],
  ['a simple fetch', (target) => `void fetch('${target}/', { method: 'POST' }).catch(() => {})`, 'POST / 403'],
  ['a fetch without CORS', (target) =>
    `void fetch('${target}/', { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'a=b' })`, 'POST / 403'],
  ['a beacon', (target) => `navigator.sendBeacon('${target}/', 'a=b')`, 'POST / 403'],
  ['a form for a route that is open', (target) => submit(`method="post" action="${target}/open"`), 'POST /open 200'],
  ['a websocket', (target) => `new WebSocket('${target.replace('http', 'ws')}/')`, 'GET / 403'],
  ['a fetch of a sandboxed frame', (target) => `{
    const frame = document.createElement('iframe')
    frame.sandbox = 'allow-scripts'
    frame.srcdoc = \`<script>fetch('${target}/', { method: 'POST', mode: 'no-cors' })</script>\`
    document.body.append(frame)
  }`, 'POST / 403']
]

const PAIRS = [['localhost', '127.0.0.1'], ['localhost', 'localhost'], ['app.test', 'evil.test']] as const

for (const [name, other] of PAIRS) {
  t.test(`Chromium: a page of ${other} reaches ${name} on another port by links alone`, { skip }, async (t) => {
    const target = await openTarget(t, name)
    const site = await openSite(t, other)
    for (const [what, script, answer] of attempts) {
      t.equal(await answerTo(target, site, script(target.origin)), answer, what)
    }
  })
}

t.test('Chromium: a page of an origin that is trusted may post', { skip }, async (t) => {
  const site = await openSite(t, '127.0.0.1')
  const target = await openTarget(t, 'localhost', { trustedOrigins: [site] })
  for (const [what, script, answer] of attempts) {
    const expected = what.includes('sandboxed') ? answer : answer.replace('403', '200')
    t.equal(await answerTo(target, site, script(target.origin)), expected, what)
  }
})

for (const name of ['localhost', 'app.test']) {
  t.test(`Chromium: a page of ${name} reaches its own server in every way`, { skip }, async (t) => {
    const target = await openTarget(t, name)
    for (const [what, script, answer] of attempts) {
      const expected = what.includes('sandboxed') ? answer : answer.replace('403', '200')
      t.equal(await answerTo(target, `${target.origin}/page`, script(target.origin)), expected, what)
    }
  })

  t.test(`Chromium: a form to ${name} passes when it is sent again`, { skip }, async (t) => {
    const { origin, next } = await openTarget(t, name)
    const page = await browser!.newPage()
    await page.goto(`${origin}/page`)
    const script = submit(`method="post" action="${origin}/"`)
    await Promise.all([next(), page.waitForURL(`${origin}/`), page.evaluate(script)])
    const [again] = await Promise.all([next(), page.reload()])
    t.equal(again, 'POST / 200')
    await page.close()
  })
}

t.test('Chromium: with no-referrer a form of the same origin passes by Sec-Fetch-Site alone', { skip }, async (t) => {
  for (const [name, answer] of [['localhost', 'POST / 200'], ['app.test', 'POST / 403']] as const) {
    const target = await openTarget(t, name)
    const script = submit(`method="post" action="${target.origin}/"`)
    t.equal(await answerTo(target, `${target.origin}/private`, script), answer, `${name}: the Origin is null`)
  }
})
