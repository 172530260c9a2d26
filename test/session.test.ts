import { inspect } from 'node:util'
import t from 'tap'
import { Session } from '../lib/index.ts'
import { contentsOf } from '../lib/session/session.ts'

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

t.test('a key that is a member\'s name is reached by get and set; assigning to it says so', async (t) => {
  const session = new Session() as Session
  for (const name of ['get', 'size', 'id', 'constructor', '__proto__']) {
    t.throws(() => { (session as Record<string, unknown>)[name] = 1 }, { name: 'TypeError', message: `"${name}" is a member of the session; session.set() stores a value under that name` })
  }
  session.set('get', 1)
  t.equal(session.get('get'), 1)
  t.type(session.get, 'function')
  t.throws(() => { (session as never as Record<symbol, unknown>)[Symbol('s')] = 1 }, TypeError)
})

t.test('keys are strings, and three are reserved', async (t) => {
  const session = new Session({ a: 1 }) as Session
  for (const key of ['_id', '_began', '__proto__']) {
    const values = Object.defineProperty({ b: 2 }, key, { value: 1, enumerable: true })
    for (const write of [
      () => session.set(key, 1), () => session.delete(key), () => session.setDefault(key, 1),
      () => session.update(values), () => new Session(values)
    ]) t.throws(write, { name: 'TypeError', message: `The session key "${key}" is reserved` })
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
    session.set(key, key)
    t.equal(session.get(key), key)
  }
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
    t.throws(() => session.update(wrong as never), { message: 'The data of a session must be an object without a class' })
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
  t.ok(session.id)
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
    'a new id': (session) => session.id,
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

t.test('permanent is an ordinary key', async (t) => {
  const session = new Session() as Session
  t.equal(session.permanent, false)
  session.permanent = true
  t.equal(session.get('_permanent'), true)
  session.set('_permanent', 'yes')
  t.equal(session.permanent, true)
  session.permanent = false
  t.strictSame(session.data(), { _permanent: false })
})

t.test('a session that starts permanent becomes so with its first key', async (t) => {
  const session = new Session({}, { startsPermanent: true }) as Session
  t.equal(session.permanent, true)
  t.equal(session.size, 0)
  session.set('a', undefined)
  t.equal(session.size, 0)
  session.set('a', 1)
  t.strictSame(session.data(), { _permanent: true, a: 1 })
  session.clear()
  t.equal(session.size, 0)
  session.permanent = false
  t.strictSame(session.data(), { _permanent: false })
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
    end()
  }
  t.equal(seen.size, 4)
  t.equal((new Session({}, { id: 'known' }) as Session).id, 'known')
})

t.test('regenerate drops every key but those to keep, and the clock', async (t) => {
  const session = new Session({ cart: [1], user: 'planted', lang: 'en' }, { id: 'old', began: 5, issuedAt: 6, isNew: false }) as Session
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
    return contentsOf(session)!.isLent
  }
  for (const use of [(session: Session) => session.get('list'), (session: Session) => session.list, (session: Session) => session.set('new', {}),
    (session: Session) => session.data(), (session: Session) => session.entries()]) t.ok(shared(use))
  const words = new Session({ word: 'a', n: 1 }) as Session
  t.strictSame([words.data(), words.entries().length], [{ word: 'a', n: 1 }, 2])
  t.notOk(contentsOf(words)!.isLent)
  for (const use of [(session: Session) => session.get('word'), (session: Session) => session.has('list'), (session: Session) => session.set('n', 1),
    (session: Session) => session.keys(), (session: Session) => session.size]) t.notOk(shared(use))
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
