import { Readable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Session, sessionPlugin } from 'fastify-signed-session'
import { testClient } from 'fastify-signed-session/testing'
import t, { type Test } from 'tap'
import { buildApp, OTHER_SECRET, SECRET } from './support/app.ts'
import { cookieKinds, isPlain } from './support/cookie-kinds.ts'
import { MemorySessions } from './support/memory-sessions.ts'

declare module 'fastify' {
  interface FastifyRequest {
    testedAdmin: Session<{ level: number }>
  }
}

type Options = Parameters<typeof buildApp>[0]

async function counterApp (t: Test, options: Options = {}): Promise<FastifyInstance> {
  const { app } = await buildApp(options)
  t.teardown(() => app.close())
  app.get('/', async (request, reply) => reply.jsonify(request.session.data()))
  app.post('/count', async (request) => { request.session.set('count', Number(request.session.get('count') ?? 0) + 1) })
  app.post('/logout', async (request) => { request.session.delete() })
  return app
}

for (const { kind, options } of cookieKinds) {
  t.test('a test starts a request from a session it gives, and reads the one of the response, ' +
    `cookie ${kind}`, async (t) => {
    const client = testClient(await counterApp(t, options))
    const since = isPlain(kind) ? 60000 : new Date(60000) // plain JSON has no dates
    await client.sessionTransaction((session) => {
      session.set('count', 41)
      session.since = since
      if (!isPlain(kind)) session.permanent = true // these formats do not say it
    })
    t.equal((await client.inject({ method: 'POST', url: '/count' })).statusCode, 200)
    t.strictSame(await client.session(), { count: 42, since })
    await client.inject({ method: 'POST', url: '/logout' })
    t.strictSame(await client.session(), {})
    t.equal(client.cookies.get('session'), undefined)
  })
}

t.test('a transaction sees what the application stored, and gives back what its function returns', async (t) => {
  const client = testClient(await counterApp(t))
  await client.inject({ method: 'POST', url: '/count' })
  t.equal(await client.sessionTransaction((session) => session.pop('count')), 1)
  t.equal((await client.inject('/')).body, '{}\n')
  t.equal(client.cookies.get('session'), undefined, 'emptied, the cookie is deleted')
})

t.test('a transaction waits for an asynchronous function, and one that throws changes nothing', async (t) => {
  const client = testClient(await counterApp(t))
  await client.sessionTransaction(async (session) => {
    await new Promise((resolve) => setImmediate(resolve))
    session.set('count', 5)
  })
  const before = client.cookies.get('session')
  await t.rejects(client.sessionTransaction(async (session) => {
    session.set('count', 6)
    throw new Error('on purpose')
  }), { message: 'on purpose' })
  t.equal(client.cookies.get('session'), before)
  t.strictSame(await client.session(), { count: 5 })
})

t.test('a transaction that only reads leaves the cookie as it is', async (t) => {
  const client = testClient(await counterApp(t))
  await client.inject({ method: 'POST', url: '/count' })
  const before = client.cookies.get('session')
  t.equal(await client.sessionTransaction((session) => session.size), 1)
  t.equal(client.cookies.get('session'), before)
})

t.test('what a response could not keep a transaction cannot either', async (t) => {
  const client = testClient(await counterApp(t))
  const refusal = { code: 'FSS_ERR_NOT_SERIALIZABLE', keyPath: 'session.f' }
  await t.rejects(client.sessionTransaction((session) => { session.set('f', () => {}) }), refusal)
  await t.rejects(client.sessionTransaction((session) => { session.set('text', 'a'.repeat(5000)) }), {
    code: 'FSS_ERR_COOKIE_TOO_LARGE', message: /Bytes of each key: "text" 5009/
  })
  t.strictSame(await client.session(), {})
})

t.test('a cookie that was tampered with is an empty session, as for a request', async (t) => {
  const client = testClient(await counterApp(t))
  await client.inject({ method: 'POST', url: '/count' })
  client.cookies.set('session', client.cookies.get('session')!.replace('.', 'x.'))
  t.strictSame(await client.session(), {})
  t.equal((await client.inject('/')).body, '{}\n')
})

t.test('several sessions are told apart by name', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(sessionPlugin, [
    { secret: SECRET, cookieName: '__Host-sid' },
    { secret: OTHER_SECRET, sessionName: 'testedAdmin', format: 'flask', cookie: { path: '/admin' } }
  ])
  app.get('/admin/both', async (request, reply) => reply.jsonify(request.session.data(), request.testedAdmin.data()))
  const client = testClient(app)
  await client.sessionTransaction((session) => { session.set('user', 'Ada') })
  await client.sessionTransaction((session) => { session.set('level', 3) }, { name: 'testedAdmin' })
  t.strictSame((await client.inject('/admin/both')).json(), [{ user: 'Ada' }, { level: 3 }])
  t.strictSame(await client.session({ name: 'testedAdmin' }), { level: 3 })
  t.strictSame(await client.session(), { user: 'Ada' })
  t.match(client.cookies.header('/'), /^__Host-sid=[^;]+$/)
  await t.rejects(client.session({ name: 'other' }), {
    name: 'TypeError',
    message: 'There is no session "other"; there are "session", "testedAdmin"'
  })
})

