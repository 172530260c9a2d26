import fc from 'fast-check'
import t from 'tap'
import { layOut } from '../lib/json/layout.ts'

const runs = { seed: 20261122, numRuns: 500 }

t.test('JSON is spread over lines, empty containers stay closed, strings are left alone', async (t) => {
  const values = [
    null, true, -1.5e300, '', 'a, b: {c} [d]', '"\\"\\\\"', '\\', '\\"}', '\n\u2028\u0000', [], {}, [[]], [{}],
    { a: {} }, { a: [] }, { '': '' }, [1, [2, [3]], {}], { '{"': { '\\": [': ['"]', { ',': ':' }] } }
  ]
  for (const value of values) {
    t.equal(layOut(JSON.stringify(value), '  '), JSON.stringify(value, null, 2))
  }
})

t.test('without an indent the text is one line, with the separators that are wanted', async (t) => {
  t.equal(layOut('{"a":[1,{}]}'), '{"a":[1,{}]}')
  t.equal(layOut('{"a":[1,{}]}', '', [', ', ' : ']), '{"a" : [1, {}]}')
})

t.test('digits that a number could not hold are left alone', async (t) => {
  t.equal(
    layOut('{"n":[123456789012345678901,-0,1e-400]}', ' '),
    '{\n "n": [\n  123456789012345678901,\n  -0,\n  1e-400\n ]\n}'
  )
})

t.test(`any JSON is indented as JSON.stringify does it (seed ${runs.seed})`, async () => {
  fc.assert(fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.integer({ min: 1, max: 10 }), (value, width) =>
    layOut(JSON.stringify(value), ' '.repeat(width)) === JSON.stringify(value, null, width)), runs)
})
