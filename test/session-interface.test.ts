import { createHash } from 'node:crypto'
import t, { type Test } from 'tap'
import {
  type BadData, JSONTag, MemoryStore, SecureCookieSessionInterface, type SaveDecision, Session, type SessionSettings
} from '../lib/index.ts'
import type { SessionOptions } from '../lib/options/session-options.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { assignSession, contentsOf } from '../lib/session/session.ts'
import type { FormatName } from '../lib/wire/formats.ts'
import { buildApp, cookieFrom, errorsOf, type LogLine, OTHER_SECRET, SECRET, setCookies } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { cookieKinds, forge, isPlain, payloadOf, sharedFormats } from './support/cookie-kinds.ts'
import { MemorySessions } from './support/memory-sessions.ts'

const START = 1_700_000_000
const HOUR = 60 * 60
const DAY = 24 * HOUR

/** A session interface whose clock the test sets. */
function interfaceWith (options: Partial<SessionOptions> = {}): {
  at: (seconds: number) => void
  iface: SecureCookieSessionInterface
} {
  let now = START
  const settings: SessionSettings = resolveOptions({ secret: SECRET, ...options }, () => now)
  return { at: (seconds) => { now = seconds }, iface: new SecureCookieSessionInterface(settings) }
}

function open (iface: SecureCookieSessionInterface, ...cookies: string[]): { session: Session, refused: BadData[] } {
  const refused: BadData[] = []
  return { session: iface.openSession(cookies, (error) => { refused.push(error) }), refused }
}

/** A cookie value that holds `data`. */
function cookieOf (iface: SecureCookieSessionInterface, data: object): string {
  const { session } = open(iface)
  session.update(data as never)
  return valueOf(iface.saveSession(session))
}

function valueOf (decision: SaveDecision): string {
  return decision.action === 'set' ? decision.value : ''
}

/** A rule of sessions that holds whether their cookies are signed or encrypted. */
function rule (title: string, check: (t: Test, make: typeof interfaceWith) => Promise<void>): void {
  t.test(title, async (t) => {
    await t.test('signed', (t) => check(t, interfaceWith))
    await t.test('encrypted', (t) => check(t, (options) => interfaceWith({ encrypt: true, ...options })))
  })
}

rule('what was saved is what opens', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const { session, refused } = open(iface, cookieOf(iface, { when: new Date(5), list: [1n] }))
  t.strictSame(session.data(), { when: new Date(5), list: [1n] })
  t.equal(session.isNew, false)
  t.strictSame(session.issuedAt, new Date(START * 1000))
  t.strictSame(refused, [])
})

rule('nothing is decided for a session that nobody used', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  t.strictSame(iface.saveSession(open(iface).session), { action: 'keep', vary: false })
  t.strictSame(iface.saveSession(open(iface, cookieOf(iface, { a: 1 })).session), { action: 'keep', vary: false })
})

rule('a session that was only read keeps its cookie, and the response depends on it', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const { session } = open(iface, cookieOf(iface, { a: 1 }))
  session.get('a')
  t.strictSame(iface.saveSession(session), { action: 'keep', vary: true })
})

rule('an empty session has no cookie, and is deleted only where one came and something was ' +
  'changed', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const decide = (cookies: string[], change: (session: Session) => void): string => {
    const { session } = open(iface, ...cookies)
    change(session)
    return iface.saveSession(session).action
  }
  const cookie = cookieOf(iface, { a: 1 })
  t.equal(decide([], (session) => session.clear()), 'keep')
  t.equal(decide([], (session) => { session.set('a', 1); session.pop('a') }), 'keep')
  t.equal(decide([], (session) => session.touch()), 'keep')
  t.equal(decide([cookie], (session) => session.clear()), 'delete')
  t.equal(decide([cookie], (session) => { session.delete() }), 'delete')
  t.equal(decide([cookie], (session) => { session.delete('a') }), 'delete')
  t.equal(decide([cookie], (session) => { session.regenerate() }), 'delete')
  t.equal(decide(['forged'], (session) => session.size), 'keep', 'a bad cookie is left alone')
  t.equal(decide(['forged'], (session) => session.clear()), 'delete')
  t.equal(decide([''], (session) => session.size), 'keep')
})

rule('an id, a clock and permanent keep no session by themselves', async (t, interfaceWith) => {
  for (const absoluteLifetime of [undefined, DAY]) {
    const { iface } = interfaceWith({ absoluteLifetime })
    const { session } = open(iface)
    t.ok(session.id)
    session.permanent = true
    session.set('a', 1)
    const { id } = session
    const filled = valueOf(iface.saveSession(session))
    t.strictSame([open(iface, filled).session.id, open(iface, filled).session.permanent], [id, true])
    session.pop('a')
    t.strictSame(
      iface.saveSession(session),
      { action: 'keep', vary: true },
      'no cookie came, so there is none to delete'
    )
    const emptied = open(iface, filled).session
    t.ok(emptied.pop('a'))
    t.ok(emptied.permanent)
    t.equal(emptied.size, 0)
    t.equal(iface.saveSession(emptied).action, 'delete')
  }
})

rule('every saved session has its id from the first cookie on, and a new one when it starts ' +
  'anew', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith({ lifetime: 100 })
  const first = cookieOf(iface, { list: [1] })
  const { id } = open(iface, first).session
  t.match(id, /^[\w-]{22}$/)
  t.not(open(iface, cookieOf(iface, { list: [1] })).session.id, id)
  at(START + 50)
  for (const [use, keepsId] of [
    [(session: Session) => session.get('list'), true],
    [(session: Session) => session.set('b', 1), true],
    [(session: Session) => (session.get('list') as number[]).push(2), true],
    [(session: Session) => session.touch(), true],
    [(session: Session) => session.regenerate(['list']), false],
    [(session: Session) => { session.clear(); session.set('c', 1) }, false],
    [(session: Session) => assignSession(session, { d: 1 }), false]
  ] as const) {
    const { session } = open(iface, first)
    use(session)
    const again = open(iface, valueOf(iface.saveSession(session))).session.id
    t.match(again, /^[\w-]{22}$/)
    t.equal(again === id, keepsId)
  }
})

rule('a genuine cookie without an id has one from its signature until it is saved here', async (t, interfaceWith) => {
  const text = '{"a":[1]}'
  const raw = interfaceWith({ serializer: { dumps: () => text, loads: JSON.parse } }).iface
  const cookie = cookieOf(raw, { a: 1 })
  const { at, iface } = interfaceWith({ lifetime: 100 })
  const { session } = open(iface, cookie)
  const { id } = session
  const signature = cookie.slice(cookie.lastIndexOf('.') + 1)
  t.equal(id, createHash('sha256').update(signature).digest().subarray(0, 16).toString('base64url'))
  t.equal(open(iface, cookie).session.id, id)
  t.ok(session.get('a'))
  t.equal(session.modified, true, 'it was read, and the cookie has none')
  const read = open(iface, cookie).session
  t.ok(read.get('a'))
  t.equal(read.modified, false)
  t.equal(iface.saveSession(read).action, 'keep')
  ;(read.get('a') as number[]).push(2)
  t.equal(open(iface, valueOf(iface.saveSession(read))).session.id, id)
  at(START + 10)
  const due = open(iface, cookie).session
  t.ok(due.get('a'))
  t.equal(open(iface, valueOf(iface.saveSession(due))).session.id, id)
  const ended = open(iface, cookie).session
  ended.regenerate(['a'])
  t.not(ended.id, id, 'and what starts anew has another')
})

