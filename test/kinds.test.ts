import { parse } from 'node:querystring'
import vm from 'node:vm'
import cookie from '@fastify/cookie'
import fc from 'fast-check'
import Fastify from 'fastify'
import t from 'tap'
import sessionPlugin from '../lib/index.ts'
import { attempt } from '../lib/errors.ts'
import { describeType, isPlainArray, isPlainObject, kindOf } from '../lib/json/kinds.ts'
import { JSONTag } from '../lib/json/tag.ts'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'
import { Markup, Tuple, UUID } from '../lib/json/values.ts'
import { DefaultJSONProvider } from '../lib/json/default-provider.ts'
import { isUnchanged, snapshotOf } from '../lib/session/snapshot.ts'
import { same } from './support/equal.ts'
import { kept, refused } from './support/look-alikes.ts'

const secret = 'kinds-of-values-0123456789-abcdefghij'
const runs = { seed: 20261125, numRuns: 500 }
const hex = '0123456789abcdef0123456789abcdef'

class Cart {}
const fn = (): void => {}

class TagNothing extends JSONTag {
  readonly key = ' no'
  check (): boolean { return false }
  toJson (): unknown { return null }
  fromJson (): unknown { return null }
}

const serializer = new TaggedJSONSerializer()
const flask = new TaggedJSONSerializer({ format: 'flask' })
const extended = new TaggedJSONSerializer()
extended.register(TagNothing, { index: 0 })

t.test('every kind has its name, and nothing else has one', async (t) => {
  const kinds: Array<[kind: string | undefined, values: unknown[]]> = [
    ['string', ['']], ['boolean', [false]], ['number', [-0]], ['not finite', [NaN, -Infinity]], ['bigint', [0n]],
    ['undefined', [undefined]], ['null', [null]], ['array', [[], Array(1)]], ['object', [{}, { a: 1 }]],
    ['Date', [new Date(NaN)]], ['Map', [new Map()]], ['Set', [new Set()]], ['URL', [new URL('a:b')]],
    ['Buffer', [Buffer.alloc(0), Buffer.alloc(100)]], ['Uint8Array', [new Uint8Array(), new Uint8Array(100)]],
    ['Tuple', [new Tuple()]], ['Markup', [new Markup('')]], ['UUID', [new UUID(hex)]],
    [undefined, [() => {}, Symbol('any'), /a/, new Float32Array(1), new (class Own {})()]],
    [undefined, Object.values(refused).map((make) => make())]
  ]
  for (const [kind, values] of kinds) for (const value of values) t.equal(kindOf(value), kind)
})

t.test('an object is plain by its prototype, in this realm or another', async (t) => {
  const foreign = ['({ a: [1] })', '({})', 'Object.create(null)'].map((code) => vm.runInNewContext(code))
  const plain = [{}, Object.create(null), Object.create(Object.create(null)), JSON.parse('{}'), ...foreign]
  for (const value of plain) {
    t.equal(isPlainObject(value), true)
    t.ok(isUnchanged(value, snapshotOf(value)))
  }
  const prototype = Object.assign(Object.create(null), { a: 1 })
  const ownKeys = (): never => { throw new Error('of the trap') }
  const others = [
    new Date(0), Object.create({}), new (class Class {})(), Object.create(prototype),
    Object.create(new Proxy({}, { ownKeys })), Object.create(new Proxy(Object.create(null), { ownKeys })),
    vm.runInNewContext('new Date(0)'), vm.runInNewContext('new (class Class {})()')
  ]
  for (const value of others) t.equal(isPlainObject(value), false)
})

t.test('an array is plain by its prototype, in this realm or another', async (t) => {
  for (const value of [[], vm.runInNewContext('[1]'), new Proxy([], {})]) t.equal(isPlainArray(value), true)
  const imitation = Object.assign([], { copyWithin: 1, constructor: Array })
  const others = [Object.setPrototypeOf([], imitation), vm.runInNewContext('new (class Own extends Array {})()')]
  for (const value of others) t.equal(isPlainArray(value), false)
})

t.test('values of another realm come back as this realm\'s', async (t) => {
  const twins: Array<[code: string, value: unknown]> = [
    ['new Date(5)', new Date(5)], ['new Date(NaN)', new Date(NaN)], ['1n', 1n], ['[1, 3]', [1, 3]],
    ['new Uint8Array([1, 2])', Uint8Array.of(1, 2)], ['new Uint8Array(100)', new Uint8Array(100)],
    ['({ a: { b: [] } })', { a: { b: [] } }],
    ['new Map([[new Date(5), new Set([1n])]])', new Map([[new Date(5), new Set([1n])]])],
    ['new Set([{ a: new Map([["b", new Date(7)]]) }])', new Set([{ a: new Map([['b', new Date(7)]]) }])]
  ]
  for (const [code, value] of twins) {
    const foreign = vm.runInNewContext(code)
    for (const each of [serializer, extended]) t.ok(same(each.loads(each.dumps(foreign)), value), code)
  }
})

