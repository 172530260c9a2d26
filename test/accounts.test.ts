import { createHook } from 'node:async_hooks'
import { spawn } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import t, { type Test } from 'tap'
import { localPath } from '../examples/accounts/local-path.ts'
import { flashesOf, NEW_PASSWORD, openSite, PASSWORD, type Person } from './support/accounts.ts'
import { SECRET, setCookies } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { freePort } from './support/free-port.ts'
import { door } from './support/watched-store.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

async function statusOf (response: Promise<{ statusCode: number }>): Promise<number> {
  return (await response).statusCode
}

// Registration

t.test('an account begins with the password that is chosen behind the link', async (t) => {
  const site = await openSite(t)
  const ada = site.visitor('Ada@Example.org')
  await ada.register()
  const [mail] = site.mails
  t.match(mail, { to: 'ada@example.org', url: /^http:\/\/localhost\/reset\?token=/ })
  const { pathname, search } = new URL(mail!.url)
  t.match((await ada.get(pathname + search)).body, 'For <strong>ada@example.org</strong>')
  const reader = site.visitor()
  t.equal(await statusOf(reader.signIn()), 403, 'the link alone makes none')
  t.equal((await reader.choose()).headers.location, '/sign-in')
  const { statusCode, headers } = await ada.signIn()
  t.strictSame([statusCode, headers.location], [303, '/'])
  t.ok(await reader.copy().signIn())
})

t.test('who registers an address of somebody else knows no password of the account', async (t) => {
  const site = await openSite(t)
  const [eve, ada] = [site.visitor(), site.visitor()]
  await eve.post('/register', { email: 'ada@example.org', password: NEW_PASSWORD })
  const first = ada.lastToken()
  await ada.register()
  t.equal(await statusOf(ada.choose()), 303)
  t.equal(await statusOf(eve.choose(NEW_PASSWORD, first)), 410, 'and the link of her attempt has ended')
  t.equal(await statusOf(eve.signIn({ current: NEW_PASSWORD })), 403)
  t.equal(await statusOf(ada.signIn()), 303)
})

t.test('a link shows no address to whoever sees its token, and is good for the longest one', async (t) => {
  const site = await openSite(t)
  const email = `${'日'.repeat(241)}@example.org.`
  const ada = await site.member(email)
  t.ok(await ada.isSignedIn())
  t.notMatch(Buffer.from(ada.lastToken().split('.')[0]!.slice(1), 'base64url').toString(), 'example')
})

t.test('nobody learns from an answer whether an address has an account', async (t) => {
  const site = await openSite(t)
  await site.member()
  for (const act of [
    (person: Person) => person.register(),
    (person: Person) => person.forget(),
    (person: Person) => person.signIn({ current: 'wrong' })
  ]) {
    const answers = []
    for (const email of ['ada@example.org', 'nobody@example.org']) {
      const { statusCode, headers, body } = await act(site.visitor(email))
      answers.push([statusCode, headers.location, body.replaceAll(/value="[^"]+@[^"]+"/g, '')])
    }
    t.strictSame(answers[0], answers[1])
  }
})

t.test('a second registration of an address changes nothing, and its owner is sent a link', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  await site.visitor('ADA@example.org').register()
  t.match(site.mails.at(-1), { to: 'ada@example.org', url: /\/reset\?/ })
  t.ok(await ada.isSignedIn())
  t.equal(await statusOf(ada.signIn()), 303)
})

/** How many hashes of passwords are computed. */
async function hashesIn (run: () => Promise<unknown>): Promise<number> {
  let count = 0
  const hook = createHook({ init: (_id, type) => { if (type === 'SCRYPTREQUEST') count++ } }).enable()
  await run()
  hook.disable()
  return count
}

t.test('an unknown address costs as many hashes as a known one', async (t) => {
  const site = await openSite(t)
  await site.member()
  for (const email of ['ada@example.org', 'nobody@example.org']) {
    const visitor = site.visitor(email)
    t.equal(await hashesIn(() => visitor.signIn({ current: 'wrong' })), 1)
    for (const act of [() => visitor.register(), () => visitor.forget()]) t.equal(await hashesIn(act), 0)
  }
})

