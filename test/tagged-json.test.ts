import { isDeepStrictEqual } from 'node:util'
import vm from 'node:vm'
import fc from 'fast-check'
import t from 'tap'
import { BadPayload, NotSerializable } from '../lib/errors.ts'
import type { SerializerFormat } from '../lib/json/dialects.ts'
import { JSONTag, type TagClass, type TagContext } from '../lib/json/tag.ts'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'
import { defaultTags, flaskTags, KindTag, PassDict, PassList, TagDict, type TagTuple } from '../lib/json/tags.ts'
import { Markup, Tuple, UUID } from '../lib/json/values.ts'
import { same } from './support/equal.ts'
import { refused as lookAlikes } from './support/look-alikes.ts'
import { recorded, toValue, vectors } from './support/vectors.ts'

const runs = { seed: 20261122, numRuns: 250 }
const hex = '0123456789abcdef0123456789abcdef'
const fn = (): void => {}

interface TagMethods<Value> {
  check (value: unknown): boolean
  toJson (value: Value, serializer: TagContext): unknown
  fromJson? (value: any): unknown
}

function tagClass<Value> (key: string, { check, toJson, fromJson = fn }: TagMethods<Value>): TagClass {
  return class extends JSONTag {
    readonly key = key
    check (value: unknown): boolean { return check(value) }
    toJson (value: Value): unknown { return toJson(value, this.serializer) }
    fromJson (value: unknown): unknown { return fromJson(value) }
  }
}

class Box {
  readonly content: unknown

  constructor (content: unknown) {
    this.content = content
  }
}

const isBox = (value: unknown): value is Box => value instanceof Box
const TagBox = tagClass<Box>(' bx', {
  check: isBox,
  toJson: (box, serializer) => serializer.tag(box.content, 'content'),
  fromJson: (content) => new Box(content)
})
const TagNever = tagClass(' nv', { check: () => false, toJson: fn })

function serializerWith (...tags: TagClass[]): TaggedJSONSerializer {
  const serializer = new TaggedJSONSerializer()
  for (const tag of tags) serializer.register(tag, { index: 0 })
  return serializer
}

const serializer = serializerWith()
const extended = serializerWith(TagNever, TagBox)

const advice = '; store a plain object, or register a tag for it'
const notKept = (what: string): string => `is ${what}, which cannot be kept${what.startsWith('an ') ? advice : ''}`
const aFunction = notKept('a function')
const refusal = { code: 'FSS_ERR_NOT_SERIALIZABLE' }
const refusedAt = (keyPath: string): Error => ({ ...refusal, name: 'TypeError', keyPath }) as never
const odd = 'is an array with holes or with properties of its own, which JSON cannot keep'
const proto = 'is a key that would change a prototype where it is read'

function nest (depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = wrap(value)
  return value
}

/** The text of a value, or the refusal. */
function outcome (serializer: TaggedJSONSerializer, value: unknown): string | NotSerializable {
  try {
    return serializer.dumps(value)
  } catch (error) {
    if (error instanceof NotSerializable) return error
    throw error
  }
}

t.test('what cannot be kept is refused with its path', async (t) => {
  const refused: Array<[value: unknown, path: string, reason: string]> = [
    [fn, 'value', aFunction],
    [{ a: [0, fn] }, 'value.a[1]', aFunction],
    [[{ toJSON: fn }], 'value[0].toJSON', aFunction],
    [[{ toString: fn }], 'value[0].toString', aFunction],
    [{ a: Symbol('secret') }, 'value.a', notKept('a symbol')],
    [{ a: class {} }, 'value.a', aFunction],
    [[1, , 3], 'value', odd], // eslint-disable-line no-sparse-arrays -- the hole is what is tested
    [{ a: new Array(2) }, 'value.a', odd],
    [{ a: Object.assign([1], { note: 'secret' }) }, 'value.a', odd],
    [[Object.assign([], { toJSON: fn })], 'value[0]', odd],
    [[Object.setPrototypeOf([1], null)], 'value[0]', notKept('an object of class Array')],
    [JSON.parse('{"a":[{"__proto__":1}]}'), 'value.a[0].__proto__', proto],
    [Object.defineProperty({}, '__proto__', { value: {}, enumerable: true }), 'value.__proto__', proto],
    [[10n ** 4300n], 'value[0]', 'is a bigint, which cannot be kept: it has more than 4300 digits'],
    [[-(10n ** 4300n)], 'value[0]', 'is a bigint, which cannot be kept: it has more than 4300 digits'],
    [new Map([['a', [fn]]]), 'value.a[0]', aFunction],
    [new Map([['a', 1], ['b c', { d: fn }]] as Array<[string, unknown]>), 'value["b c"].d', aFunction],
    [new Map([[1, 1], [2, fn]] as Array<[number, unknown]>), 'value[1]', aFunction],
    [new Map([[fn, 1]]), 'value["key 0"]', aFunction],
    [[new Map([[[], 1], [{ k: fn }, 1]] as Array<[unknown, number]>)], 'value[0]["key 1"].k', aFunction],
    [new Set([1, [fn]]), 'value[1][0]', aFunction],
    [{ a: new Tuple([{ b: new Tuple([1, fn]) }]) }, 'value.a[0].b[1]', aFunction],
    [{ ' t': fn }, 'value[" t"]', aFunction],
    [{ a: { ' di': { ' t': [fn] } } }, 'value.a[" di"][" t"][0]', aFunction],
    [{ 'a\r\nb\u001b[31m\u202e': fn }, 'value["a\\r\\nb\\u001b[31m\\u202e"]', aFunction],
    [new Map([['\n', fn]]), 'value["\\n"]', aFunction],
    [{ ['k'.repeat(4000)]: fn }, `value["${'k'.repeat(100)}…"]`, aFunction]
  ]
  for (const [value, path, reason] of refused) {
    for (const each of [serializer, extended]) {
      t.strictSame(
        t.throws(() => each.dumps(value)),
        new NotSerializable(path, reason, reason === proto ? 400 : undefined)
      )
    }
  }
  t.strictSame(
    t.throws(() => serializer.dumps({ cart: [fn] }, 'session')),
    new NotSerializable('session.cart[0]', aFunction)
  )
})

t.test('objects with a class that has no tag are refused by its name, ' +
  'those with more than their class holds too', async (t) => {
  const note = { note: 'secret' }
  const refused: Record<string, unknown[]> = {
    Account: [new (class Account { a = 1 })()],
    OwnArray: [new (class OwnArray extends Array {})(), (class OwnArray extends Array {}).of(1, 2)],
    OwnDate: [new (class OwnDate extends Date {})()],
    OwnMap: [new (class OwnMap extends Map {})()],
    OwnSet: [new (class OwnSet extends Set {})()],
    OwnBuffer: [Object.setPrototypeOf(Buffer.from('a'), (class OwnBuffer extends Buffer {}).prototype)],
    OwnBytes: [new (class OwnBytes extends Uint8Array {})()],
    OwnTuple: [new (class OwnTuple extends Tuple {})()],
    OwnMarkup: [new (class OwnMarkup extends Markup {})('')],
    OwnUUID: [new (class OwnUUID extends UUID {})(hex)],
    OwnURL: [new (class OwnURL extends URL {})('a:b')],
    Date: [Object.assign(new Date(0), note), Object.assign(new Date(0), { toJSON: fn })],
    Map: [Object.assign(new Map(), note)],
    Set: [Object.assign(new Set(), note)],
    URL: [Object.assign(new URL('a:b'), note)],
    Buffer: [Object.assign(Buffer.from('a'), note)],
    Uint8Array: [Object.assign(new Uint8Array(1), note)],
    RegExp: [/secret/],
    Error: [new Error('secret')],
    TypeError: [new TypeError('secret')],
    Promise: [Promise.resolve()],
    WeakMap: [new WeakMap()],
    WeakSet: [new WeakSet()],
    ArrayBuffer: [new ArrayBuffer(1)],
    SharedArrayBuffer: [new SharedArrayBuffer(1)],
    DataView: [new DataView(new ArrayBuffer(1))],
    Int8Array: [new Int8Array(1)],
    Uint8ClampedArray: [new Uint8ClampedArray(1)],
    Float64Array: [new Float64Array(1)],
    BigInt64Array: [new BigInt64Array(1)],
    Number: [Object(1)],
    String: [Object('secret')],
    Boolean: [Object(false)],
    BigInt: [Object(1n)],
    Symbol: [Object(Symbol('secret'))]
  }
  for (const [name, values] of Object.entries(refused)) {
    for (const value of values) {
      for (const each of [serializer, extended]) {
        const message = `value.a[0] is an object of class ${name}, which cannot be kept; `
        t.match(t.throws(() => each.dumps({ a: [value] })), { ...refusal, keyPath: 'value.a[0]', message })
      }
    }
  }
})