t.test('what only looks like something that is kept is refused with its path, inside and on top', async (t) => {
  for (const [what, make] of Object.entries(refused)) {
    for (const each of [serializer, extended, flask]) {
      const reason = each.refusalOf(make())
      t.type(reason, 'string', what)
      t.notMatch(reason, /secret|of the/, what)
      for (const [value, keyPath] of [[make(), 'value'], [{ a: [make()] }, 'value.a[0]']] as const) {
        const error = { code: 'FSS_ERR_NOT_SERIALIZABLE', keyPath, message: `${keyPath} ${reason}` }
        t.match(t.throws(() => each.dumps(value)), error, what)
      }
    }
  }
})

t.test('what a tag\'s toJson gives is held to the same', async (t) => {
  class Box {}
  for (const [what, make] of Object.entries(refused).filter(([, make]) => !attempt(() => Array.isArray(make())))) {
    const own = new TaggedJSONSerializer()
    own.register(class extends TagNothing {
      override check (value?: unknown): boolean { return value instanceof Box }
      override toJson (): unknown { return { a: make() } }
    })
    const error = t.throws(() => own.dumps([new Box()]))
    t.match(error, { keyPath: 'value[0].a', message: /in what toJson of its tag returned/ }, what)
  }
})

t.test('what an instance has in place of its class\'s methods changes nothing of what is kept', async (t) => {
  for (const [what, { make, text, ...others }] of Object.entries(kept)) {
    for (const each of [serializer, extended]) {
      t.equal(each.dumps(make()), text, what)
      t.equal(each.refusalOf(make()), undefined, what)
    }
    const flaskText = 'flask' in others ? others.flask : text
    if (flaskText !== undefined) t.equal(flask.dumps(make()), flaskText, what)
  }
})

type Global = 'Date' | 'Map' | 'Set' | 'URL' | 'Uint8Array'

/** What `run` gives while another class stands in place of a global. */
async function replacing<Result> (name: Global, other: unknown, run: () => Result | Promise<Result>): Promise<Result> {
  const original = globalThis[name]
  Reflect.set(globalThis, name, other)
  try {
    return await run()
  } finally {
    Reflect.set(globalThis, name, original)
  }
}

const RealDate = Date
/** As @sinonjs/fake-timers has it: dates of a subclass that say they are of the real class. */
class ClockDate extends Date {
  constructor (...args: unknown[]) {
    super(...(args.length === 0 ? [5] : args) as [number])
    Object.defineProperty(this, 'constructor', { value: RealDate, enumerable: false })
  }
}
/** A class whose dates are the real ones, and whose prototype nobody has. */
const otherClock = Object.assign(function (time = 5) { return new RealDate(time) }, { now: () => 5 })
/** One that takes no time. */
class StoppedDate extends Date {
  constructor () {
    super(5)
  }
}

t.test('a test\'s clock changes no date that is read or written', async (t) => {
  const dates = [new Date(7000), new Date(0), new Date(-5e13)]
  for (const clock of [ClockDate, otherClock, StoppedDate]) {
    for (const each of [serializer, extended, flask]) {
      t.ok(same(await replacing('Date', clock, () => each.loads(each.dumps(dates))), dates))
    }
  }
  const text = '{" d":"1970-01-01T00:00:00.005Z"}'
  t.equal(await replacing('Date', ClockDate, () => serializer.dumps(new Date())), text)
  t.equal(serializer.dumps(new ClockDate()), text, 'a date that was made before the clock was set back')
  t.throws(() => serializer.dumps(new StoppedDate()), { message: /^value is an object of class StoppedDate/ })
})

t.test('classes that a test puts in place of Map, Set, URL or Uint8Array change nothing either', async (t) => {
  const values = { Map: new Map([[1, 2]]), Set: new Set([1]), URL: new URL('a:b'), Uint8Array: Uint8Array.of(1) }
  for (const [name, value] of Object.entries(values)) {
    class Other { static from (): unknown { return 'other' } }
    const loaded = await replacing(name as Global, Other, () => serializer.loads(serializer.dumps(value)))
    t.ok(same(loaded, value), name)
  }
})

t.test('a request that reads a session with a date is served while a test has replaced the clock', async (t) => {
  const app = Fastify()
  app.register(sessionPlugin, { secret })
  app.get('/', async (request) => request.session.get('at'))
  await app.ready()
  const cookies = { session: app.encodeSession({ at: new Date(7), list: [new Date(8)] }) }
  for (const clock of [ClockDate, otherClock, StoppedDate]) {
    Object.assign(clock, { now: RealDate.now })
    const response = await replacing('Date', clock, () => app.inject({ url: '/', cookies }))
    t.equal(response.statusCode, 200)
    t.equal(response.headers['set-cookie'], undefined)
  }
})