t.test('links in mails begin with the origin of the settings, whatever Host a request has', async (t) => {
  const site = await openSite(t, { origin: 'https://app.example' })
  const visitor = site.visitor()
  visitor.headers.host = 'evil.example'
  await visitor.register()
  t.match(site.mails, [{ url: /^https:\/\/app\.example\/reset/ }])
})

// Sessions

t.test('a session from before the sign-in opens nothing after it', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const attacker = site.visitor()
  await attacker.register()
  await attacker.choose()
  const victim = attacker.copy()
  t.ok(victim.cookie)
  await victim.signIn()
  t.ok(await victim.isSignedIn())
  t.not(victim.cookie, attacker.cookie)
  t.notOk(await attacker.isSignedIn())
  t.equal((await attacker.client.session()).userId, undefined)
  const before = ada.copy()
  await ada.signIn()
  t.notOk(await before.isSignedIn(), 'neither does the session of a sign-in from before another')
})

t.test('who is not remembered is signed out with the browser or after two hours', async (t) => {
  const tick = stopClock(t)
  const site = await openSite(t)
  const ada = await site.member()
  const [line] = setCookies((await ada.signIn()).headers)
  t.match(line, /; HttpOnly; SameSite=Lax$/)
  t.notMatch(line, /Max-Age|Expires/)
  tick(2 * HOUR)
  t.ok(await ada.isSignedIn(), 'which a visit begins anew')
  tick(2 * HOUR + 1)
  t.notOk(await ada.isSignedIn())
})

t.test('who is remembered stays for thirty days, and no longer', async (t) => {
  const tick = stopClock(t)
  const site = await openSite(t)
  const ada = await site.member()
  const { headers } = await ada.signIn({ remember: 'yes' })
  t.match(setCookies(headers), [/; Max-Age=2592000$/])
  t.match((await ada.get('/')).body, 'for 30 days')
  tick(29 * DAY)
  t.ok(await ada.isSignedIn())
  tick(DAY + 1)
  t.notOk(await ada.isSignedIn(), 'however lately it was used')
})

t.test('after signing out no copy of the cookie opens anything, and no cookie is left', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const copy = ada.copy()
  t.ok(await copy.isSignedIn())
  t.equal((await ada.post('/sign-out')).headers.location, '/sign-in')
  t.equal(ada.cookie, undefined)
  t.notOk(await copy.isSignedIn())
  t.equal(await statusOf(copy.get('/devices')), 303)
})

t.test('behind the guard there is nothing for visitors, who get no cookie of it', async (t) => {
  const visitor = (await openSite(t)).visitor()
  for (const url of ['/', '/devices', '/password']) {
    const { statusCode, headers } = await visitor.get(url)
    t.strictSame([statusCode, headers.location], [303, `/sign-in?next=${encodeURIComponent(url)}`])
    t.strictSame(setCookies(headers), [])
  }
  for (const url of ['/password', '/devices/x/end', '/devices/end-others']) {
    t.equal((await visitor.post(url)).headers.location, '/sign-in?next=%2F')
  }
})

t.test('a session is for the accounts of this process: those of another with the same store are unknown', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const next = await openSite(t, { store: site.store })
  const later = next.visitor()
  later.client.cookies.set('session', ada.cookie!)
  t.notOk(await later.isSignedIn())
  await next.member()
  t.notOk(await later.isSignedIn(), 'and a new account of the same address is another')
})

t.test('over https the cookie has the name that binds it to its host', async (t) => {
  const site = await openSite(t, { origin: 'https://app.example' })
  const ada = site.visitor()
  await ada.register()
  const [line] = setCookies((await ada.choose()).headers)
  t.match(line, /^__Host-session=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/)
})

t.test('a flash is shown once, and there is one at most', async (t) => {
  const ada = await (await openSite(t)).member()
  for (let n = 0; n < 3; n++) await ada.post('/devices/end-others')
  t.strictSame(flashesOf((await ada.get('/devices')).body), ['Other sessions ended: 0.'])
  t.strictSame(flashesOf((await ada.get('/devices')).body), [])
})

