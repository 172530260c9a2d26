import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import t from 'tap'
import { decodeBase64 } from '../lib/json/bytes.ts'
import {
  base64urlEncode, base64urlToText, intToBytes, isASCII, MAX_TIMESTAMP, timestamp, utf8ToText
} from '../lib/signing/encoding.ts'

const RUNS = { seed: 20261122, numRuns: 300 }

const encoded: Array<[bytes: string | Uint8Array, text: string]> = [
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg'],
  ['fooba', 'Zm9vYmE'],
  ['foobar', 'Zm9vYmFy'],
  ['é😀', 'w6nwn5iA'],
  [Uint8Array.of(0), 'AA'],
  [Uint8Array.of(0xfb, 0xff, 0xbf), '-_-_'],
  [Uint8Array.of(9, 9, 0x66, 0x6f, 9).subarray(2, 4), 'Zm8']
]

const refused: Array<[why: string, text: string]> = [
  ['a look-alike outside Latin-1', 'Zm9\u0141'], ['the other alphabet', '+/+/'], ['spare bits that are set', 'YR'],
  ['one character', 'A'],
  ['one character over', 'Zm9vY'],
  ['padding', 'Zg=='],
  ['one sign of padding', 'Zm8='],
  ['padding in the middle', 'Zg==Zg=='],
  ['padding in front', '=Zg'],
  ['only padding', '===='],
  ['a space', 'Zm 9'],
  ['a line end', 'Zm9v\n'],
  ['four characters of junk', 'Zm9v!!!!'],
  ['a dot', 'Zm9v.Zg'],
  ['a letter that is not ASCII', 'Zm9é']
]

t.test('base64url has the alphabet for URLs and no padding', async (t) => {
  for (const [value, text] of encoded) {
    t.equal(base64urlEncode(value), text)
    t.strictSame(decodeBase64(text, 'base64url'), Buffer.from(value as string))
  }
})

t.test('base64url gives any bytes back', async () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    const text = base64urlEncode(bytes)
    return /^[\w-]*$/.test(text) && decodeBase64(text, 'base64url')!.equals(bytes)
  }), RUNS)
})

t.test('text of a length that base64url cannot have, or with anything beside it, is refused', async (t) => {
  for (const [why, text] of refused) t.equal(decodeBase64(text, 'base64url'), undefined, why)
})

t.test('a character outside the alphabet is refused wherever it stands', async (t) => {
  const characters = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code))
  const junk = characters.filter((each) => !/[\w+/-]/.test(each))
  const texts = junk.flatMap((each) => [`${each}Zm9`, `Zm${each}9`, `Zm9${each}`, `Zm9v${each}Y`, `Zm9vY${each}`])
  t.strictSame(texts.filter((text) => decodeBase64(text, 'base64url') !== undefined), [])
})

t.test('numbers are big-endian bytes without leading zeros', async (t) => {
  const numbers: Array<[value: number, hex: string]> = [
    [0, ''], [1, '01'], [255, 'ff'], [256, '0100'], [2 ** 32 - 1, 'ffffffff'], [2 ** 32, '0100000000'],
    [1_700_000_000, '6553f100'], [2 ** 53 - 1, '1fffffffffffff']
  ]
  for (const [value, hex] of numbers) {
    t.equal(intToBytes(value).toString('hex'), hex)
    const read = value <= MAX_TIMESTAMP ? value : undefined
    t.equal(timestamp.read(base64urlEncode(Buffer.from(hex, 'hex'))), read)
    t.equal(timestamp.read(base64urlEncode(Buffer.from('0000' + hex, 'hex'))), read, 'leading zeros are read')
  }
})

t.test('any time that a Date can hold comes back', async () => {
  const comesBack = (value: number): boolean => timestamp.read(timestamp.write(value)) === value
  fc.assert(fc.property(fc.nat({ max: MAX_TIMESTAMP }), comesBack), RUNS)
})

t.test('a time past what a Date can hold is none', async (t) => {
  for (const [seconds, read] of [[MAX_TIMESTAMP, MAX_TIMESTAMP], [MAX_TIMESTAMP + 1, undefined]] as const) {
    t.equal(timestamp.read(base64urlEncode(intToBytes(seconds))), read)
  }
  t.equal(timestamp.read(base64urlEncode(Buffer.from('ff'.repeat(200), 'hex'))), undefined, 'nor is what is no number')
})

t.test('a number is read from those texts that are base64url, and no others', async (t) => {
  for (const [why, text] of refused) t.equal(timestamp.read(text), undefined, why)
  const text = fc.oneof(
    fc.stringMatching(/^[\w-]{0,8}$/),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.base64String({ maxLength: 8 })
  )
  fc.assert(fc.property(text, (text) => {
    const bytes = decodeBase64(text, 'base64url')
    const value = bytes === undefined ? Infinity : Number(`0x0${bytes.toString('hex')}`)
    return timestamp.read(text) === (value <= MAX_TIMESTAMP ? value : undefined)
  }), RUNS)
})

t.test('text longer than the buffer for it is the same base64url', async (t) => {
  for (const text of ['x'.repeat(4096), 'é'.repeat(4096), '語'.repeat(4096), '語'.repeat(4097), '😀'.repeat(9000)]) {
    t.equal(base64urlEncode(text), Buffer.from(text).toString('base64url'))
  }
})

t.test('UTF-8 is read as it stands, with a byte order mark', async (t) => {
  for (const text of ['', 'ascii', 'é😀', '\ufeff{}', 'a\ufeffb', '\0']) t.equal(utf8ToText(Buffer.from(text)), text)
})

t.test('bytes that are not UTF-8 have no text', async (t) => {
  for (const hex of ['ff', '80', 'c3', 'e282', 'c080', 'eda080', 'f5808080', '61ff62']) {
    t.equal(utf8ToText(Buffer.from(hex, 'hex')), null, hex)
  }
})

t.test('text is read from ASCII that is base64url as it is written, and no other', async (t) => {
  for (const [why, text] of refused) if (isASCII(text)) t.equal(base64urlToText(text), undefined, why)
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
  const endings = ['', 'A', 'Zm', 'Zm9'].flatMap((start) =>
    letters.flatMap((one) => [start + one, ...letters.map((two) => start + one + two)])
  )
  const wrongly = endings.filter((text) => base64urlToText(text) !== expectedText(text))
  t.strictSame(wrongly, [], 'every ending')
  const written = fc.string({ unit: 'binary', maxLength: 40 }).map(base64urlEncode)
  const junk = fc.oneof(
    fc.string({ unit: 'grapheme-ascii', maxLength: 3 }),
    fc.constantFrom('+', '/', '=', '\0', '\x7f', '-', 'A')
  )
  const text = fc.oneof(written, fc.base64String(), fc.tuple(written, junk, written).map((parts) => parts.join('')))
  fc.assert(fc.property(text, (each) => base64urlToText(each) === expectedText(each)), { ...RUNS, numRuns: 3000 })
})

/** By decoding and encoding again. */
function expectedText (text: string): string | null | undefined {
  const bytes = decodeBase64(text, 'base64url')
  return bytes && (isUtf8(bytes) ? bytes.toString() : null)
}
