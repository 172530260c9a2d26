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
    [[1, , 3], '[1,null,3]'], // eslint-disable-line no-sparse-arrays -- the hole is what is tested
    [{ b: 1, a: undefined, [Symbol('c')]: 2 }, '{"b":1}'],
    [Object.assign(Object.create(null), { a: {} }), '{"a":{}}'],
    [JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    [{ ' t': [1] }, '{" t":[1]}'],
    [[new Date(0), new Date(8.64e15)], '["1970-01-01T00:00:00.000Z","+275760-09-13T00:00:00.000Z"]'],
    [
      new Map<unknown, unknown>([
        ['b', new Map()],
        [1, new Set([1n])],
        ['__proto__', null]
      ]),
      '{"1":[1],"b":{},"__proto__":null}'
    ],
    [new Set([new Set(), [], 'a']), '[[],[],"a"]'],
    [[0n, -(2n ** 64n), 10n ** 30n], `[0,-18446744073709551616,1${'0'.repeat(30)}]`],
    [[Object(1), Object('a'), Object(false), Object(1n)], '[1,"a",false,1]'],
    [new Account(), '{"id":1}'],
    [new (class List extends Array {})(), '[]'],
    [new URL('https://a.example'), '"https://a.example/"'],
    [
      [new Tuple([1, new Tuple()]), new Markup('<b>'), new UUID('0'.repeat(32))],
      '[[1,[]],"<b>","00000000-0000-0000-0000-000000000000"]'
    ]
  ]
  for (const [value, text] of written) t.equal(provider.dumps(value), text)
})

t.test('anything with toJSON is written as that says', async (t) => {
  const saying = (answer: unknown): object =>
    Object.assign(new (class Special {})(), { secret: 1, toJSON: () => answer })
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
})

t.test('toJSON is told the key, as JSON.stringify does it', async (t) => {
  class Instance { toJSON (key: unknown): unknown { return [key] } }
  const plain = (): object => ({ toJSON: (key: unknown) => ({ key }) })
  const list = Object.assign([], { toJSON: (key: unknown) => key })
  const values = [
    new Instance(), plain(), list, [new Instance(), [plain()]], { 1: list, a: new Instance() }, { '': plain() }
  ]
  for (const value of values) {
    t.equal(provider.dumps(value), JSON.stringify(value))
    t.equal(provider.dumps(value, { sortKeys: true }), JSON.stringify(value))
  }
  const keys: unknown[] = []
  provider.dumps({ a: [fn, 1n] }, { default: (_value, key) => keys.push(key) })
  t.strictSame(keys, ['0', '1'])
  t.strictSame(provider.default(new Instance()), [''])
})

t.test('what code of a value or of the application throws comes with its path, the original as cause', async (t) => {
  const failure = Object.assign(new RangeError('secret'), { statusCode: 409 })
  const fail = (): never => { throw failure }
  class Failing { toJSON (): unknown { return fail() } }
  const failing = [{ toJSON: fail }, { get a () { return fail() } }, new Failing(), new Proxy({}, { ownKeys: fail })]
  const paths = ['value.b[0]', 'value.b[0].a', 'value.b[0]', 'value.b[0]']
  const reason = 'cannot be written: a getter, a method such as toJSON, or a tag threw; see the cause of this error'
  for (const [index, value] of failing.entries()) {
    for (const options of [undefined, { sortKeys: true }]) {
      const error = t.throws(() => provider.dumps({ b: [value] }, options)) as NotSerializable
      const message = `${paths[index]} ${reason}`
      t.match(error, { name: 'TypeError', keyPath: paths[index], message, statusCode: 409 })
      t.equal(error.cause, failure)
    }
  }
  t.match(t.throws(() => provider.dumps([fn], { default: fail })), { keyPath: 'value[0]', cause: failure })
  t.match(t.throws(() => provider.dumps(new Failing())), { keyPath: 'value', cause: failure })
  const memory = new RangeError('Invalid string length')
  const error = t.throws(() => provider.dumps([fn], { default: () => { throw memory } }))
  t.equal(error, memory, 'a want of memory is passed on')
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
    [[new Date(NaN)], 'value[0]', 'is an invalid Date, which JSON cannot say'],
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
  for (const [value, path, reason] of refused) {
    t.strictSame(
      t.throws(() => provider.dumps(value)),
      new NotSerializable(path, reason)
    )
  }
  const endless = { toJSON: () => ({ endless }) }
  const tooDeep = { code: 'FSS_ERR_NOT_SERIALIZABLE', message: /….* is nested deeper than 500 levels$/ }
  t.match(t.throws(() => provider.dumps(endless)), tooDeep)
})

