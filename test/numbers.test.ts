import fc from 'fast-check'
import t from 'tap'
import { hasLongDigits } from '../lib/json/numbers.ts'

const RUNS = { seed: 20261124, numRuns: 5000 }

t.test(`16 digits in a row are found at any place, and no fewer (seed ${RUNS.seed})`, async () => {
  const part = fc.oneof(fc.string({ maxLength: 20 }), fc.integer({ min: 0, max: 35 }).map((length) => '9'.repeat(length)), fc.constantFrom('.', '-', '/', ':', '٣'))
  fc.assert(fc.property(fc.array(part), (parts) => hasLongDigits(parts.join('')) === /\d{16}/.test(parts.join(''))), RUNS)
})

t.test('16 digits are found, 15 are not, wherever they begin', async (t) => {
  for (let before = 0; before < 40; before++) {
    for (const after of ['', 'x', 'x'.repeat(40)]) {
      t.ok(hasLongDigits('x'.repeat(before) + '1234567890123456' + after))
      t.notOk(hasLongDigits('x'.repeat(before) + '123456789012345' + after))
    }
  }
})