t.test('a cycle is refused with where it points back to, through every kind of container', async (t) => {
  const map = new Map<unknown, unknown>()
  map.set('me', [map])
  const keyed = new Map<unknown, unknown>()
  keyed.set({ keyed }, 1)
  const set = new Set<unknown>([0])
  set.add({ set })
  const list: unknown[] = []
  list.push(new Tuple([list]))
  const content: unknown[] = []
  content.push(new Box(content))
  const cycles: Array<[value: unknown, path: string, target: string]> = [
    [{ map }, 'value.map.me[0]', 'value.map'],
    [[keyed], 'value[0]["key 0"].keyed', 'value[0]'],
    [set, 'value[1].set', 'value'],
    [{ list }, 'value.list[0][0]', 'value.list'],
    [[new Box(content)], 'value[0].content[0].content', 'value[0].content']
  ]
  for (const [value, path, target] of cycles) {
    t.strictSame(t.throws(() => extended.dumps(value)), new NotSerializable(path, `is a cycle: it is ${target} again`))
  }
  const twice = [new Date(0), map.clear(), map]
  t.ok(same(serializer.loads(serializer.dumps([twice, twice])), [twice, twice]))
})

/** What holds one value: the value, the text, and how many brackets of the text stand inside each other for it. */
type Holder = readonly [value: (inner: unknown) => unknown, text: (inner: string) => string, levels: number]

const flaskHolders: readonly Holder[] = [
  [(inner) => [inner], (inner) => `[${inner}]`, 1],
  [(inner) => ({ a: inner }), (inner) => `{"a":${inner}}`, 1],
  [(inner) => ({ ' t': inner, b: 1 }), (inner) => `{" t":${inner},"b":1}`, 1],
  [(inner) => ({ ' t': inner }), (inner) => `{" di":{" t__":${inner}}}`, 2],
  [(inner) => ({ ' t': inner, c: undefined }), (inner) => `{" di":{" t__":${inner}}}`, 2],
  [(inner) => new Tuple([inner]), (inner) => `{" t":[${inner}]}`, 2]
]
const ourHolders: readonly Holder[] = [
  ...flaskHolders,
  [(inner) => new Set([inner]), (inner) => `{" st":[${inner}]}`, 2],
  [(inner) => new Map([['a', inner]]), (inner) => `{" mp":[["a",${inner}]]}`, 3],
  [(inner) => new Map([[inner, 'a']]), (inner) => `{" mp":[[${inner},"a"]]}`, 3]
]
const boxHolders: readonly Holder[] = [...ourHolders, [(inner) => new Box(inner), (inner) => `{" bx":${inner}}`, 1]]

type Nesting = [what: string, serializer: TaggedJSONSerializer, holders: readonly Holder[], limit: number]

const nestings: readonly Nesting[] = [
  ['format default', serializer, ourHolders, 600], ['tags of your own', extended, boxHolders, 600],
  ['format flask', new TaggedJSONSerializer({ format: 'flask' }), flaskHolders, 485]
]

for (const [what, own, holders, limit] of nestings) {
  t.test(`one limit of nesting holds for writing and reading, in every kind of container, with ${what}`, async (t) => {
    const message = new RegExp(`^value.* is nested deeper than ${limit} levels$`)
    const refusal = { code: 'FSS_ERR_NOT_SERIALIZABLE', message }
    for (const [wrap, wrapText, levels] of holders) {
      const most = Math.floor(limit / levels)
      const deepest = nest(most, wrap)
      const text = nest(most, wrapText as Holder[0]) as string
      t.equal(own.dumps(deepest), text)
      const read = own.loads(text)
      t.equal(own.dumps(read), text)
      t.match(t.throws(() => own.dumps(wrap(deepest))), refusal)
      t.throws(() => own.loads(wrapText(text)), { name: 'BadPayload' })
    }
  })

  t.test(`what is read can be written, however it is nested, with ${what} (seed ${runs.seed})`, async () => {
    const ours: Array<[unknown, number]> = what === 'format flask' ? [] : [[new Map(), 2], [[undefined], 2]]
    const leaves: Array<[unknown, number]> = [[1, 0], ['[{"', 0], [[], 1], [new Date(0), 1], [Buffer.of(1), 1], ...ours]
    const stack = fc.infiniteStream(fc.constantFrom(...holders))
    const excesses = fc.integer({ min: -3, max: 3 })
    fc.assert(fc.property(stack, fc.constantFrom(...leaves), excesses, (stream, [leaf, leafLevels], excess) => {
      let [value, text, levels] = [leaf, own.dumps(leaf), leafLevels]
      for (const [wrap, wrapText, more] of stream) {
        [value, text, levels] = [wrap(value), wrapText(text), levels + more]
        if (levels >= limit + excess) break
      }
      const fits = levels <= limit
      const isWritten = outcome(own, value) === text
      return isWritten === fits && isRead(own, text) === fits && (!fits || own.dumps(own.loads(text)) === text)
    }), { ...runs, numRuns: 100 })
  })
}

function isRead (own: TaggedJSONSerializer, text: string): boolean {
  try {
    own.loads(text)
    return true
  } catch (error) {
    if (error instanceof BadPayload) return false
    throw error
  }
}

t.test('every property is read exactly once, and what was read is what comes back', async (t) => {
  let reads = 0
  const counting = { get a () { return ++reads } }
  t.equal(
    serializer.dumps([counting, new Map([['m', counting]]), new Tuple([new Set([counting])]), { ' t': counting }]),
    '[{"a":1},{" mp":[["m",{"a":2}]]},{" t":[{" st":[{"a":3}]}]},{" di":{" t__":{"a":4}}}]')
  const fickle = (...answers: unknown[]): object => ({ ' t': [1], get b () { return answers.shift() } })
  t.ok(same(serializer.loads(serializer.dumps(fickle(undefined, 2, 2))), { ' t': [1] }))
  t.ok(same(serializer.loads(serializer.dumps(fickle(2))), { ' t': [1], b: 2 }))
  t.equal(serializer.dumps(new Proxy({ a: 1 }, { get: () => reads++ < 5 ? 'first' : fn })), '{"a":"first"}')
})