t.test('a property that is undefined is left out by whatever way it comes, in every cookie', async (t) => {
  for (const { options } of cookieKinds) {
    const { iface } = interfaceWith(options)
    for (const store of [
      (session: Session) => session.update({ a: 1, b: undefined }),
      (session: Session) => assignSession(session, { a: 1, b: undefined }),
      (session: Session) => Object.assign(session, { a: 1, b: undefined }),
      (session: Session) => {
        session.set('a', 1)
        session.set('b', undefined)
      }
    ]) {
      const { session } = open(iface)
      store(session)
      t.strictSame(open(iface, valueOf(iface.saveSession(session))).session.data(), { a: 1 })
    }
  }
})

rule('what can never be kept is refused where it is stored, with the path and the advice for ' +
  'it', async (t, interfaceWith) => {
  const { iface } = interfaceWith({ sessionName: 'admin' })
  const { session } = open(iface)
  class Cart {}
  for (const [value, message] of [
    [() => 1, /^admin\.x is a function, which cannot be kept/], [Symbol('s'), /^admin\.x is a symbol/],
    [new Cart(), /^admin\.x is an object of class Cart, .*store a plain object, or register a tag for it$/]
  ] as const) {
    for (const store of [
      () => session.set('x', value), () => session.setDefault('x', value), () => session.update({ a: 1, x: value }),
      () => { session.x = value }, () => assignSession(session, { a: 1, x: value })
    ]) t.throws(store, { code: 'FSS_ERR_NOT_SERIALIZABLE', keyPath: 'admin.x', message })
  }
  t.strictSame([session.size, session.modified], [0, false])
  t.doesNotThrow(() => session.set('x', [() => 1]), 'what is inside is found when it is saved')
  t.throws(() => iface.saveSession(session), /^admin\.x\[0\] is a function/)
})

t.test('with format flask an id is in the cookie only once it was read', async (t) => {
  const { iface } = interfaceWith({ format: 'flask' })
  const text = (cookie: string): string => Buffer.from(cookie.split('.')[0]!, 'base64url').toString()
  const cookie = cookieOf(iface, { a: 1 })
  t.equal(text(cookie), '{"a":1}')
  const { session } = open(iface, cookie)
  const { id } = session
  t.equal(open(iface, cookie).session.id, id)
  const kept = valueOf(iface.saveSession(session))
  t.equal(text(kept), `{"a":1,"_id":"${id}"}`)
  t.equal(open(iface, kept).session.id, id)
  const empty = open(iface).session
  t.ok(empty.id)
  t.equal(iface.saveSession(empty).action, 'keep')
  const forged = open(iface, 'forged.cookie.x').session
  t.ok(forged.id)
  t.equal(iface.saveSession(forged).action, 'keep', 'a bad cookie is left alone')
})

t.test('with format flask a session that came without a key is left to the other program, ' +
  'unless it is ended here', async (t) => {
  const { iface } = interfaceWith({ format: 'flask' })
  const raw = interfaceWith({
    format: 'flask',
    serializer: { dumps: () => '{"_permanent":true}', loads: JSON.parse }
  }).iface
  const cookie = cookieOf(raw, { a: 1 })
  const decide = (change: (session: Session) => void): string => {
    const { session } = open(iface, cookie)
    t.ok(session.permanent)
    change(session)
    return iface.saveSession(session).action
  }
  t.equal(decide(() => {}), 'keep')
  t.equal(decide((session) => { session.set('a', 1); session.pop('a') }), 'keep')
  t.equal(decide((session) => { session.permanent = false }), 'keep')
  t.equal(decide((session) => session.clear()), 'delete')
  t.equal(decide((session) => { session.delete() }), 'delete')
})

t.test('in the formats of other programs a session ends with the last key that is taken away here, ' +
  'and not where it came with none', async (t) => {
  for (const { kind, options } of cookieKinds.filter(({ kind }) => sharedFormats.includes(kind as FormatName))) {
    const { iface } = interfaceWith(options)
    const decide = (text: string, change: (session: Session) => void): string => {
      const { session, refused } = open(iface, forge(options, payloadOf(options, text), () => START))
      t.strictSame(refused, [])
      change(session)
      return iface.saveSession(session).action
    }
    t.equal(decide('{}', (session) => session.size), 'keep', kind)
    t.equal(decide('{}', (session) => { session.set('a', 1); session.pop('a') }), 'keep')
    t.equal(decide('{}', (session) => { session.delete() }), 'delete')
    t.equal(decide('{"a":1}', (session) => session.get('a')), 'keep')
    t.equal(decide('{"a":1}', (session) => session.pop('a')), 'delete')
    t.equal(decide('{"a":1,"b":1}', (session) => session.pop('a')), 'set')
  }
})

rule('modified may be set by hand', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const cookie = cookieOf(iface, { list: [1] })
  const changed = open(iface, cookie).session
  ;(changed.get('list') as number[]).push(2)
  t.equal(changed.modified, true)
  changed.modified = false
  t.equal(changed.modified, false)
  t.equal(iface.saveSession(changed).action, 'keep', 'false forgets the changes so far')
  ;(changed.get('list') as number[]).push(3)
  t.equal(changed.modified, true)
  t.strictSame(
    open(iface, valueOf(iface.saveSession(changed))).session.data(),
    { list: [1, 2, 3] },
    'and not those that follow'
  )
  const same = open(iface, cookie).session
  same.modified = true
  t.equal(iface.saveSession(same).action, 'set')
  const broken = open(iface, cookie).session
  ;(broken.get('list') as unknown[]).push(() => 1)
  t.equal(broken.modified, true, 'what cannot be kept is a change')
  t.throws(() => { broken.modified = false }, TypeError)
  const refused = open(iface, cookie).session
  refused.set('act', { now: () => 1 })
  t.throws(() => { refused.modified = false }, TypeError)
  t.throws(() => iface.saveSession(refused), /^session\.act\.now /, 'and is not forgotten')
})

rule('a session that is saved twice is saved as it is then', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const { session } = open(iface, cookieOf(iface, { list: [1] }))
  const list = session.get('list') as number[]
  list.push(2)
  t.strictSame(open(iface, valueOf(iface.saveSession(session))).session.data(), { list: [1, 2] })
  list.pop()
  t.equal(iface.saveSession(session).action, 'keep')
})

rule('changes inside stored objects are saved unannounced', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const cookie = cookieOf(iface, { cart: [{ n: 1 }], when: new Date(0), seen: new Set([1]) })
  const after = (change: (session: Session) => unknown): unknown => {
    const { session } = open(iface, cookie)
    change(session)
    const decision = iface.saveSession(session)
    return decision.action === 'set' ? open(iface, decision.value).session.data() : decision.action
  }
  t.equal(after((session) => session.get('cart')), 'keep')
  t.match(after((session) => { (session.cart as Array<{ n: number }>)[0]!.n++ }), { cart: [{ n: 2 }] })
  t.match(after((session) => (session.data().when as Date).setTime(9)), { when: new Date(9) })
  t.match(
    after((session) => {
      for (const [, value] of session) {
        if (value instanceof Set) {
          value.add(2)
        }
      }
    }),
    { seen: new Set([1, 2]) }
  )
})

