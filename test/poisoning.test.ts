import t from 'tap'
import { JSONDecodeError } from '../lib/errors.ts'
import { guardKeys } from '../lib/json/poisoning.ts'

const text = '{"__proto__":1}'
const poisoned = (): object => JSON.parse('{"a":[null,1,{"__proto__":{}}],"constructor":{"prototype":1}}')

t.test('what another parser read is gone through wherever a key may be, though it holds itself', async (t) => {
  const value: { self?: object, inner: object } = { inner: poisoned() }
  value.self = value
  t.throws(() => guardKeys(value, text, {}), JSONDecodeError)
  guardKeys(value, text, { onProtoPoisoning: 'remove', onConstructorPoisoning: 'remove' })
  t.equal(JSON.stringify(value.inner), '{"a":[null,1,{}]}')
})

t.test('a value that holds no key is left alone', async (t) => {
  for (const value of [null, 1, 'a', []]) t.doesNotThrow(() => guardKeys(value, text, {}))
})

t.test('text that names neither key is not gone through', async (t) => {
  t.doesNotThrow(() => guardKeys(poisoned(), '{}', {}))
})