t.test('reading touches no prototype', async (t) => {
  const texts = [
    '{"__proto__":{"polluted":1}}', '[{"a":{"__proto__":{" t":[{"polluted":1}]}}}]',
    '{" di":{" t__":{"__proto__":{"polluted":1}}}}', '{"constructor":{"prototype":{"polluted":1}}}',
    '{" mp":[["__proto__",{"__proto__":{"polluted":1}}]]}'
  ]
  for (const text of texts) {
    const value = serializer.loads(text)
    t.equal(({} as { polluted?: number }).polluted, undefined)
    t.not((value as { polluted?: number }).polluted, 1)
  }
  const value = serializer.loads('{"__proto__":{" t":[1]}}') as object
  t.equal(Object.getPrototypeOf(value), Object.prototype)
  t.ok(same(Object.getOwnPropertyDescriptor(value, '__proto__')?.value, new Tuple([1])))
})

t.test('text that is not JSON is a bad payload, kept as evidence and never shown', async (t) => {
  const wrong = [
    '', 'secret', '{', '[1,]', '01', 'NaN', '\ufeff{}', '\u00a0{}', '"a\tb"', '{}x', "{'a':1}", undefined as never
  ]
  for (const text of wrong) {
    const error = t.throws(() => serializer.loads(text)) as BadPayload
    t.strictSame(error, new BadPayload('The payload is not JSON'))
    t.equal(error.payload, text)
    t.match(error.originalError, SyntaxError)
  }
})

t.test('text nested too deep is a bad payload', async (t) => {
  const tooDeep = new BadPayload('The payload is nested deeper than 600 levels')
  t.type(serializer.loads('['.repeat(600) + ']'.repeat(600)), Array)
  for (const depth of [601, 200000]) {
    const error = t.throws(() => serializer.loads('['.repeat(depth) + ']'.repeat(depth))) as BadPayload
    t.strictSame(error, tooDeep)
    t.match(error.originalError, RangeError)
  }
})

t.test('with format flask text nested deeper than the stack reaches is a bad payload that says so', async (t) => {
  const error = t.throws(() => flask.loads(`[NaN,${'['.repeat(100000)}${']'.repeat(100000)}]`)) as BadPayload
  t.strictSame(error, new BadPayload('The payload is nested deeper than 485 levels'))
  t.match(error.originalError, RangeError)
})

t.test('a tag whose toJson nests without an end is refused with its path', async (t) => {
  const endless: unknown[] = []
  endless.push(endless)
  const own = serializerWith(tagClass(' bx', { check: isBox, toJson: () => nest(599, (inner) => [inner]) }))
  t.equal(own.dumps(new Box(1)).length, '{" bx":1}'.length + 2 * 599)
  t.match(t.throws(() => own.dumps([new Box(1)])), { message: /^value\[0\].* is nested deeper than 600 levels$/ })
  const cyclic = serializerWith(tagClass(' bx', { check: isBox, toJson: () => endless }))
  t.match(t.throws(() => cyclic.dumps({ a: new Box(1) })), { keyPath: 'value.a[0]' })
})

t.test('tag gives a value as plain JSON data, untag takes it back and leaves the data as it is', async (t) => {
  const values = [
    'a',
    true,
    null,
    1,
    -0,
    undefined,
    [new Date(0)],
    { ' t': [1n] },
    new Tuple([new Tuple()]),
    new Map([[{}, new Set([NaN])]]),
    { a: Buffer.from('a'), b: [new UUID(hex), { ' di': new Markup('<b>') }] }
  ]
  for (const value of values) {
    const data = serializer.tag(value)
    t.ok(same(data, JSON.parse(serializer.dumps(value))))
    t.ok(same(serializer.untag(data), value))
    t.ok(same(data, serializer.tag(value)))
  }
  t.strictSame(t.throws(() => serializer.tag([{ a: fn }])), new NotSerializable('value[0].a', aFunction))
  const misplaced = new BadPayload('The tag " t" holds something that does not belong there')
  t.strictSame(t.throws(() => serializer.untag([{ ' t': 1 }])), misplaced)
})

t.test('a tag that is registered claims its type everywhere and names its path', async (t) => {
  const own = serializerWith(TagBox)
  const value = {
    list: [new Box(1)],
    map: new Map([[new Box('k'), new Box([new Box(new Tuple([new Box(undefined)]))])]])
  }
  const text = '{"list":[{" bx":1}],"map":{" mp":[[{" bx":"k"},{" bx":[{" bx":{" t":[{" bx":{" un":null}}]}}]}]]}}'
  t.equal(own.dumps(value), text)
  t.equal(own.dumps(own.loads(text)), text)
  t.ok(isBox((own.loads('[{" bx":{" d":null}}]') as unknown[])[0]))
  const odd = { a: [new Box(new Map([['m', new Box({ b: fn })]]))] }
  t.strictSame(t.throws(() => own.dumps(odd)), new NotSerializable('value.a[0].content.m.content.b', aFunction))
  t.strictSame(
    t.throws(() => serializer.dumps([new Box(1)])),
    new NotSerializable('value[0]', notKept('an object of class Box'))
  )
  t.ok(same(serializer.loads('{" bx":1}'), { ' bx': 1 }))
})

t.test('the key of a registered tag is escaped like the others', async (t) => {
  t.equal(extended.dumps({ ' bx': 1 }), '{" di":{" bx__":1}}')
  t.equal(serializer.dumps({ ' bx': 1 }), '{" bx":1}')
  for (const value of [
    { ' bx': { ' bx': [] } }, { ' bx__': 1 }, { ' di': { ' bx': 1 } }, { ' bx': 1, a: 1 }, { ' bx': undefined }
  ]) {
    t.ok(same(extended.loads(extended.dumps(value)), value))
  }
})

t.test('a key that is empty or taken is refused, and nothing is changed', async (t) => {
  const own = serializerWith(TagBox)
  const [order, tags] = [[...own.order], new Map(own.tags)]
  const methods = { check: isBox, toJson: fn }
  const advice = 'choose another, or replace that with { force: true }'
  const refused: Array<[key: string, message: string]> = [
    ['', 'A tag needs a key'],
    [undefined as never, 'A tag needs a key'],
    [' bx', `The key " bx" is taken by another tag; ${advice}`],
    ...[...serializer.tags].map(([key, { constructor }]): [string, string] =>
      [key, `The key "${key}" is taken by the built-in ${constructor.name}; ${advice}`])
  ]
  for (const [key, message] of refused) {
    t.strictSame(
      t.throws(() => own.register(tagClass(key, methods))),
      new TypeError(message)
    )
  }
  t.strictSame(
    t.throws(() => own.register(tagClass('', methods), { force: true, index: 0 })),
    new TypeError('A tag needs a key')
  )
  t.strictSame(own.order, order)
  t.strictSame(own.tags, tags)
})

t.test('what tags and order give is a copy, and a class that is registered already stays as it is', async (t) => {
  const own = serializerWith(TagNever, TagBox)
  const text = own.dumps([new Box({ ' t': 1 })])
  const [tags, order] = [own.tags as Map<string, JSONTag>, own.order as JSONTag[]]
  tags.clear()
  order.length = 0
  t.equal(own.dumps([new Box({ ' t': 1 })]), text)
  t.ok(isBox((own.loads(text) as unknown[])[0]))
  const before = own.order
  for (const options of [{}, { index: 0 }]) own.register(TagNever, options)
  t.strictSame(own.order, before)
  own.register(TagNever, { force: true, index: 0 })
  t.equal(own.order[0]?.key, ' nv')
})