t.test('a page of another origin can post nothing, with the cookie or without', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const ours = ada.headers
  for (const [name, value] of [['sec-fetch-site', 'cross-site'], ['sec-fetch-site', 'same-site'], ['origin', 'null']]) {
    ada.headers = { ...ours, [name!]: value! }
    site.store.takeCalls()
    for (const url of ['/sign-in', '/sign-out', '/password', '/devices/end-others', '/register', '/reset']) {
      t.equal(await statusOf(ada.post(url)), 403)
    }
    t.strictSame(site.store.takeCalls(), [], 'and it is refused ahead of the store')
  }
  ada.headers = { ...ours, 'sec-fetch-site': 'same-origin' }
  t.equal(await statusOf(ada.post('/devices/end-others')), 303)
})

// Redirects

t.test('after signing in one gets to the page that was asked for', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const { body } = await ada.get('/sign-in?next=%2Fdevices%3Fa%3D1')
  t.match(body, 'name="next" value="/devices?a=1"')
  t.equal((await ada.signIn({ next: '/devices?a=1' })).headers.location, '/devices?a=1')
  const long = `/devices?${'%C3%A4'.repeat(500)}`
  const form = await site.visitor().get(String((await site.visitor().get(long)).headers.location))
  t.match(form.body, `value="${long}"`)
  t.equal((await ada.signIn({ next: long })).headers.location, long)
})

t.test('nobody is sent to another site', async (t) => {
  const ada = await (await openSite(t)).member()
  const elsewhere = [
    'https://evil.example', '//evil.example', '/\\evil.example', '\\\\evil.example', '/\t/evil.example',
    '/\n/evil.example', ' //evil.example', '/.//evil.example', '/x/..//evil.example', '/%2e//evil.example',
    'javascript:alert(1)', 'http:evil.example', 'http:///evil.example', 'http://localhost@evil.example',
    '//localhost:99999', '/..//evil.example', '///evil.example'
  ]
  for (const next of elsewhere) {
    const path = localPath(next)
    t.equal(new URL(path, 'http://site.example').host, 'site.example', next)
    t.match(path, /^\/(?!\/|\\)/, next)
  }
  t.equal((await ada.signIn({ next: '//evil.example' })).headers.location, '/')
  t.equal(localPath('/a/b?c=d#e'), '/a/b?c=d')
})

// Passwords

t.test('a change of the password ends all other sessions, and this one goes on with a new id', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  await ada.signIn({ remember: 'yes' })
  const [stolen, elsewhere] = [ada.copy(), site.visitor()]
  await elsewhere.signIn()
  const response = await ada.changePassword()
  t.match(setCookies(response.headers), [/; Max-Age=2592000$/], 'and stays as long as it would have')
  t.match(flashesOf((await ada.get('/')).body), [/Other sessions ended: 1/])
  t.ok(await ada.isSignedIn())
  for (const other of [stolen, elsewhere]) t.notOk(await other.isSignedIn())
  t.strictSame([...await site.store.sessions()].length, 1)
  t.equal(await statusOf(elsewhere.signIn()), 403)
  t.equal(await statusOf(elsewhere.signIn({ current: NEW_PASSWORD })), 303)
})

t.test('the password is changed by whoever knows it', async (t) => {
  const ada = await (await openSite(t)).member()
  const cookie = ada.cookie
  const refused = await ada.changePassword({ current: 'wrong' })
  t.equal(refused.statusCode, 403)
  t.match(refused.body, /role="alert">The present password is wrong/)
  t.equal(await statusOf(ada.changePassword({ password: 'short' })), 400)
  t.equal(ada.cookie, cookie)
  t.equal(await statusOf(ada.signIn()), 303)
})

