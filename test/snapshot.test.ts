import fc from 'fast-check'
import t from 'tap'
import { isUnchanged, snapshotOf, UNKNOWN } from '../lib/session/snapshot.ts'

const RUNS = { seed: 20261124, numRuns: 500 }

t.test('a value that nobody touched is unchanged', async (t) => {
  for (const value of [
    null, 0, -0, NaN, 'x', true, 5n, [], {}, [1, [2, { a: [] }]], { a: { b: [null] }, c: undefined },
    Object.create(null)
  ]) {
    t.ok(isUnchanged(value, snapshotOf(value)))
  }
})

t.test(`any JSON data is unchanged, and so is an equal copy (seed ${RUNS.seed})`, async () => {
  fc.assert(fc.property(fc.jsonValue(), (value) =>
    isUnchanged(value, snapshotOf(value)) && isUnchanged(structuredClone(value), snapshotOf(value))), RUNS)
})

t.test(`of two values one counts as the other only if they are written alike (seed ${RUNS.seed})`, async () => {
  const small = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(0, -0, 1, '', 'a', null, true),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3, noNullPrototype: true }))
  })).value
  fc.assert(fc.property(small, small, (one, other) =>
    isUnchanged(one, snapshotOf(other)) === (written(one) === written(other))), { ...RUNS, numRuns: 3000 })
})

function written (value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => Object.is(each, -0) ? '-0' : each)
}

const changes: Array<[what: string, make: () => any, change: (value: any) => void]> = [
  ['a property', () => ({ a: 1 }), (value) => { value.a = 2 }],
  ['a new property', () => ({ a: 1 }), (value) => { value.b = 1 }],
  ['a property less', () => ({ a: 1, b: 2 }), (value) => { delete value.b }],
  ['another order', () => ({ a: 1, b: 1 }), (value) => { delete value.a; value.a = 1 }],
  ['another name', () => ({ a: 1 }), (value) => { delete value.a; value.b = 1 }],
  ['zero of the other sign', () => ({ a: 0 }), (value) => { value.a = -0 }],
  ['another type', () => ({ a: 1 }), (value) => { value.a = '1' }],
  ['an object for a number', () => ({ a: 1 }), (value) => { value.a = {} }],
  ['a number for an object', () => ({ a: {} }), (value) => { value.a = null }],
  ['a list for an object', () => ({ a: {} }), (value) => { value.a = [] }],
  ['an object for a list', () => ({ a: [] }), (value) => { value.a = {} }],
  ['another prototype', () => ({ a: {} }), (value) => { Object.setPrototypeOf(value.a, null) }],
  ['a class', () => ({ a: {} }), (value) => { value.a = new Date(0) }],
  ['an element', () => [1, 2], (value) => { value[0] = 2 }],
  ['an element more', () => [1], (value) => { value.push(1) }],
  ['an element less', () => [1, 1], (value) => { value.pop() }],
  ['a longer list', () => [1], (value) => { value.length = 2 }],
  ['a hole', () => [1, 2], (value) => { delete value[0] }],
  ['a property of a list', () => [1], (value) => { value.a = 1 }],
  ['a property of a list in the place of an element', () => [1, 1], (value) => { delete value[0]; value.a = 1 }],
  ['a change deep inside', () => ({ a: [{ b: [0] }] }), (value) => { value.a[0].b[0] = 1 }]
]

for (const [what, make, change] of changes) {
  t.test(`${what} is a change`, async (t) => {
    for (const wrap of [(value: unknown) => value, (value: unknown) => [value], (value: unknown) => ({ value })]) {
      const value = make()
      const whole = wrap(value)
      const snapshot = snapshotOf(whole)
      t.ok(isUnchanged(whole, snapshot))
      change(value)
      t.notOk(isUnchanged(whole, snapshot))
    }
  })
}

t.test('what is neither a plain array nor a plain object counts as changed', async (t) => {
  class Sub extends Array {}
  for (const value of [new Date(0), new Map(), Buffer.alloc(1), new Sub(), new (class {})()]) {
    t.equal(snapshotOf(value), UNKNOWN)
    t.notOk(isUnchanged(value, snapshotOf(value)))
    t.notOk(isUnchanged([value], snapshotOf([value])))
  }
  t.notOk(isUnchanged(UNKNOWN, UNKNOWN))
})

t.test('what refers to itself, is too large or too deep counts as changed, after a bounded look', async (t) => {
  const cycle: Record<string, unknown> = {}
  cycle.a = cycle.b = cycle
  let shared: unknown[] = []
  for (let level = 0; level < 100; level++) shared = [shared, shared]
  let deep: unknown[] = []
  for (let level = 0; level < 50_000; level++) deep = [deep]
  for (const value of [cycle, shared, deep, Array.from({ length: 20_000 }, () => [])]) {
    t.notOk(isUnchanged(value, snapshotOf(value)))
  }
})
