import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { type BadData, MemoryStore, type Session, StoredSessionInterface } from '../lib/index.ts'
import { differencesOf } from '../lib/options/differences.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { buildApp, errorsOf, OTHER_SECRET, SECRET, setCookies, valueOf } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { MemorySessions } from './support/memory-sessions.ts'
import { addRoutes, Browser, slowly, storedApp } from './support/stored-app.ts'
import { door, WatchedStore } from './support/watched-store.ts'

const ENDED = 'The session was ended meanwhile, so what this request changed is not saved'

t.test('reading', async (t) => {
  t.test('a request without a cookie never reaches the store, and a new session is created at once', async (t) => {
    const { app, store } = await storedApp(t)
    const browser = new Browser(app)
    t.strictSame(await browser.show(), { isNew: true })
    t.strictSame(store.takeCalls(), [])
    await browser.send('/set?a=1')
    t.strictSame(store.takeCalls(), ['create'])
    t.strictSame(await browser.show(), { a: '1', isNew: false })
  })

  t.test('a cookie whose signature or age does not hold never reaches the store', async (t) => {
    const pass = stopClock(t)
    const { app, store } = await storedApp(t, { lifetime: 1000 })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.takeCalls()
    const forged = `session="x${browser.cookie!.slice('session="x'.length)}`
    t.match(await new Browser(app, forged).show(), { isNew: true })
    pass(1001)
    t.match(await browser.show(), { isNew: true })
    t.strictSame(store.takeCalls(), [])
    t.match(app.sessionCounters, { ended: 0 })
  })

  t.test('a genuine id costs one round trip ahead of the handler, used or not', async (t) => {
    const { app, store } = await storedApp(t)
    app.addHook('preHandler', async ({ session }, reply) => { reply.header('x-size', session.size) })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.takeCalls()
    t.equal((await browser.send('/idle')).headers['x-size'], '1')
    t.strictSame(store.takeCalls(), ['read'])
  })

  t.test('of several genuine cookies the next is tried where there is no record, two at most', async (t) => {
    const { app, store } = await storedApp(t)
    const made = [new Browser(app), new Browser(app), new Browser(app)]
    for (const [index, browser] of made.entries()) await browser.send(`/set?a=${index}`)
    const [one, two, three] = made.map(({ cookie }) => cookie)
    await made[0]!.send('/logout')
    store.takeCalls()
    t.match(await new Browser(app, `${one}; ${two}`).show(), { a: '1' })
    t.strictSame(store.takeCalls(), ['read', 'read'])
    await made[1]!.send('/logout')
    store.takeCalls()
    t.match(await new Browser(app, `${one}; ${two}; ${three}`).show(), { isNew: true })
    t.strictSame(store.takeCalls(), ['read', 'read'])
  })

  t.test('a route with session: false reads nothing, and has no session, in a cookie or a store', async (t) => {
    const { app: plain } = await buildApp()
    const { app, store } = await storedApp(t)
    for (const each of [plain, app]) {
      each.get('/off', { config: { session: false } }, async () => 'off')
      each.get('/use', { config: { session: false } }, async ({ session }) => session.get('a'))
      each.addHook('preHandler', async ({ routeOptions }, reply) => {
        reply.header('x-off', String(routeOptions.config.session === false))
      })
    }
    addRoutes(plain)
    for (const each of [plain, app]) {
      const browser = new Browser(each)
      await browser.send('/set?a=1')
      store.takeCalls()
      t.match(await browser.send('/off'), { statusCode: 200, headers: { 'x-off': 'true' } })
      const refused = await browser.send('/use')
      t.match(refused.json(), { statusCode: 500, message: 'This route has no session: its config says session: false' })
      t.strictSame(store.takeCalls(), [])
    }
  })

  t.test('a genuine id without a record is a new session, counted as ended, whose cookie stands', async (t) => {
    const refused: BadData[] = []
    const { app, logs } = await storedApp(t, { onInvalid: (error) => { refused.push(error) } })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const old = new Browser(app, browser.cookie)
    await browser.send('/logout')
    const response = await old.send('/show')
    t.strictSame(response.json(), { isNew: true })
    t.strictSame(setCookies(response.headers), [])
    t.equal(app.sessionCounters.ended, 1)
    t.strictSame(refused, [])
    t.strictSame(errorsOf(logs), [])
  })

  t.test('nonsense in the store is an ended session, an error in the log and a call of onInvalid', async (t) => {
    const nonsense = [
      { fields: {} }, { fields: new Map([['a', 1]]) }, { fields: new Map([[1, '1']]) },
      { fields: new Map([['a', '{']]) },
      { owner: 7 }, { permanent: 1 }, { fromCookie: undefined }, { usedAt: 'x' }, { createdAt: 1.5 }, { expiresAt: NaN }
    ]
    for (const changed of nonsense) {
      const codes: string[] = []
      const { app, logs, store } = await storedApp(t, { onInvalid: ({ code }) => { codes.push(code) } })
      const browser = new Browser(app)
      await browser.send('/set?a=1')
      const { cookie } = browser
      const read = store.memory.read.bind(store.memory)
      store.memory.read = async (key) => Object.assign(await read(key) as object, changed) as never
      t.match(await browser.show(), { isNew: true })
      t.strictSame(codes, ['FSS_ERR_BAD_STORED_SESSION'])
      t.match(errorsOf(logs), [{ msg: /cannot be read, so the session counts as ended/ }])
      t.equal(app.sessionCounters.ended, 1)
      await browser.send('/set?a=2')
      t.not(browser.cookie!.split('.')[0], cookie!.split('.')[0], 'what is written then has a new id')
    }
  })
})