t.test('of two changes at once one is made', async (t) => {
  const site = await openSite(t)
  const [here, there] = [await site.member(), site.visitor()]
  await there.signIn()
  const passwords = ['the first of two passwords', 'the second of two passwords']
  const statuses = await Promise.all([
    statusOf(here.changePassword({ password: passwords[0]! })),
    statusOf(there.changePassword({ password: passwords[1]! }))
  ])
  t.strictSame(statuses.toSorted(), [303, 403])
  const [good, bad] = statuses[0] === 303 ? passwords : passwords.toReversed()
  t.equal(await statusOf(here.signIn({ current: bad! })), 403)
  t.equal(await statusOf(here.signIn({ current: good! })), 303)
})

t.test('a password is one however its characters were composed', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  await ada.changePassword({ password: 'Grüße aus München' })
  t.equal(await statusOf(ada.signIn({ current: 'Grüße aus München'.normalize('NFD') })), 303)
})

t.test('a reset link gives a new password, ends all sessions and signs nobody in', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const visitor = site.visitor()
  await visitor.forget()
  const token = ada.lastToken()
  t.match((await visitor.get(`/reset?token=${token}`)).body, 'It ends all sessions')
  t.ok(await ada.isSignedIn())
  t.equal(await statusOf(visitor.post('/reset', { token, password: NEW_PASSWORD })), 303)
  t.strictSame(flashesOf((await visitor.get('/sign-in')).body), ['Your password is set. Sign in with it.'])
  for (const person of [ada, visitor]) t.notOk(await person.isSignedIn())
  t.equal(await statusOf(visitor.signIn()), 403)
  t.equal(await statusOf(visitor.signIn({ current: NEW_PASSWORD })), 303)
})

t.test('a reset link works once, for half an hour, and not after another change of the password', async (t) => {
  const tick = stopClock(t)
  const site = await openSite(t)
  const ada = await site.member()
  const reset = (token: string) => statusOf(site.visitor().choose(PASSWORD, token))
  await ada.forget()
  await ada.forget()
  const [first, second] = site.mails.slice(-2).map(({ url }) => new URL(url).searchParams.get('token')!)
  t.equal(await reset(first!), 303)
  for (const token of [first!, second!]) {
    t.equal(await reset(token), 410)
    t.equal(await statusOf(ada.get(`/reset?token=${token}`)), 410)
  }
  await ada.forget()
  const third = ada.lastToken()
  await ada.signIn()
  await ada.changePassword()
  t.equal(await reset(third), 410)
  await ada.forget()
  tick(30 * MINUTE + 1)
  const late = ada.lastToken()
  await ada.forget()
  for (const wrong of [late, '', 'x', `${ada.lastToken()}x`, ada.cookie!]) t.equal(await reset(wrong), 410)
})

t.test('of two uses of a reset link at once one is good', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  await ada.forget()
  const token = ada.lastToken()
  const uses = [PASSWORD, NEW_PASSWORD].map((password) => statusOf(site.visitor().choose(password, token)))
  t.strictSame((await Promise.all(uses)).toSorted(), [303, 410])
})

t.test('a forgotten address without an account is sent nothing', async (t) => {
  const site = await openSite(t)
  await site.visitor().forget()
  t.strictSame(site.mails, [])
})

t.test('visitors who ask for mails leave nothing in the store', async (t) => {
  const site = await openSite(t)
  await site.member()
  site.store.takeCalls()
  for (const act of [(person: Person) => person.register(), (person: Person) => person.forget()]) {
    const { headers } = await act(site.visitor())
    t.strictSame([headers.location, setCookies(headers)], ['/sent', []])
  }
  t.match((await site.visitor().get('/sent')).body, 'We sent you a link')
  await site.visitor().signIn({ current: 'wrong' })
  t.strictSame(site.store.takeCalls(), [])
})

// Devices

