import fc from 'fast-check'
import t from 'tap'
import { decodeBase64, encodeBase64, viewOf } from '../lib/json/bytes.ts'

const RUNS = { seed: 20261124, numRuns: 2000 }

t.test(`bytes of any length are read again, each in memory of its own (seed ${RUNS.seed})`, async () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
    const bytes = decodeBase64(encodeBase64(array))
    decodeBase64('////')
    return Buffer.isBuffer(bytes) && bytes.equals(array)
  }), RUNS)
})

t.test('text of any length that is not base64 is refused', async (t) => {
  for (const text of ['x', '=', '==', '====', 'YQ', 'YR==', 'YWK=', 'YQ==YQ==', '-_-_', 'YWJj\n', 'é', '\u0141AAA']) {
    for (const length of [0, 124, 128, 132, 400]) {
      const padded = 'A'.repeat(length) + text
      t.equal(decodeBase64(padded), undefined, padded)
    }
  }
})

t.test('every value of the last characters is read only if it is the one spelling of its bytes', async (t) => {
  const ascii = Array.from({ length: 128 }, (_, unit) => String.fromCharCode(unit)).filter((one) => one !== '=')
  const characters = ascii.concat('\u0141', '\u3041', '\ud841')
  const read = (text: (one: string) => string): number => characters.filter((one) => decodeBase64(text(one))).length
  for (const before of ['', 'YWJj']) {
    t.equal(read((one) => `${before}A${one}==`), 4)
    t.equal(read((one) => `${before}${one}A==`), 64)
    t.equal(read((one) => `${before}AA${one}=`), 16)
    t.equal(read((one) => `${before}AAA${one}`), 64)
    t.equal(read((one) => `${before}${one}A${one}A`), 64)
  }
})

t.test('a Buffer of bytes is a view of just those bytes', async (t) => {
  const whole = Uint8Array.of(1, 2, 3, 4)
  const view = viewOf(whole.subarray(1, 3))
  t.ok(Buffer.isBuffer(view))
  t.strictSame([...view], [2, 3])
  whole[1] = 9
  t.equal(view[0], 9)
})