t.test('writing', async (t) => {
  t.test('one round trip writes what changed, inside an object too, and sends no cookie', async (t) => {
    const { app, store } = await storedApp(t, {}, {
      '/list': async ({ session }) => { session.set('list', []) },
      '/push': async ({ session }) => { (session.get('list') as number[]).push(1) }
    })
    const browser = new Browser(app)
    await browser.send('/list')
    store.takeCalls()
    t.strictSame(setCookies((await browser.send('/push')).headers), [])
    t.strictSame(store.takeCalls(), ['read', 'update'])
    t.match(await browser.show(), { list: [1] })
    t.strictSame(store.takeCalls(), ['read'])
    await browser.send('/drop?list')
    t.strictSame(store.takeCalls(), ['read', 'update'])
    t.strictSame(await browser.show(), { isNew: false }, 'a session whose last key is removed is kept')
  })

  t.test('nothing is written for a session that nobody used or filled', async (t) => {
    const { app, store } = await storedApp(t)
    const browser = new Browser(app)
    for (const url of ['/idle', '/show', '/logout', '/touch', '/permanent', '/drop?a']) await browser.send(url)
    t.strictSame(store.takeCalls(), [])
    t.equal(browser.cookie, undefined)
  })

  t.test('a session that was only used is touched when refreshAfter is over', async (t) => {
    const pass = stopClock(t)
    const { app, store } = await storedApp(t, { lifetime: 1000, refreshAfter: 100 })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const old = new Browser(app, browser.cookie)
    store.takeCalls()
    pass(99)
    t.strictSame(setCookies((await browser.send('/show')).headers), [])
    t.strictSame(store.takeCalls(), ['read'])
    pass(1)
    await browser.send('/idle')
    t.strictSame(store.takeCalls(), ['read'])
    t.equal(setCookies((await browser.send('/show')).headers).length, 1)
    t.strictSame(store.takeCalls(), ['read', 'update'])
    pass(50)
    t.equal(setCookies((await old.send('/show')).headers).length, 1, 'an older cookie is signed anew')
    t.strictSame(store.takeCalls(), ['read'], 'the record is not touched again')
    pass(840)
    t.match(await browser.show(), { a: '1' })
  })

  t.test('the cookie is signed anew where permanent changes, by touch, and where a fallback signed it', async (t) => {
    const store = new WatchedStore()
    const { app } = await storedApp(t, { store, secret: OTHER_SECRET })
    const { app: rotated } = await storedApp(t, { store, secret: SECRET, fallbacks: [OTHER_SECRET] })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    t.match(setCookies((await browser.send('/permanent')).headers), [/; Max-Age=\d+/])
    t.strictSame(setCookies((await browser.send('/permanent')).headers), [])
    t.match(setCookies((await browser.send('/touch')).headers), [/; Max-Age=\d+/])
    const moved = new Browser(rotated, browser.cookie)
    store.takeCalls()
    t.equal(setCookies((await moved.send('/idle')).headers).length, 1)
    t.strictSame(store.takeCalls(), ['read'])
    t.match(await moved.show(), { a: '1', isNew: false })
  })

  t.test('a record never outlives the cookie that opens it', async (t) => {
    const pass = stopClock(t)
    const { app, store } = await storedApp(t, { lifetime: 1000, permanentLifetime: 5000, refreshAfter: false })
    const expiry = async (): Promise<number> => [...(await store.sessions()).values()][0]!.expiresAt
    const browser = new Browser(app)
    const start = Date.now() / 1000
    await browser.send('/set?a=1')
    t.equal(await expiry(), start + 1001)
    pass(500)
    await browser.send('/set?a=2')
    t.equal(await expiry(), start + 1001)
    await browser.send('/permanent')
    t.equal(await expiry(), start + 5501)
  })

  t.test('more than maxSessionSize is an error before anything is written', async (t) => {
    const { app, store } = await storedApp(t, { maxSessionSize: 10 })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.takeCalls()
    const response = await browser.send('/set?b=1234567')
    t.match(response.json(), { code: 'FSS_ERR_SESSION_TOO_LARGE', message: /would take 14 bytes, .* "?b"? 10/ })
    t.strictSame(store.takeCalls(), ['read'])
    t.strictSame(await browser.show(), { a: '1', isNew: false })
  })

  t.test('the end of a session ends its record and deletes its cookie', async (t) => {
    const { app, store } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.takeCalls()
    await browser.send('/logout')
    t.strictSame(store.takeCalls(), ['read', 'destroy'])
    t.equal(browser.cookie, undefined)
    t.equal((await store.sessions()).size, 0)
  })
})

t.test('two requests at once', async (t) => {
  t.test('twenty requests set twenty keys', async (t) => {
    const { app } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    await Promise.all(Array.from({ length: 20 }, (_, index) => browser.send(`/set?k${index}=1`)))
    t.equal(Object.keys(await browser.show()).length, 22)
  })

  for (const [what, url] of [['a logout', '/logout'], ['a login', '/regenerate']] as const) {
    t.test(`what a slow request from before ${what} changed is dropped, and no cookie sent`, async (t) => {
      const slow = slowly(async ({ session }) => { session.set('b', 2) })
      const { app, logs, store } = await storedApp(t, {}, { '/slow': slow.handler })
      const browser = new Browser(app)
      await browser.send('/set?a=1')
      const late = new Browser(app, browser.cookie).send('/slow')
      await slow.entered
      await browser.send(url)
      const before = await store.sessions()
      slow.goOn()
      const response = await late
      t.equal(response.statusCode, 200)
      t.strictSame(setCookies(response.headers), [])
      t.strictSame(await store.sessions(), before)
      t.match(logs.filter(({ msg }) => msg === ENDED), [{ level: 30, route: 'GET /slow' }])
    })
  }

  t.test('a slow request that only used a session that was ended logs nothing', async (t) => {
    const pass = stopClock(t)
    const slow = slowly(async () => {})
    const { app, logs } = await storedApp(t, { refreshAfter: 0 }, { '/slow': slow.handler })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    pass(1)
    const late = new Browser(app, browser.cookie).send('/slow')
    await slow.entered
    await browser.send('/logout')
    slow.goOn()
    t.strictSame(setCookies((await late).headers), [])
    t.strictSame(logs.filter(({ msg }) => msg === ENDED), [])
  })
})

