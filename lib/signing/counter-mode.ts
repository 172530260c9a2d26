import { type Cipher, createCipheriv, type KeyObject } from 'node:crypto'

/** The bytes of a block of AES (FIPS 197). */
export const BLOCK = 16
/** The bytes of a word. */
const WORD = 4
/** Takes the counters that are encrypted at once, each a big-endian number of 128 bits. */
const counters = new DataView(new ArrayBuffer(256 * BLOCK))

/** A first counter block and the text behind it: the bytes and the words of one memory. */
export class CountedText {
  readonly bytes: Buffer
  readonly words: Int32Array

  /** Room for so many bytes. */
  constructor (size: number) {
    this.words = new Int32Array(Math.ceil(size / WORD))
    this.bytes = Buffer.from(this.words.buffer)
  }
}

/**
 * AES-256 in counter mode by its definition (NIST SP 800-38A, section 6.5): the text XOR the encrypted counters. One
 * cipher encrypts the counters of all texts. Making a cipher for each text, in OpenSSL's counter mode, takes more than
 * twice as long for a session of usual size.
 */
export class CounterMode {
  readonly #cipher: Cipher

  /** The key has 32 bytes. */
  constructor (key: KeyObject) {
    this.#cipher = createCipheriv('aes-256-ecb', key, null)
  }

  /** Encrypts the text in place, or decrypts it, which is the same. Counter block and text have `size` bytes. */
  apply ({ bytes, words }: CountedText, size: number): void {
    const counter = Int32Array.of(0, 0, 0, 0)
    for (let at = 0; at < counter.length; at++) counter[at] = bytes.readInt32BE(at * WORD)
    const end = Math.ceil(size / WORD)
    for (let at = counter.length; at < end; at += counters.byteLength / WORD) this.#xor(words, at, end, counter)
  }

  /** Goes from the word at `at` to that at `end`, or as far as the counters last. */
  #xor (words: Int32Array, at: number, end: number, counter: Int32Array): void {
    const size = Math.min((end - at) * WORD, counters.byteLength)
    const stream = this.#cipher.update(countersFrom(counter, size))
    const keys = new Int32Array(stream.buffer, stream.byteOffset, size / WORD)
    for (let word = 0; word < keys.length; word++) words[at + word]! ^= keys[word]!
  }
}

/** The counters for so many bytes; `counter` is the first of them, and then the one behind the last. */
function countersFrom (counter: Int32Array, size: number): Uint8Array {
  let at = 0
  for (; at < size; at += BLOCK) {
    counters.setInt32(at, counter[0]!)
    counters.setInt32(at + WORD, counter[1]!)
    counters.setInt32(at + 2 * WORD, counter[2]!)
    counters.setInt32(at + 3 * WORD, counter[3]!)
    increment(counter)
  }
  return new Uint8Array(counters.buffer, 0, at)
}

/** Adds one to a number of 128 bits; the last one is followed by zero. */
function increment (counter: Int32Array): void {
  let at = counter.length
  do counter[--at]!++
  while (counter[at] === 0 && at > 0)
}