rule('the same change decided twice is one signature', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith()
  const { session } = open(iface)
  session.set('list', [])
  const first = iface.saveSession(session)
  at(START + 5)
  t.equal(iface.saveSession(session), first)
  ;(session.get('list') as number[]).push(1)
  t.not(iface.saveSession(session), first)
})

rule('the keys that changed since the last decision are known', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const { session } = open(iface, cookieOf(iface, { a: [1], b: [2], c: 3 }))
  t.strictSame(iface.unsavedKeys(session), [])
  ;(session.get('b') as number[]).push(3)
  t.strictSame(iface.unsavedKeys(session), ['b'])
  session.delete('a')
  t.strictSame(iface.unsavedKeys(session), ['b', 'a'])
  iface.saveSession(session)
  t.strictSame(iface.unsavedKeys(session), [])
  t.strictSame(iface.unsavedKeys(open(iface).session), [], 'a new session has saved nothing')
})

rule('a signature as old as the lifetime is valid, one second more is not', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith({ lifetime: 100 })
  const cookie = cookieOf(iface, { a: 1 })
  for (const [age, size, code] of [
    [100, 1],
    [101, 0, 'FSS_ERR_SIGNATURE_EXPIRED'],
    [-60, 1],
    [-61, 0, 'FSS_ERR_SIGNATURE_EXPIRED']
  ] as const) {
    at(START + age)
    const { session, refused } = open(iface, cookie)
    t.equal(session.size, size, `${age} s`)
    t.strictSame(refused.map((error) => error.code), code === undefined ? [] : [code])
  }
})

rule('a lifetime holds to the second, give or take the tolerance, and one without an end is for ' +
  'ever', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith({ lifetime: 1, refreshAfter: false })
  const cookie = cookieOf(iface, { a: 1 })
  const endless = cookieOf(interfaceWith({ lifetime: Infinity }).iface, { a: 1 })
  for (const [age, size] of [[-60, 1], [0, 1], [1, 1], [2, 0]] as const) {
    at(START + age)
    t.equal(open(iface, cookie).session.size, size, `${age} s`)
  }
  const other = interfaceWith({ lifetime: Infinity })
  other.at(START + 1000 * 366 * DAY)
  t.equal(open(other.iface, endless).session.size, 1)
})

rule('a clock that steps loses nobody: a session is there again as soon as the clock is ' +
  'right', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith({ absoluteLifetime: 100 * DAY })
  const cookie = cookieOf(iface, { a: 1 })
  for (const [step, size] of [[40 * DAY, 0], [0, 1], [-2 * 3600, 0], [0, 1], [-30, 1]] as const) {
    at(START + step)
    const { session } = open(iface, cookie)
    t.equal(session.size, size, `${step} s`)
    t.equal(iface.saveSession(session).action, 'keep', 'and no cookie is deleted or replaced for it')
  }
})

rule('sessions go on past 2106, where 32 bits end', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith({ absoluteLifetime: 100, permanent: true })
  for (const now of [2 ** 32 - 1, 2 ** 32, 2 ** 40]) {
    at(now)
    const cookie = cookieOf(iface, { a: 1 })
    const { session } = open(iface, cookie)
    t.strictSame(
      [session.get('a'), session.issuedAt, session.createdAt],
      [1, new Date(now * 1000), new Date(now * 1000)]
    )
    at(now + 101)
    t.equal(open(iface, cookie).session.size, 0)
  }
})

rule('a session that is used is signed anew once it is old enough', async (t, interfaceWith) => {
  const decide = (
    options: Partial<SessionOptions>,
    age: number,
    use: (session: Session) => unknown,
    refresh?: boolean
  ): string => {
    const { at, iface } = interfaceWith(options)
    const cookie = cookieOf(iface, { a: 1 })
    at(START + age)
    const { session } = open(iface, cookie)
    use(session)
    return iface.saveSession(session, { refresh }).action
  }
  const read = (session: Session): unknown => session.get('a')
  t.equal(decide({ lifetime: 100 }, 9, read), 'keep')
  t.equal(decide({ lifetime: 100 }, 10, read), 'set')
  t.equal(decide({ lifetime: 100 }, 10, () => {}), 'keep', 'not one that nobody used')
  t.equal(decide({ lifetime: 100 }, 10, read, false), 'keep', 'nor where the route says no')
  t.equal(decide({ refreshAfter: false }, 30 * DAY, read), 'keep')
  t.equal(decide({ refreshAfter: 0 }, 0, read), 'set')
  t.equal(decide({ refreshAfter: 30.5 * DAY }, 30 * DAY, read), 'keep')
  t.equal(decide({}, 0, (session) => session.touch()), 'set')
})

rule('signing anew changes the stamp and nothing else', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith()
  const { session: first } = open(iface)
  first.set('a', { b: 1n })
  const { id } = first
  const cookie = valueOf(iface.saveSession(first))
  at(START + 10 * DAY)
  const { session } = open(iface, cookie)
  session.has('a')
  const again = open(iface, valueOf(iface.saveSession(session))).session
  t.strictSame(again.data(), { a: { b: 1n } })
  t.equal(again.id, id)
  t.strictSame(again.issuedAt, new Date((START + 10 * DAY) * 1000))
})

rule('a permanent session expires in the browser after the lifetime, which browsers cap at 400 ' +
  'days', async (t, interfaceWith) => {
  const maxAge = (options: Partial<SessionOptions>, permanent?: boolean): number | undefined => {
    const { iface } = interfaceWith(options)
    const { session } = open(iface)
    session.set('a', 1)
    if (permanent !== undefined) session.permanent = permanent
    const decision = iface.saveSession(session)
    return decision.action === 'set' ? decision.maxAge : NaN
  }
  t.equal(maxAge({}), undefined)
  t.equal(maxAge({}, true), 31 * DAY)
  t.equal(maxAge({ permanent: true, lifetime: 60 }), 60)
  t.equal(maxAge({ permanent: true }, false), undefined)
  t.equal(maxAge({ permanent: true, lifetime: Infinity }), 400 * DAY)
})

rule('a session read through a fallback is signed anew with the secret', async (t, interfaceWith) => {
  const old = interfaceWith({ secret: OTHER_SECRET }).iface
  const cookie = cookieOf(old, { a: 1 })
  const { iface } = interfaceWith({ fallbacks: [OTHER_SECRET] })
  const { session } = open(iface, cookie)
  session.get('a')
  const value = valueOf(iface.saveSession(session, { refresh: false }))
  t.strictSame(open(interfaceWith().iface, value).session.data(), { a: 1 })
  t.strictSame(open(interfaceWith().iface, cookie).refused.map(({ code }) => code), ['FSS_ERR_BAD_TIME_SIGNATURE'])
})

