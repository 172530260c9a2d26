import t from 'tap'
import { type BadData, StoredSessionInterface } from '../lib/index.ts'
import { buildApp, errorsOf, OTHER_SECRET, SECRET, setCookies } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { addRoutes, Browser, slowly, storedApp } from './support/stored-app.ts'
import { WatchedStore } from './support/watched-store.ts'

const ENDED = 'The session was ended by another request meanwhile, so what this one changed is not saved'

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
    t.match((await new Browser(app).send('/bad')).json(), { message: /^session\.user names the owner: expected/ })
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
