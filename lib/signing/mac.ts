import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { secretBytes } from './keys.ts'

/** Bytes of the block of a hash (RFC 1321, FIPS 180-4), of those hashes whose HMAC is made the fast way. */
const BLOCK_BYTES = new Map([
  ['md5', 64], ['sha1', 64], ['sha224', 64], ['sha256', 64], ['sha384', 128], ['sha512', 128]
])
const MAX_TEXT = 4096 // characters that the fast way takes; browsers keep no longer cookie
const MAX_TEXT_BYTES = 3 * MAX_TEXT // what takes four bytes is two characters long
const PLACES = 256 // for views of a buffer: the cookies of an application have few lengths, whatever others send

/** An HMAC under one key, written as unpadded base64url. */
export class Mac {
  /** The characters of every signature. */
  readonly length: number
  readonly #digest: string
  readonly #key: KeyObject
  readonly #hashes: TwoHashes | undefined
  /** What is compared stands in these two, a signature long each. */
  readonly #expected: Buffer
  readonly #given: Buffer

  constructor (digest: string, key: KeyObject | Uint8Array) {
    const bytes = secretBytes(key)
    const block = BLOCK_BYTES.get(digest)
    this.#digest = digest
    this.#key = createSecretKey(bytes)
    this.#hashes = block === undefined ? undefined : new TwoHashes(digest, bytes, block)
    this.length = this.sign('').length
    this.#expected = Buffer.alloc(this.length)
    this.#given = Buffer.alloc(this.length)
  }

  sign (text: string): string {
    return this.#hashes?.sign(text) ?? createHmac(this.#digest, this.#key).update(text).digest('base64url')
  }

  /**
   * Whether `signed` ends with the HMAC of its text before `end`, in the one spelling that `sign` gives it. In constant
   * time. A text with lone surrogates has none, since as UTF-8 it would be the same as another.
   */
  verify (signed: string, end: number): boolean {
    const { length } = this
    const signature = signed.slice(-length)
    const fast = this.#hashes?.sign(signed, end) // says that all is ASCII
    if (signature.length !== length || (fast === undefined && !signed.isWellFormed())) return false
    this.#expected.write(fast ?? this.sign(signed.slice(0, end)), 'latin1')
    // As UTF-8, a character that is not ASCII takes more bytes than one, so that those written cannot be equal.
    const written = this.#given.write(signature, fast === undefined ? 'utf8' : 'latin1')
    return written === length && timingSafeEqual(this.#expected, this.#given)
  }
}

/**
 * HMAC by its definition (RFC 2104, section 2), as two hashes of a whole buffer each: `createHmac` takes 1.8 times as
 * long. The buffers begin with the padded key; what stands behind it is written anew for each text.
 */
class TwoHashes {
  readonly #digest: string
  readonly #block: number
  readonly #inner: Buffer
  readonly #outer: Buffer
  /** Views of the inner buffer by their lengths, the last one of each place: they cost more to make than to find. */
  readonly #views: Array<Buffer | undefined> = Array(PLACES).fill(undefined)

  constructor (digest: string, key: Buffer, block: number) {
    this.#digest = digest
    this.#block = block
    const short = key.length > block ? hash(digest, key, 'buffer') : key
    this.#inner = padded(short, 0x36, block, MAX_TEXT_BYTES)
    this.#outer = padded(short, 0x5c, block, hash(digest, '', 'buffer').length)
  }

  /** The signature of a text, or of its part before `end`; undefined for long text, and for a part of one not ASCII. */
  sign (text: string, end?: number): string | undefined {
    if (text.length > MAX_TEXT) return undefined
    const written = this.#inner.write(text, this.#block)
    if (end !== undefined && written !== text.length) return undefined
    const size = this.#block + (end ?? written)
    const place = size % PLACES
    let view = this.#views[place]
    if (view?.length !== size) view = this.#views[place] = this.#inner.subarray(0, size)
    this.#outer.write(hash(this.#digest, view, 'binary'), this.#block, 'latin1')
    return hash(this.#digest, this.#outer, 'base64url')
  }
}

/** A buffer of its own with the key, every byte of its block combined with `pad`, and room for as many bytes more. */
function padded (key: Buffer, pad: number, block: number, room: number): Buffer {
  const buffer = Buffer.alloc(block + room).fill(pad, 0, block)
  key.forEach((byte, index) => { buffer[index] = byte ^ pad })
  return buffer
}