t.test('a login', async (t) => {
  t.test('with owner, a planted id opens nothing after the login', async (t) => {
    const { app, store } = await storedApp(t, { owner: 'user' })
    const attacker = new Browser(app)
    await attacker.send('/set?a=1')
    const victim = new Browser(app, attacker.cookie)
    store.takeCalls()
    await victim.send('/set?user=7')
    t.strictSame(store.takeCalls(), ['read', 'destroy', 'create'])
    t.strictSame(await victim.show(), { a: '1', user: '7', isNew: false })
    t.strictSame(await attacker.show(), { isNew: true })
    const { cookie } = victim
    await victim.send('/set?user=7')
    t.equal(victim.cookie, cookie, 'the same owner keeps the id')
    await victim.send('/drop?user')
    t.strictSame(await new Browser(app, cookie).show(), { isNew: true })
  })

  t.test('without owner only regenerate gives a new id', async (t) => {
    const { app } = await storedApp(t)
    const attacker = new Browser(app)
    await attacker.send('/set?a=1')
    const victim = new Browser(app, attacker.cookie)
    await victim.send('/set?user=7')
    t.match(await attacker.show(), { user: '7' })
    await victim.send('/regenerate')
    t.match(await attacker.show(), { isNew: true })
  })

  t.test('what cannot name an owner is refused when it is set', async (t) => {
    const { app } = await storedApp(t, { owner: 'user' }, {
      '/bad': async ({ session }) => { session.set('user', {}) }
    })
    t.match((await new Browser(app).send('/bad')).json(), {
      statusCode: 400,
      message: /^session\.user names the owner: expected/
    })
  })
})

t.test('regenerate', async (t) => {
  t.test('the old record is destroyed before the new one is created', async (t) => {
    const { app, store } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1&b=2')
    store.takeCalls()
    await browser.send('/regenerate')
    t.strictSame(store.takeCalls(), ['read', 'destroy', 'create'])
    t.strictSame(await browser.show(), { a: '1', isNew: false })
  })

  t.test('two at once leave one session', async (t) => {
    const { app, store, logs } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const { cookie } = browser
    const two = [new Browser(app, cookie), new Browser(app, cookie)]
    const responses = await Promise.all(two.map((each) => each.send('/regenerate')))
    t.equal((await store.sessions()).size, 1)
    t.equal(responses.flatMap(({ headers }) => setCookies(headers)).length, 1)
    t.equal(logs.filter(({ msg }) => msg === ENDED).length, 1)
  })

  t.test('where the new record cannot be created the answer is 503, and the session is over', async (t) => {
    const { app, store } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.before = (method) => { if (method === 'create') throw new Error('full') }
    const response = await browser.send('/regenerate')
    t.match(response, { statusCode: 503, headers: { 'retry-after': '1' } })
    t.strictSame(setCookies(response.headers), [])
    t.equal((await store.sessions()).size, 0)
  })
})

t.test('the interface needs the option store', (t) => {
  t.throws(() => Reflect.construct(StoredSessionInterface, [{}]), { message: /needs the option store/ })
  t.end()
})

t.test('the store is down', async (t) => {
  const fail = (): never => { throw new Error('no connection') }

  t.test('using the session is a 503, other routes answer, and no cookie is touched', async (t) => {
    stopClock(t)
    t.intercept(performance, 'now', { value: () => 5000 })
    const { app, logs, store } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.takeCalls()
    store.before = fail
    t.equal((await browser.send('/idle')).body, 'idle')
    for (const url of ['/show', '/set?a=2', '/logout']) {
      const response = await browser.send(url)
      t.match(response, { statusCode: 503, headers: { 'retry-after': '1' } })
      t.match(response.json(), { code: 'FSS_ERR_STORE_UNAVAILABLE' })
      t.strictSame(setCookies(response.headers), [])
    }
    t.strictSame(store.takeCalls(), ['read'], 'requests after the first failure do not ask the store')
    const lines = logs.filter(({ msg, session }) => session === 'session' && /cannot be reached/.test(msg))
    t.match(lines, [{ level: 50, suppressed: 0, err: { code: 'FSS_ERR_STORE_UNAVAILABLE' } }])
  })

  t.test('a store that hangs is a 503 once storeTimeout is over, and is asked again after a second', async (t) => {
    let now = 5000
    t.intercept(performance, 'now', { value: () => now })
    const { app, store } = await storedApp(t, { storeTimeout: 0.01 })
    const made = await app.sessionInterface.encode({ a: 1 })
    const browser = new Browser(app, `session=${made}`)
    store.before = () => new Promise(() => {})
    t.equal((await browser.send('/show')).statusCode, 503)
    store.before = undefined
    t.equal((await browser.send('/show')).statusCode, 503)
    now += 1000
    t.match(await browser.show(), { a: 1 })
  })

  t.test('what is no failure of the store is thrown as it is', async (t) => {
    const { app } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    app.sessionInterface.serializer.loads = () => { throw new RangeError('Maximum call stack size exceeded') }
    t.match((await browser.send('/show')).json(), { statusCode: 500, message: /Maximum call stack/ })
  })

  t.test('a save that fails is the error handler\'s, once, and the old cookie stands', async (t) => {
    const { app, store } = await storedApp(t)
    const handled: unknown[] = []
    app.setErrorHandler(async (error, _request, reply) => {
      handled.push(error)
      return reply.code(503).send('sorry')
    })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.before = (method) => { if (method === 'update') fail() }
    const response = await browser.send('/set?a=2')
    t.match(response, { statusCode: 503, body: 'sorry' })
    t.strictSame(setCookies(response.headers), [])
    t.match(handled, [{ code: 'FSS_ERR_STORE_UNAVAILABLE', cause: { message: 'no connection' } }])
  })

  t.test('a session that is created too late is destroyed again', async (t) => {
    const { app, store } = await storedApp(t, { storeTimeout: 0.01 })
    const created = door()
    const destroyed = door()
    store.before = (method) => method === 'create' ? created.opened : undefined
    store.after = (method) => { if (method === 'destroy') destroyed.open() }
    const response = await new Browser(app).send('/set?a=1')
    t.equal(response.statusCode, 503)
    t.strictSame(setCookies(response.headers), [])
    created.open()
    await destroyed.opened
    t.equal((await store.sessions()).size, 0)
  })
})

