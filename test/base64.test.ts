import fc from 'fast-check'
import t from 'tap'
import { decodeBase64 } from '../lib/json/base64.ts'

const RUNS = { seed: 20261124, numRuns: 5000 }

/** The plain form: what is decoded must be encoded as the same text. */
function plainly (text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function agrees (text: string): boolean {
  const [bytes, plain] = [decodeBase64(text), plainly(text)]
  return bytes === undefined || plain === undefined ? bytes === plain : bytes.equals(plain)
}

t.test(`bytes of any length are read again, each in memory that is theirs (seed ${RUNS.seed})`, async () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
    const text = Buffer.from(array).toString('base64')
    const bytes = decodeBase64(text)
    decodeBase64('////')
    return Buffer.isBuffer(bytes) && bytes.equals(array)
  }), RUNS)
})

t.test('text of any length that is not base64 is refused', async (t) => {
  for (const text of ['x', '=', '==', '====', 'YQ', 'YR==', 'YQ==YQ==', '-_-_', 'YWJj\n', 'é', 'YW Jj']) {
    for (const length of [0, 124, 128, 132, 400]) {
      const padded = 'A'.repeat(length) + text
      t.equal(decodeBase64(padded), undefined, padded)
      t.equal(plainly(padded), undefined, padded)
    }
  }
})

t.test('every value of the last characters is read, or refused, as Buffer says', async (t) => {
  const characters = Array.from({ length: 128 }, (_, unit) => String.fromCharCode(unit)).concat(
    '\u0141',
    '\u3041',
    '\ud841'
  )
  let wrong = 0
  for (const before of ['', 'YWJj']) {
    for (const one of characters) {
      for (const other of characters) {
        for (const text of [`${one}${other}==`, `A${one}${other}=`, `AA${one}${other}`, `${one}A${other}A`]) {
          if (!agrees(before + text)) {
            wrong++
          }
        }
      }
    }
  }
  t.equal(wrong, 0)
})

t.test(`a changed text is read only if it is what Buffer gives (seed ${RUNS.seed})`, async () => {
  const text = fc.uint8Array({ maxLength: 110 }).map((array) => Buffer.from(array).toString('base64'))
  const change = fc.oneof(
    fc.constantFrom('', '=', '==', '\n', ' ', '-', '_', '+', '/', 'A', 'B', 'é', '\u0141'),
    fc.string({ maxLength: 3 })
  )
  fc.assert(fc.property(text, fc.nat(), change, fc.nat({ max: 3 }), (text, place, change, length) => {
    const at = place % (text.length + 1)
    return agrees(text.slice(0, at) + change + text.slice(at + length))
  }), RUNS)
})