t.test('objects that Fastify and its plugins make are plain, wherever they are put', async (t) => {
  const app = Fastify()
  await app.register(cookie)
  app.register(sessionPlugin, { secret })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, parse(body as string))
  })
  app.post('/:id', async (request) => {
    const { query, params, cookies, body } = request
    const groups = /(?<word>\w+)/.exec('any')!.groups
    for (const value of [query, params, cookies, body, groups]) t.ok(isPlainObject(value as object))
    const all = { query, params, body, groups, cookies: { ...cookies, session: '' } }
    request.session.update(all)
    request.session.set('nested', [new Map([['all', all]])])
    const copy = request.session.data()
    request.session = Object.assign(Object.create(Object.create(null)), copy)
    return app.encodeSession(Object.assign(Object.create(Object.create(null)), { query }))
  })
  app.get('/', async (request) => request.session.data())
  const response = await app.inject({
    method: 'POST',
    url: '/5?a=1&a=2&constructor=x',
    headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: 'theme=dark' },
    payload: 'b=3&toString=y'
  })
  t.equal(response.statusCode, 200)
  t.strictSame(app.decodeSession(response.body), { query: { a: ['1', '2'], constructor: 'x' } })
  const [session] = response.cookies
  const { nested: _, ...read } = (await app.inject({ url: '/', cookies: { session: session!.value } })).json()
  t.strictSame(read, {
    query: { a: ['1', '2'], constructor: 'x' },
    params: { id: '5' },
    body: { b: '3', toString: 'y' },
    groups: { word: 'any' },
    cookies: { theme: 'dark', session: '' }
  })
})

t.test('a URL is kept where its text reads back as itself, and otherwise refused', async (t) => {
  for (const text of ['https://a.example/b?c#d', 'file:///C:/a', 'mailto:a@b', 'foo://h/p', 'data:,a%20']) {
    t.ok(same(serializer.loads(serializer.dumps(new URL(text))), new URL(text)))
  }
  const drive = new URL('http://h/C|')
  drive.protocol = 'file:'
  const reason = 'is an object of class URL, which cannot be kept: its text reads back as another URL; store the text'
  t.equal(serializer.refusalOf(drive), reason)
  t.match(t.throws(() => serializer.dumps({ a: [drive] })), { keyPath: 'value.a[0]', message: `value.a[0] ${reason}` })
})

t.test(`a URL that setters changed comes back the same or is refused (seed ${runs.seed})`, async () => {
  const parts = fc.constantFrom(
    '', 'file:', 'http:', 'foo:', 'javascript:', ':80', 'h:99', 'C|', '/C|/..', '//x', '..', 'a b', '?', '#', '@',
    'é', '\\', ' ')
  const names = ['protocol', 'host', 'hostname', 'port', 'pathname', 'search', 'hash', 'username', 'password']
  const setters = fc.tuple(fc.constantFrom(...names), parts)
  const starts = fc.constantFrom(
    'http://h/C|', 'foo://h/p', 'foo:p', 'file:///C:/', 'https://u:p@h:1/a?b#c', 'data:x  ?#', 'foo:/.//p')
  fc.assert(fc.property(starts, fc.array(setters, { maxLength: 4 }), (start, changes) => {
    const url = new URL(start)
    for (const [setter, part] of changes) Reflect.set(url, setter, part)
    return serializer.refusalOf(url) !== undefined || same(serializer.loads(serializer.dumps(url)), url)
  }), runs)
})

t.test('the reason of a refusal says what to do about the value', async (t) => {
  const [cannot, noForm] = ['which cannot be kept', 'which Flask has no form for']
  const instance = '; store a plain object, or register a tag for it'
  const forBoth = `${noForm}${instance} on both sides`
  const bigint = 'is a bigint, which would come back as a number, or has more digits than Python reads'
  const date = `${noForm}; store null, or a date of the years 1 to 9999`
  const kept = ['', true, null, -0, NaN, 2n ** 60n, [], [fn], { a: fn }, new Date(0), Buffer.alloc(0), new Tuple([fn])]
  const reasons: Array<[value: unknown, reason?: string | undefined, flaskReason?: string]> = [
    [fn, `is a function, ${cannot}`, `is a function, ${noForm}`],
    [Symbol('secret'), `is a symbol, ${cannot}`, `is a symbol, ${noForm}`],
    [new Cart(), `is an object of class Cart, ${cannot}${instance}`, `is an object of class Cart, ${forBoth}`],
    [10n ** 4300n, `is a bigint, ${cannot}: it has more than 4300 digits`, bigint],
    [1n, undefined, bigint],
    [new Date(NaN), undefined, `is an invalid Date, ${date}`],
    [new Date(8.64e15), undefined, `is an object of class Date, ${date}`],
    [undefined, undefined, `is undefined, ${noForm}; store null`],
    [new Map(), undefined, `is an object of class Map, ${forBoth}`],
    ...kept.map((value): [unknown] => [value])
  ]
  for (const [value, reason, flaskReason] of reasons) {
    t.equal(serializer.refusalOf(value), reason)
    t.equal(flask.refusalOf(value), flaskReason)
  }
  const own = new TaggedJSONSerializer()
  own.register(class extends TagNothing {
    override check (value?: unknown): boolean { return value instanceof Cart }
  })
  t.equal(own.refusalOf(new Cart()), undefined, 'a tag keeps it')
})