t.test('the page of devices shows where one is signed in, and ends one of them or all others', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const [phone, tablet] = [site.visitor(), site.visitor()]
  phone.headers = { 'user-agent': 'Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Safari/537.36 <script>' }
  tablet.headers = { 'user-agent': 'curl/8.14' }
  for (const other of [phone, tablet]) await other.signIn()
  const { body } = await ada.get('/devices')
  t.match(body, 'Firefox on Linux, this device')
  t.match(body, 'Chrome on Android<')
  t.match(body, 'Another program on an unknown system<')
  const keys = await ada.deviceKeys()
  t.equal(keys.length, 2, 'the own session has no button')
  t.equal((await ada.post(`/devices/${keys[0]}/end`)).headers.location, '/devices')
  t.strictSame(flashesOf((await ada.get('/devices')).body), ['That session has ended.'])
  t.equal(Number(await phone.isSignedIn()) + Number(await tablet.isSignedIn()), 1)
  await ada.post('/devices/end-others')
  t.strictSame(flashesOf((await ada.get('/devices')).body), ['Other sessions ended: 1.'])
  for (const other of [phone, tablet]) t.notOk(await other.isSignedIn())
  t.ok(await ada.isSignedIn())
})

t.test('the key of another user ends nothing, and is answered as one that is no key', async (t) => {
  const site = await openSite(t)
  const [ada, eve] = [await site.member(), await site.member('eve@example.org')]
  const other = site.visitor()
  await other.signIn()
  const [key] = await ada.deviceKeys()
  for (const wrong of [key!, 'x', '__proto__', '%00', 'a'.repeat(43)]) {
    t.equal(await statusOf(eve.post(`/devices/${wrong}/end`)), 303)
    t.strictSame(flashesOf((await eve.get('/devices')).body), ['There was no such session any more.'])
  }
  for (const person of [ada, other, eve]) t.ok(await person.isSignedIn())
})

t.test('sessions are ended by who typed the password ten minutes ago at most', async (t) => {
  const tick = stopClock(t)
  const site = await openSite(t)
  const [ada, other] = [await site.member(), site.visitor()]
  await other.signIn()
  tick(10 * MINUTE + 1)
  const [key] = await ada.deviceKeys()
  for (const url of [`/devices/${key}/end`, '/devices/end-others']) {
    t.equal((await ada.post(url)).headers.location, '/sign-in?next=%2Fdevices')
    t.strictSame(flashesOf((await ada.get('/sign-in')).body), ['Please type your password again first.'])
  }
  t.ok(await other.isSignedIn())
  t.equal((await ada.signIn({ next: '/devices' })).headers.location, '/devices')
  tick(10 * MINUTE)
  await ada.post(`/devices/${key}/end`)
  t.notOk(await other.isSignedIn())
})

// Races

/** Holds the next call of one method of the store until `open` is called. */
function hold (t: Test, store: { before: unknown }, method: string): { reached: Promise<void>, open: () => void } {
  const [arrival, exit] = [door(), door()]
  store.before = async (called: string) => {
    if (called !== method) return
    store.before = undefined
    arrival.open()
    await exit.opened
  }
  t.teardown(exit.open)
  return { reached: arrival.opened, open: exit.open }
}

t.test('a sign-in with the old password that is saved after the change opens nothing', async (t) => {
  const site = await openSite(t)
  const [ada, thief] = [await site.member(), site.visitor()]
  const held = hold(t, site.store, 'create')
  const signingIn = thief.signIn()
  await held.reached
  await ada.changePassword()
  held.open()
  t.equal(await statusOf(signingIn), 303, 'the password was right when it was compared')
  t.notOk(await thief.isSignedIn())
  t.equal(thief.cookie, undefined)
  t.ok(await ada.isSignedIn())
})

t.test('a sign-out and a sign-in of one browser at once leave what one after the other would', async (t) => {
  for (const method of ['destroy', 'create'] as const) {
    const site = await openSite(t)
    const ada = await site.member()
    const before = ada.copy()
    const held = hold(t, site.store, method)
    const signingIn = ada.signIn()
    await held.reached
    const out = await before.copy().post('/sign-out')
    held.open()
    const { headers } = await signingIn
    t.notOk(await before.isSignedIn(), 'the session from before is over in any case')
    t.equal(await ada.isSignedIn(), setCookies(headers).length > 0)
    t.notOk(setCookies(out.headers).length > 0 && method === 'create', 'what has ended deletes no newer cookie')
  }
})