t.test('force puts a tag in the place of the one it replaces, index where it says', async (t) => {
  const seconds = tagClass<Date>(' d', {
    check: (value) => value instanceof Date,
    toJson: (date) => date.getTime() / 1000,
    fromJson: (number) => new Date(number * 1000)
  })
  const places: Array<[options: { force: true, index?: number }, place: number]> = [
    [{ force: true }, 7], [{ force: true, index: 0 }, 0], [{ force: true, index: 14 }, 14]
  ]
  for (const [options, place] of places) {
    const own = serializerWith()
    own.register(seconds, options)
    t.equal(own.order.findIndex((tag) => tag.key === ' d'), place)
    t.equal(own.order.length, serializerWith().order.length)
    t.equal(own.tags.get(' d'), own.order[place])
    t.equal(own.dumps([new Date(1500)]), '[{" d":1.5}]')
    t.ok(same(own.loads('{" d":1.5}'), new Date(1500)))
  }
  const own = serializerWith()
  own.register(TagBox)
  own.register(TagNever, { index: 3 })
  t.strictSame([own.order.findIndex((tag) => tag.key === ' nv'), own.order.at(-1)?.key], [3, ' bx'])
})

t.test('of two tags that claim a value the one ahead in the order has it', async (t) => {
  const other = tagClass(' ob', { check: isBox, toJson: () => null })
  t.equal(serializerWith(TagBox, other).dumps(new Box(1)), '{" ob":null}')
  t.equal(serializerWith(other, TagBox).dumps(new Box(1)), '{" bx":1}')
})

t.test('a tag ahead of the plain object keeps what the plain object would lose', async (t) => {
  class OrderedMap extends Map<string, unknown> {}
  const TagOrderedMap = tagClass<OrderedMap>(' om', {
    check: (value) => value instanceof OrderedMap,
    toJson: (map, serializer) => Array.from(map, ([key, item]) => [key, serializer.tag(item, key)]),
    fromJson: (entries) => new OrderedMap(entries)
  })
  const TagBare = tagClass<Record<string, unknown>>(' np', {
    check: (value) => typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null,
    toJson: (bare, serializer) => Object.entries(bare).map(([key, item]) => [key, serializer.tag(item, key)]),
    fromJson: (entries) => Object.assign(Object.create(null), Object.fromEntries(entries))
  })
  const own = serializerWith(TagOrderedMap, TagBare)
  const map = new OrderedMap([['b', 1], ['10', new OrderedMap([['9', new Date(0)]])]])
  const value = { map, bare: Object.assign(Object.create(null), { a: [1n] }) }
  const text = own.dumps(value)
  t.equal(
    text,
    '{"map":{" om":[["b",1],["10",{" om":[["9",{" d":"1970-01-01T00:00:00.000Z"}]]}]]},"bare":{" ' +
      'np":[["a",[{" n":"1"}]]]}}'
  )
  const loaded = own.loads(text) as typeof value
  t.ok(same(loaded, value))
  t.equal(Object.getPrototypeOf(loaded.bare), null)
  const refusal = new NotSerializable('value[0].a.b', aFunction)
  t.strictSame(t.throws(() => own.dumps([new OrderedMap([['a', { b: fn }]])])), refusal)
  const behind = serializerWith()
  behind.register(TagBare)
  t.equal(behind.dumps(value.bare), '{"a":[{" n":"1"}]}')
})

t.test('a tag may claim strings, numbers, null or functions', async (t) => {
  const own = serializerWith(
    tagClass<string>(' up', {
      check: (value) => value === 'shout',
      toJson: (text) => text.toUpperCase(),
      fromJson: (text) => text.toLowerCase()
    }),
    tagClass<number>(' ct', {
      check: (value) => typeof value === 'number' && value % 100 === 0,
      toJson: (value) => value / 100,
      fromJson: (value) => value * 100
    }),
    tagClass<typeof fn>(' fn', { check: (value) => value === fn, toJson: () => 'fn', fromJson: () => fn })
  )
  const value = ['shout', 'say', { a: 'shout', b: [500, 5] }, new Tuple([700, new Map([[fn, 800]])])]
  const text =
    '[{" up":"SHOUT"},"say",{"a":{" up":"SHOUT"},"b":[{" ct":5},5]},{" t":[{" ct":7},{" mp":[[{" ' +
      'fn":"fn"},{" ct":8}]]}]}]'
  t.equal(own.dumps(value), text)
  t.ok(same(own.loads(text), value))
  t.equal(
    serializerWith(tagClass(' nl', { check: (value) => value === null, toJson: () => [] })).dumps([null]),
    '[{" nl":[]}]'
  )
})

t.test('toJson may return nothing but plain JSON data', async (t) => {
  const giving = (json: unknown): TaggedJSONSerializer =>
    serializerWith(tagClass(' bx', { check: isBox, toJson: () => json }))
  const refused: Array<[json: unknown, path: string, what: string]> = [
    [fn, 'value.a[0]', 'a function'],
    [new Date(0), 'value.a[0]', 'an object of class Date'],
    [1n, 'value.a[0]', 'a bigint'],
    [{ b: [0, NaN] }, 'value.a[0].b[1]', 'a number'],
    [[new Box(1)], 'value.a[0][0]', 'an object of class Box'],
    [Promise.resolve(1), 'value.a[0]', 'an object of class Promise']
  ]
  for (const [json, path, what] of refused) {
    const reason = `is ${what} in what toJson of its tag returned; toJson must return plain JSON data`
    t.strictSame(t.throws(() => giving(json).dumps({ a: [new Box(1)] })), new NotSerializable(path, reason))
  }
  t.match(t.throws(() => giving(undefined).dumps([new Box(1)])), { ...refusal, keyPath: 'value[0]' })
  const self: unknown[] = []
  self.push(self)
  t.strictSame(
    t.throws(() => giving(self).dumps([new Box(1)])),
    new NotSerializable('value[0][0]', 'is a cycle: it is value[0] again')
  )
  t.equal(giving({ a: [-0, '"', null, false], b: undefined }).dumps(new Box(1)), '{" bx":{"a":[-0,"\\"",null,false]}}')
})

t.test('what a tag or a getter throws comes with its path, and the next value is written as ever', async (t) => {
  const failure = new RangeError('of the tag')
  const fail = (): never => { throw failure }
  const threw = (keyPath: string): object => ({ ...refusal, keyPath, cause: failure, message: `${keyPath} ${reason}` })
  const reason = 'cannot be written: a getter, a method such as toJSON, or a tag threw; see the cause of this error'
  const failing = [{ check: (value: unknown) => isBox(value) && fail(), toJson: fn }, { check: isBox, toJson: fail }]
  for (const methods of failing) {
    const own = serializerWith(tagClass(' bx', methods))
    for (const write of [own.dumps.bind(own), own.tag.bind(own)]) {
      t.match(t.throws(() => write({ a: new Map([['b', [new Box(1)]]]) })), threw('value.a.b[0]'))
      t.match(t.throws(() => write({ a: new Map([[new Box(1), 1]]) })), threw('value.a["key 0"]'))
      t.match(t.throws(() => write(new Box(1))), threw('value'))
    }
    t.strictSame(t.throws(() => own.dumps({ c: fn })), new NotSerializable('value.c', aFunction))
  }
  const getter = { get a () { return fail() } }
  const TagGetter = tagClass(' gt', { check: (value) => value instanceof Error, toJson: () => [getter] })
  const inTag = serializerWith(TagBox, TagGetter)
  t.match(t.throws(() => serializer.dumps([new Set([getter])])), threw('value[0][0].a'))
  t.match(t.throws(() => inTag.dumps({ b: new Box([getter]) })), threw('value.b.content[0].a'))
  t.match(t.throws(() => inTag.dumps({ b: new Error('any') })), threw('value.b[0].a'))
})

t.test('what a tag throws when reading makes the payload bad and is kept as evidence', async (t) => {
  const failure = new RangeError('secret')
  const own = serializerWith(tagClass(' a\nb', { check: isBox, toJson: fn, fromJson: () => { throw failure } }))
  const error = t.throws(() => own.loads('[{" a\\nb":"secret"}]')) as BadPayload
  t.strictSame(error, new BadPayload('The tag " a\\nb" holds something that does not belong there'))
  t.equal(error.originalError, failure)
})

