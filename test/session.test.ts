import { inspect } from 'node:util'
import t from 'tap'
import { Session } from '../lib/index.ts'
import { assignSession, contentsOf } from '../lib/session/session.ts'

t.test('what is set comes back, by method and by property', async (t) => {
  const session = new Session() as Session
  session.set('userId', 42)
  session.name = 'Ada'
  t.equal(session.get('userId'), 42)
  t.equal(session.userId, 42)
  t.equal(session.get('name'), 'Ada')
  t.equal(session.missing, undefined)
  t.ok(session.has('name'))
  t.notOk(session.has('missing'))
  t.equal(session.size, 2)
  t.strictSame(session.keys(), ['userId', 'name'])
  t.strictSame(session.entries(), [['userId', 42], ['name', 'Ada']])
  t.strictSame([...session], [['userId', 42], ['name', 'Ada']])
  t.strictSame(session.data(), { userId: 42, name: 'Ada' })
})

t.test('as an object a session has its data keys and no others', async (t) => {
  const session = new Session({ a: 1, b: 2 }) as Session
  t.strictSame(Object.keys(session), ['a', 'b'])
  t.strictSame({ ...session }, { a: 1, b: 2 })
  t.equal(JSON.stringify(session), '{"a":1,"b":2}')
  t.ok('a' in session)
  t.notOk('get' in session)
  t.notOk(Symbol.iterator in session)
  t.ok(delete session.a)
  t.ok(delete (session as never)[Symbol.iterator])
  t.strictSame(Object.entries(session), [['b', 2]])
  t.equal(Object.getOwnPropertyDescriptor(session, Symbol.iterator), undefined)
  t.equal(Object.getOwnPropertyDescriptor(session, 'missing'), undefined)
  Object.defineProperty(session, 'c', { value: 3 })
  t.equal(session.c, 3)
  Object.assign(session, { d: 4 })
  t.strictSame(session.keys(), ['b', 'c', 'd'])
  t.throws(() => Object.defineProperty(session, 'e', { get: () => 5 }), TypeError)
  t.throws(() => Object.freeze(session), TypeError)
  t.throws(() => Object.setPrototypeOf(session, null), TypeError)
  t.ok(session instanceof Session)
  t.equal(Object.prototype.toString.call(session), '[object Session]')
})

t.test('inspecting a session shows its data', async (t) => {
  t.equal(inspect(new Session({ a: { b: 1 } })), 'Session { a: { b: 1 } }')
})

/** Every name that has a meaning on a session, now or later. */
const MEMBERS = [
  'get', 'set', 'has', 'delete', 'pop', 'setDefault', 'update', 'clear', 'data', 'toJSON', 'keys', 'entries', 'size',
  'permanent', 'isNew', 'accessed', 'modified', 'id', 'issuedAt', 'createdAt', 'touch', 'regenerate', 'options',
  'save', 'reload', 'expiresAt', 'key', 'end', 'then'
]

t.test('the name of a member is no key, by whatever way, and the error is the client\'s', async (t) => {
  const session = new Session({ a: 1 }) as Session
  for (const name of MEMBERS) {
    const writes: Array<() => void> = [
      () => session.set(name, 1), () => session.setDefault(name, 1), () => session.update({ b: 2, [name]: 1 }),
      () => assignSession(session, { b: 2, [name]: 1 })
    ]
    if (name !== 'permanent' && name !== 'modified') writes.push(() => Object.assign(session, { [name]: 1 }))
    for (const write of writes) {
      t.throws(write, {
        name: 'TypeError',
        code: 'FSS_ERR_INVALID_SESSION_DATA',
        statusCode: 400,
        message: `"${name}" is a member of the session and cannot be a key; choose another name`
      })
    }
  }
  t.strictSame(session.data(), { a: 1 }, 'and nothing was half done')
  t.throws(() => { (session as never as Record<symbol, unknown>)[Symbol('s')] = 1 }, TypeError)
})