t.test('what is kept beside the data has its types, whoever gives it', async (t) => {
  class Own extends SecureCookieSessionInterface {
    kept: object = {}
    override openSession (cookies: readonly string[]): Session {
      return this.session({ a: 1 }, this.candidates(cookies).next()!, this.kept)
    }
  }
  const settings = resolveOptions({ secret: SECRET, absoluteLifetime: HOUR })
  const cookie = valueOf(new Own(settings).saveSession(new Session({ a: 1 }) as Session))
  const wrong: Array<[kept: object, message: RegExp]> = [
    ...[new Date(), '1700000000', NaN, -Infinity, 1.5, null].map((createdAt): [object, RegExp] =>
      [{ createdAt }, /^The createdAt of a session must be a whole number of Unix seconds/]),
    ...[7, null].map((id): [object, RegExp] => [{ id }, /^The id of a session must be text/]),
    ...['yes', 1, null].map((permanent): [object, RegExp] => [{ permanent }, /^The permanent of a session must be/])
  ]
  for (const [kept, message] of wrong) {
    t.throws(() => new Session({ a: 1 }, kept), { name: 'TypeError', message })
    const own = Object.assign(new Own(settings), { kept })
    t.throws(() => own.openSession([cookie]), { name: 'TypeError', message })
  }
  const issuedAt = new Date() as never
  t.throws(() => new Session({ a: 1 }, { issuedAt }), { name: 'TypeError', message: /^The issuedAt of a session must/ })
})

t.test('a serializer that returns nothing is told so, instead of losing what is set', async (t) => {
  const serializer = { dumps: (): string => undefined as never, loads: JSON.parse }
  for (const store of [undefined, new MemoryStore()]) {
    const { app } = await buildApp({ serializer, store })
    app.get('/', async ({ session }) => { session.set('a', 1) })
    const { statusCode, body } = await app.inject('/')
    t.match([statusCode, body], [500, /The dumps of the serializer gave no text/])
  }
})

t.test('setting permanent replaces what another program keeps under its name', async (t) => {
  const cookie = cookieOf(interfaceWith({
    serializer: { dumps: () => '{"_permanent":"yes","a":1}', loads: JSON.parse }
  }).iface, { a: 1 })
  const { iface } = interfaceWith()
  const { session } = open(iface, cookie)
  t.strictSame(session.keys(), ['_permanent', 'a'])
  session.permanent = true
  t.strictSame([session.keys(), session.permanent], [['a'], true])
  const saved = open(iface, valueOf(iface.saveSession(session))).session
  t.strictSame([saved.keys(), saved.permanent], [['a'], true])
})

t.test('a session that came signed leaves encrypted, whatever its age, and the other way round', async (t) => {
  for (const [from, to] of [[false, true], [true, false]]) {
    const cookie = cookieOf(interfaceWith({ encrypt: from }).iface, { a: 1 })
    const { iface, at } = interfaceWith({ encrypt: to, refreshAfter: false })
    at(START + 9)
    const { session, refused } = open(iface, cookie)
    t.strictSame([session.get('a'), refused], [1, []])
    const decision = iface.saveSession(session, { refresh: false })
    t.match(decision, { action: 'set', isResigned: true })
    t.equal(valueOf(decision).startsWith('~'), to)
    t.strictSame(open(iface, valueOf(decision)).session.data(), { a: 1 })
    t.equal(iface.saveSession(open(iface, valueOf(decision)).session).action, 'keep', 'once')
    t.equal(open(iface, valueOf(decision)).session.id, session.id)
  }
})

rule('a change that needs no saving stays out of a cookie that is signed anew for what ' +
  'it lacks', async (t, interfaceWith) => {
  const cookie = cookieOf(interfaceWith().iface, { a: 1 })
  const { at, iface } = interfaceWith({ absoluteLifetime: 1000, refreshAfter: 10 })
  at(START + 20)
  const { session } = open(iface, cookie)
  session.set('q', 1)
  session.modified = false
  const { session: again } = open(iface, valueOf(iface.saveSession(session)))
  t.strictSame(again.data(), { a: 1 })
  t.strictSame([again.createdAt, again.id], [new Date(START * 1000), session.id])
})

t.test('an encrypted cookie has nothing of the session in it, nor has one with compression on', async (t) => {
  const { iface } = interfaceWith({ encrypt: true })
  const [payload] = cookieOf(iface, { user: 'x'.repeat(200) }).split('.')
  t.match(payload, /^~[\w-]+$/, 'and is not compressed unless that is asked for')
  t.notMatch(Buffer.from(payload!.slice(1), 'base64url').toString('latin1'), /user|xxx|_id/)
  t.match(cookieOf(interfaceWith({ encrypt: true, compress: true }).iface, { user: 'x'.repeat(200) }), /^~\.[\w-]+\./)
})

rule('absoluteLifetime ends a session however lately it was used, and regenerate starts it ' +
  'anew', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith({ absoluteLifetime: 100 })
  let cookie = cookieOf(iface, { a: 1 })
  at(START + 90)
  let { session } = open(iface, cookie)
  t.strictSame(session.createdAt, new Date(START * 1000))
  session.set('a', 2)
  cookie = valueOf(iface.saveSession(session))
  at(START + 100)
  t.strictSame(open(iface, cookie).session.data(), { a: 2 })
  ;({ session } = open(iface, cookie))
  session.regenerate(['a'])
  const renewed = valueOf(iface.saveSession(session))
  at(START + 101)
  const { session: ended, refused } = open(iface, cookie)
  t.equal(ended.size, 0)
  t.match(refused, [{ code: 'FSS_ERR_SIGNATURE_EXPIRED', message: 'The session began more than 100 seconds ago' }])
  t.strictSame(open(iface, renewed).session.createdAt, new Date((START + 100) * 1000))
})

t.test('a session that began after its signature, or at no time that there is, ' +
  'is refused where the beginning counts', async (t) => {
  const cases: Array<[began: unknown, size: number, code?: string]> = [
    [START, 1], [START + 60, 1], [START + 61, 0, 'FSS_ERR_BAD_PAYLOAD'], [4_000_000_000, 0, 'FSS_ERR_BAD_PAYLOAD'],
    [2 ** 53 - 1, 0, 'FSS_ERR_BAD_PAYLOAD'], [1.5, 0, 'FSS_ERR_BAD_PAYLOAD'], ['x', 0, 'FSS_ERR_BAD_PAYLOAD'],
    [null, 0, 'FSS_ERR_BAD_PAYLOAD'], [-5, 0, 'FSS_ERR_SIGNATURE_EXPIRED'], [0, 0, 'FSS_ERR_SIGNATURE_EXPIRED']
  ]
  for (const [began, size, code] of cases) {
    const text = JSON.stringify({ _began: began, a: 1 })
    const cookie = cookieOf(interfaceWith({ serializer: { dumps: () => text, loads: JSON.parse } }).iface, { a: 1 })
    const { session, refused } = open(interfaceWith({ absoluteLifetime: 100 }).iface, cookie)
    t.equal(session.size, size, text)
    t.strictSame(refused.map((error) => error.code), code === undefined ? [] : [code])
    const other = open(interfaceWith().iface, cookie).session
    t.equal(other.get('a'), 1, 'elsewhere it is read')
    t.notOk(Number.isNaN(other.createdAt?.getTime()))
    other.set('b', 1)
    const rewritten = valueOf(interfaceWith().iface.saveSession(other))
    t.match(JSON.parse(Buffer.from(rewritten.split('.')[0]!, 'base64url').toString()), { _began: began }, 'and kept')
  }
})