t.test('a tag may use its serializer again, and its failures spoil no later path', async (t) => {
  const attempts: unknown[] = []
  const own: TaggedJSONSerializer = serializerWith(tagClass<Box>(' bx', {
    check: isBox,
    toJson (box, serializer) {
      attempts.push(
        t.throws(() => serializer.tag({ deep: [[fn]] }, 'x')), t.throws(() => own.dumps([fn], 'other')),
        t.throws(() => own.loads('?'))
      )
      return [own.dumps([new Date(0)]), serializer.tag(box.content, 'content'), own.loads('1')]
    }
  }))
  t.equal(
    own.dumps([{ a: new Box([1n]) }, 2]),
    '[{"a":{" bx":["[{\\" d\\":\\"1970-01-01T00:00:00.000Z\\"}]",[{" n":"1"}],1]}},2]'
  )
  const within = { ...refusal, keyPath: 'value.x.deep[0][0]', message: `value.x.deep[0][0] ${aFunction}` }
  t.match(attempts.shift(), within, 'the path within the tagged value')
  t.strictSame(attempts, [
    new NotSerializable('other[0]', aFunction),
    new BadPayload('The payload is not JSON')
  ])
  const refused: Array<[value: unknown, path: string]> = [
    [{ b: new Box(1), c: [new Box([fn])] }, 'value.c[0].content[0]'], [[new Box(1), fn], 'value[1]']
  ]
  for (const [value, path] of refused) {
    t.strictSame(
      t.throws(() => own.dumps(value)),
      new NotSerializable(path, aFunction)
    )
  }
})

const tagKeys = [...serializer.tags.keys()]
const texts = fc.string({ unit: 'binary' })
const properties = fc
  .oneof(fc.constantFrom(...tagKeys, ' t__', ' di__', 'a', 'toJSON'), texts)
  .filter((key) => key !== '__proto__')
const ourValues = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof({ depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom(null, undefined, true, false, -0, NaN, Infinity), texts, fc.double(), fc.integer(), fc.bigInt(),
    fc.date({ noInvalidDate: false }), fc.uint8Array(), fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.uuid().map((text) => new UUID(text)),
    texts.map((text) => new Markup(text)),
    fc.webUrl().map((text) => new URL(text)),
    fc.array(tie('value')),
    fc.dictionary(properties, tie('value')),
    fc.dictionary(properties, tie('value'), { maxKeys: 1 }),
    fc.array(tie('value')).map((items) => new Tuple(items)), fc.array(tie('value')).map((items) => new Set(items)),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => new Map(entries)))
})).value
const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true
})
const contents = fc.constantFrom(
  '',
  'a',
  hex,
  'YQ==',
  '0',
  'NaN',
  'https://a.example/',
  '1970-01-01T00:00:00.000Z',
  null,
  1
)
const taggedTexts = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof({ maxDepth: 6 }, contents, fc.array(tie('data'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...tagKeys, ...tagKeys.map((key) => key + '__')), tie('data'), {
      minKeys: 1,
      maxKeys: 2
    })
  )
}))
  .data.map((data) => JSON.stringify(data))

t.test(`values of our types come back the same, however they are nested (seed ${runs.seed})`, async () => {
  fc.assert(fc.property(ourValues, (value) => same(serializer.loads(serializer.dumps(value)), value)), runs)
})

t.test(`anything comes back the same or is refused (seed ${runs.seed})`, async () => {
  fc.assert(fc.property(anything, (value) => {
    const text = outcome(serializer, value)
    return text instanceof NotSerializable || same(serializer.loads(text), value)
  }), runs)
})

t.test(`a further tag changes nothing for what it does not claim (seed ${runs.seed})`, async () => {
  fc.assert(fc.property(fc.oneof(ourValues, anything), (value) =>
    isDeepStrictEqual(outcome(serializer, value), outcome(extended, value))), runs)
})

const realm = vm.runInNewContext(`({
  date: (time) => new Date(time),
  map: (entries) => new Map(entries),
  set: (members) => new Set(members),
  bytes: (all) => new Uint8Array(all),
  list: (items) => Array.from(items),
  dict: (entries) => Object.fromEntries(entries)
})`)

/** A value as another realm has it; its plain objects take turns with those whose prototype is null, or is empty. */
function abroad (value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value
  const inside = (each: unknown): unknown => abroad(each, depth + 1)
  if (value instanceof Date) return realm.date(value.getTime())
  if (value instanceof Map) return realm.map([...value].map((entry) => entry.map(inside)))
  if (value instanceof Set) return realm.set([...value].map(inside))
  if (value instanceof Uint8Array) return realm.bytes(value)
  if (Array.isArray(value)) return realm.list(value.map(inside))
  if (value instanceof Tuple) return new Tuple([...value].map(inside))
  if (value instanceof Markup || value instanceof UUID || value instanceof URL) return value
  const entries = Object.entries(value).map(([key, each]) => [key, inside(each)])
  if (depth % 3 === 0) return realm.dict(entries)
  return Object.assign(Object.create(depth % 3 === 1 ? Object.create(null) : null), Object.fromEntries(entries))
}

t.test(`values of another realm are written like those of this one (seed ${runs.seed})`, async () => {
  const isAlike = (value: unknown) => (each: TaggedJSONSerializer): boolean =>
    isDeepStrictEqual(outcome(each, abroad(value)), outcome(each, value))
  fc.assert(fc.property(ourValues, (value) => [serializer, extended, flask].every(isAlike(value))), runs)
})

/** Makes a value with look-alikes somewhere inside; fast-check itself stumbles over some of them. */
type Make = () => unknown
const bare = (entries: Array<[string, unknown]>): unknown =>
  Object.assign(Object.create(Object.create(null)), Object.fromEntries(entries))
const hostile = fc.letrec<{ make: Make, list: Make[] }>((tie) => ({
  list: fc.array(tie('make') as fc.Arbitrary<Make>, { maxLength: 2 }),
  make: fc.oneof({ maxDepth: 4 },
    fc.constantFrom<Make[]>(...Object.values(lookAlikes), () => 1, () => 'a', () => null),
    tie('list').map((makes) => () => makes.map((make) => make())),
    tie('list').map((makes) => () => new Tuple(makes.map((make) => make()))),
    tie('list').map((makes) => () => new Map(makes.map((make) => [make(), make()]))),
    tie('list').map((makes) => () => bare(makes.map((make, index) => [['a', '0', ' t'][index]!, make()]))))
})).make

t.test(`what only looks like something is refused with a path, wherever it stands (seed ${runs.seed})`, async () => {
  const isHonest = (make: Make) => (each: TaggedJSONSerializer): boolean => {
    const text = outcome(each, make())
    if (text instanceof NotSerializable) return text.message.startsWith(`${text.keyPath} is `)
    return outcome(each, each.loads(text)) === text
  }
  const untroubled = serializerWith(TagNever)
  fc.assert(fc.property(hostile, (make) => [serializer, untroubled, flask].every(isHonest(make))), runs)
})

/**
 * The same format with a subclass of every tag, of which the writer knows nothing: each is asked for `check` and
 * `toJson`.
 */
function plainForm (format: SerializerFormat): TaggedJSONSerializer {
  const plain = new TaggedJSONSerializer({ format })
  for (const Tag of format === 'flask' ? flaskTags : defaultTags) {
    if (Tag !== TagDict && Tag !== PassDict && Tag !== PassList) {
      plain.register(class extends (Tag as typeof TagTuple) {}, { force: true })
    }
  }
  return plain
}