t.test('from cookie to store', async (t) => {
  const { codec } = resolveOptions({ secret: SECRET })
  /** A browser with a cookie that has data, from before there was a store. */
  const earlier = async (app: FastifyInstance, data: object): Promise<Browser> => {
    const { app: plain } = await buildApp()
    await plain.ready()
    return new Browser(app, `session=${plain.encodeSession(data as Record<string, unknown>)}`)
  }

  t.test('a session is moved when it is first used, and its cookie then has the id alone', async (t) => {
    const { app, store } = await storedApp(t)
    const browser = await earlier(app, { a: 1 })
    await browser.send('/idle')
    t.strictSame(store.takeCalls(), ['read'])
    t.strictSame(await browser.show(), { a: 1, isNew: false })
    t.strictSame(store.takeCalls(), ['read', 'create'])
    t.match(Buffer.from(valueOf(browser.cookie).split('.')[0]!, 'base64url').toString(), /^"[\w-]{22}"$/)
    t.strictSame(await browser.show(), { a: 1, isNew: false })
  })

  t.test('a cookie without an id has one of its signature', async (t) => {
    const { app, store } = await storedApp(t)
    const cookie = `session=${codec.seal('{"a":1}')}`
    await new Browser(app, cookie).send('/set?b=2')
    await new Browser(app, cookie).send('/set?c=3')
    t.equal((await store.sessions()).size, 1)
    t.strictSame(await new Browser(app, cookie).show(), { a: 1, b: '2', c: '3', isNew: false })
  })

  t.test('what two requests changed is merged', async (t) => {
    const slow = slowly(async ({ session }) => { session.set('b', 2) })
    const { app, store } = await storedApp(t, {}, { '/slow': slow.handler })
    const browser = await earlier(app, { a: 1 })
    const late = new Browser(app, browser.cookie).send('/slow')
    await slow.entered
    await browser.send('/set?c=3')
    slow.goOn()
    await late
    t.strictSame(await browser.show(), { a: 1, b: 2, c: '3', isNew: false })
    t.equal((await store.sessions()).size, 1)
  })

  for (const url of ['/logout', '/regenerate']) {
    t.test(`a copy of the cookie is an empty session after ${url}, and a slow request is dropped`, async (t) => {
      const slow = slowly(async ({ session }) => { session.set('b', 2) })
      const { app, logs, store } = await storedApp(t, {}, { '/slow': slow.handler })
      const browser = await earlier(app, { a: 1 })
      const copy = new Browser(app, browser.cookie)
      const late = new Browser(app, browser.cookie).send('/slow')
      await slow.entered
      await browser.send(url)
      slow.goOn()
      t.strictSame(setCookies((await late).headers), [])
      t.equal(logs.filter(({ msg }) => msg === ENDED).length, 1)
      t.strictSame(await copy.show(), { isNew: true })
      t.equal((await store.sessions()).size, url === '/logout' ? 0 : 1)
    })
  }

  t.test('two regenerations of it at once leave one session', async (t) => {
    const { app, store } = await storedApp(t)
    const { cookie } = await earlier(app, { a: 1 })
    await Promise.all([1, 2].map(() => new Browser(app, cookie).send('/regenerate')))
    t.equal((await store.sessions()).size, 1)
  })

  t.test('a payload that is no session is refused', async (t) => {
    const codes: string[] = []
    const { app } = await storedApp(t, { onInvalid: ({ code }) => { codes.push(code) } })
    for (const text of ['[1]', '{', '"abc"']) {
      t.strictSame(await new Browser(app, `session=${codec.seal(text)}`).show(), { isNew: true })
    }
    t.strictSame(codes, Array(3).fill('FSS_ERR_BAD_PAYLOAD'))
  })

  t.test('a process without the store leaves id cookies alone, and says so once a minute', async (t) => {
    const pass = stopClock(t)
    const { app: plain, logs } = await buildApp()
    const { app } = await storedApp(t)
    addRoutes(plain)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const beside = new Browser(plain, browser.cookie)
    for (const url of ['/show', '/set?a=2', '/set?a=3', '/logout']) {
      t.strictSame(setCookies((await beside.send(url)).headers), [])
    }
    const warnings = (): unknown[] => logs.filter(({ msg }) => /kept in a store/.test(msg))
    t.match(warnings(), [{ level: 40, session: 'session', route: 'GET /set', suppressed: 0 }])
    pass(61)
    await beside.send('/set?a=2')
    t.match(warnings(), [{}, { suppressed: 2 }])
    t.match(await browser.show(), { a: '1' })
  })

  t.test('once the option is taken away, a cookie with an id is an empty session', async (t) => {
    const pass = stopClock(t)
    const { app } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    pass(10)
    const { app: plain } = await buildApp()
    addRoutes(plain)
    const later = new Browser(plain, browser.cookie)
    t.strictSame(await later.show(), { isNew: true })
    await later.send('/set?a=2')
    t.strictSame(await later.show(), { a: '2', isNew: false })
  })
})

t.test('a dump of the store has no id of a cookie, and no cookie can be made of its keys', async (t) => {
  const { app, store } = await storedApp(t, { owner: 'user' }, { '/id': async ({ session }) => session.id })
  const browser = new Browser(app)
  await browser.send('/set?user=somebody')
  const id = (await browser.send('/id')).body
  const sessions = await store.sessions()
  const dump = JSON.stringify([...sessions].map(([key, { fields, ...rest }]) => [key, [...fields], rest]))
  t.notOk(dump.includes(id))
  const [key, { owner }] = [...sessions][0]!
  t.not(owner, 'somebody')
  const signature = browser.cookie!.slice(browser.cookie!.indexOf('.'))
  for (const text of [key, `"${key}"`, `"${key.slice(0, 22)}"`]) {
    const made = `session=${Buffer.from(text).toString('base64url')}${signature}`
    t.strictSame(await new Browser(app, made).show(), { isNew: true })
  }
  t.match(app.sessionCounters, { ended: 0 })
})