rule('a session from before absoluteLifetime was set begins with its signature', async (t, interfaceWith) => {
  const cookie = cookieOf(interfaceWith().iface, { a: 1 })
  const { session } = open(interfaceWith({ absoluteLifetime: 100 }).iface, cookie)
  t.strictSame(session.createdAt, new Date(START * 1000))
  t.equal(open(interfaceWith().iface, cookie).session.createdAt, undefined)
})

rule('of several cookies the first that verifies is taken, and at most eight are tried', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const good = cookieOf(iface, { a: 1 })
  const forged = good.slice(0, -1) + (good.endsWith('A') ? 'B' : 'A')
  const sizes = (...cookies: string[]): number => open(iface, ...cookies).session.size
  t.equal(sizes('', 'no cookie of ours', forged, good), 1)
  const forgeries = Array.from({ length: 8 }, (_, index) => `${good.slice(0, -3)}aa${index}`)
  t.equal(sizes(...forgeries.slice(1), good), 1)
  t.equal(sizes(...forgeries, good), 0)
  t.equal(sizes(...Array(50).fill(forged), good), 1, 'one value counts once')
  t.equal(sizes(...Array(500).fill('wrong shape'), good), 1, 'other shapes do not count')
  t.strictSame(open(iface, forged, good).refused, [])
  t.equal(open(iface, forged, forged).refused.length, 1)
})

rule('an expired cookie of another path hides no fresh one, and at most two payloads are ' +
  'decoded', async (t, interfaceWith) => {
  let decoded = 0
  const counted = { dumps: JSON.stringify, loads: (text: string) => { decoded++; return JSON.parse(text) } }
  const { at, iface } = interfaceWith({ lifetime: 100, serializer: counted as never })
  const openCounted = (...cookies: string[]): [size: number, decoded: number, codes: string[]] => {
    decoded = 0
    const { session, refused } = open(iface, ...cookies)
    return [session.size, decoded, refused.map(({ code }) => code)]
  }
  const old = Array.from({ length: 7 }, (_, n) => cookieOf(iface, { n }))
  at(START + 200)
  const good = cookieOf(iface, { a: 1 })
  t.strictSame(openCounted(...old, good), [1, 1, []])
  t.strictSame(openCounted(...old, old[0]!), [0, 0, ['FSS_ERR_SIGNATURE_EXPIRED']])
  const bad = ['[1]', '[2]', '[3]'].map((text) => {
    const raw = interfaceWith({ serializer: { dumps: () => text, loads: JSON.parse } })
    raw.at(START + 200)
    return cookieOf(raw.iface, { a: 1 })
  })
  t.strictSame(openCounted(...Array(8).fill(bad[0])), [0, 1, ['FSS_ERR_BAD_PAYLOAD']], 'equal values are read once')
  t.strictSame(openCounted(bad[0]!, good), [1, 2, []])
  t.strictSame(openCounted(...bad, good), [0, 2, ['FSS_ERR_BAD_PAYLOAD']])
})

rule('what fails for another reason than the data is an error, and no cookie is refused for ' +
  'it', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const cookie = cookieOf(iface, { a: 1 })
  const broken = new SecureCookieSessionInterface(resolveOptions({ secret: SECRET }, () => NaN))
  t.throws(() => open(broken, cookie), { message: 'now must return Unix seconds' })
  const endless = (text: string): unknown => endless(text)
  const exhausted = interfaceWith({ serializer: { dumps: () => '{}', loads: endless } }).iface
  t.throws(() => open(exhausted, cookie), { name: 'RangeError', message: /^Maximum call stack/ })
  t.equal(open(iface, cookie).session.size, 1)
})

