import t from 'tap'
import { mutations, runMutations } from './support/mutations.mjs'

const SEED = 20261122

t.test('a changed cookie is an empty session and one call of onInvalid, in every format, ' +
  `and never an error (seed ${SEED})`, async (t) => {
  const { tried, unchanged, decrypted, kinds, failures } = await runMutations({ runs: 300, seed: SEED })
  t.strictSame(failures, [])
  t.equal(tried, 300 * 8)
  t.strictSame(Object.keys(kinds).sort(), Object.keys(mutations).sort(), 'every kind of change was made')
  t.ok(unchanged > 0 && unchanged < tried / 4, 'some changes give the text back, and open')
  t.ok(decrypted > 0 && decrypted < unchanged, 'only genuine cookies were decrypted')
  t.comment(`${tried} cookies, ${unchanged} of them unchanged`)
})

t.test('the same seed makes the same changes', async (t) => {
  const [one, two] = [await runMutations({ runs: 20, seed: 1 }), await runMutations({ runs: 20, seed: 1 })]
  t.strictSame(one.kinds, two.kinds)
})