t.test(`what the writer knows of its tags changes nothing of the text or the refusal (seed ${runs.seed})`, async () => {
  for (const format of ['default', 'flask'] as const) {
    const [known, plain] = [new TaggedJSONSerializer({ format }), plainForm(format)]
    fc.assert(fc.property(fc.oneof(ourValues, anything), (value) =>
      isDeepStrictEqual(outcome(known, value), outcome(plain, value)) &&
          isDeepStrictEqual(outcome(known, value), outcome(plain, value))
    ),
    runs
    )
  }
})

t.test(`any text gives a value that can be kept, or is a bad payload (seed ${runs.seed})`, async () => {
  fc.assert(fc.property(fc.oneof(texts, fc.json(), taggedTexts), (text) => {
    try {
      const value = serializer.loads(text)
      const again = outcome(serializer, value)
      return again instanceof NotSerializable ? text.includes('__proto__') : same(serializer.loads(again), value)
    } catch (error) {
      return error instanceof BadPayload
    }
  }), runs)
})

const flask = new TaggedJSONSerializer({ format: 'flask' })
const flaskValues = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.anything({ maxDepth: 0 }),
    fc.double(),
    fc.bigInt(),
    fc.constantFrom(NaN, -0, 2 ** 53, 2 ** 60, -(2 ** 70), 1e300),
    fc.string({ unit: 'binary' }),
    fc.date({ noInvalidDate: false }).map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)), fc.string().map((text) => new Markup(text)),
    fc.array(tie('value')),
    fc.array(tie('value')).map((items) => new Tuple(items)),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom(...tagKeys)), tie('value'), { maxKeys: 3 })
  )
})).value
const pythonTexts = fc
  .array(
    fc.constantFrom(
      'NaN',
      'Infinity',
      '-Infinity',
      '1e400',
      '-0.0',
      '9007199254740993',
      '"',
      '"NaN"',
      '"\\"',
      '\\',
      '[',
      ']',
      ',',
      '{',
      '}',
      ':',
      '1',
      ' ',
      '"a"',
      '"\\ud800"'
    ),
    { maxLength: 12 }
  )
  .map((parts) => parts.join(''))

t.test(`with format flask a value comes back the same or is refused (seed ${runs.seed})`, async () => {
  fc.assert(fc.property(flaskValues, (value) => {
    const text = outcome(flask, value)
    return text instanceof NotSerializable || same(flask.loads(text), value)
  }), runs)
})

t.test('with format flask any text gives a value that can be kept, ' +
  `or is a bad payload (seed ${runs.seed})`, async () => {
  fc.assert(fc.property(fc.oneof(texts, fc.json(), taggedTexts, pythonTexts), (text) => {
    try {
      const value = flask.loads(text)
      return same(flask.loads(flask.dumps(value)), value)
    } catch (error) {
      return error instanceof BadPayload
    }
  }), runs)
})

t.test('reading takes work in proportion to the text, whatever the text', async (t) => {
  const size = 200_000
  const hostile = ['"\\"', '"', '\\', '9'.repeat(20) + ',', 'NaN', '[', '{"a":', '1e', '-', ' ']
  for (const part of hostile) {
    for (const each of [serializer, flask]) {
      t.throws(() => each.loads(part.repeat(size / part.length)), { name: 'BadPayload' })
    }
  }
})

/** What the default format does otherwise than Flask, on purpose. */
const leftOut: Record<string, string> = {
  'tagdump-015': 'only Markup itself is kept as Markup',
  'tagdump-016': 'dates are ISO 8601',
  'tagdump-017': 'dates are ISO 8601',
  'tagdump-018': 'dates are ISO 8601',
  'tagdump-019': 'dates are ISO 8601',
  'tagdump-020': 'dates are ISO 8601',
  'tagdump-021': 'dates are ISO 8601',
  'tagdump-022': 'dates past the year 9999 are kept',
  'tagdump-023': 'no date without a time',
  'tagdump-024': 'no decimal',
  'tagdump-025': 'sets are kept',
  'tagdump-026': 'a BigInt has a tag',
  'tagdump-029': 'NaN and Infinity have a tag',
  'tagdump-043': 'a key __proto__ is refused',
  'tagdump-045': 'keys are strings',
  'tagload-001': 'dates are ISO 8601',
  'tagload-002': 'dates are ISO 8601',
  'tagload-003': 'dates are ISO 8601',
  'tagload-004': 'a date that cannot be read makes the payload bad',
  'tagload-005': 'dates are ISO 8601',
  'tagload-006': 'dates are ISO 8601',
  'tagload-011': 'only an escape may stand under the tag of escapes',
  'tagload-012': 'only an escape may stand under the tag of escapes',
  'tagload-016': 'a tuple is a list',
  'tagload-018': 'base64 is strict',
  'tagload-019': 'base64 is strict',
  'tagload-021': 'base64 is strict',
  'tagload-023': 'markup is a string',
  'tagload-024': 'a UUID is 32 digits in lower case',
  'tagload-026': 'NaN and Infinity have a tag',
  'tagload-027': 'a BigInt has a tag'
}

/** Whether a recorded case gives what is `alike`, or is refused where Flask gave nothing. */
function agrees<Value> (run: () => Value, alike: false | ((value: Value) => boolean)): boolean {
  try {
    const value = run()
    return alike && alike(value)
  } catch (error) {
    return !alike && (error instanceof NotSerializable || error instanceof BadPayload)
  }
}

t.test('what was recorded from Flask holds, apart from what is done otherwise on purpose', async (t) => {
  const dumped = vectors('tag_dumps').map(({ id, description, input, expected }) => ({
    id,
    description,
    agrees: agrees(() => serializer.dumps(toValue(input.value)),
      expected.ok && ((text) => isDeepStrictEqual(JSON.parse(text), JSON.parse(expected.text))))
  }))
  const loaded = vectors('tag_loads').map(({ id, description, input, expected }) => ({
    id,
    description,
    agrees: agrees(() => serializer.loads(input.text), expected.ok && ((value) => same(value, toValue(expected.value))))
  }))
  const listed = new Set<string>()
  for (const { id, description, agrees } of [...dumped, ...loaded]) {
    const reason = leftOut[id]
    if (reason !== undefined) listed.add(id)
    t.equal(agrees, reason === undefined, `${id}: ${reason ?? description}`)
  }
  t.strictSame([...listed], Object.keys(leftOut))
  t.strictSame([dumped.length, loaded.length], [recorded.tag_dumps, recorded.tag_loads])
})

t.test('where the stack runs out, a value is refused, and a text that may be as deep is not called bad', async (t) => {
  const value = nest(200, (inner) => new Map([['a', inner]]))
  const text = '['.repeat(600) + ']'.repeat(600)
  const seen = new Set<string>()
  /** Runs it at the bottom of the stack, and again from each level above until it succeeds. */
  const fromDeepDown = (run: () => unknown): boolean => {
    try {
      if (fromDeepDown(run)) return true
    } catch (error) {
      seen.add((error as { code?: string }).code ?? (error as Error).message)
    }
    run()
    return true
  }
  t.ok(fromDeepDown(() => serializer.dumps(value)))
  t.ok(fromDeepDown(() => serializer.loads(text)))
  const exhausting = { get a () { throw new RangeError('Maximum call stack size exceeded') } }
  t.throws(() => serializer.dumps(exhausting), { message: 'value is nested too deep for the stack there is' })
  t.strictSame([...seen].sort(), ['FSS_ERR_NOT_SERIALIZABLE', 'Maximum call stack size exceeded'])
})