t.test('a request under way during a sign-out brings nothing back', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const slow = ada.copy()
  const held = hold(t, site.store, 'update')
  const posting = slow.post('/devices/end-others')
  await held.reached
  await ada.post('/sign-out')
  held.open()
  await posting
  for (const person of [ada, slow]) t.notOk(await person.isSignedIn())
  t.equal((await site.store.sessions()).size, 0)
})

t.test('a sign-out during a change of the password stays one', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  const other = ada.copy()
  const held = hold(t, site.store, 'destroyAll')
  const changing = ada.changePassword()
  await held.reached
  await other.post('/sign-out')
  held.open()
  t.strictSame(setCookies((await changing).headers), [])
  t.notOk(await ada.isSignedIn())
  t.equal(await statusOf(ada.signIn({ current: NEW_PASSWORD })), 303)
})

// Limits

t.test('an address has ten attempts a minute, whichever account and cookie it tries', async (t) => {
  const tick = stopClock(t)
  const site = await openSite(t)
  await site.member()
  const attempt = (email: string) => statusOf(site.visitor(email).signIn({ current: 'wrong' }))
  for (let n = 1; n < 10; n++) t.equal(await attempt(`${n}@example.org`), 403)
  t.equal(await attempt('ada@example.org'), 429)
  t.match((await site.visitor().signIn()).body, 'Rate limit exceeded')
  tick(61)
  t.equal(await attempt('ada@example.org'), 403)
})

t.test('the IPv6 addresses of one customer have ten attempts together', async (t) => {
  stopClock(t)
  const site = await openSite(t, { server: { trustProxy: 'loopback' } })
  const attempt = (ip: string) => {
    const visitor = site.visitor()
    visitor.headers['x-forwarded-for'] = ip
    return statusOf(visitor.signIn())
  }
  for (let n = 1; n <= 10; n++) t.equal(await attempt(`2001:db8:0:1::${n}`), 403)
  t.equal(await attempt('2001:db8:0:1:ffff::'), 429)
  t.equal(await attempt('2001:db8:0:2::1'), 403)
  for (let n = 0; n < 10; n++) await attempt(['192.0.2.1', '::ffff:192.0.2.1'][n % 2]!)
  t.equal(await attempt('::ffff:c000:201'), 429)
})

t.test('a session has ten attempts at its password, and others of its address have theirs', async (t) => {
  const site = await openSite(t)
  const [ada, eve] = [await site.member(), await site.member('eve@example.org')]
  for (let n = 0; n < 10; n++) t.equal(await statusOf(ada.changePassword({ current: 'wrong' })), 403)
  t.equal(await statusOf(ada.changePassword()), 429)
  t.equal(await statusOf(eve.changePassword()), 303)
})

t.test('a session has a limit of its own, and visitors share that of their address', async (t) => {
  stopClock(t)
  const site = await openSite(t)
  const ada = await site.member()
  const visits = async (person: Person): Promise<number> => {
    for (let n = 0; n < 250; n++) if (await statusOf(person.get('/sign-in')) === 429) return n
    return Infinity
  }
  t.equal(await visits(ada), 200)
  t.equal(await visits(site.visitor()), 200)
  t.equal(await visits(site.visitor()), 0)
  t.equal(await statusOf(ada.get('/style.css')), 200)
})

// Pages

t.test('every page has headers that let in no script and keep it out of caches', async (t) => {
  const visitor = (await openSite(t)).visitor()
  for (const url of ['/sign-in', '/register', '/forgot', '/nowhere', '/reset?token=x', '/reset']) {
    t.match((await visitor.get(url)).headers, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': /default-src 'none'.+frame-ancestors 'none'/,
      'cache-control': 'no-store',
      'referrer-policy': 'same-origin'
    }, url)
  }
  const { headers } = await visitor.get('/style.css')
  t.match(headers, { 'content-type': /^text\/css/, 'cache-control': 'public, max-age=3600' })
  t.notOk(headers.vary)
})