t.test('the reason of a refusal fits the value', async (t) => {
  const withNote = (value: object): object => Object.assign(value, { note: 'secret' })
  const own = 'it has own properties, so store these beside it'
  const moved = 'its memory was transferred or cut, so copy it before that'
  const list = 'spread it into a list'
  const instance = 'store a plain object, or register a tag for it'
  function * generator (): Generator<number> { yield 1 }
  async function * later (): AsyncGenerator<number> { yield 1 }
  const values: Array<[advice: string, values: object[]]> = [
    [own, [new Date(0), new Map(), new Set(), new URL('a:b'), Buffer.from('a'), new Uint8Array(100)].map(withNote)],
    [moved, ['a detached Uint8Array', 'a detached Buffer', 'bytes past the end of their memory']
      .map((what) => refused[what]!() as object)],
    ['await it', [Promise.resolve()]],
    ['store the primitive', [Object('secret'), Object(1), Object(1n), Object(Symbol('secret'))]],
    [list, [generator(), later(), [1].values(), new Map().keys(), new Set().values(), 'a'.matchAll(/a/g)]],
    ['store what its data() returns', [(await sessionOf()) as object]],
    [instance, [new Cart(), new (class Session {})(), withNote(new (class Own extends Map {})()), new WeakMap()]],
    [instance, [refused['a Proxy that was revoked']!() as object, refused['a Date that was not made']!() as object]]
  ]
  for (const [advice, all] of values) {
    for (const value of all) {
      const onBothSides = advice === instance ? `${advice} on both sides` : advice
      const what = describeType(value)
      t.equal(serializer.refusalOf(value), `is ${what}, which cannot be kept; ${advice}`, what)
      t.equal(flask.refusalOf(value), `is ${what}, which Flask has no form for; ${onBothSides}`, what)
    }
  }
})

async function sessionOf (): Promise<unknown> {
  const app = Fastify()
  await app.register(sessionPlugin, { secret })
  let session: unknown
  app.get('/', async (request) => { session = request.session })
  await app.inject('/')
  return session
}

t.test('a type is described by its class and never by its content', async (t) => {
  t.equal(describeType(Object.create(null)), 'an object with a class')
  t.equal(describeType({ [Symbol.toStringTag]: 'secret' }), 'an object of class Object')
  t.equal(describeType(new Proxy(Object.create(null), { get: () => 'secret' })), 'an object with a class')
  t.equal(describeType(refused.arguments!()), 'an object of class Arguments')
  t.equal(describeType(refused['a Date without a prototype']!()), 'an object of class Date')
})

t.test('a provider takes dates, Maps and Sets of another realm for what they are', async (t) => {
  const provider = new DefaultJSONProvider()
  const foreign = vm.runInNewContext('({ date: new Date(0), map: new Map([["a", 1]]), set: new Set([1]) })')
  t.equal(provider.dumps(foreign), '{"date":"1970-01-01T00:00:00.000Z","map":{"a":1},"set":[1]}')
  const refusal = { keyPath: 'value[0]', message: /is an invalid Date/ }
  t.match(t.throws(() => provider.dumps([vm.runInNewContext('new Date(NaN)')])), refusal)
  const invalid = [new Date(NaN)]
  await t.rejects(replacing('Date', otherClock, () => provider.dumps(invalid)), refusal)
})

t.test('a date of the class that stands for Date meanwhile is kept, and of any other subclass refused', async (t) => {
  const serializer = new TaggedJSONSerializer()
  class Meanwhile extends Date {}
  class Other extends Date {}
  t.intercept(globalThis, 'Date', { value: Meanwhile, configurable: true })
  t.strictSame(serializer.dumps(new Meanwhile(5000)), '{" d":"1970-01-01T00:00:05.000Z"}')
  t.throws(() => serializer.dumps(new Other(5000)), { message: /^value is an object of class Other/ })
})