t.test('by user', async (t) => {
  t.test('list gives the sessions of an owner, with the data that was asked for', async (t) => {
    const pass = stopClock(t)
    const { app } = await storedApp(t, { owner: 'user' }, {
      '/list': ({ session }) => app.sessionInterface.list('me', { current: session, data: ['agent'] })
    })
    const [one, two, other] = [new Browser(app), new Browser(app), new Browser(app)]
    await one.send('/set?user=me&agent=A&secret=1')
    pass(5)
    await two.send('/set?user=me&agent=B')
    await other.send('/set?user=other')
    const listed = (await one.send('/list')).json()
    const time = new Date(Date.now()).toISOString()
    t.match(listed, [{ isCurrent: false, createdAt: time, lastUsedAt: time }, { isCurrent: true }])
    t.strictSame(listed.map(({ data }: { data: unknown }) => data), [{ agent: 'B' }, { agent: 'A' }])
    t.match(await app.sessionInterface.list('me'), [{ isCurrent: false, data: {} }, { data: {} }])
  })

  t.test('end ends one session of that owner, and says whether it did', async (t) => {
    const { app } = await storedApp(t, { owner: 'user' })
    const { sessionInterface } = app
    const browser = new Browser(app)
    await browser.send('/set?user=me')
    const { key } = (await sessionInterface.list('me'))[0]!
    t.equal(await sessionInterface.end(key, { owner: 'other' }), false)
    t.equal(await sessionInterface.end('no key', { owner: 'me' }), false)
    t.equal(await sessionInterface.end(key, { owner: 'me' }), true)
    t.equal(await sessionInterface.end(key, { owner: 'me' }), false)
    t.match(await browser.show(), { isNew: true })
  })

  t.test('a session that was moved and then ended by its key is not brought back by its cookie', async (t) => {
    const { app } = await storedApp(t, { owner: 'user' })
    const cookie = `session=${resolveOptions({ secret: SECRET }).codec.seal('{"user":"me"}')}`
    await new Browser(app, cookie).send('/show')
    const { key } = (await app.sessionInterface.list('me'))[0]!
    t.equal(await app.sessionInterface.end(key, { owner: 'me' }), true)
    t.match(await new Browser(app, cookie).show(), { isNew: true })
  })

  t.test('endAll after regenerate keeps this session, and ends all others of the owner', async (t) => {
    const { app } = await storedApp(t, { owner: 'user' }, {
      '/password': ({ session }) => {
        session.regenerate(['user'])
        return app.sessionInterface.endAll('me', { except: session })
      }
    })
    const [one, two, other] = [new Browser(app), new Browser(app), new Browser(app)]
    for (const each of [one, two]) await each.send('/set?user=me')
    await other.send('/set?user=other')
    t.equal((await one.send('/password')).body, '1')
    t.match(await one.show(), { user: 'me' })
    t.match(await two.show(), { isNew: true })
    t.match(await other.show(), { user: 'other' })
    t.equal(await app.sessionInterface.endAll('me'), 1)
    t.match(await one.show(), { isNew: true })
  })

  t.test('without owner, and for what names nobody, they are a TypeError', async (t) => {
    const { app } = await storedApp(t)
    const { app: owned } = await storedApp(t, { owner: 'user' })
    await t.rejects(app.sessionInterface.list('me'), { message: 'list needs the session option owner' })
    await t.rejects(owned.sessionInterface.endAll(''), { message: /^The owner for endAll names the owner: expected/ })
  })
})

t.test('encode and decode', async (t) => {
  const { app, store } = await storedApp(t)
  const { sessionInterface } = app
  t.throws(() => app.encodeSession({ a: 1 }), { message: /use sessionInterface\.encode or \.decode/ })
  t.throws(() => app.decodeSession('x'), { message: /use sessionInterface\.encode or \.decode/ })
  const value = await sessionInterface.encode({ a: 1 })
  t.strictSame(await sessionInterface.decode(value), { a: 1 })
  t.match(await new Browser(app, `session=${value}`).show(), { a: 1, isNew: false })
  await t.rejects(sessionInterface.encode({}), { message: 'An empty session has no cookie' })
  await t.rejects(sessionInterface.decode(`x${value}`), { code: 'FSS_ERR_BAD_TIME_SIGNATURE' })
  for (const key of store.keys) await store.memory.destroy(key, undefined)
  await t.rejects(sessionInterface.decode(value), {
    code: 'FSS_ERR_BAD_DATA',
    message: 'There is no session for the cookie'
  })
})

