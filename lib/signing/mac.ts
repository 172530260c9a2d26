import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto'
import { secretBytes } from './keys.ts'

/** Bytes of the block of a hash (RFC 1321, FIPS 180-4), of those hashes whose HMAC is made the fast way. */
const BLOCK_BYTES: Readonly<Record<string, number>> = {
  md5: 64, sha1: 64, sha224: 64, sha256: 64, sha384: 128, sha512: 128
}
/** The longest text that the fast way takes, in characters; browsers keep no longer cookie. */
const MAX_TEXT = 4096
/** A character takes three bytes at most; those that take four are two characters long. */
const MAX_TEXT_BYTES = 3 * MAX_TEXT

/** Places for views of a buffer: the cookies of an application have few lengths, whatever others send. */
const PLACES = 256

/** An HMAC under one key, written as unpadded base64url. */
export class Mac {
  readonly #digest: string
  readonly #key: KeyObject
  readonly #hashes: TwoHashes | undefined
  /** What is compared stands in these two, a signature long each. */
  readonly #expected: Buffer
  readonly #given: Buffer

  constructor (digest: string, key: KeyObject | Uint8Array) {
    this.#digest = digest
    const bytes = secretBytes(key)
    this.#key = createSecretKey(bytes)
    const block = Object.hasOwn(BLOCK_BYTES, digest) ? BLOCK_BYTES[digest] : undefined
    this.#hashes = block === undefined ? undefined : new TwoHashes(digest, bytes, block)
    const { length } = this.sign('')
    this.#expected = Buffer.alloc(length)
    this.#given = Buffer.alloc(length)
  }

  /** The characters of every signature. */
  get length (): number { return this.#given.length }
  sign (text: string): string { return this.#hashes?.sign(text) ?? hmac(this.#digest, this.#key, text) }

  /**
   * Whether `signature` is the HMAC of `text`, in the one spelling that `sign` gives it. In constant time. A text with
   * lone surrogates has none, since as UTF-8 it would be the same as another.
   */
  verify (text: string, signature: string): boolean {
    return signature.length === this.length && text.isWellFormed() && this.#isEqual(this.sign(text), signature)
  }

  /**
   * As `verify`, of a text before `end` and a signature at the end of `signed`. What stands between is not looked at.
   */
  verifyEnd (signed: string, end: number): boolean {
    const expected = this.#hashes?.signStart(signed, end)
    const signature = signed.slice(-this.#given.length)
    if (expected === undefined || signature.length !== expected.length) {
      return this.verify(signed.slice(0, end), signature)
    }
    this.#expected.write(expected, 'latin1')
    this.#given.write(signature, 'latin1')
    return timingSafeEqual(this.#expected, this.#given)
  }

  /** A character that is not ASCII takes more bytes than one, so that those that were written cannot be equal. */
  #isEqual (expected: string, signature: string): boolean {
    const { length } = this
    this.#expected.write(expected, 'latin1')
    return this.#given.write(signature, 'utf8') === length && timingSafeEqual(this.#expected, this.#given)
  }
}

/** The HMAC as Node makes it. */
export function hmac (digest: string, key: KeyObject, text: string): string {
  return createHmac(digest, key).update(text).digest('base64url')
}

/**
 * HMAC by its definition (RFC 2104, section 2), as two hashes of a whole buffer each: `createHmac` takes 1.8 times as
 * long, most of it for the object, and `hmac` is the plain form. The buffers begin with the padded key; what stands
 * behind it is written anew for each text.
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

  /** Undefined for a text that is too long. */
  sign (text: string): string | undefined {
    if (text.length > MAX_TEXT) return undefined
    return this.#hash(this.#inner.write(text, this.#block))
  }

  /** The signature of the text before `end`; undefined for a text that is too long or not ASCII. */
  signStart (text: string, end: number): string | undefined {
    const isAscii = text.length <= MAX_TEXT && this.#inner.write(text, this.#block) === text.length
    return isAscii ? this.#hash(end) : undefined
  }

  /** The signature of so many bytes behind the key. */
  #hash (length: number): string {
    const size = this.#block + length
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
