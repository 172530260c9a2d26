import fc from 'fast-check'
import t from 'tap'
import { decodeFieldName, encodeFieldName } from '../lib/stores/field-names.ts'

const SEED = 20260101

t.test('a name is letters, digits, _ and ~ in every database, and the ordinary ones stay readable', async (t) => {
  const rows = [
    ['userId', 'userId'], ['', ''], ['a.b', 'a~002eb'], ['~', '~007e'], ['\0', '~0000'], ['\ud800', '~d800'],
    ['é', '~00e9'], ['\u{1f600}', '~d83d~de00'], ['__proto__', '__proto__'], ['~0000', '~007e0000']
  ] as const
  for (const [name, encoded] of rows) {
    t.equal(encodeFieldName(name), encoded)
    t.equal(decodeFieldName(encoded), name)
  }
})

t.test(`every text comes back, so that no two have one name, seed ${SEED}`, async (t) => {
  const texts = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) })
  fc.assert(fc.property(texts, (name) => {
    const encoded = encodeFieldName(name)
    return /^[A-Za-z0-9_~]*$/.test(encoded) && decodeFieldName(encoded) === name
  }), { seed: SEED, numRuns: 2000 })
  t.pass()
})

t.test('what somebody else wrote into a database is read as it is', async (t) => {
  t.equal(decodeFieldName('~zz-é'), '~zz-é')
})