t.test('save and reload', async (t) => {
  const TOO_LATE = /so that its cookie has to be sent, and the headers have left\. Call session\.save\(\) before$/

  /** What a handler says of a promise of the session. */
  const said = (promise: Promise<void>): Promise<string> => promise.then(() => 'done', (error) => error.message)

  t.test('save writes the changes so far, and the reply writes the others', async (t) => {
    const { app, store } = await storedApp(t, {}, {
      '/save': async ({ session }) => {
        session.set('b', 1)
        await session.save()
        const calls = store.takeCalls()
        await session.save()
        calls.push(...store.takeCalls())
        session.set('c', 1)
        return calls
      }
    })
    const browser = new Browser(app)
    t.strictSame((await browser.send('/save')).json(), ['create'])
    t.strictSame(store.takeCalls(), ['update'])
    t.strictSame(await browser.show(), { b: 1, c: 1, isNew: false })
    await browser.send('/drop?b&c')
    store.takeCalls()
    t.strictSame((await browser.send('/save')).json(), ['read', 'update'])
  })

  t.test('what is changed while save waits is saved with the reply', async (t) => {
    const { app } = await storedApp(t, {}, {
      '/save': async ({ session }) => {
        session.set('a', 1)
        const saving = session.save()
        session.set('b', 1)
        await saving
      }
    })
    const browser = new Browser(app)
    await browser.send('/save')
    t.strictSame(await browser.show(), { a: 1, b: 1, isNew: false })
  })

  t.test('a save that fails is rejected, and the reply saves again', async (t) => {
    const { app } = await storedApp(t, { maxSessionSize: 20 }, {
      '/save': async ({ session }) => {
        session.set('a', 'x'.repeat(20))
        const first = await said(session.save())
        session.set('a', 1)
        return first
      }
    })
    const browser = new Browser(app)
    t.match((await browser.send('/save')).body, /^The session would take 23 bytes/)
    t.match(await browser.show(), { a: 1 })
  })

  t.test('after the headers left, a change is kept by save, and logged as lost without it', async (t) => {
    const { app, logs } = await storedApp(t, {}, {
      '/stream': async ({ session, query }, reply) => {
        session.keys()
        reply.hijack()
        reply.raw.writeHead(200).flushHeaders()
        session.set('late', 1)
        if ('save' in (query as object)) await session.save()
        reply.raw.end()
      }
    })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    await browser.send('/stream')
    await new Promise(setImmediate)
    t.match(errorsOf(logs), [{ keys: ['late'], route: 'GET /stream', msg: /the change may be lost$/ }])
    t.strictSame(await browser.show(), { a: '1', isNew: false })
    await browser.send('/stream?save')
    await new Promise(setImmediate)
    t.equal(errorsOf(logs).length, 1)
    t.strictSame(await browser.show(), { a: '1', late: 1, isNew: false })
  })

  t.test('after the headers left, what needs a cookie cannot be saved', async (t) => {
    const uses: Record<string, (session: Session) => void> = {
      fill: (session) => { session.set('a', 1) },
      end: (session) => { session.clear() },
      renew: (session) => { session.regenerate(['a']) },
      touch: (session) => { session.touch() },
      permanent: (session) => { session.permanent = true }
    }
    let message = ''
    const { app } = await storedApp(t, {}, {
      '/late': async ({ session, query }, reply) => {
        session.keys()
        reply.hijack()
        reply.raw.writeHead(200).flushHeaders()
        uses[(query as { use: string }).use]!(session)
        message = await said(session.save())
        reply.raw.end()
      }
    })
    const browser = new Browser(app)
    await browser.send('/late?use=fill')
    t.match(message, TOO_LATE)
    await browser.send('/set?a=1')
    for (const use of ['end', 'renew', 'touch', 'permanent']) {
      await browser.send(`/late?use=${use}`)
      t.match(message, TOO_LATE, use)
    }
    t.match(await browser.show(), { a: '1' })
  })

  t.test('a late save of a session that was ended meanwhile is dropped', async (t) => {
    const slow = slowly(async ({ session }, reply) => {
      reply.hijack()
      reply.raw.writeHead(200).flushHeaders()
      session.set('b', 1)
      await session.save()
      reply.raw.end()
    })
    const { app, logs, store } = await storedApp(t, {}, { '/slow': slow.handler })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const late = new Browser(app, browser.cookie).send('/slow')
    await slow.entered
    await browser.send('/logout')
    slow.goOn()
    await late
    await new Promise(setImmediate)
    t.equal(logs.filter(({ msg }) => msg === ENDED).length, 1)
    t.strictSame(errorsOf(logs), [])
    t.equal((await store.sessions()).size, 0)
  })

  t.test('reload reads the record again, and drops what was changed', async (t) => {
    const slow = slowly(async ({ session }) => {
      session.set('b', 'dropped')
      await session.reload()
      return session.data()
    })
    const { app } = await storedApp(t, {}, { '/slow': slow.handler })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const late = new Browser(app, browser.cookie).send('/slow')
    await slow.entered
    await browser.send('/set?a=2')
    slow.goOn()
    t.strictSame((await late).json(), { a: '2' })
    t.strictSame(await browser.show(), { a: '2', isNew: false })
  })

  t.test('reload waits for a save, and a save for reload, so that nothing that was saved is lost', async (t) => {
    const { app, store } = await storedApp(t, { owner: 'user' }, {
      '/save-first': async ({ session }) => {
        session.set('user', 'ann')
        await Promise.all([session.save(), session.reload()])
        return session.data()
      },
      '/reload-first': async ({ session }) => {
        session.set('user', 'bob')
        await Promise.all([session.reload(), session.save()])
        return session.data()
      }
    })
    const browser = new Browser(app)
    t.strictSame((await browser.send('/save-first')).json(), { user: 'ann' })
    t.strictSame(await browser.show(), { user: 'ann', isNew: false })
    t.equal((await app.sessionInterface.list('ann')).length, 1)
    store.takeCalls()
    const { body, headers } = await new Browser(app).send('/reload-first')
    t.strictSame([body, headers['set-cookie'], store.takeCalls()], ['{}', undefined, []], 'it drops the change first')
  })

  t.test('a save that nobody waits for is over before the reply is saved', async (t) => {
    const { app, store } = await storedApp(t, {}, {
      '/unawaited': async ({ session }) => {
        session.set('a', 1)
        session.save()
        session.set('b', 2)
      }
    })
    const browser = new Browser(app)
    await browser.send('/unawaited')
    t.strictSame(store.takeCalls(), ['create', 'update'])
    t.strictSame(await browser.show(), { a: 1, b: 2, isNew: false })
  })

  t.test('a session that was ended, or is new, is empty after reload', async (t) => {
    const slow = slowly(async ({ session }) => {
      await session.reload()
      return { ...session.data(), isNew: session.isNew }
    })
    const { app } = await storedApp(t, {}, {
      '/slow': slow.handler,
      '/new': async ({ session }) => {
        session.set('a', 1)
        await session.reload()
        return session.data()
      }
    })
    t.strictSame((await new Browser(app).send('/new')).json(), {})
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const late = new Browser(app, browser.cookie).send('/slow')
    await slow.entered
    await browser.send('/logout')
    slow.goOn()
    t.strictSame((await late).json(), { isNew: true })
  })

  t.test('of a session in a cookie both are a TypeError', async (t) => {
    const { app } = await buildApp()
    const found: unknown[] = []
    app.get('/', async ({ session }) => {
      for (const use of [() => session.save(), () => session.reload()]) {
        try {
          await use()
        } catch (error) {
          found.push(error)
        }
      }
    })
    await app.inject('/')
    t.match(found, [{ name: 'TypeError', message: /saved with the reply/ }, { name: 'TypeError' }])
  })

  t.test('a change inside an object, made while the session is first saved, is seen and saved', async (t) => {
    const { app } = await storedApp(t, {}, {
      '/save': async ({ session }) => {
        const list: number[] = []
        session.set('list', list)
        const saving = session.save()
        list.push(1)
        const { modified } = session
        await saving
        return [modified, app.sessionInterface.unsavedKeys(session)]
      }
    })
    const browser = new Browser(app)
    t.strictSame((await browser.send('/save')).json(), [true, ['list']])
    t.strictSame(await browser.show(), { list: [1], isNew: false })
  })

  t.test('a session that was not moved yet has the data of its cookie after reload', async (t) => {
    const { app } = await storedApp(t, {}, {
      '/reload': async ({ session }) => {
        await session.reload()
        return session.data()
      }
    })
    const cookie = `session=${resolveOptions({ secret: SECRET }).codec.seal('{"a":1}')}`
    t.strictSame((await new Browser(app, cookie).send('/reload')).json(), { a: 1 })
  })

  t.test('what is saved after a save that was dropped is dropped too', async (t) => {
    const slow = slowly(async ({ session }) => {
      session.set('b', 1)
      await session.save()
      session.set('c', 1)
      await session.save()
      return app.sessionInterface.unsavedKeys(session)
    })
    const { app, store } = await storedApp(t, {}, { '/slow': slow.handler })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const late = new Browser(app, browser.cookie).send('/slow')
    await slow.entered
    await browser.send('/logout')
    slow.goOn()
    t.strictSame((await late).json(), [])
    t.equal((await store.sessions()).size, 0)
  })

  t.test('a session outside a request has neither, and no options', async (t) => {
    const { app } = await storedApp(t)
    const session = await app.sessionInterface.openSession([], () => {})
    t.throws(() => session.save(), { message: 'save() belongs to the session of a request' })
    t.throws(() => session.reload(), { message: 'reload() belongs to the session of a request' })
    t.strictSame(app.sessionInterface.unsavedKeys(session), [])
    session.set('a', 1)
    t.strictSame(app.sessionInterface.unsavedKeys(session), ['a'])
  })
})