rule('a cookie that cannot be trusted is a new session, with the reason', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const good = cookieOf(iface, { a: 1 })
  const [payload, stamp, signature] = good.split('.')
  const cases: Array<[cookie: string, code: string]> = [
    ['x', 'FSS_ERR_BAD_SIGNATURE'],
    ['..', 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [`${payload}.${stamp}.`, 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [`${payload}.${stamp}.${signature}=`, 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [`${payload}x.${stamp}.${signature}`, 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [`${payload}..${signature}`, 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [cookieOf(interfaceWith({ secret: OTHER_SECRET }).iface, { a: 1 }), 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [cookieOf(interfaceWith({ cookieName: 'admin' }).iface, { a: 1 }), 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [cookieOf(interfaceWith({ salt: 'other' }).iface, { a: 1 }), 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [cookieOf(interfaceWith({ digest: 'sha512' }).iface, { a: 1 }), 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [cookieOf(interfaceWith({ compress: true }).iface, { a: 'x'.repeat(200) }), 'FSS_ERR_BAD_PAYLOAD']
  ]
  for (const [cookie, code] of cases) {
    const { session, refused } = open(iface, cookie)
    t.strictSame(session.data(), {})
    t.equal(session.isNew, true)
    t.strictSame(refused.map((error) => error.code), [code], cookie)
  }
})

rule('a valid signature around what is no session is refused', async (t, interfaceWith) => {
  const raw = (text: string): SecureCookieSessionInterface =>
    interfaceWith({ serializer: { dumps: () => text, loads: JSON.parse } }).iface
  for (const text of ['[]', 'null', '5', '"a"', '{" mp":[]}', '{" t":[]}', 'nonsense', '{" zz"', '[[["deep"]]]']) {
    const { session, refused } = open(interfaceWith().iface, cookieOf(raw(text), { a: 1 }))
    t.strictSame(session.data(), {}, text)
    t.strictSame(refused.map((error) => error.code), ['FSS_ERR_BAD_PAYLOAD'], text)
  }
  const own = raw('nonsense')
  t.match(open(own, cookieOf(own, { a: 1 })).refused, [
    { message: 'The payload cannot be read', code: 'FSS_ERR_BAD_PAYLOAD' }
  ])
})

t.test('what another program keeps under our names stays as it is', async (t) => {
  const raw = interfaceWith({
    serializer: { dumps: () => '{"_id":"of-flask-login","_began":"x","_permanent":1,"a":1}', loads: JSON.parse }
  }).iface
  const { iface } = interfaceWith()
  const { session } = open(iface, cookieOf(raw, { a: 1 }))
  t.strictSame(session.data(), { _id: 'of-flask-login', _began: 'x', _permanent: 1, a: 1 })
  t.equal(session.permanent, false)
  t.throws(() => session.id, {
    message: 'Another program keeps an _id in this session, which session.id would replace'
  })
  session.set('b', 2)
  t.strictSame(open(iface, valueOf(iface.saveSession(session))).session.data(), {
    _id: 'of-flask-login',
    _began: 'x',
    _permanent: 1,
    a: 1,
    b: 2
  })
})

rule('the clock of a session outlives processes that do not look at it', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith({ absoluteLifetime: 100 })
  const other = interfaceWith()
  const { session } = open(other.iface, cookieOf(iface, { a: 1 }))
  session.set('b', 2)
  other.at(START + 50)
  const cookie = valueOf(other.iface.saveSession(session))
  at(START + 100)
  t.equal(open(iface, cookie).session.size, 2)
  at(START + 101)
  t.equal(open(iface, cookie).session.size, 0)
})

rule('a session without a clock gets one when it is signed anew, and reading it is no ' +
  'change', async (t, interfaceWith) => {
  const cookie = cookieOf(interfaceWith().iface, { a: [1] })
  const { at, iface } = interfaceWith({ lifetime: 1000, refreshAfter: 10, absoluteLifetime: 100 })
  const { session } = open(iface, cookie)
  session.get('a')
  t.equal(session.modified, false)
  t.equal(iface.saveSession(session).action, 'keep')
  at(START + 50)
  const { session: due } = open(iface, cookie)
  due.get('a')
  const resigned = valueOf(iface.saveSession(due))
  at(START + 100)
  t.strictSame(open(iface, resigned).session.createdAt, new Date(START * 1000))
  at(START + 101)
  t.equal(open(iface, resigned).session.size, 0)
})

t.test('a date that was only read is no change, whenever the beginning came into the payload', async (t) => {
  const when = new Date(0)
  const without = cookieOf(interfaceWith({ format: 'flask' }).iface, { when })
  const { iface } = interfaceWith({ format: 'flask', absoluteLifetime: 100 })
  for (const cookie of [without, cookieOf(iface, { when })]) {
    const { session } = open(iface, cookie)
    t.strictSame(session.get('when'), when)
    t.equal(session.modified, false)
    t.equal(iface.saveSession(session, { refresh: false }).action, 'keep')
  }
})

t.test('where Flask moved our two names within the payload, reading is no change', async (t) => {
  const text = '{"_began":1700000000,"_id":"AAAAAAAAAAAAAAAAAAAAAA","user":{"n":1}}'
  const raw = interfaceWith({ format: 'flask', serializer: { dumps: () => text, loads: JSON.parse } }).iface
  const { iface } = interfaceWith({ format: 'flask' })
  const { session } = open(iface, cookieOf(raw, { a: 1 }))
  session.get('user')
  t.equal(session.modified, false)
  t.equal(iface.saveSession(session).action, 'keep')
})

rule('what a deleted session leaves behind is nothing unsaved', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const { session } = open(iface, cookieOf(iface, { a: [1], constructor: 5 }))
  session.get('a')
  session.delete()
  iface.saveSession(session)
  t.strictSame(iface.unsavedKeys(session), [])
  session.set('b', 1)
  t.strictSame(iface.unsavedKeys(session), ['b'])
  const { session: other } = open(iface, cookieOf(iface, { a: [1], constructor: 5 }))
  other.delete('constructor')
  t.strictSame(iface.unsavedKeys(other), ['constructor'])
})

rule('modified set to false forgets a touch too', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const { session } = open(iface, cookieOf(iface, { a: 1 }))
  session.touch()
  session.set('a', 2)
  session.modified = false
  t.equal(iface.saveSession(session).action, 'keep')
})

t.test('a text that another program wrote is no change, and a change inside it is one', async (t) => {
  const { iface } = interfaceWith({ format: 'flask' })
  const raw = interfaceWith({
    format: 'flask',
    serializer: { dumps: () => '{ "list": [1, 2],"a":"\\u00e9"}', loads: JSON.parse }
  }).iface
  const { session } = open(iface, cookieOf(raw, { a: 1 }))
  const list = session.get('list') as number[]
  t.equal(session.modified, false)
  t.equal(iface.saveSession(session).action, 'keep')
  t.equal(session.modified, false, 'asked again')
  list.push(3)
  t.equal(session.modified, true)
  t.strictSame(open(iface, valueOf(iface.saveSession(session))).session.data(), { list: [1, 2, 3], a: 'é' })
})

t.test('with format flask only a permanent session is signed anew for being used', async (t) => {
  for (const permanent of [true, false]) {
    const { at, iface } = interfaceWith({ format: 'flask', permanent })
    const cookie = cookieOf(iface, { a: 1 })
    at(START + 1)
    const { session } = open(iface, cookie)
    session.get('a')
    t.equal(iface.saveSession(session).action, permanent ? 'set' : 'keep')
  }
})

rule('a __proto__ in a signed payload changes no prototype', async (t, interfaceWith) => {
  const text = '{"__proto__":{"admin":true},"a":1}'
  const raw = interfaceWith({ serializer: { dumps: () => text, loads: JSON.parse } }).iface
  const { session } = open(interfaceWith().iface, cookieOf(raw, { a: 1 }))
  t.equal(session.admin, undefined)
  t.equal((session.data() as { admin?: boolean }).admin, undefined)
  t.strictSame(session.keys(), ['__proto__', 'a'])
})

t.test('compressed cookies are read where compression is on', async (t) => {
  const { iface } = interfaceWith({ compress: true })
  const cookie = cookieOf(iface, { a: 'x'.repeat(500) })
  t.match(cookie, /^\./)
  t.ok(cookie.length < 160)
  t.strictSame(open(iface, cookie).session.data(), { a: 'x'.repeat(500) })
})

rule('the bytes of each key are told with its name, largest first', async (t, interfaceWith) => {
  const { session } = open(interfaceWith().iface)
  session.update({ a: 1, big: 'é'.repeat(10), list: [1], ['é'.repeat(20)]: true })
  t.strictSame(interfaceWith().iface.weigh(session), [['é'.repeat(20), 47], ['big', 28], ['list', 10], ['a', 5]])
})

t.test('tags of the application travel in the session, ahead of the built-in ones', async (t) => {
  class Money { cents = 5 }
  class TagMoney extends JSONTag {
    readonly key: string = ' $'
    check (value: unknown): boolean { return value instanceof Money }
    toJson (value: Money): number { return value.cents }
    fromJson (value: unknown): Money { return Object.assign(new Money(), { cents: value }) }
  }
  class TagPlain extends TagMoney {
    override readonly key = ' pl'
    override check (value: unknown): boolean { return typeof value === 'object' && value !== null && 'cents' in value }
  }
  const { iface } = interfaceWith({ tags: [TagMoney, TagPlain] })
  t.strictSame(iface.serializer.tags!.get(' $')!.constructor, TagMoney)
  const { session } = open(iface, cookieOf(iface, { price: new Money() }))
  t.ok(session.get('price') instanceof Money)
  t.throws(
    () => interfaceWith({ tags: [TagMoney], serializer: { dumps: String, loads: String } }),
    /needs a serializer with register/
  )
})

/** A value whose tag uses a session while that is written. */
class Spy { n = 1 }
let spy: (session: Session) => unknown
let spied: Session
class TagSpy extends JSONTag {
  readonly key = ' spy'
  check (value: unknown): boolean { return value instanceof Spy }
  toJson ({ n }: Spy): unknown { spy(spied); return n }
  fromJson (): Spy { return new Spy() }
}

const uses: Record<string, (session: Session) => unknown> = {
  data: (session) => session.data(),
  keys: (session) => session.keys(),
  spread: (session) => ({ ...session }),
  size: (session) => session.size,
  'a change': (session) => { session.set('a', 2) },
  'a new key': (session) => { session.set('b', 2) },
  'a key removed': (session) => session.delete('a'),
  'another permanent': (session) => { session.permanent = false },
  'a new session': (session) => session.regenerate(),
  'its end': (session) => session.delete()
}

for (const { kind, options } of cookieKinds.filter(({ kind }) => !isPlain(kind))) { // plain JSON has no tags
  t.test(`cookie ${kind}: a tag that uses the session while it is written sees the data alone, ` +
    'and what it changes comes after the text', async (t) => {
    for (const [name, use] of Object.entries(uses)) {
      const { iface } = interfaceWith({ ...options, tags: [TagSpy], absoluteLifetime: DAY, permanent: true })
      const seen: unknown[] = []
      const { session } = open(iface)
      session.update({ a: 1, spy: new Spy() } as never)
      const { id } = session
      spied = session
      spy = () => {}
      const expected = use(open(iface, valueOf(iface.saveSession(session))).session)
      session.touch()
      spy = (session) => seen.push(use(session))
      const saved = valueOf(iface.saveSession(session))
      const { session: opened } = open(iface, saved)
      t.strictSame(seen, [expected], name)
      t.strictSame([opened.data(), opened.id, opened.permanent], [{ a: 1, spy: new Spy() }, id, true], name)
      t.strictSame(session.keys().filter((key) => key.startsWith('_')), [])
      spy = () => {}
      const { session: later } = open(iface, valueOf(iface.saveSession(session)))
      t.strictSame(later.data(), session.data(), `${name}, saved again`)
    }
  })
}

rule('a tag that asks whether the session is modified changes nothing of the text', async (t, interfaceWith) => {
  const { iface } = interfaceWith({ tags: [TagSpy] })
  const { session } = open(iface, cookieOf(iface, { a: 1 }))
  spied = session
  let depth = 0
  spy = (session) => { if (depth++ === 0) t.equal(session.modified, true) }
  session.set('spy', new Spy())
  const { id } = session
  t.equal(open(iface, valueOf(iface.saveSession(session))).session.id, id)
})

rule('a session made by hand can be saved', async (t, interfaceWith) => {
  const { iface } = interfaceWith()
  const session = new Session({ a: 1 }) as Session
  session.modified = true
  t.strictSame(open(iface, valueOf(iface.saveSession(session))).session.data(), { a: 1 })
  t.equal(contentsOf(session)!.isNew, true)
})

type AppOptions = Parameters<typeof buildApp>[0]

interface Browser {
  /** Sends a request with the cookie, by default that of the response before; the body as JSON, undefined for none. */
  send: (url: string, cookie?: string) => Promise<unknown>
  /** The cookie that the browser has: `name=value`. */
  cookie: () => string | undefined
  /** The `Set-Cookie` line of the response before. */
  line: () => string | undefined
  logs: LogLine[]
}

/** A browser, and an application whose routes do with the session what their names say. */
async function browserOf (t: Test, options: AppOptions): Promise<Browser> {
  const { app, logs } = await buildApp(options)
  t.teardown(() => app.close())
  app.get('/login', async ({ session }) => { session.update({ user: 'ada', since: new Date(0) }) })
  app.get('/remember', async ({ session }) => { session.permanent = true; session.set('user', 'ada') })
  app.get('/logout', async ({ session }) => { session.delete() })
  app.get('/user', async ({ session }) => ({ user: session.get('user') ?? null }))
  app.get('/since', async ({ session }) => ({ since: session.get('since') }))
  app.get('/write', async ({ session }) => { session.set('n', 1) })
  app.get('/expires', async ({ session }) => ({ at: session.expiresAt }))
  app.get('/ended', async ({ session }) => { session.delete(); return { at: session.expiresAt } })
  app.get('/anew', async ({ session }) => { session.regenerate(['user']); return { at: session.expiresAt } })
  let cookie: string | undefined
  let line: string | undefined
  return {
    async send (url, sent = cookie) {
      const response = await app.inject({ url, headers: sent === undefined ? {} : { cookie: sent } })
      ;[line] = setCookies(response.headers)
      if (line !== undefined) cookie = cookieFrom(response.headers)
      return response.body === '' ? undefined : response.json()
    },
    cookie: () => cookie,
    line: () => line,
    logs
  }
}

/** Both keep the same rules: sessions in the cookie, and those of an interface that extends `SessionInterface`. */
const kinds = [['in the cookie', undefined], ['of an interface of your own', MemorySessions]] as const

const ADA = { user: 'ada' }
const NOBODY = { user: null }

for (const [kind, sessionInterface] of kinds) {
  const lifetimes = { lifetime: 2 * HOUR, permanentLifetime: 30 * DAY }
  const remember: AppOptions = { sessionInterface, ...lifetimes, refreshAfter: false }

  t.test(`sessions ${kind}: one from before absoluteLifetime was set began with its signature`, async (t) => {
    const pass = stopClock(t)
    const stored: MemorySessions['stored'] = new Map()
    const shared = sessionInterface && class extends MemorySessions { override readonly stored = stored }
    const before = await browserOf(t, { ...remember, sessionInterface: shared })
    await before.send('/remember')
    const after = await browserOf(t, { ...remember, sessionInterface: shared, absoluteLifetime: 3 * HOUR })
    pass(2 * HOUR)
    await after.send('/write', before.cookie())
    t.match(after.line(), /; Max-Age=3600$/)
    pass(HOUR)
    t.strictSame(await after.send('/user'), ADA)
    pass(1)
    t.strictSame(await after.send('/user'), NOBODY)
  })

  t.test(`sessions ${kind}: a date that was only read is no change`, async (t) => {
    const browser = await browserOf(t, { sessionInterface })
    await browser.send('/login')
    t.strictSame(await browser.send('/since'), { since: new Date(0).toJSON() })
    t.equal(browser.line(), undefined)
  })

  t.test(`sessions ${kind}: the cookie of one that ended is deleted by Max-Age and Expires`, async (t) => {
    const browser = await browserOf(t, remember)
    await browser.send('/remember')
    await browser.send('/logout')
    t.match(browser.line(), /^session=; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT;/)
    t.equal(browser.cookie(), undefined)
  })

  t.test(`sessions ${kind}: expiresAt is when the cookie that came is refused`, async (t) => {
    const now = Date.UTC(2030, 0, 1)
    const after = (seconds: number): object => ({ at: new Date(now + seconds * 1000).toJSON() })
    const rows: Array<[options: AppOptions, login: string, asCame: object]> = [
      [{}, '/login', after(2 * HOUR)], [{}, '/remember', after(30 * DAY)],
      [{ absoluteLifetime: DAY }, '/login', after(2 * HOUR)], [{ absoluteLifetime: DAY }, '/remember', after(DAY)],
      [{ lifetime: Infinity, permanentLifetime: Infinity }, '/login', {}],
      [{ permanentLifetime: Infinity }, '/remember', {}], [{ permanentLifetime: 9e15 }, '/remember', {}]
    ]
    for (const [options, login, asCame] of rows) {
      const pass = stopClock(t, now)
      const browser = await browserOf(t, { ...remember, refreshAfter: HOUR, ...options })
      t.strictSame(await browser.send('/expires'), {}, 'a new session has none')
      await browser.send(login)
      pass(1800)
      t.strictSame(await browser.send('/expires'), asCame)
      pass(1800)
      const came = browser.cookie()
      t.strictSame(await browser.send('/expires'), asCame, 'though it is signed anew now')
      t.type(browser.line(), 'string')
      t.strictSame(await browser.send('/anew', came), {})
      t.strictSame(await browser.send('/ended'), {})
    }
  })
}

rule('whether a session is permanent is said by its payload alone', async (t, interfaceWith) => {
  const { at, iface } = interfaceWith({ lifetime: 2 * HOUR, permanentLifetime: 30 * DAY })
  const payload = (permanent: unknown): string => JSON.stringify({ a: 1, _permanent: permanent })
  for (const [permanent, age, size] of [
    [true, 30 * DAY, 1], [true, 30 * DAY + 1, 0], [false, 2 * HOUR, 1], [false, 2 * HOUR + 1, 0],
    [undefined, 2 * HOUR + 1, 0], [1, 2 * HOUR + 1, 0], ['true', 2 * HOUR + 1, 0]
  ] as const) {
    const raw = interfaceWith({ serializer: { dumps: () => payload(permanent), loads: JSON.parse } }).iface
    const cookie = cookieOf(raw, { a: 1 })
    at(START + age)
    const { session, refused } = open(iface, cookie)
    t.equal(Math.min(session.size, 1), size, `${payload(permanent)} ${age} s`)
    t.match(refused, size === 1 ? [] : [{ code: 'FSS_ERR_SIGNATURE_EXPIRED' }])
  }
})

t.test('an interface of your own puts what it likes into the signed cookie', async (t) => {
  const browser = await browserOf(t, { sessionInterface: MemorySessions })
  await browser.send('/login')
  const [text, , signature] = browser.cookie()!.slice('session='.length).split('.') as [string, string, string]
  t.match(Buffer.from(text, 'base64url').toString(), /^[\w-]{22}$/)
  t.equal(signature.length, 43)
  browser.logs.length = 0
  t.strictSame(await browser.send('/user', browser.cookie()!.slice(0, -1)), NOBODY)
  t.ok(browser.logs.some(({ code }) => code === 'FSS_ERR_BAD_TIME_SIGNATURE'), 'what is forged is reported')
})

t.test('an interface of your own opens the first cookie that it knows, and says why it opened none', async (t) => {
  const pass = stopClock(t)
  const seen: string[] = []
  const browser = await browserOf(t, {
    sessionInterface: MemorySessions, lifetime: 60, permanentLifetime: DAY, onInvalid: ({ code }) => { seen.push(code) }
  })
  await browser.send('/login')
  const short = browser.cookie()!
  await browser.send('/remember', 'session=')
  const long = browser.cookie()!
  await browser.send('/logout')
  seen.length = 0
  t.strictSame(await browser.send('/user', `${long}; ${short}`), ADA)
  t.strictSame(await browser.send('/user', long), NOBODY)
  t.strictSame(seen, [], 'a session that ended is no attack')
  pass(61)
  t.strictSame(await browser.send('/user', `${long}; ${short}`), NOBODY)
  t.strictSame(seen, ['FSS_ERR_SIGNATURE_EXPIRED'])
})

t.test('an interface of your own is given back the very session that it opened', async (t) => {
  const opened = new WeakSet<Session>()
  const given: boolean[] = []
  class Watching extends MemorySessions {
    override async openSession (...args: Parameters<MemorySessions['openSession']>): Promise<Session> {
      const session = await super.openSession(...args)
      opened.add(session)
      return session
    }

    override async saveSession (...args: Parameters<MemorySessions['saveSession']>): Promise<SaveDecision> {
      given.push(opened.has(args[0]))
      return await super.saveSession(...args)
    }
  }
  const browser = await browserOf(t, { sessionInterface: Watching })
  for (const url of ['/login', '/user', '/write', '/regenerate', '/logout']) await browser.send(url)
  t.strictSame(given, Array(5).fill(true))
})

t.test('a slow request that began before a logout does not bring the session back', async (t) => {
  const { app, logs } = await buildApp({ sessionInterface: MemorySessions, refreshAfter: 0 })
  app.get('/login', async ({ session }) => { session.set('user', 'ada') })
  app.get('/logout', async ({ session }) => { session.delete() })
  app.get('/user', async ({ session }) => ({ user: session.get('user') ?? null }))
  const slowly: Record<string, (session: Session) => unknown> = {
    '/write': (session) => session.set('n', 1),
    '/read': (session) => session.get('user'),
    '/regenerate': (session) => session.regenerate(['user'])
  }
  for (const [url, use] of Object.entries(slowly)) {
    app.get(url, async ({ headers, session }) => {
      await app.inject({ url: '/logout', headers: { cookie: headers.cookie! } })
      use(session)
    })
  }
  for (const url of Object.keys(slowly)) {
    const cookie = cookieFrom((await app.inject('/login')).headers)!
    const slow = await app.inject({ url, headers: { cookie } })
    t.match(setCookies(slow.headers), [/^session=; Max-Age=0;/], url)
    t.strictSame((await app.inject({ url: '/user', headers: { cookie } })).json(), NOBODY)
  }
  t.equal((app.sessionInterface as unknown as MemorySessions).stored.size, 0)
  t.strictSame(errorsOf(logs), [])
})

t.test('an interface that needs the settings and is given as an instance is told to be given as a class', async (t) => {
  const browser = await browserOf(t, { sessionInterface: new MemorySessions() })
  t.match(await browser.send('/user'), {
    statusCode: 500, message: /made without settings: give the option sessionInterface its class/
  })
  t.match(errorsOf(browser.logs), [{ err: { type: 'TypeError' } }])
})

t.test('the id that a session was opened with is known to a handler too', async (t) => {
  const { app } = await buildApp()
  app.get('/', async ({ session }) => {
    const id = session.isNew ? undefined : session.id
    session.regenerate(['a'])
    session.set('a', 1)
    return { isOpened: app.sessionInterface.openedId(session) === id, isNew: session.id !== id }
  })
  const first = await app.inject('/')
  const second = await app.inject({ url: '/', headers: { cookie: cookieFrom(first.headers)! } })
  for (const response of [first, second]) t.strictSame(response.json(), { isOpened: true, isNew: true })
})

t.test('an interface without a serializer knows changes in stored objects by how they were', async (t) => {
  class Unwritten extends MemorySessions {
    override readonly serializer = undefined
  }
  const { app } = await buildApp({ sessionInterface: Unwritten })
  app.get('/set', async ({ session }) => { session.set('list', [1]) })
  app.get('/read', async ({ session }) => session.get('list'))
  app.get('/push', async ({ session }) => { (session.get('list') as number[]).push(2) })
  const cookie = cookieFrom((await app.inject('/set')).headers)!
  const send = (url: string) => app.inject({ url, headers: { cookie } })
  t.strictSame(setCookies((await send('/read')).headers), [])
  t.equal(setCookies((await send('/push')).headers).length, 1)
  t.strictSame((await send('/read')).json(), [1, 2])
})
