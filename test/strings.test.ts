import fc from 'fast-check'
import t from 'tap'
import { depthOf, standsOutside, STRING, stringEnd, tokensOf } from '../lib/json/strings.ts'

const runs = { seed: 20261125, numRuns: 1000 }
const DIGITS = /(?<!\d)\d{16}/g
const ANY = new RegExp(`${STRING}|[^"]`, 'g')

function strings (text: string): string[] {
  return [...tokensOf(text, ANY)].map(([start, end]) => text.slice(start, end)).filter((token) => token.startsWith('"'))
}

t.test(`strings are found whole, whatever they hold (seed ${runs.seed})`, async () => {
  const piece = fc.oneof(fc.constantFrom('\\', '"', '\\"', '\\\\', '[', '{', 'a'), fc.string({ unit: 'binary' }))
  const string = fc.array(piece).map((pieces) => JSON.stringify(pieces.join('')))
  fc.assert(fc.property(fc.array(string), (list) =>
    JSON.stringify(strings(`[${list.join(',')}]`)) === JSON.stringify(list)), runs)
})

t.test('a string that does not end reaches to the end of the text', async (t) => {
  for (const text of ['"', '"a', '"\\', '"\\"', '"a\\\\\\"b']) {
    t.strictSame(strings(text), [text])
    t.equal(stringEnd(text, 0), text.length)
  }
  t.strictSame(strings('"a""b"c"d'), ['"a"', '"b"', '"d'])
})

t.test('a string ends at the first quote without an escape, seen from its beginning or its first escape', async (t) => {
  for (const text of ['"a\\"b" "c"', '"\\\\" "c"', '"a\\\\\\"b" "c"']) {
    const end = text.indexOf(' "c"')
    for (const from of [0, text.indexOf('\\')]) t.equal(stringEnd(text, from), end)
  }
})

t.test('brackets count where they are no part of a string', async (t) => {
  const depths: Array<[text: string, depth: number]> = [
    ['1', 0], ['"[["', 0], ['[]', 1], ['[[],{"[{":[]},[]]', 3], ['{"\\"":["\\\\",["]"]]}', 3]
  ]
  for (const [text, depth] of depths) t.equal(depthOf(text), depth, text)
})

t.test(`what a pattern finds outside of strings is told from what stands in one (seed ${runs.seed})`, async () => {
  const digits = fc.integer({ min: 1, max: 35 }).map((length) => '9'.repeat(length))
  const piece = fc.oneof(digits, fc.constantFrom('\\', '"', ',', '[', ' ', '٣'), fc.string({ maxLength: 20 }))
  const string = fc.array(piece).map((pieces) => JSON.stringify(pieces.join('')))
  const others = fc.constantFrom('null', '[]', '{"1234567890123456":1}')
  const item = fc.oneof(string, digits, digits.map((text) => `-0.${text}e5`), others)
  fc.assert(fc.property(fc.array(item), (items) => {
    const outside = items.filter((each) => !/["n[]/.test(each)).join(',')
    return standsOutside(`[${items.join(', ')}]`, DIGITS) === /\d{16}/.test(outside)
  }), runs)
})

t.test('digits that all stand in strings are passed over', async (t) => {
  const digits = '1234567890123456'
  for (const string of [`"${digits}"`, `"at ${digits}, again ${digits}"`, `"\\\\\\"${digits}"`]) {
    t.notOk(standsOutside(`[${string},{${string}:${string}}]`, DIGITS))
    t.ok(standsOutside(`[${string},{${string}:1234567890123456}]`, DIGITS))
  }
  t.ok(standsOutside('1234567890123456', DIGITS))
  t.ok(standsOutside('[1234567890123456,""]', DIGITS))
})