t.test('what needs a store is a TypeError of an interface without one', async (t) => {
  const { app } = await buildApp()
  await app.ready()
  const { sessionInterface } = app
  const uses: Record<string, () => unknown> = {
    encode: () => sessionInterface.encode({}),
    decode: () => sessionInterface.decode(''),
    list: () => sessionInterface.list('me'),
    end: () => sessionInterface.end('key', { owner: 'me' }),
    endAll: () => sessionInterface.endAll('me')
  }
  for (const [name, use] of Object.entries(uses)) {
    t.throws(use, { name: 'TypeError', message: new RegExp(`^${name} is for sessions in a store`) })
  }
})

t.test('a store that warns is logged at start, in production alone', async (t) => {
  const saved = process.env.NODE_ENV
  t.teardown(() => { process.env.NODE_ENV = saved ?? 'test' })
  for (const [environment, count] of [['production', 1], ['test', 0]] as const) {
    process.env.NODE_ENV = environment
    const { logs } = await buildApp({ store: new MemoryStore() })
    t.equal(logs.filter(({ msg }) => /MemoryStore keeps sessions in this process alone/.test(msg)).length, count)
  }
  const { logs } = await buildApp({ store: new WatchedStore() })
  t.strictSame(logs.filter(({ level }) => level >= 40), [])
})

t.test('an asynchronous interface of your own encodes and decodes by the same two methods', async (t) => {
  const { app } = await buildApp({ sessionInterface: MemorySessions })
  await app.ready()
  const value = await app.sessionInterface.encode({ a: 1n })
  t.strictSame(await app.sessionInterface.decode(value), { a: 1n })
  await t.rejects(app.sessionInterface.encode({}), { message: 'An empty session has no cookie' })
  await t.rejects(app.sessionInterface.decode(`${value}x`), { code: 'FSS_ERR_BAD_TIME_SIGNATURE' })
  t.throws(() => app.encodeSession({ a: 1 }), { message: /use sessionInterface\.encode/ })
})

t.test('no key of nonsense ends a session', async (t) => {
  const { app, store } = await storedApp(t, { owner: 'user' })
  const browser = new Browser(app)
  await browser.send('/set?user=me')
  const [{ key } = { key: '' }] = await app.sessionInterface.list('me')
  store.memory.read = async () => null as unknown as undefined
  t.equal(await app.sessionInterface.end(key, { owner: 'me' }), false)
})

