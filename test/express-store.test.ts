import t from 'tap'
import Fastify from 'fastify'
import sessionPlugin, { type ExpressStore, fromExpressStore, type SessionStore } from '../lib/index.ts'
import { testStore } from '../lib/testing.ts'
import { SECRET } from './support/app.ts'
import { stopClock } from './support/clock.ts'

type Answer = (error?: unknown, session?: unknown) => void

const HOUR = 3600
const SESSION = {
  fields: new Map([['a', '1']]), permanent: false, createdAt: 0, usedAt: 0, owner: null, fromCookie: false
}

/** Keeps JSON, as stores of express-session do. What `fail` holds is what the next calls answer with. */
class JSONStore {
  readonly texts = new Map<string, string>()
  readonly calls: string[] = []
  fail: unknown

  get (id: string, answer: Answer): void {
    this.#answer('get', answer, () => {
      const text = this.texts.get(id)
      return text === undefined ? undefined : JSON.parse(text)
    })
  }

  set (id: string, session: object, answer: Answer): void {
    this.#answer('set', answer, () => { this.texts.set(id, JSON.stringify(session)) })
  }

  destroy (id: string, answer: Answer): void {
    this.#answer('destroy', answer, () => { this.texts.delete(id) })
  }

  #answer (method: string, answer: Answer, run: () => unknown): void {
    this.calls.push(method)
    setImmediate(() => {
      if (this.fail !== undefined) return answer(this.fail)
      try {
        answer(null, run())
      } catch (error) {
        answer(error)
      }
    })
  }
}

function build (): { inner: JSONStore, store: SessionStore, expiresAt: number } {
  const inner = new JSONStore()
  return { inner, store: fromExpressStore(inner), expiresAt: Math.floor(Date.now() / 1000) + HOUR }
}

t.test('of the rules of a store, only those of calls at the same time are broken', async (t) => {
  const broken = await testStore(build().store).then(() => '', (error) => error.message)
  t.strictSame(broken.split('\n').slice(1).map((line: string) => line.split('. ')[0]), [
    '- of many that create one key at once, one does',
    '- many that update one session at once lose nothing',
    '- of many that destroy one session at once, one ends it',
    '- an update never brings an ended session back'
  ])
})

t.test('the store finds the expiry in the cookie, and letters of every kind in ASCII', async (t) => {
  stopClock(t, 1_000_000)
  const { inner, store } = build()
  await store.create('a', { ...SESSION, fields: new Map([['é', '1']]), expiresAt: 1060 })
  const { cookie } = JSON.parse(inner.texts.get('a')!)
  t.strictSame(cookie, { originalMaxAge: 60_000, maxAge: 60_000, expires: '1970-01-01T00:17:40.000Z' })
  t.match(inner.texts.get('a'), /^[ -~]*$/)
})

t.test('a read takes one call, each other operation two', async (t) => {
  const { inner, store, expiresAt } = build()
  const changes = { set: new Map(), unset: [], usedAt: 0, expiresAt: { permanent: expiresAt, otherwise: expiresAt } }
  await store.create('a', { ...SESSION, expiresAt })
  await store.read('a')
  await store.update('a', changes)
  await store.destroy('a', undefined)
  t.equal(inner.calls.join(' '), 'get set get get set get destroy')
  t.equal(inner.texts.size, 0)
})

t.test('a failure of the store rejects, whether it is answered, thrown or rejected', async (t) => {
  const { inner, store, expiresAt } = build()
  inner.fail = new Error('no connection')
  await t.rejects(store.read('a'), { message: 'no connection' })
  await t.rejects(store.destroy('a', undefined), { message: 'no connection' })
  const failing: Array<() => unknown> = [
    () => { throw new Error('thrown') },
    async () => { throw new Error('thrown') }
  ]
  for (const get of failing) {
    const thrown = fromExpressStore({ get, set: get, destroy: get })
    await t.rejects(thrown.create('a', { ...SESSION, expiresAt }), { message: 'thrown' })
  }
})

t.test('a file that is missing is no session for a read, and a failure for a write', async (t) => {
  const { inner, store, expiresAt } = build()
  const missing = Object.assign(new Error('no such file'), { code: 'ENOENT' })
  inner.fail = missing
  t.equal(await store.read('a'), undefined)
  await t.rejects(store.create('a', { ...SESSION, expiresAt }), missing)
})

t.test('what somebody wrote by hand is no session, and no failure of the store', async (t) => {
  const { inner, store, expiresAt } = build()
  const app = Fastify()
  const refused: string[] = []
  await app.register(sessionPlugin, { secret: SECRET, store, onInvalid: ({ code }) => { refused.push(code) } })
  app.get('/', async ({ session }) => session.data())
  app.post('/', async ({ session }) => { session.set('a', 1) })
  const { cookies: [cookie] } = await app.inject({ url: '/', method: 'POST' })
  const [key] = inner.texts.keys()
  const nonsense = ['no JSON', '5', '{}', '{"entry":"x"}', '{"entry":"null"}', '{"entry":"{\\"fields\\":[5]}"}']
  for (const text of nonsense) {
    inner.texts.set(key!, text)
    const { statusCode, body } = await app.inject({ url: '/', cookies: { session: cookie!.value } })
    t.strictSame([statusCode, body], [200, '{}'], text)
    t.equal(await store.create(key!, { ...SESSION, expiresAt }), 'exists')
    t.equal(await store.update(key!, { set: new Map(), unset: [] } as never), false)
  }
  t.equal(refused.length, nonsense.length)
  t.equal(await store.destroy(key!, undefined), true)
})

t.test('what is no such store, and an owner with one, are refused', async (t) => {
  const message = 'fromExpressStore expected a store of express-session, with get, set and destroy'
  for (const store of [undefined, null, {}, new Map()]) {
    t.throws(() => fromExpressStore(store as unknown as ExpressStore), { name: 'TypeError', message })
  }
  const app = Fastify()
  app.register(sessionPlugin, { secret: SECRET, store: build().store, owner: 'userId' })
  await t.rejects(async () => { await app.ready() }, {
    message: 'The session option owner needs a store with list and destroyAll'
  })
})