t.test('a session that is registered in a scope is reached through the instance of the scope', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  let scope: FastifyInstance | undefined
  app.register(async (instance) => {
    scope = instance
    await instance.register(sessionPlugin, { secret: SECRET })
    instance.get('/in', async (request, reply) => reply.jsonify(request.session.get('user')))
  })
  await t.rejects(testClient(app).session(), {
    name: 'TypeError',
    message: /This instance has no session: the plugin is registered in a scope inside it/
  })
  const client = testClient(scope!)
  await client.sessionTransaction((session) => { session.set('user', 'Ada') })
  t.equal((await client.inject('/in')).body, '"Ada"\n')
})

t.test('an inner scope has the sessions of those around it too', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(sessionPlugin, { secret: SECRET })
  let scope: FastifyInstance | undefined
  await app.register(async (instance) => {
    scope = instance
    await instance.register(sessionPlugin, { secret: SECRET, sessionName: 'testedAdmin' })
    instance.get('/both', async (request, reply) => reply.jsonify(request.session.data(), request.testedAdmin.data()))
  })
  const client = testClient(scope!)
  await client.sessionTransaction((session) => { session.set('user', 'Ada') })
  await client.sessionTransaction((session) => { session.set('level', 3) }, { name: 'testedAdmin' })
  t.strictSame((await client.inject('/both')).json(), [{ user: 'Ada' }, { level: 3 }])
})

t.test('sessions that are kept in a store are opened and saved through their interface', async (t) => {
  const client = testClient(await counterApp(t, { sessionInterface: MemorySessions }))
  await client.sessionTransaction((session) => { session.set('count', 1) })
  await client.inject({ method: 'POST', url: '/count' })
  t.strictSame(await client.session(), { count: 2 })
  t.match(Buffer.from(client.cookies.get('session')!.split('.')[0]!, 'base64url').toString(), /^[\w-]{22}$/)
})

t.test('the cookies of a request go ahead of those of the jar', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  app.get('/cookie', async (request) => request.headers.cookie ?? 'none')
  const client = testClient(app)
  t.equal((await client.inject('/cookie')).body, 'none')
  t.equal((await client.inject({ path: '/cookie', headers: { Cookie: 'own=1' } })).body, 'own=1')
  client.cookies.set('kept', '2')
  t.equal((await client.inject({ url: '/cookie', headers: { Cookie: 'own=1' } })).body, 'own=1; kept=2')
  t.equal((await client.inject({ url: { pathname: '/cookie' }, headers: { accept: '*/*' } })).body, 'kept=2')
  t.equal((await client.inject({ url: 'https://localhost/cookie', cookies: { other: '3' } })).body, 'kept=2; other=3')
})

t.test('every cookie of a response is kept, the session or not', async (t) => {
  const app = await counterApp(t)
  app.get('/two', async (request, reply) => {
    request.session.set('count', 1)
    return reply.header('set-cookie', ['theme=dark; Path=/', 'gone=; Max-Age=0']).send()
  })
  const client = testClient(app)
  client.cookies.set('gone', '1')
  await client.inject('/two')
  t.match(client.cookies.header(), /^theme=dark; session=[^;]+$/)
})

/** An application that redirects, and echoes what reached it. */
async function redirectingApp (t: Test): Promise<FastifyInstance> {
  const { app } = await buildApp()
  t.teardown(() => app.close())
  const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
  app.route<{ Params: { status: string }, Querystring: { to?: string } }>({
    method: [...methods],
    url: '/go/:status',
    handler: async ({ session, params, query: { to = '/echo?b=2#there' } }, reply) => {
      session.set('steps', Number(session.get('steps') ?? 0) + 1)
      return reply.redirect(to, Number(params.status))
    }
  })
  app.route({
    method: [...methods],
    url: '/echo',
    handler: async ({ method, url, body, headers, session }) =>
      ({ method, url, body: body ?? null, type: headers['content-type'], kept: headers['x-kept'], ...session.data() })
  })
  app.get('/loop', async (_request, reply) => reply.redirect('/loop?secret=1'))
  app.get('/headless', async (_request, reply) => reply.code(302).send())
  return app
}

