import fc from 'fast-check'
import t from 'tap'
import { NotSerializable } from '../lib/errors.ts'
import { DefaultJSONProvider } from '../lib/json/default-provider.ts'
import { JSONProvider, type DumpsOptions } from '../lib/json/provider.ts'
import { Markup, Tuple, UUID } from '../lib/json/values.ts'

const runs = { seed: 20261122, numRuns: 500 }
const provider = new DefaultJSONProvider()
const fn = (): void => {}

class Account {
  readonly id = 1
  readonly #hidden = 2
  get twice (): number { return this.#hidden * 2 }
}

/** Remembers what was done to it. */
class FakeReply {
  readonly calls: unknown[] = []
  type (contentType: string): void { this.calls.push(contentType) }
  send (payload: string): void { this.calls.push(payload) }
}

t.test('values are written as users of JavaScript expect', async (t) => {
  const written: Array<[value: unknown, text: string]> = [
    [null, 'null'],
    [undefined, 'null'],
    [[true, 'é\u2028', 1.5e-7, 1e21], '[true,"é\u2028",1.5e-7,1e+21]'],
    [[-0, undefined, '\ud800'], '[0,null,"\\ud800"]'],
    [[1, , 3], '[1,null,3]'], // eslint-disable-line no-sparse-arrays -- the case at hand
    [{ b: 1, a: undefined, [Symbol('c')]: 2 }, '{"b":1}'],
    [Object.assign(Object.create(null), { a: {} }), '{"a":{}}'],
    [JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    [{ ' t': [1] }, '{" t":[1]}'],
    [[new Date(0), new Date(8.64e15)], '["1970-01-01T00:00:00.000Z","+275760-09-13T00:00:00.000Z"]'],
    [new Map<unknown, unknown>([['b', new Map()], [1, new Set([1n])], ['__proto__', null]]), '{"1":[1],"b":{},"__proto__":null}'],
    [new Set([new Set(), [], 'a']), '[[],[],"a"]'],
    [[0n, -(2n ** 64n), 10n ** 30n], `[0,-18446744073709551616,1${'0'.repeat(30)}]`],
    [[Object(1), Object('a'), Object(false), Object(1n)], '[1,"a",false,1]'],
    [new Account(), '{"id":1}'],
    [new (class List extends Array {})(), '[]'],
    [new URL('https://a.example'), '"https://a.example/"'],
    [[new Tuple([1, new Tuple()]), new Markup('<b>'), new UUID('0'.repeat(32))], '[[1,[]],"<b>","00000000-0000-0000-0000-000000000000"]']
  ]
  for (const [value, text] of written) t.equal(provider.dumps(value), text)
})

t.test('anything with toJSON is written as that says', async (t) => {
  const saying = (answer: unknown): object => Object.assign(new (class Special {})(), { secret: 1, toJSON: () => answer })
  const written: Array<[value: unknown, text: string]> = [
    [saying('a'), '"a"'],
    [[saying(null), saying([saying({ b: saying(1n) })])], '[null,[{"b":1}]]'],
    [Object.assign([1], { toJSON: () => 'list' }), '"list"'],
    [Object.assign(new Map(), { toJSON: () => 'map' }), '"map"'],
    [Object.assign(new Error('secret'), { toJSON () { return { message: 'shown' } } }), '{"message":"shown"}'],
    [Object.assign(new Date(0), { toJSON (this: Date) { return this.getTime() } }), '0'],
    [{ a: 1, toJSON (this: { a: number }) { return { a: this.a, toJSON: 'data' } } }, '{"a":1,"toJSON":"data"}'],
    [{ toJSON: 'data' }, '{"toJSON":"data"}']
  ]
  for (const [value, text] of written) t.equal(provider.dumps(value), text)
  const failure = new RangeError()
  t.equal(t.throws(() => provider.dumps([{ toJSON () { throw failure } }])), failure)
})

t.test('what JSON cannot say is refused with its path', async (t) => {
  const cycle: { self?: unknown } = {}
  cycle.self = [cycle]
  const cannot = (what: string): string => `is ${what}, which JSON cannot say`
  const keyed = (what: string): string => `has ${what} as a key, where JSON has strings only`
  const refused: Array<[value: unknown, path: string, reason: string]> = [
    [fn, 'value', cannot('a function')],
    [[{ a: Symbol('secret') }], 'value[0].a', cannot('a symbol')],
    [Object(Symbol('secret')), 'value', cannot('a symbol')],
    [{ a: NaN }, 'value.a', cannot('NaN')],
    [[-Infinity], 'value[0]', cannot('-Infinity')],
    [Object(Infinity), 'value', cannot('Infinity')],
    [[new Date(NaN)], 'value[0]', 'is an invalid date, which JSON cannot say'],
    [[Buffer.from('secret')], 'value[0]', cannot('an object of class Buffer')],
    [[new Uint8Array(1)], 'value[0]', cannot('an object of class Uint8Array')],
    [[new Float64Array(1)], 'value[0]', cannot('an object of class Float64Array')],
    [[new DataView(new ArrayBuffer(1))], 'value[0]', cannot('an object of class DataView')],
    [[new ArrayBuffer(1)], 'value[0]', cannot('an object of class ArrayBuffer')],
    [[new SharedArrayBuffer(1)], 'value[0]', cannot('an object of class SharedArrayBuffer')],
    [{ a: Promise.resolve() }, 'value.a', cannot('an object of class Promise')],
    [[/secret/], 'value[0]', cannot('an object of class RegExp')],
    [[new RangeError('secret')], 'value[0]', cannot('an object of class RangeError')],
    [[new WeakMap()], 'value[0]', cannot('an object of class WeakMap')],
    [[new WeakSet()], 'value[0]', cannot('an object of class WeakSet')],
    [{ m: new Map([[{}, 1]]) }, 'value.m', keyed('an object of class Object')],
    [new Map([[1n, 1]]), 'value', keyed('a bigint')],
    [new Map([['a', 1], [true, 1]] as Array<[unknown, number]>), 'value', keyed('a boolean')],
    [new Map([['a b', [fn]]]), 'value["a b"][0]', cannot('a function')],
    [new Set([1, { a: fn }]), 'value[1].a', cannot('a function')],
    [{ a: { toJSON: () => [1, fn] } }, 'value.a[1]', cannot('a function')],
    [{ 'a\nb': fn }, 'value["a\\nb"]', cannot('a function')],
    [[cycle], 'value[0].self[0]', 'is a cycle: it is value[0] again']
  ]
  for (const [value, path, reason] of refused) t.strictSame(t.throws(() => provider.dumps(value)), new NotSerializable(path, reason))
  const endless = { toJSON: () => ({ endless }) }
  const tooDeep = { code: 'FSS_ERR_NOT_SERIALIZABLE', message: /….* is nested deeper than 500 levels$/ }
  t.match(t.throws(() => provider.dumps(endless)), tooDeep)
})

t.test('a value may be written while another is', async (t) => {
  const written = { toJSON: () => provider.dumps([1n]) }
  const refused = { toJSON: () => (t.throws(() => provider.dumps([fn])) as Error).message }
  const outer = { a: [written, refused, Symbol('b')] }
  t.strictSame(t.throws(() => provider.dumps(outer)), new NotSerializable('value.a[2]', 'is a symbol, which JSON cannot say'))
  t.equal(provider.dumps([written, refused]), '["[1]","value[0] is a function, which JSON cannot say"]')
})

t.test(`whatever JSON.stringify writes is written alike or refused (seed ${runs.seed})`, async () => {
  const values = fc.anything({
    withBoxedValues: true, withDate: true, withNullPrototype: true, withObjectString: true, withSparseArray: true
  })
  fc.assert(fc.property(values, (value) => {
    try {
      return provider.dumps(value) === (JSON.stringify(value) ?? 'null')
    } catch (error) {
      return error instanceof NotSerializable && /is (NaN|-?Infinity|an invalid date), which JSON cannot say$/.test(error.message)
    }
  }), runs)
})

t.test('indent spreads the text over lines and touches no value', async (t) => {
  const value = { a: [1, { b: '{"[,:' }], big: 2n ** 70n, empty: [{}, []], at: new Date(0) }
  t.equal(provider.dumps(value, { indent: 2 }), `{
  "a": [
    1,
    {
      "b": "{\\"[,:"
    }
  ],
  "big": 1180591620717411303424,
  "empty": [
    {},
    []
  ],
  "at": "1970-01-01T00:00:00.000Z"
}`)
  t.equal(provider.dumps([[1]], { indent: 4 }), '[\n    [\n        1\n    ]\n]')
  t.equal(provider.dumps([[1]], {}), '[[1]]')
})

t.test('loads reads JSON and nothing else', async (t) => {
  t.strictSame(provider.loads(' {"a":[1,{" t":[]}],"n":null}\n'), { a: [1, { ' t': [] }], n: null })
  for (const text of ['', '{', '[NaN]', "{'a':1}", '\ufeff{}']) t.throws(() => provider.loads(text), SyntaxError)
  provider.loads('{"__proto__":{"polluted":1}}')
  t.equal(({} as { polluted?: number }).polluted, undefined)
})

t.test('response sends one value, several as a list, none as null, with a newline', async (t) => {
  const sent: Array<[debug: boolean | undefined, values: unknown[], body: string]> = [
    [undefined, [], 'null\n'],
    [false, [{ a: new Date(0) }], '{"a":"1970-01-01T00:00:00.000Z"}\n'],
    [false, [[1, 2]], '[1,2]\n'],
    [false, [undefined], 'null\n'],
    [false, ['a', 1n, null], '["a",1,null]\n'],
    [true, [], 'null\n'],
    [true, [{}], '{}\n'],
    [true, ['a', { b: 1n }], '[\n  "a",\n  {\n    "b": 1\n  }\n]\n']
  ]
  for (const [debug, values, body] of sent) {
    const reply = new FakeReply()
    t.equal(new DefaultJSONProvider({ debug }).response(reply, ...values), reply)
    t.strictSame(reply.calls, ['application/json', body])
  }
})

t.test('response sends nothing where the value is refused', async (t) => {
  const reply = new FakeReply()
  const refusal = new NotSerializable('value[1]', 'is a function, which JSON cannot say')
  t.strictSame(t.throws(() => provider.response(reply, 1, fn)), refusal)
  t.strictSame(reply.calls, [])
})

t.test('a provider of the application writes what response sends', async (t) => {
  class Shouting extends JSONProvider {
    override dumps (value: unknown, options?: DumpsOptions): string { return `${value}!`.toUpperCase() + JSON.stringify(options) }
    override loads (text: string): unknown { return text.toLowerCase() }
  }
  const bodies: Array<[provider: JSONProvider, body: string]> = [
    [new Shouting(), 'HI!{}\n'], [new Shouting({ debug: true }), 'HI!{"indent":2}\n']
  ]
  for (const [own, body] of bodies) t.strictSame(own.response(new FakeReply(), 'hi').calls, ['application/json', body])
  t.strictSame([new Shouting().debug, new Shouting({ debug: true }).debug, provider.debug], [false, true, false])
  t.equal(new Shouting().loads('HI'), 'hi')
})

t.test('a cycle through a Map or a Set is told as one', async (t) => {
  const map = new Map<string, unknown>()
  map.set('a', new Set([map]))
  t.throws(() => new DefaultJSONProvider().dumps({ map }), { path: 'value.map.a[0]', message: /is a cycle: it is value\.map again/ })
})

t.test('a Map whose keys are the same as text is refused', async (t) => {
  t.throws(() => new DefaultJSONProvider().dumps(new Map<unknown, string>([[1, 'a'], ['1', 'b']])), /has keys that are one and the same as text/)
})

t.test('indent is a number of spaces, and 0 is none', async (t) => {
  const provider = new DefaultJSONProvider()
  t.equal(provider.dumps({ a: 1 }, { indent: 0 }), '{"a":1}')
  for (const indent of [-1, 1.5, NaN, '2']) t.throws(() => provider.dumps({}, { indent: indent as number }), { message: 'indent must be a number of spaces' })
})