t.test('what a visitor sends is escaped, and what is no field is refused or left out', async (t) => {
  const site = await openSite(t)
  const { body } = await site.visitor().signIn({ email: '"><b>@x.y', next: '/"><b>' })
  t.notMatch(body, '<b>')
  t.equal(await statusOf(site.visitor().signIn({ remember: 'ever' })), 400)
  t.equal(await statusOf(site.visitor().post('/sign-in')), 400)
  t.equal(await statusOf(site.visitor().get('/sign-in?next=a&next=b')), 400)
  for (const control of ['\0', '\u001b', '\u0085', '\u202e']) {
    t.equal(await statusOf(site.visitor(`a${control}@x.y`).register()), 400, 'a mail address has no control characters')
  }
})

t.test('while the store is down a page says so, and nobody is signed out', async (t) => {
  const lines: string[] = []
  const server = { logger: { stream: { write: (line: string) => { lines.push(line) } } } }
  const site = await openSite(t, { server })
  const ada = await site.member()
  site.store.before = () => { throw new Error('no connection') }
  const { statusCode, body, headers } = await ada.get('/')
  t.equal(statusCode, 503)
  t.match(body, 'Something went wrong here')
  t.strictSame(setCookies(headers), [])
  t.equal(headers['retry-after'], '1')
  t.match(lines.join(''), 'FSS_ERR_STORE_UNAVAILABLE')
  t.equal(await statusOf(ada.get('/style.css')), 200)
})

t.test('a session that cannot be saved is an error, and no redirect', async (t) => {
  const site = await openSite(t)
  const ada = await site.member()
  await ada.post('/sign-out')
  site.store.before = (method) => { if (method === 'create') throw new Error('full') }
  const { statusCode, headers } = await ada.signIn()
  t.strictSame([statusCode, headers.location], [503, undefined])
})

t.test('in development mails are shown on a page, with a link to it, and elsewhere not', async (t) => {
  const site = await openSite(t, { send: undefined })
  const visitor = site.visitor()
  await visitor.register()
  t.match((await visitor.get('/sign-in')).body, 'href="/outbox"')
  const { body } = await visitor.get('/outbox')
  t.match(body, /Choose your password.+to ada@example\.org.+href="http:\/\/localhost\/reset\?/s)
  const other = (await openSite(t)).visitor()
  t.equal(await statusOf(other.get('/outbox')), 404)
  t.notMatch((await other.get('/sign-in')).body, 'outbox')
})

t.test('it takes what a password costs from nobody: the default is what OWASP asks for', async (t) => {
  const site = await openSite(t, { cost: undefined })
  t.ok(await (await site.member()).isSignedIn())
})

// The program

/** What a program prints until a line of it matches. */
async function printed (output: EventEmitter, awaited: RegExp): Promise<string> {
  let text = ''
  while (!awaited.test(text)) text += (await once(output, 'data'))[0]
  return text
}

for (const [environment, settings] of Object.entries({
  development: {},
  production: { NODE_ENV: 'production' },
  'production that names its origin alone': { ORIGIN: 'https://app.example' }
})) {
  t.test(`it is started by one command, in ${environment}`, async (t) => {
    const port = await freePort()
    const local = `http://localhost:${port}`
    const child = spawn(process.execPath, [...process.execArgv, 'examples/accounts/start.ts'], {
      env: { ...process.env, PORT: `${port}`, SESSION_SECRET: SECRET, ...settings },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.teardown(() => child.kill())
    child.stdout.setEncoding('utf8')
    const { ORIGIN: origin = local } = settings as { ORIGIN?: string }
    t.match(await printed(child.stdout, /^Open .+\n/m), `Open ${origin}\n`)
    const isProduction = environment !== 'development'
    const mail = isProduction ? printed(child.stdout, /^Mail .+\n/m) : undefined
    const body = new URLSearchParams({ email: 'ada@example.org' })
    await fetch(`${local}/register`, { method: 'POST', body, redirect: 'manual' })
    t.equal((await fetch(`${local}/outbox`)).status, isProduction ? 404 : 200, 'mails are shown in development alone')
    if (mail) t.match(await mail, `Mail to ada@example.org: Choose your password: ${origin}/reset?token=`)
  })
}