t.test('corners of saving', async (t) => {
  t.test('a logout of a session that ended leaves the cookie, which may be newer by now', async (t) => {
    const { app, store } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const { cookie } = browser
    const old = new Browser(app, cookie)
    await browser.send('/logout')
    store.takeCalls()
    await old.send('/logout')
    t.equal(old.cookie, cookie)
    t.strictSame(store.takeCalls(), ['read'])
  })

  t.test('a slow logout leaves the cookie that a faster regenerate sent, of a cookie with data too', async (t) => {
    const { handler, entered, goOn } = slowly(({ session }) => { session.delete() })
    const { app } = await storedApp(t, {}, { '/slow-logout': handler })
    const { app: plain } = await buildApp()
    await plain.ready()
    const browser = new Browser(app, `session=${plain.encodeSession({ a: '1' })}`)
    const slow = new Browser(app, browser.cookie)
    const answered = slow.send('/slow-logout')
    await entered
    await browser.send('/regenerate')
    goOn()
    t.notOk((await answered).headers['set-cookie'])
    t.match(await browser.show(), { a: '1', isNew: false })
  })

  t.test('a store whose answer to create is none of the three is down for that session', async (t) => {
    const { app, store } = await storedApp(t)
    for (const answer of ['exists', 'ended', null, 'ok']) {
      store.memory.create = async () => answer as 'created'
      t.equal((await new Browser(app).send('/set?a=1')).statusCode, 503, `${answer}`)
    }
  })

  t.test('null in place of a record counts as one that cannot be read', async (t) => {
    const { app, store, logs } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.memory.read = async () => null as unknown as undefined
    t.strictSame(await browser.show(), { isNew: true })
    t.match(errorsOf(logs), [{ msg: /cannot be read/ }])
  })

  t.test('a store that is full refuses new sessions and serves the others', async (t) => {
    const { app, store } = await storedApp(t)
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    store.before = (method) => { if (method === 'create') throw new Error('full') }
    t.equal((await new Browser(app).send('/set?a=1')).statusCode, 503)
    t.match(await browser.show(), { a: '1' })
  })

  t.test('one save at a time: others wait, and what was changed meanwhile is saved', async (t) => {
    const { app, store } = await storedApp(t, {}, {
      '/twice': async ({ session }) => {
        session.set('a', 1)
        const first = session.save()
        session.set('b', 2)
        await Promise.all([first, session.save()])
      },
      '/renewed': async ({ session }) => {
        session.regenerate(['a'])
        const saving = session.save()
        session.set('c', 3)
        await saving
      },
      '/undone': async ({ session }) => {
        session.set('a', 1)
        await session.save()
        session.delete()
      }
    })
    const browser = new Browser(app)
    t.equal((await browser.send('/twice')).statusCode, 200)
    t.match(await browser.show(), { a: 1, b: 2 })
    await browser.send('/renewed')
    t.strictSame(await browser.show(), { a: 1, c: 3, isNew: false })
    const other = new Browser(app)
    await other.send('/undone')
    t.equal(other.cookie, undefined)
    t.equal((await store.sessions()).size, 1)
  })

  t.test('a session of a permanent cookie that stops being permanent gets a new id, and its copies end', async (t) => {
    const pass = stopClock(t)
    const options = { lifetime: 1000, permanentLifetime: 100_000, permanent: true }
    const { app: plain } = await buildApp(options)
    await plain.ready()
    const { app } = await storedApp(t, options, {
      '/for-now': async ({ session }) => { session.permanent = false }
    })
    const copy = new Browser(app, `session=${plain.encodeSession({ a: 1 })}`)
    const browser = new Browser(app, copy.cookie)
    await browser.send('/touch')
    await browser.send('/for-now')
    t.match(await browser.show(), { a: 1 })
    pass(2000)
    t.strictSame(await copy.show(), { isNew: true })
  })

  t.test('a change that another request made void counts as saved when the response is over', async (t) => {
    const { handler, entered, goOn } = slowly(async ({ session }) => {
      session.set('a', 2)
      await session.save()
      session.set('a', 3)
    })
    const { app, logs } = await storedApp(t, {}, { '/slow': handler })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const answered = new Browser(app, browser.cookie).send('/slow')
    await entered
    await browser.send('/logout')
    goOn()
    t.equal((await answered).statusCode, 200)
    t.strictSame(errorsOf(logs), [])
  })

  t.test('clearing a session that no store has deletes a cookie that was refused', async (t) => {
    const { app, store } = await storedApp(t, {}, {
      '/clear': async ({ session }) => { session.clear() }
    })
    const browser = new Browser(app, 'session=forged')
    await browser.send('/clear')
    t.equal(browser.cookie, undefined)
    t.strictSame(store.takeCalls(), [])
  })

  t.test('with refreshAfter false a session is never touched, and its cookie never signed anew', async (t) => {
    const pass = stopClock(t)
    const { app, store } = await storedApp(t, { refreshAfter: false })
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const { cookie } = browser
    store.takeCalls()
    pass(86_400)
    t.match(await browser.show(), { a: '1' })
    t.equal(browser.cookie, cookie)
    t.strictSame(store.takeCalls(), ['read'])
  })

  t.test('a change when the response is over is logged, unless it is saved', async (t) => {
    let late = async (_request: FastifyRequest): Promise<void> => {}
    const { app, logs } = await storedApp(t)
    app.get('/later', async (request, reply) => {
      request.session.set('a', 1)
      const over = new Promise((resolve) => { reply.raw.once('close', resolve) })
      setImmediate(async () => { await over; setImmediate(() => { finished.push(late(request)) }) })
    })
    const finished: Array<Promise<void>> = []
    const answered = async (): Promise<void> => {
      await new Browser(app).send('/later')
      while (finished.length === 0) await new Promise(setImmediate)
      await finished.pop()
      await new Promise(setImmediate)
      await new Promise(setImmediate)
    }
    late = async ({ session }) => {
      session.set('b', 2)
      await session.save()
    }
    await answered()
    late = async ({ session }) => { session.set('b', 2) }
    await answered()
    t.match(errorsOf(logs).at(-1), { keys: ['b'], msg: /the change is lost/ })
  })

  t.test('two registrations with different stores are two sessions', async (t) => {
    const [one, other] = [1, 2].map(() => resolveOptions({ secret: SECRET, store: new MemoryStore() }))
    t.strictSame(differencesOf(one!, other!), ['store'])
  })

  t.test('a session that another request ended has nothing more to save', async (t) => {
    const { app } = await storedApp(t)
    const { sessionInterface } = app
    const browser = new Browser(app)
    await browser.send('/set?a=1')
    const session = await sessionInterface.openSession([valueOf(browser.cookie)], () => {})
    session.set('a', 2)
    await browser.send('/logout')
    t.strictSame(await sessionInterface.saveSession(session), { action: 'keep', vary: true, dropped: 'ended' })
    session.set('a', 3)
    t.strictSame(sessionInterface.unsavedKeys(session), [])
    t.match(await sessionInterface.saveSession(session), { action: 'keep' })
  })

  t.test('an object that was changed into its like needs no saving', async (t) => {
    const { app, store } = await storedApp(t, {}, {
      '/fill': async ({ session }) => { session.set('at', { day: new Date(0) }) },
      '/same': async ({ session }) => { (session.get('at') as { day: Date }).day = new Date(0) }
    })
    const browser = new Browser(app)
    await browser.send('/fill')
    store.takeCalls()
    await browser.send('/same')
    t.strictSame(store.takeCalls(), ['read'])
  })

  t.test('a session that is moved keeps its beginning', async (t) => {
    const pass = stopClock(t)
    const options = { absoluteLifetime: 1000 }
    const { app: plain } = await buildApp(options)
    await plain.ready()
    const { app, store } = await storedApp(t, options)
    const browser = new Browser(app, `session=${plain.encodeSession({ a: 1 })}`)
    const start = Math.floor(Date.now() / 1000)
    pass(500)
    await browser.send('/set?b=1')
    t.match([...(await store.sessions()).values()], [{ createdAt: start, expiresAt: start + 1001 }])
  })
})
