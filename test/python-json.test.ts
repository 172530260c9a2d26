import t from 'tap'
import fc from 'fast-check'
import { BadPayload } from '../lib/errors.ts'
import { PythonJSONSerializer } from '../lib/json/python-json.ts'
import { Markup, Tuple } from '../lib/json/values.ts'
import { same } from './support/equal.ts'

const runs = { seed: 20261126, numRuns: 500 }
const compact = new PythonJSONSerializer()
const spaced = new PythonJSONSerializer([', ', ': '])

/** `levels` brackets inside each other. */
const nested = (levels: number): unknown => levels === 1 ? [] : [nested(levels - 1)]

t.test('text is written as Python\'s json writes it: in ASCII, with its words for numbers', async (t) => {
  for (const [value, text] of [
    ['é😀\u007f\ud800\n"\\', '"\\u00e9\\ud83d\\ude00\\u007f\\ud800\\n\\"\\\\"'],
    [{ é: 1 }, '{"\\u00e9":1}'],
    [[NaN, Infinity, -Infinity, -0, 1.5, 2 ** 53, 2n ** 53n], '[NaN,Infinity,-Infinity,-0.0,1.5,9007199254740992.0,' +
      '9007199254740992]'],
    [{ a: { b: [1, 'x, y: z'] }, c: {}, d: [] }, '{"a":{"b":[1,"x, y: z"]},"c":{},"d":[]}'],
    [JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
    [{ a: undefined, b: null }, '{"b":null}']
  ] as const) {
    t.equal(compact.dumps(value), text)
    t.ok(same(compact.loads(text), value))
  }
  t.equal(spaced.dumps({ a: { b: [1, 'x, y: z'] }, c: {}, d: [] }), '{"a": {"b": [1, "x, y: z"]}, "c": {}, "d": []}')
})

t.test('an object of one key that other formats have as a tag stays that object', async (t) => {
  for (const key of [' d', ' t', ' b', ' di', ' d__', ' n']) {
    const value = { [key]: { [key]: ['x'] } }
    t.strictSame(compact.loads(compact.dumps(value)), value)
  }
})

t.test('a value that plain JSON has no form for is refused with its path and what to do', async (t) => {
  class Cart {}
  for (const [value, message] of [
    [[undefined], /^session\[0\] is undefined, which plain JSON has no form for; store null$/],
    [{ when: new Date(0) }, /^session\.when is an object of class Date, .*; store its text or a number$/],
    [{ a: [new Map()] }, /^session\.a\[0\] is an object of class Map, .*; store plain JSON data$/],
    [{ a: new Tuple([1]) }, /^session\.a is an object of class Tuple, .*; store plain JSON data$/],
    [{ a: new Markup('<b>') }, /^session\.a is an object of class Markup, /],
    [{ a: Buffer.of(1) }, /^session\.a is an object of class Buffer, /],
    [{ a: new Cart() }, /^session\.a is an object of class Cart, .*; store plain JSON data$/],
    [{ a: () => 1 }, /^session\.a is a function, which plain JSON has no form for$/],
    [{ a: 5n }, /^session\.a is a BigInt, which would come back as a number/i],
    [{ a: 10n ** 4300n }, /more digits than Python reads$/],
    [nested(901), /^session(\[0\]|…)+ is nested deeper than 900 levels$/]
  ] as const) t.throws(() => compact.dumps(value, 'session'), { code: 'FSS_ERR_NOT_SERIALIZABLE', message })
  t.match(compact.refusalOf(new Date(0)), /^is an object of class Date/)
  t.match(compact.refusalOf(5n), /^is a BigInt/i)
  for (const value of ['a', 1, NaN, 2n ** 60n, null, [() => 1], {}]) t.equal(compact.refusalOf(value), undefined)
})

t.test('900 levels are written and read, and no more', async (t) => {
  for (const serializer of [compact, spaced]) t.ok(same(serializer.loads(serializer.dumps(nested(900))), nested(900)))
  t.ok(compact.loads(`["${'['.repeat(2000)}"]`), 'brackets in text are none')
  for (const levels of [901, 100_000]) {
    const text = '['.repeat(levels) + ']'.repeat(levels)
    t.throws(() => compact.loads(text), { code: 'FSS_ERR_BAD_PAYLOAD', message: /deeper than 900 levels$/ })
  }
})

t.test('what Python does not read is a bad payload', async (t) => {
  const faulty = ['', '{', '{}{}', '{"a":1,}', "{'a':1}", '{"a":01}', '"\n"', 'nan', '-NaN', '\ufeff{}', '+1', '.5']
  for (const text of faulty) {
    t.throws(() => compact.loads(text), { code: 'FSS_ERR_BAD_PAYLOAD', message: 'The payload is not JSON' }, text)
  }
  t.throws(() => compact.loads(`{"a":${'9'.repeat(4301)}}`), BadPayload)
})

t.test('a want of stack or memory is not taken for a bad payload', async (t) => {
  const message = 'Maximum call stack size exceeded'
  const text = { length: 2, includes () { throw new RangeError(message) } }
  t.throws(() => compact.loads(text as unknown as string), { name: 'RangeError', message })
})

t.test(`any JSON comes back as it was (seed ${runs.seed})`, async (t) => {
  fc.assert(fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
    for (const serializer of [compact, spaced]) {
      const text = serializer.dumps(value)
      if (!/^[ -~]*$/.test(text) || !same(serializer.loads(text), value)) return false
    }
    return true
  }), runs)
  t.pass()
})