t.test('a value may be written while another is', async (t) => {
  const written = { toJSON: () => provider.dumps([1n]) }
  const refused = { toJSON: () => (t.throws(() => provider.dumps([fn])) as Error).message }
  const outer = { a: [written, refused, Symbol('b')] }
  t.strictSame(
    t.throws(() => provider.dumps(outer)),
    new NotSerializable('value.a[2]', 'is a symbol, which JSON cannot say')
  )
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
      return (
        error instanceof NotSerializable &&
          /is (NaN|-?Infinity|an invalid date), which JSON cannot say$/.test(error.message)
      )
    }
  }),
  runs
  )
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
  for (const text of ['', '{', '[NaN]', "{'a':1}", '\ufeff{}']) {
    t.ok(t.throws(() => provider.loads(text)) instanceof SyntaxError)
  }
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
    override dumps (value: unknown, options?: DumpsOptions): string {
      return `${value}!`.toUpperCase() + JSON.stringify(options)
    }

    override loads (text: string): unknown { return text.toLowerCase() }
  }
  const bodies: Array<[provider: JSONProvider, body: string]> = [
    [new Shouting(), 'HI!undefined\n'], [new Shouting({ debug: true }), 'HI!{"indent":2}\n']
  ]
  for (const [own, body] of bodies) t.strictSame(own.response(new FakeReply(), 'hi').calls, ['application/json', body])
  t.strictSame([new Shouting().debug, new Shouting({ debug: true }).debug, provider.debug], [false, true, false])
  t.equal(new Shouting().loads('HI'), 'hi')
})

t.test('a cycle through a Map or a Set is told as one', async (t) => {
  const map = new Map<string, unknown>()
  map.set('a', new Set([map]))
  const cycle = { keyPath: 'value.map.a[0]', message: /is a cycle: it is value\.map again/ }
  t.throws(() => new DefaultJSONProvider().dumps({ map }), cycle)
})

t.test('a Map whose keys are the same as text is refused', async (t) => {
  t.throws(
    () =>
      new DefaultJSONProvider().dumps(
        new Map<unknown, string>([
          [1, 'a'],
          ['1', 'b']
        ])
      ),
    /has keys that are one and the same as text/
  )
})

t.test('indent is a number of spaces or white space, and 0 is none', async (t) => {
  t.equal(provider.dumps({ a: 1 }, { indent: 0 }), '{"a":1}')
  t.equal(provider.dumps({ a: [] }, { indent: '\t' }), '{\n\t"a": []\n}')
  for (const indent of [-1, 1.5, NaN, '2']) {
    const message = /^The dumps option indent must be a number of spaces/
    t.throws(() => provider.dumps({}, { indent: indent as number }), { message })
  }
})

t.test('an option that there is not is refused with those that there are', async (t) => {
  const known = 'indent, separators, sortKeys, ensureAscii, default'
  const wrong: Array<[options: unknown, message: string]> = [
    [{ sort_keys: true }, 'The dumps option "sort_keys" is unknown: did you mean sortKeys?'],
    [{ cls: 1 }, `The dumps option "cls" is unknown; known are ${known}`],
    [{ space: 2 }, 'The dumps option "space" is unknown: use indent'],
    [{ sortKeys: 1 }, 'The dumps option sortKeys must be true or false'],
    ...[null, 2, ['a'], fn].map((each): [unknown, string] =>
      [each, `The dumps options must be an object; known are ${known}`])
  ]
  for (const [options, message] of wrong) {
    t.throws(() => provider.dumps({}, options as never), { name: 'TypeError', message })
  }
  const reading = 'exactIntegers, onProtoPoisoning, onConstructorPoisoning'
  const unknown = { message: `The loads option "parse_int" is unknown; known are ${reading}` }
  t.throws(() => provider.loads('1', { parse_int: 1 } as never), unknown)
  const noObject = { message: `The loads options must be an object; known are ${reading}` }
  t.throws(() => provider.loads('1', fn as never), noObject)
})