t.test('a key under a member\'s name that came with the cookie is data, and no property', async (t) => {
  const data = Object.fromEntries(MEMBERS.map((name) => [name, `data ${name}`]))
  const session = new Session({ ...data, a: 1 } as never) as Session
  for (const name of MEMBERS) {
    t.equal(session.get(name), `data ${name}`)
    t.ok(session.has(name))
    t.not(session[name], `data ${name}`)
    t.notOk(name in session)
  }
  t.strictSame(session.data(), { ...data, a: 1 })
  t.strictSame(JSON.parse(JSON.stringify(session)), { ...data, a: 1 })
  t.strictSame({ ...session }, { a: 1 })
  t.strictSame(Object.keys(session), ['a'])
  t.equal(Object.getOwnPropertyDescriptor(session, 'id'), undefined)
  t.throws(() => Object.defineProperty(session, 'id', { value: 1 }), TypeError)
  t.ok(delete (session as Record<string, unknown>).size)
  t.ok(session.has('size'))
  t.equal(session.pop('id'), 'data id')
  t.notOk(session.has('id'))
  session.regenerate(['keys'])
  t.strictSame(session.data(), { keys: 'data keys' })
})

t.test('keys are strings, and four are reserved', async (t) => {
  const session = new Session({ a: 1 }) as Session
  for (const key of ['_id', '_began', '_permanent', '__proto__']) {
    const values = Object.defineProperty({ b: 2 }, key, { value: 1, enumerable: true })
    for (const write of [
      () => session.set(key, 1), () => session.delete(key), () => session.setDefault(key, 1),
      () => {
        session[key] = 1
      },
      () => session.update(values),
      () => assignSession(session, values),
      () => new Session(values)
    ]) {
      t.throws(write, {
        name: 'TypeError',
        code: 'FSS_ERR_INVALID_SESSION_DATA',
        statusCode: 400,
        message: `The session key "${key}" is reserved`
      })
    }
    t.equal(session.get(key), undefined)
    t.notOk(session.has(key))
    t.equal(session.pop(key, 'fallback'), 'fallback')
  }
  t.strictSame(session.data(), { a: 1 }, 'and nothing was half done')
  for (const [key, type] of [[1, 'number'], [null, 'null'], [undefined, 'undefined']] as const) {
    t.throws(() => session.set(key as unknown as string, 1), { message: `A session key must be a string, not ${type}` })
    t.throws(() => session.delete(key as never), TypeError)
  }
  t.strictSame(session.data(), { a: 1 }, 'delete(undefined) does not end the session')
})

t.test('names that every object has are ordinary keys', async (t) => {
  const session = new Session() as Session
  for (const key of ['constructor', 'toString', 'hasOwnProperty', 'valueOf']) {
    t.equal(session.get(key), undefined)
    t.notOk(key in session)
    session.set(key, key)
    t.equal(session.get(key), key)
    t.equal(session[key], key)
    t.strictSame({ ...session }, { [key]: key })
    t.equal(JSON.stringify(session), JSON.stringify({ [key]: key }))
    delete session[key]
    t.notOk(session.has(key))
  }
  t.equal(session.constructor, Session)
})

t.test('Flask\'s dict methods', async (t) => {
  const session = new Session({ a: 1 }) as Session
  t.equal(session.pop('a'), 1)
  t.equal(session.pop('a'), undefined)
  t.equal(session.pop('a', 'none'), 'none')
  t.equal(session.setDefault('b', 2), 2)
  t.equal(session.setDefault('b', 3), 2)
  session.update({ c: 3, d: undefined, b: undefined })
  t.strictSame(session.data(), { c: 3 })
  for (const wrong of [null, undefined, 'ab', [['a', 1]], new Map()]) {
    t.throws(() => session.update(wrong as never), {
      statusCode: 400,
      message: 'The data of a session must be an object without a class'
    })
  }
  session.clear()
  t.equal(session.size, 0)
})

t.test('set to undefined removes the key', async (t) => {
  const session = new Session({ a: 1 }) as Session
  session.set('a', undefined)
  session.b = undefined
  t.strictSame(session.keys(), [])
})

