import fc from 'fast-check'
import t from 'tap'
import { NotSerializable } from '../lib/errors.ts'
import { describeType } from '../lib/json/kinds.ts'
import { JSONWriter, textOf } from '../lib/json/writer.ts'

const runs = { seed: 20261122, numRuns: 500 }

class StrictWriter extends JSONWriter {
  protected override other (value: unknown): string {
    if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : `${value}`
    return this.refuse(`is ${describeType(value)}`)
  }
}

const dumps = (value: unknown, root = 'value'): string => new StrictWriter().dumps(value, root)

function nest (depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = wrap(value)
  return value
}

t.test('JSON data is written as JSON.stringify does it', async (t) => {
  const values = [
    null, true, false, 0, 1e21, -1.5e-7, '', 'é\u2028"\\\n', '\udc00', [], {}, [[], [{}]],
    { a: 1, '"': { b: [null] } }
  ]
  for (const value of values) t.equal(dumps(value), JSON.stringify(value))
  t.equal(textOf('\ud83d"\u0000'), '"\\ud83d\\"\\u0000"')
})

t.test(`any JSON data is written as JSON.stringify does it, but for -0 (seed ${runs.seed})`, async () => {
  fc.assert(fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
    const text = dumps(value)
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value) && dumps(JSON.parse(text)) === text
  }), runs)
  const finite = fc.double({ noDefaultInfinity: true, noNaN: true })
  fc.assert(fc.property(finite, (number) => Object.is(JSON.parse(dumps(number)), number)), runs)
})

t.test('properties that are undefined, not enumerable, inherited or keyed by a symbol are left out', async (t) => {
  const object = Object.defineProperty({ a: undefined, b: 1, [Symbol('c')]: 2, d: undefined }, 'e', { value: 3 })
  t.equal(dumps(object), '{"b":1}')
  t.equal(dumps({ a: undefined }), '{}')
})

t.test('every property is read exactly once', async (t) => {
  const reads: PropertyKey[] = []
  const watched = (target: object): object => new Proxy(target, {
    get (target, key, receiver) {
      reads.push(key)
      return Reflect.get(target, key, receiver)
    }
  })
  t.equal(dumps(watched({ a: watched({ b: 1, c: [2] }), d: 'x', e: undefined })), '{"a":{"b":1,"c":[2]},"d":"x"}')
  t.strictSame(reads, ['a', 'b', 'c', 'd', 'e'])
  reads.length = 0
  dumps(watched([1, watched([2])]))
  t.strictSame(reads.filter((key) => key !== 'length'), ['0', '1', '0'])
})

t.test('what was read is what is written, whatever a getter answers next', async (t) => {
  for (const next of [() => 1, Symbol('next'), undefined, new Date(0), NaN]) {
    const answers = ['first']
    const fickle = { get a () { return answers.pop() ?? next } }
    t.equal(dumps([fickle]), '[{"a":"first"}]')
  }
})

t.test('toJSON is not asked', async (t) => {
  t.equal(
    dumps(Object.create(null, { toJSON: { value: () => 'hidden' }, a: { value: 1, enumerable: true } })),
    '{"a":1}'
  )
  t.equal(dumps({ toJSON: 'data' }), '{"toJSON":"data"}')
  t.strictSame(t.throws(() => dumps({ toJSON: () => 'hostile' })), new NotSerializable('value.toJSON', 'is a function'))
})

t.test('what is refused is named by its path and its type, never by its content', async (t) => {
  const named = (name: unknown): object => Object.create({ constructor: { name } })
  const refused: Array<[value: unknown, path: string, reason: string]> = [
    [Symbol('secret'), 'session', 'is a symbol'],
    [[() => 'secret'], 'session[0]', 'is a function'],
    [{ a: [{}, { 'b c': 1n }] }, 'session.a[1]["b c"]', 'is a bigint'],
    [{ a: NaN }, 'session.a', 'is a number'],
    [{ a: 1, b: -Infinity }, 'session.b', 'is a number'],
    [[[], new Date(0)], 'session[1]', 'is an object of class Date'],
    [[named('K'.repeat(60))], 'session[0]', `is an object of class ${'K'.repeat(60)}`],
    [[named('K'.repeat(61))], 'session[0]', 'is an object with a class'],
    [[named('a\nb')], 'session[0]', 'is an object with a class'],
    [[named('')], 'session[0]', 'is an object with a class'],
    [[named(5)], 'session[0]', 'is an object with a class'],
    [[Object.create(Object.create(Object.create(null)))], 'session[0]', 'is an object with a class']
  ]
  for (const [value, path, reason] of refused) {
    t.strictSame(
      t.throws(() => dumps(value, 'session')),
      new NotSerializable(path, reason)
    )
  }
  t.equal(new NotSerializable('session.a', 'is odd').code, 'FSS_ERR_NOT_SERIALIZABLE')
  t.equal(describeType(Object.create(null)), 'an object with a class')
})

t.test('a cycle is refused with where it points back to', async (t) => {
  const self: { self?: unknown } = {}
  self.self = self
  const list: unknown[] = [1]
  list.push({ deep: [list] })
  const back = { list: [{ back: {} }] }
  back.list[0]!.back = back.list
  t.strictSame(t.throws(() => dumps(self)), new NotSerializable('value.self', 'is a cycle: it is value again'))
  t.strictSame(t.throws(() => dumps(list)), new NotSerializable('value[1].deep[0]', 'is a cycle: it is value again'))
  t.strictSame(
    t.throws(() => dumps(back)),
    new NotSerializable('value.list[0].back', 'is a cycle: it is value.list again')
  )
})

t.test('an object that stands twice side by side is no cycle', async (t) => {
  const twice = { a: [1] }
  t.equal(dumps([twice, { b: twice, c: twice.a }]), '[{"a":[1]},{"b":{"a":[1]},"c":[1]}]')
})

t.test('nesting is refused past its limit', async (t) => {
  const tooDeep = { code: 'FSS_ERR_NOT_SERIALIZABLE', message: /….* is nested deeper than 500 levels$/ }
  for (const wrap of [(inner: unknown) => [inner], (inner: unknown) => ({ a: inner })]) {
    t.equal(dumps(nest(500, wrap)), JSON.stringify(nest(500, wrap)))
    t.match(t.throws(() => dumps(nest(501, wrap))), tooDeep)
  }
  const shallow = new StrictWriter(2)
  t.equal(shallow.dumps([[1]], 'list'), '[[1]]')
  const refusal = new NotSerializable('list[1][0]', 'is nested deeper than 2 levels')
  t.strictSame(t.throws(() => shallow.dumps([1, [{}]], 'list')), refusal)
})

t.test('a writer can be used from within and after a failure', async (t) => {
  const writer = new StrictWriter()
  const fails = (): string => writer.dumps([1, () => 2], 'inner')
  const using = { get b () { return t.strictSame(t.throws(fails), new NotSerializable('inner[1]', 'is a function')) } }
  const outer = { a: [using, { c: Symbol('d') }] }
  t.strictSame(t.throws(() => writer.dumps(outer, 'outer')), new NotSerializable('outer.a[1].c', 'is a symbol'))
  t.equal(writer.dumps({ get b () { return writer.dumps([1], 'inner') } }, 'outer'), '{"b":"[1]"}')
})