t.test('what can only be iterated is refused with what to do, and is left unread', async (t) => {
  function * generator (): Generator<number> { yield 1 }
  async function * later (): AsyncGenerator<number> { yield 1 }
  class Own { * [Symbol.iterator] (): Generator<number> { yield 1 } }
  const advice = '; spread it into a list, or make an object of its entries with Object.fromEntries'
  const all = {
    URLSearchParams: new URLSearchParams('a=1&a=2'),
    Headers: new Headers({ a: '1' }),
    FormData: new FormData(),
    Own: new Own(),
    'Map Iterator': new Map([[1, 2]]).entries(),
    'Array Iterator': [1].values(),
    Generator: generator(),
    AsyncGenerator: later()
  }
  for (const [name, value] of Object.entries(all)) {
    const error = t.throws(() => provider.dumps({ a: [value] })) as NotSerializable
    t.match(error, { keyPath: 'value.a[0]', message: 'value.a[0] is an object ' }, name)
    t.ok(error.message.endsWith(advice), name)
  }
  t.strictSame([...all['Map Iterator']], [[1, 2]])
  const named = Object.assign(new Own(), { id: 1 })
  t.equal(provider.dumps([named, new URL('a:b')]), '[{"id":1},"a:b"]')
})

t.test('separators are a comma and a colon with spaces', async (t) => {
  const value = { a: [1, { b: ', :' }], c: [] }
  t.equal(provider.dumps(value, { separators: [', ', ': '] }), '{"a": [1, {"b": ", :"}], "c": []}')
  t.equal(provider.dumps([1, { a: 2 }], { indent: 1, separators: [' ,', ' : '] }), '[\n 1 ,\n {\n  "a" : 2\n }\n]')
  for (const separators of [[',', ';'], ['', ':'], [',,', ':'], [','], [',', ':', ''], 5]) {
    const message = /^The dumps option separators must be a comma and a colon/
    t.throws(() => provider.dumps(value, { separators: separators as never }), message)
  }
})

t.test('sortKeys sorts by code point at every level, and ensureAscii escapes all but ASCII', async (t) => {
  const value = {
    b: 1,
    10: { é: 1, z: undefined, a: 2 },
    9: [{ y: 1, x: 2 }],
    '\u{10000}': 1,
    '\uffff': 2,
    '\ud800': 3,
    '\ud800\uffff': 7,
    '\u{10001}': 8,
    ab: 4,
    a: 5,
    A: 6
  }
  const sorted =
    '{"10":{"a":2,"é":1},"9":[{"x":2,"y":1}],"A":6,"a":5,"ab":4,"b":1,"\\ud800":3,"\\ud800\uffff":7,"\uffff":2,' +
      '"\u{10000}":1,"\u{10001}":8}'
  t.equal(provider.dumps(value, { sortKeys: true }), sorted)
  t.equal(
    provider.dumps(
      new Map([
        ['b', new Account()],
        ['a', null]
      ] as Array<[string, unknown]>),
      { sortKeys: true }
    ),
    '{"a":null,"b":{"id":1}}'
  )
  t.equal(provider.dumps(['é\u007f\u{1f600}~'], { ensureAscii: true }), '["\\u00e9\\u007f\\ud83d\\ude00~"]')
  const refusal = { keyPath: 'value.b.a[0]', message: /is a function/ }
  t.throws(() => provider.dumps({ b: { a: [fn] } }, { sortKeys: true }), refusal)
  const own = new DefaultJSONProvider()
  own.sortKeys = true
  t.equal(own.dumps({ b: 'é', a: 1 }), '{"a":1,"b":"é"}')
  own.ensureAscii = true
  t.equal(own.dumps({ b: 'é', a: 1 }), '{"a":1,"b":"\\u00e9"}')
  t.equal(own.dumps({ b: 'é', a: 1 }, { sortKeys: false, ensureAscii: false }), '{"b":"é","a":1}')
})