t.test('delete removes one key, or without an argument ends the session', async (t) => {
  const session = new Session({ a: 1, b: 2 }) as Session
  t.equal(session.delete('a'), true)
  t.equal(session.delete('a'), false)
  t.equal(session.delete(), true)
  t.equal(session.size, 0)
  t.equal(session.delete(), false)
})

t.test('modified follows Flask\'s rules', async (t) => {
  const after = (change: (session: Session) => void): boolean => {
    const session = new Session({ a: 1 }) as Session
    change(session)
    return session.modified
  }
  for (const [name, change] of Object.entries<(session: Session) => void>({
    'set, also to the same': (session) => session.set('a', 1),
    delete: (session) => session.delete('a'),
    'pop of a present key': (session) => session.pop('a'),
    clear: (session) => session.clear(),
    'update, also with nothing': (session) => session.update({}),
    'setDefault of a missing key': (session) => session.setDefault('b', 1),
    permanent: (session) => { session.permanent = false },
    'an id that was not kept': (session) => session.id,
    regenerate: (session) => session.regenerate(['a']),
    modified: (session) => { session.modified = true }
  })) t.ok(after(change), name)
  for (const [name, change] of Object.entries<(session: Session) => void>({
    nothing: () => {},
    get: (session) => session.get('a'),
    'pop of a missing key': (session) => session.pop('b', 1),
    'delete of a missing key': (session) => session.delete('b'),
    'setDefault of a present key': (session) => session.setDefault('a', 2),
    'modified = false': (session) => { session.a = 2; session.modified = false }
  })) t.notOk(after(change), name)
})

t.test('permanent stands beside the data', async (t) => {
  const session = new Session() as Session
  t.equal(session.permanent, false)
  session.permanent = true
  t.equal(session.permanent, true)
  t.equal(session.modified, true)
  t.strictSame(
    [
      session.get('_permanent'), session.has('_permanent'), session.size, session.data(), { ...session },
      JSON.stringify(session)
    ],
    [undefined, false, 0, {}, {}, '{}'])
  session.permanent = 0 as never
  t.equal(session.permanent, false)
  t.equal((new Session({ a: 1 }, { permanent: true }) as Session).permanent, true)
})

t.test('a session is permanent from its start where sessions start so, ' +
  'and again after it was started anew', async (t) => {
  for (const startsPermanent of [true, false]) {
    const session = new Session({}, { startsPermanent }) as Session
    t.equal(session.permanent, startsPermanent)
    for (const restart of [
      () => session.clear(), () => session.delete(), () => session.regenerate(['a']),
      () => assignSession(session, { a: 1 }), () => assignSession(session, null)
    ]) {
      session.permanent = !startsPermanent
      restart()
      t.equal(session.permanent, startsPermanent)
    }
    t.equal(
      (new Session({ a: 1 }, { startsPermanent, isNew: false }) as Session).permanent,
      false,
      'a session that came is as it says'
    )
  }
})

t.test('accessed tells a use, and asking for it is none', async (t) => {
  const session = new Session() as Session
  t.equal(session.accessed, false)
  t.equal(session.accessed, false)
  t.equal(session.isNew, true)
  t.equal(session.accessed, true)
})

t.test('an id is made once, of 128 bits, and anew after regenerate, clear and delete', async (t) => {
  const session = new Session() as Session
  const seen = new Set<string>()
  for (const end of [() => session.regenerate(), () => session.clear(), () => session.delete(), () => {}]) {
    t.match(session.id, /^[\w-]{22}$/)
    t.equal(session.id, session.id)
    seen.add(session.id)
    session.set('a', 1)
    t.ok(seen.has(session.id), 'an id stays when the first key is stored')
    end()
  }
  t.equal(seen.size, 4)
  const empty = new Session() as Session
  t.ok(empty.id)
  t.notOk(empty.modified, 'reading it makes nothing worth saving')
  t.equal((new Session({}, { id: 'known' }) as Session).id, 'known')
})

