import fc from 'fast-check'
import t from 'tap'
import { DefaultJSONProvider } from '../lib/json/default-provider.ts'
import {
  altersKeys, faithful, findHugeNumber, isUnsafeInteger, parseExactly, parseJSON, parseTokens
} from '../lib/json/parsing.ts'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'

const runs = { seed: 20261125, numRuns: 1000 }

/** Reads a key with an escape as the beginning of its text, as some versions of V8 do where they met such a key. */
function altering (text: string): unknown {
  const value: unknown = JSON.parse(text)
  return alteredKeys(value)
}

function alteredKeys (value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(alteredKeys)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [beginningOf(key), alteredKeys(member)]))
}

function beginningOf (key: string): string {
  return JSON.stringify(key).slice(1, 1 + key.length)
}

const escapedOnes = ['\n', '"', '\\', '\0', 'x\ny', '\u0001bc', '"é', '\ud800', 'a\\nb', '\\n', '\\\\', '__proto__\n']
const awkward = [...escapedOnes, '\u007f', '\u2028', 'é', '1', '__proto__', '']
const keys = fc.oneof(fc.constantFrom(...awkward), fc.string({ unit: 'binary', maxLength: 4 }))
const spellings = fc.constantFrom(plainly, escaped)
/** JSON text with the same keys in several spellings, some of them twice, and its value. */
const texts = fc.letrec<{ text: [text: string, value: unknown] }>((tie) => ({
  text: fc.oneof({ maxDepth: 4 },
    fc.constantFrom(['1', 1], ['null', null], ['"\\n"', '\n'], ['" : "', ' : '], ['"\\":"', '":'], ['"\\\\"', '\\']),
    fc.array(tie('text'), { maxLength: 3 })
      .map((items) => [`[${items.map(([text]) => text).join(' ,')}]`, items.map(([, value]) => value)]),
    fc.array(fc.tuple(keys, spellings, fc.constantFrom('', ' ', '\n\t'), tie('text')), { maxLength: 4 })
      .map((members) => [
        `{${members.map(([key, spell, space, [text]]) => `${spell(key)}${space}:${text}`).join(',')}}`,
        Object.fromEntries(members.map(([key, , , [, value]]) => [key, value]))
      ])) as fc.Arbitrary<[string, unknown]>
})).text

function plainly (key: string): string {
  return JSON.stringify(key)
}

function escaped (key: string): string {
  const units = Array.from({ length: key.length }, (_, index) => key.charCodeAt(index).toString(16).padStart(4, '0'))
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`
}

t.test('a parser that alters keys is found out', async (t) => {
  t.equal(altersKeys(altering), true)
  t.equal(altersKeys(parseJSON), false)
  t.notSame(altering('{"a":1,"\\n":1}'), { a: 1, '\n': 1 })
})

t.test(`a parser that alters keys is made to read what the text says (seed ${runs.seed})`, async () => {
  const parse = faithful(altering)
  fc.assert(fc.property(texts, ([text, value]) =>
    [parse, parseJSON].every((each) => JSON.stringify(each(text)) === JSON.stringify(value))), runs)
})

t.test('text that is not JSON is refused by it too', async (t) => {
  const parse = faithful(altering)
  t.throws(() => parse(undefined as never), SyntaxError)
  const wrong = ['{"\\n":1', '{"\\x":1}', '\\', '"\\', '{"\\n" 1}', '["\\n":1]', '{12345678901234567890:1}', '"\\n":']
  for (const text of wrong) t.throws(() => parse(text), SyntaxError, text)
})

t.test('a key is read as it was written, whatever was read before', async (t) => {
  const provider = new DefaultJSONProvider()
  const readers: Array<[string, (text: string) => unknown]> = [
    ['provider', (text) => provider.loads(text)],
    ['exact', (text) => provider.loads(text, { exactIntegers: true })],
    ['default', (text) => new TaggedJSONSerializer().loads(text)],
    ['flask', (text) => new TaggedJSONSerializer({ format: 'flask' }).loads(text)]
  ]
  const held: unknown[] = []
  for (const key of escapedOnes) {
    const beginning = beginningOf(key)
    held.push(JSON.parse(`{"a":1,${JSON.stringify(beginning)}:1}`), { a: 1, [beginning]: 1 })
    for (const [what, read] of readers) {
      for (const more of ['', ',"n":12345678901234567890']) {
        const name = JSON.stringify(key)
        const value = read(`{"a":1,${name}:{"a":"\\n",${name}:2}${more}}`) as Record<string, Record<string, unknown>>
        t.strictSame(Object.keys(value), ['a', key, ...(more === '' ? [] : ['n'])], what)
        t.strictSame(Object.entries(value[key]!), [['a', '\n'], [key, 2]], what)
      }
    }
  }
  t.equal(held.length, 2 * escapedOnes.length, 'what was read before is still there')
})

t.test('a token that is special is what its function makes of it, outside of strings and nowhere else', async (t) => {
  const isSpecial = (token: string): boolean => token === '7' || token === 'NaN'
  const read = (text: string): unknown => parseTokens(text, isSpecial, (token) => `<${token}>`)
  const text = '[7,17,7.0,-7,"7","\\"7",{"7":7,"NaN":NaN}]'
  t.strictSame(read(text), ['<7>', 17, 7, -7, '7', '"7', { 7: '<7>', NaN: '<NaN>' }])
  t.strictSame(read('{"__proto__":7,"\\n":[7]}'), JSON.parse('{"__proto__":"<7>","\\n":["<7>"]}'))
  for (const wrong of ['{7:1}', '77 7', '[7 7]', '[NaNNaN]', '[-NaN]', '[x7]', '7"7"']) {
    t.throws(() => read(wrong), SyntaxError, wrong)
  }
})

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