t.test('default is asked for what JSON has no form for, and what it gives is written in turn', async (t) => {
  class Money { readonly cents = 250 }
  class Custom extends DefaultJSONProvider {
    readonly asked: unknown[] = []
    override default (value: unknown): unknown {
      this.asked.push(value)
      if (value instanceof Date) return { at: value.getTime() }
      if (value instanceof Money) return [value.cents, new Date(1)]
      if (typeof value === 'number') return null
      if (typeof value === 'bigint') return value > 9n ? `${value}` : value
      if (typeof value === 'symbol') return value.description
      if (value instanceof URL) return new Money()
      if (value instanceof Set) return value.size
      return super.default(value)
    }
  }
  const custom = new Custom()
  const known = [null, undefined, true, 'a', 1, [], {}, { toJSON: () => 1 }, Object.assign([], { toJSON: () => 2 })]
  t.equal(custom.dumps(known), '[null,null,true,"a",1,[],{},1,2]')
  t.strictSame(custom.asked, [])
  t.equal(custom.dumps([new Money(), NaN, 9n, 10n, Symbol('s'), new URL('a:b'), new Set(), new Account()]),
    '[[250,{"at":1}],null,9,"10","s",[250,{"at":1}],0,{"id":1}]')
  t.throws(() => custom.dumps({ a: [fn] }), new NotSerializable('value.a[0]', 'is a function, which JSON cannot say'))
  t.throws(() => custom.default(fn), new NotSerializable('value', 'is a function, which JSON cannot say'))
})

t.test('the option default takes the place of the method', async (t) => {
  const asked = (value: unknown): unknown => value instanceof Date ? value.getTime() : provider.default(value)
  t.equal(provider.dumps([new Date(5), new Set([1])], { default: asked }), '[5,[1]]')
  t.throws(() => provider.dumps(1, { default: 5 as never }), { message: 'The dumps option default must be a function' })
})

t.test('a default without an end is refused and does not hang', async (t) => {
  class Endless {}
  const refused: Array<[answer: (value: unknown) => unknown, reason: RegExp]> = [
    [() => new Endless(), /is nested deeper than 500 levels$/],
    [() => [new Endless()], /is nested deeper than 500 levels$/],
    [(value) => ({ value }), /is a cycle: it is value again$/],
    [() => () => {}, /is nested deeper than 500 levels$|is nested too deep for the stack there is$/]
  ]
  for (const [answer, reason] of refused) {
    t.throws(() => provider.dumps(new Endless(), { default: answer }), {
      code: 'FSS_ERR_NOT_SERIALIZABLE',
      message: reason
    })
  }
  t.throws(
    () => provider.dumps([fn], { default: (value) => value }),
    new NotSerializable('value[0]', 'is what default gave for itself')
  )
  t.equal(provider.dumps([new Account()], { default: (value) => value }), '[{"id":1}]')
  t.equal(provider.dumps([fn], { default: (value) => value === fn ? new Account() : value }), '[{"id":1}]')
})

t.test('toJSON that gives its own object is written by its properties', async (t) => {
  class Self { readonly a = 1; toJSON (): unknown { return this } }
  t.equal(
    provider.dumps([
      new Self(),
      Object.create(
        {
          toJSON () {
            return this
          }
        },
        { b: { value: 2, enumerable: true } }
      )
    ]),
    '[{"a":1},{"b":2}]'
  )
})

t.test('compact goes before debug, and mimetype is what is sent', async (t) => {
  const sent = (own: DefaultJSONProvider, compact: boolean | undefined): unknown => {
    const reply = new FakeReply()
    own.compact = compact
    own.mimetype = 'application/vnd.api+json'
    own.response(reply, [1])
    return reply.calls
  }
  const type = 'application/vnd.api+json'
  t.strictSame(sent(new DefaultJSONProvider({ debug: true }), true), [type, '[1]\n'])
  t.strictSame(sent(new DefaultJSONProvider({ debug: true }), undefined), [type, '[\n  1\n]\n'])
  t.strictSame(sent(new DefaultJSONProvider(), false), [type, '[\n  1\n]\n'])
})
