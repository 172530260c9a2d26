import t from 'tap'
import { findHugeNumber, isUnsafeInteger, parseExactly } from '../lib/json/numbers.ts'

t.test('integers of 16 digits and more may be past 2^53, those of 15 are not, wherever they stand', async (t) => {
  for (let before = 0; before < 40; before++) {
    const space = ' '.repeat(before)
    for (const after of ['', ' ', ','.concat('1'.repeat(40))]) {
      t.equal((parseExactly(`[${space}9234567890123456${after}]`) as unknown[])[0], 9234567890123456n)
      t.equal((parseExactly(`[${space}123456789012345${after}]`) as unknown[])[0], 123456789012345)
    }
  }
})

t.test('an integer is unsafe where a number does not hold it for sure', async (t) => {
  for (const token of ['9007199254740992', '-9007199254740992', '9'.repeat(400)]) t.ok(isUnsafeInteger(token), token)
  const others = ['9007199254740991', '09007199254740992', '9007199254740992.0', '9007199254740992e0']
  for (const token of others) t.notOk(isUnsafeInteger(token), token)
})

t.test('the first number that is too large is found, and none in a string', async (t) => {
  const found: Array<[text: string, isExact: boolean, offset: number]> = [
    ['["1e999",1,-1e999,1e999]', false, 11], ['["\\"1e999",1]', false, -1],
    [`[${'9'.repeat(400)}]`, false, 1], [`[${'9'.repeat(400)}]`, true, -1], [`[1,${'9'.repeat(4301)}]`, true, 3]
  ]
  for (const [text, isExact, offset] of found) t.equal(findHugeNumber(text, isExact), offset)
})