t.test('the shorthands send by their methods, with the options of inject', async (t) => {
  const client = testClient(await redirectingApp(t))
  for (const method of ['get', 'options', 'post', 'put', 'patch', 'delete'] as const) {
    const { method: sent, kept } = (await client[method]('/echo', { headers: { 'x-kept': 'yes' } })).json()
    t.strictSame([sent, kept], [method.toUpperCase(), 'yes'])
  }
  t.equal((await client.head('/echo')).body, '')
  t.strictSame((await client.post('/echo', { payload: { a: 1 } })).json().body, { a: 1 })
})

t.test('redirects are followed where asked, by GET or the same method as browsers do, with the cookies', async (t) => {
  const app = await redirectingApp(t)
  const sent = { payload: { a: 1 }, headers: { 'x-kept': 'yes' }, query: { c: '3' }, followRedirects: true }
  const [payload, nothing] = [{ body: { a: 1 }, type: 'application/json' }, { body: null, type: undefined }]
  for (const status of [301, 302, 303, 307, 308]) {
    for (const method of ['post', 'put'] as const) {
      const isGet = status === 303 || (status < 303 && method === 'post')
      const { body, type, ...echo } = (await testClient(app)[method](`/go/${status}`, sent)).json()
      const expected = { method: isGet ? 'GET' : method.toUpperCase(), url: '/echo?b=2', kept: 'yes', steps: 1 }
      t.strictSame(echo, expected, `${status} ${method}`)
      t.strictSame({ body, type }, isGet ? nothing : payload)
    }
    t.equal((await testClient(app).get(`/go/${status}`, { followRedirects: true })).json().method, 'GET')
    t.equal((await testClient(app).inject({ url: `/go/${status}`, followRedirects: 1 })).statusCode, 200)
    const head = await testClient(app).head(`/go/${status}`, { followRedirects: true })
    t.strictSame([head.statusCode, head.body], [200, ''])
    t.equal((await testClient(app).get(`/go/${status}`)).statusCode, status, 'not where nobody asks')
  }
})

t.test('what is no redirect, and one to another origin, is returned as it is', async (t) => {
  const client = testClient(await redirectingApp(t))
  const get = async (to: string) => await client.get('/go/302', { query: { to }, followRedirects: true })
  const others = ['https://evil.example/', '//evil.example/echo', 'https://localhost/echo', 'http://localhost:81/echo']
  for (const to of others) {
    const { statusCode, headers } = await get(to)
    t.strictSame([statusCode, headers.location], [302, to])
  }
  for (const to of ['http://localhost/echo', 'http://localhost:80/echo', '../echo', '/go/303?to=/echo']) {
    t.equal((await get(to)).json().url, '/echo', to)
  }
  t.equal((await client.get('/headless', { followRedirects: true })).statusCode, 302)
  t.equal((await get('http://[')).headers.location, 'http://[', 'nor is one to what is no URL')
  for (const [host, to, status] of [
    ['www.example', 'http://www.example/echo', 200], ['www.example', 'http://localhost/echo', 302],
    ['not a host', 'http://localhost/echo', 200]
  ] as const) {
    const options = { query: { to }, headers: { Host: host }, followRedirects: true }
    t.equal((await client.get('/go/302', options)).statusCode, status, `${host} to ${to}`)
  }
  const from = { protocol: 'http:', hostname: 'app.example', port: '8080', pathname: '/go/302' }
  t.equal((await client.inject({ url: from, followRedirects: true })).json().url, '/echo?b=2')
  t.equal((await client.inject({ url: { pathname: '/go/302' }, followRedirects: true })).statusCode, 200)
})

t.test('a stream is sent once: a redirect that asks for it again is an error', async (t) => {
  const app = await redirectingApp(t)
  const headers = { 'content-type': 'application/json' }
  const send = (status: number, key: 'payload' | 'body') => testClient(app)
    .post(`/go/${status}`, { [key]: Readable.from(['{"a":1}']), headers, followRedirects: true })
  for (const key of ['payload', 'body'] as const) {
    t.equal((await send(303, key)).json().method, 'GET')
    await t.rejects(send(307, key), { name: 'TypeError', message: /a stream is sent only once/ })
  }
})

t.test('more redirects than the limit are an error that names the way, and no query', async (t) => {
  const client = testClient(await redirectingApp(t))
  const message = (limit: number): string => `GET "/loop" was redirected more than ${limit} times, last to "/loop". ` +
    'followRedirects takes a higher number'
  await t.rejects(client.get('/loop', { followRedirects: true }), { message: message(20) })
  await t.rejects(client.inject({ url: '/loop', followRedirects: 2 }), { message: message(2) })
  t.equal((await client.get('/loop', { followRedirects: 0 })).statusCode, 302)
  for (const followRedirects of [-1, 1.5, NaN, 'yes', null]) {
    await t.rejects(client.get('/loop', { followRedirects } as never), {
      name: 'TypeError', message: 'followRedirects must be true, false or a whole number, 0 or more'
    })
  }
})