t.test('regenerate drops every key but those to keep, and the clock', async (t) => {
  const session = new Session(
    { cart: [1], user: 'planted', lang: 'en' },
    { id: 'old', createdAt: 5, issuedAt: 6, isNew: false }
  ) as Session
  t.strictSame(session.createdAt, new Date(5000))
  t.strictSame(session.issuedAt, new Date(6000))
  await session.regenerate(['cart', 'missing', 'toString'])
  t.strictSame(session.data(), { cart: [1] })
  t.not(session.id, 'old')
  t.equal(session.createdAt, undefined)
  t.equal(session.issuedAt, undefined)
  session.regenerate()
  t.equal(session.size, 0)
})

t.test('objects that code outside may change are known; primitives cost nothing', async (t) => {
  const shared = (use: (session: Session) => unknown): boolean => {
    const session = new Session({ list: [1], word: 'a' }) as Session
    use(session)
    return contentsOf(session)!.held !== undefined
  }
  for (const use of [
    (session: Session) => session.get('list'), (session: Session) => session.list,
    (session: Session) => session.set('new', {}), (session: Session) => session.data(),
    (session: Session) => session.entries()
  ]) { t.ok(shared(use)) }
  const words = new Session({ word: 'a', n: 1 }) as Session
  t.strictSame([words.data(), words.entries().length], [{ word: 'a', n: 1 }, 2])
  t.equal(contentsOf(words)!.held, undefined)
  for (const use of [
    (session: Session) => session.get('word'), (session: Session) => session.has('list'),
    (session: Session) => session.set('n', 1), (session: Session) => session.keys(),
    (session: Session) => session.size
  ]) { t.notOk(shared(use)) }
})

t.test('options belong to the session of a request', async (t) => {
  t.throws(() => (new Session() as Session).options({ secure: true }), TypeError)
})

t.test('a method that was taken from its session says so', async (t) => {
  const { get, set } = new Session({ a: 1 }) as Session
  for (const call of [() => get('a'), () => set('a', 1), () => get.call({} as never, 'a')]) {
    t.throws(call, { name: 'TypeError', message: /^A method of a session was called without it/ })
  }
})

t.test('a callback is refused before anything is done, since nobody would call it', async (t) => {
  const session = new Session({ user: 1 }) as Session
  const never = (): void => {}
  const calls: Record<string, Array<unknown[]>> = {
    regenerate: [[never], [['user'], never]],
    delete: [[never], ['user', never]],
    clear: [[never]],
    touch: [[never]],
    update: [[{}, never]]
  }
  for (const [method, lists] of Object.entries(calls)) {
    for (const args of lists) {
      const call = (session as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!
      t.throws(() => call.apply(session, args), {
        name: 'TypeError',
        message: `session.${method}() takes no callback: it takes effect at once, ` +
          'and the session is saved with the reply'
      })
    }
  }
  t.strictSame(session.data(), { user: 1 })
  t.notOk(session.modified)
})

t.test('regenerate takes a list', async (t) => {
  const session = new Session({ user: 1 }) as Session
  t.throws(() => session.regenerate('user' as never), { message: 'regenerate takes a list of the keys to keep' })
  t.equal(session.user, 1)
})

t.test('a session is no promise, and awaiting it is no use of it', async (t) => {
  const session = new Session({ a: 1 }) as Session
  t.equal(await (async () => session)(), session)
  t.equal(session.accessed, false)
  t.throws(() => { session.then = 1 }, TypeError)
})

t.test('a key __proto__ that another program wrote is kept as a key', async (t) => {
  const data = JSON.parse('{"__proto__":{"admin":true},"a":1}')
  const session = new Session() as Session
  contentsOf(session)!.data = data
  session.regenerate(session.keys())
  t.strictSame(session.keys(), ['__proto__', 'a'])
  t.equal(session.admin, undefined)
})

t.test('touch asks for a new signature without a change', async (t) => {
  const session = new Session({ a: 1 }) as Session
  session.touch()
  t.equal(session.modified, false)
  t.equal(contentsOf(session)!.touched, true)
})