t.test('a shortage of stack or memory while a text is read is passed on as it is', async (t) => {
  const endless = serializerWith(
    tagClass(' en', {
      check: () => false,
      toJson: () => null,
      fromJson: (value): never => endless.loads(`{" en":${value}}`) as never
    })
  )
  t.throws(() => endless.loads('{" en":1}'), { name: 'RangeError', message: 'Maximum call stack size exceeded' })
  const shortage = new RangeError('Array buffer allocation failed')
  const { includes } = String.prototype
  t.intercept(String.prototype, 'includes', {
    value (this: string, part: string): boolean {
      if (`${this}` === '["shortage"]') throw shortage // the first thing that is asked of a text in Flask's format
      return includes.call(this, part)
    }
  })
  t.equal(t.throws(() => flask.loads('["shortage"]')), shortage)
})

t.test('holes and own properties are refused, however they add up', async (t) => {
  for (const [own, count] of [[{ x: 1 }, 1], [{ x: 1, y: 2 }, 2]] as const) {
    const array = Object.assign(Array(3), { 0: 1 }, own)
    t.throws(() => serializer.dumps(array), /holes or with properties of its own/, `${count} of its own`)
  }
  for (const value of [new Map(), new Set(), new Date(0), new URL('a:b')]) {
    t.throws(() => serializer.dumps({ a: Object.assign(value, { length: 1 }) }), /^value\.a is an object of class /)
  }
})

t.test('what only looks like an instance is refused with its path', async (t) => {
  for (const Class of [Date, Map, Set, Buffer, Uint8Array]) {
    t.throws(() => serializer.dumps({ a: Object.create(Class.prototype) }), refusedAt('value.a'))
  }
  t.throws(() => serializer.dumps({ a: new Proxy(new Map(), {}) }), refusedAt('value.a'))
  t.throws(() => serializer.dumps({ a: Object.setPrototypeOf([1], [5]) }), refusedAt('value.a'))
})

t.test('a Map may have the key __proto__, and an object one that is undefined', async (t) => {
  for (const value of [new Map([['__proto__', 1]]), new Map([['__proto__', { a: [1n] }]])]) {
    t.ok(same(serializer.loads(serializer.dumps(value)), value))
  }
  t.equal(serializer.dumps(Object.defineProperty({}, '__proto__', { value: undefined, enumerable: true })), '{}')
})

t.test('a tag that claims text claims it inside other tags too', async (t) => {
  const own = serializerWith(
    tagClass(' up', {
      check: (value) => typeof value === 'string',
      toJson: (value) => (value as string).toUpperCase(),
      fromJson: (value) => value
    })
  )
  t.equal(own.dumps([['a'], new Map([['k', 'v']])]), '[[{" up":"A"}],{" mp":[[{" up":"K"},{" up":"V"}]]}]')
})

t.test('a tag\'s key does not end as an escaped key does', async (t) => {
  t.throws(() => serializerWith(tagClass(' t__', { check: () => false, toJson: fn, fromJson: fn })), {
    name: 'TypeError',
    message: /must not end with __/
  })
})

t.test('with tags of the application every property is read once all the same', async (t) => {
  const own = serializerWith(tagClass(' no', { check: () => false, toJson: fn, fromJson: fn }))
  let reads = 0
  t.equal(own.dumps([{ get a () { return ++reads } }]), '[{"a":1}]')
})

t.test('untag takes data that shares parts, and refuses what is too deep', async (t) => {
  const shared = [{ ' di': { ' t__': [1] } }]
  t.ok(same(serializer.untag([shared, shared]), [[{ ' t': [1] }], [{ ' t': [1] }]]))
  t.throws(() => serializer.untag(nest(2000, (inner) => [inner])), { name: 'BadPayload' })
  t.equal(serializer.untag(fn), fn)
})

t.test('a part without a place of its own is not reported at another\'s', async (t) => {
  const own = new TaggedJSONSerializer()
  own.register(class extends JSONTag {
    readonly key = ' pr'
    check (value: unknown): boolean { return value instanceof Promise }
    toJson (): unknown { return [this.serializer.tag(1, 'left'), this.serializer.tag(fn)] }
    fromJson (): unknown { return null }
  })
  t.throws(() => own.dumps({ a: Promise.resolve() }), refusedAt('value.a'))
})

t.test('an unknown option is refused, in the constructor and in register', async (t) => {
  for (const options of ['flask', null, 5]) {
    t.throws(() => new TaggedJSONSerializer(options as never), {
      message: 'The TaggedJSONSerializer options must be an object'
    })
  }
  t.throws(() => new TaggedJSONSerializer({ frmat: 'flask' } as never), {
    message: 'The TaggedJSONSerializer option "frmat" is unknown: did you mean format?'
  })
  const own = tagClass(' own', { check: () => false, toJson: () => null })
  for (const [options, message] of [
    [{ idx: 0 }, /"idx" is unknown/],
    [{ index: -1 }, /index must be a place/],
    [{ index: 1.5 }, /index must be a place/],
    [{ index: '0' }, /index must be a place/],
    [{ force: 1 }, /force must be true or false/],
    [null, /must be an object/]
  ] as const) t.throws(() => new TaggedJSONSerializer().register(own, options as never), { name: 'TypeError', message })
})

t.test('an unknown format is refused', async (t) => {
  for (const format of ['json', 'toString', null]) {
    t.throws(() => new TaggedJSONSerializer({ format: format as never }), {
      name: 'TypeError',
      message: 'format must be one of default, flask'
    })
  }
})

t.test('with format flask integers have at most 4300 digits, as in Python', async (t) => {
  for (const value of [10n ** 4299n, -(10n ** 4299n)]) t.equal(flask.loads(flask.dumps(value)), value)
  for (const value of [10n ** 4300n, -(10n ** 4300n)]) {
    t.throws(() => flask.dumps(value), { code: 'FSS_ERR_NOT_SERIALIZABLE', keyPath: 'value' } as never)
    t.throws(() => flask.loads(`${value}`), { name: 'BadPayload' })
  }
})

t.test('with format flask dates of every year that Python has are exact', async (t) => {
  for (const text of [
    '0001-01-01T00:00:00Z', '0068-02-29T23:59:59Z', '0099-12-31T00:00:00Z', '1969-12-31T23:59:59Z',
    '9999-12-31T23:59:59Z'
  ]) {
    t.ok(same(flask.loads(flask.dumps(new Date(text))), new Date(text)), text)
  }
  t.ok(same(flask.loads(flask.dumps(new Date(-1))), new Date(-1000)), 'in whole seconds')
})

t.test('with format flask a date that is none is refused as such', async (t) => {
  t.throws(() => flask.dumps({ when: new Date(NaN) }), {
    message: /^value\.when is an invalid Date, which Flask has no form for/
  })
})

t.test('what somebody gave to all objects is neither written nor read', async (t) => {
  Object.assign(Object.prototype, { polluted: 1 })
  try {
    const value = { a: { b: [{}] }, d: { at: new Date(0) } }
    const text = '{"a":{"b":[{}]},"d":{"at":{" d":"1970-01-01T00:00:00.000Z"}}}'
    t.equal(serializer.dumps(value), text)
    t.equal(serializer.dumps(serializer.loads(text)), text)
    t.strictSame(Object.keys(serializer.loads('{"x":{}}') as object), ['x'])
  } finally {
    delete (Object.prototype as { polluted?: number }).polluted
  }
})

t.test('what is inside a Map, a Set or a tuple is written once, however they are nested, ' +
  'with tags of the application or without', async (t) => {
  const value = nest(50, (inner) => new Map([[new Tuple([inner]), new Set([1])]]))
  const text = nest(50, (inner) => `{" mp":[[{" t":[${inner}]},{" st":[1]}]]}`)
  for (const each of [serializerWith(), serializerWith(TagNever, TagBox)]) {
    const tagged = t.capture(each, 'tag', each.tag)
    t.equal(each.dumps(value), text)
    t.equal(tagged().length, 0)
  }
})

