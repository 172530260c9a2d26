import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { BLOCK, CountedText, CounterMode } from '../lib/signing/counter-mode.ts'

const RUNS = { seed: 20261126, numRuns: 300 }
const KEY = createSecretKey(Buffer.alloc(32, 1))

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

/** Encrypts or decrypts a text. */
function crypt (key: KeyObject, counter: Buffer, text: Buffer): Buffer {
  const room = new CountedText(BLOCK + text.length)
  room.bytes.set(counter)
  room.bytes.set(text, BLOCK)
  new CounterMode(key).apply(room, BLOCK + text.length)
  t.strictSame(room.bytes.subarray(0, BLOCK), counter, 'the counter block stays')
  return room.bytes.subarray(BLOCK, BLOCK + text.length)
}

interface Published {
  name: string
  key: string
  counter: string
  blocks: Array<{ plaintext: string, ciphertext: string }>
}

const published: { cases: Published[] } =
  JSON.parse(readFileSync(new URL('fixtures/nist-vectors.json', import.meta.url), 'utf8'))

for (const { name, key, counter, blocks } of published.cases) {
  t.test(`the cipher is ${name} of NIST SP 800-38A, both ways and for a part of the blocks`, async (t) => {
    for (let count = 0; count <= blocks.length; count++) {
      const plain = blocks.slice(0, count).map(({ plaintext }) => plaintext).join('')
      const secret = blocks.slice(0, count).map(({ ciphertext }) => ciphertext).join('')
      const object = createSecretKey(bytes(key))
      t.equal(crypt(object, bytes(counter), bytes(plain)).toString('hex'), secret)
      t.equal(crypt(object, bytes(counter), bytes(secret)).toString('hex'), plain)
    }
  })
}

/** The same by OpenSSL's counter mode. */
const expected = (key: KeyObject, counter: Buffer, text: Buffer): Buffer =>
  createCipheriv('aes-256-ctr', key, counter).update(text)

t.test('texts of every length are as OpenSSL encrypts them', async (t) => {
  const counter = Buffer.alloc(BLOCK, 7)
  const lengths = [...Array(70).keys(), 4079, 4080, 4095, 4096, 4097, 4112, 8191, 8192, 8193, 100_001]
  for (const length of lengths) {
    const text = Buffer.alloc(length, 'text')
    t.strictSame(crypt(KEY, counter, text), expected(KEY, counter, text), `${length} bytes`)
  }
})

t.test('the counter is a number of 128 bits, whose last one is followed by zero', async (t) => {
  const text = Buffer.alloc(6000, 'text')
  for (const hex of [
    'ffffffffffffffffffffffffffffffff', 'fffffffffffffffffffffffffffffffe', '00000000ffffffffffffffffffffffff',
    '0000000000000000ffffffffffffffff', '000000000000000000000000ffffffff', '000000000000000000000000fffffff0',
    '0000000000000000000000007fffffff', '80000000800000008000000080000000', '7fffffffffffffffffffffffffffff00'
  ]) t.strictSame(crypt(KEY, bytes(hex), text), expected(KEY, bytes(hex), text), hex)
})

t.test(`any key, counter and text make what OpenSSL makes of them (seed ${RUNS.seed})`, async () => {
  const block = (length: number): fc.Arbitrary<Buffer> =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((each) => Buffer.from(each))
  fc.assert(fc.property(block(32), block(BLOCK), fc.uint8Array({ maxLength: 300 }), (secret, counter, text) => {
    const key = createSecretKey(secret)
    return crypt(key, counter, Buffer.from(text)).equals(expected(key, counter, Buffer.from(text)))
  }), RUNS)
})

t.test('one mode encrypts many texts, whatever stood in the room before', async (t) => {
  const mode = new CounterMode(KEY)
  const room = new CountedText(5000)
  for (const [index, length] of [4984, 3, 100, 0, 1, 4984].entries()) {
    const counter = Buffer.alloc(BLOCK, index)
    const text = Buffer.alloc(length, 'text')
    room.bytes.set(counter)
    room.bytes.set(text, BLOCK)
    mode.apply(room, BLOCK + length)
    t.strictSame(room.bytes.subarray(BLOCK, BLOCK + length), expected(KEY, counter, text))
  }
})

t.test('a key that has not 32 bytes is refused', async (t) => {
  for (const length of [16, 31, 33]) t.throws(() => new CounterMode(createSecretKey(Buffer.alloc(length))), RangeError)
})