t.test('bytes are told from bytes with properties at any length, and keep to the rule for symbols', async (t) => {
  for (const length of [0, 1, 64, 65, 100, 5000]) {
    for (const bytes of [
      Buffer.alloc(length, 7), new Uint8Array(length).fill(7), Buffer.alloc(length + 3, 7).subarray(3),
      Buffer.from(new SharedArrayBuffer(length))
    ]) {
      t.ok(same(serializer.loads(serializer.dumps(bytes)), bytes))
      const text = serializer.dumps(bytes)
      t.equal(serializer.dumps(Object.assign(bytes, { [Symbol('note')]: 1 })), text)
      t.throws(() => serializer.dumps({ a: Object.assign(bytes, { note: 1 }) }), refusedAt('value.a'))
    }
  }
})

t.test('text of a tag is that of the value, not of methods which an instance has in place ' +
  "of its class's", async (t) => {
  const lie = { value: () => '"},{"admin":true' }
  const date = Object.defineProperties(new Date(0), { toISOString: lie, toUTCString: lie, getTime: lie })
  const bytes = Object.defineProperty(Buffer.from('a'), 'toString', lie)
  for (const each of [serializerWith(), extended, flask]) {
    for (let time = 0; time < 3; time++) {
      t.ok(same(each.loads(each.dumps([date, bytes])), [new Date(0), Buffer.from('a')]))
    }
  }
})

t.test('no method that takes the place of another writes more than one text', async (t) => {
  const lie = { value: () => '"},"admin":{" b":"' }
  // Buffer's toString calls base64Slice on Node 20 and 22
  const bytes = Object.defineProperty(Buffer.from('a'), 'base64Slice', lie)
  for (const each of [serializerWith(), extended, flask]) {
    for (let time = 0; time < 3; time++) t.strictSame(Object.keys(JSON.parse(each.dumps({ note: bytes }))), ['note'])
  }
  const { toISOString } = Date.prototype
  t.teardown(() => { Reflect.set(Date.prototype, 'toISOString', toISOString) })
  serializer.dumps(new Date(0))
  Reflect.set(Date.prototype, 'toISOString', lie.value)
  for (const year of [1, 2026, 12_000]) {
    t.strictSame(Object.keys(JSON.parse(serializer.dumps({ note: new Date(Date.UTC(year, 0)) }))), ['note'])
  }
})

t.test('bytes that lie about their length are written or refused with their path', async (t) => {
  for (const bytes of [Buffer.alloc(100, 7), new Uint8Array(100).fill(7)]) {
    const lying = Object.defineProperty(bytes, 'length', { value: 1000 })
    t.throws(() => serializer.dumps({ a: Object.assign(lying, { note: 1 }) }), refusedAt('value.a'))
  }
})

t.test('a tag that goes on after a refusal inside it leaves no depth behind', async (t) => {
  const bad = Symbol('bad')
  const makers: Array<() => unknown> = [
    () => [bad], () => ({ bad }), () => new Map([[1, bad]]), () => new Set([bad]), () => new Tuple([bad])
  ]
  for (const make of makers) {
    const tolerant = serializerWith(class extends JSONTag {
      readonly key = ' any'
      check (value: unknown): boolean { return value instanceof Error }
      toJson (): unknown {
        const parts: unknown[] = Array.from({ length: 300 }, make)
        return [...parts, { ok: 1 }].map((part) => {
          try { return this.serializer.tag(part) } catch { return null }
        })
      }

      fromJson (value: unknown): unknown { return value }
    })
    t.strictSame(tolerant.loads(tolerant.dumps([new Error('any')])), [[...Array(300).fill(null), { ok: 1 }]])
  }
})

t.test('many Maps beside each other are not taken for Maps inside each other', async (t) => {
  const maps = Array.from({ length: 300 }, () => new Map([[1, 2]]))
  t.ok(same(serializer.loads(serializer.dumps(maps)), maps))
})

t.test('each of Python\'s words is read where it is the only one', async (t) => {
  t.strictSame(
    ['[NaN]', '[Infinity]', '[-Infinity]'].map((text) => flask.loads(text)),
    [[NaN], [Infinity], [-Infinity]]
  )
})

t.test('what only has the prototype of a UUID is refused with its path', async (t) => {
  serializer.dumps(new UUID(hex))
  for (const value of [Object.create(UUID.prototype), Object.setPrototypeOf({ text: '"' }, UUID.prototype)]) {
    t.throws(() => serializer.dumps({ a: value }), refusedAt('value.a'))
  }
})

/** One value of each kind that a tag may be asked about. */
const everyKind: unknown[] = [
  'a', true, null, 1, NaN, 1n, 10n ** 4300n, undefined, fn, Symbol('any'), [], {}, { ' t': 1 }, new Tuple(),
  Buffer.alloc(1), new Markup(''), new UUID(hex), new Date(0), Object.assign(new Date(0), { note: 1 }),
  new Map(), new Set(), new URL('a:b'), new Uint8Array(1), new Box(1), new (class OwnMap extends Map {})(),
  new (class OwnArray extends Array {})()
]
const isDict = (value: unknown): boolean => value != null && Object.getPrototypeOf(value) === Object.prototype

t.test('an added tag claims what no tag ahead of it claims, wherever it stands', async (t) => {
  const TagAny = tagClass(' any', { check: () => true, toJson: () => null })
  const places = serializer.order.length
  for (let index = 0; index <= places; index++) {
    const own = new TaggedJSONSerializer()
    own.register(TagAny, { index })
    own.register(TagNever, { index: places - index })
    for (const value of everyKind) {
      const isClaimed = (tag: JSONTag): boolean => tag instanceof TagDict ? isDict(value) : tag.check(value)
      const claims = own.order.find(isClaimed)?.key === ' any'
      t.equal(outcome(own, value) === '{" any":null}', claims, `index ${index}, ${Object(value).constructor.name}`)
      if (claims) t.equal(own.refusalOf(value), undefined)
    }
  }
})

t.test('an added tag does not make the built-in ones be asked about every value', async (t) => {
  const map = new Map([['f', new Set([1])]])
  const mixed = ['a', 1, true, null, { b: 'c', d: [1.5] }, new Date(0), new Tuple(['e']), map, Buffer.alloc(1)]
  const checks = t.capture(KindTag.prototype, 'check', KindTag.prototype.check)
  for (const [options, count] of [[{ index: 0 }, 17], [{ index: 7 }, 12], [{}, 9]] as const) {
    let asked = 0
    const own = new TaggedJSONSerializer()
    own.register(tagClass(' nv', { check: () => { asked++; return false }, toJson: fn }), options)
    own.dumps(mixed)
    t.equal(asked, count)
  }
  t.equal(checks().length, 0)
})

t.test('keys that clients choose take no place from those of the application for longer than they come', async (t) => {
  const own = new TaggedJSONSerializer()
  const cart = { user: 1, roles: 2, visits: 3 }
  const tested = t.capture(RegExp.prototype, 'test', RegExp.prototype.test)
  const quoted = (value: unknown): number => {
    tested()
    own.dumps(value)
    return tested().filter(({ receiver }) => `${receiver}`.includes('ud800')).length
  }
  t.equal(quoted(cart), 3)
  t.equal(quoted(cart), 0, 'known')
  t.equal(quoted(Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`hostile-${index}`, 1]))), 5000)
  t.equal(quoted(cart), 3, 'learned again')
  t.equal(quoted(cart), 0, 'known again')
  t.equal(quoted({ ['k'.repeat(50)]: 1 }) + quoted({ ['k'.repeat(50)]: 1 }), 2, 'long ones never')
})
