import { createCipheriv, createDecipheriv, hash, type KeyObject, randomFillSync } from 'node:crypto'
import { BadPayload } from '../errors.ts'
import { base64urlToBytes, DEFLATED, ENCRYPTED, packText, unpackText } from './encoding.ts'

/** Counter mode (NIST SP 800-38A, section 6.5): the ciphertext is as long as the text. */
const ALGORITHM = 'aes-256-ctr'
/** The bytes of a nonce, the first counter block. */
const NONCE = 16

/**
 * Makes texts encrypted payloads: `~`, a dot where the text was deflated, and base64url of nonce and ciphertext. It
 * does not notice changes, so a payload has to be signed, and is decrypted only once its signature holds.
 */
export class Cipher {
  readonly #keys: readonly KeyObject[]

  /** The first of the 32-byte `keys` encrypts. `KeyObject`s, since Node 24 takes four times as long with raw bytes. */
  constructor (keys: readonly KeyObject[]) {
    this.#keys = keys
  }

  /** Throws a `TypeError` for text with lone surrogates. */
  encrypt (text: string, compress: boolean): string {
    const { bytes, isDeflated } = packText(text, compress)
    const sealed = bufferOf(NONCE + bytes.length)
    writeRandom(sealed)
    sealed.set(bytes, NONCE)
    writeNonce(sealed)
    sealed.set(encryptBytes(this.#keys[0]!, sealed.subarray(0, NONCE), bytes), NONCE)
    return ENCRYPTED + (isDeflated ? DEFLATED : '') + sealed.toString('base64url')
  }

  /** The text of a payload that `isEncrypted`, by the key with this index. Throws `BadPayload`. */
  decrypt (payload: string, key: number, compress: boolean): string {
    const isDeflated = payload.startsWith(DEFLATED, ENCRYPTED.length)
    const sealed = base64urlToBytes(payload.slice(isDeflated ? 2 : 1))
    if (sealed === undefined || sealed.length < NONCE) {
      throw new BadPayload('The encrypted payload is not base64url, or is too short', { payload })
    }
    const bytes = decryptBytes(this.#keys[key]!, sealed.subarray(0, NONCE), sealed.subarray(NONCE))
    return unpackText({ bytes, isDeflated }, compress, payload)
  }
}

export const encryptBytes = (key: KeyObject, nonce: Uint8Array, bytes: Uint8Array): Buffer =>
  createCipheriv(ALGORITHM, key, nonce).update(bytes) // final() adds nothing in counter mode

export const decryptBytes = (key: KeyObject, nonce: Uint8Array, bytes: Uint8Array): Buffer =>
  createDecipheriv(ALGORITHM, key, nonce).update(bytes)

/**
 * Writes the nonce over the random bytes that stand ahead of the text. A restored snapshot of a process may repeat
 * random bytes; as the text is hashed with them, another text still gets another keystream.
 */
export function writeNonce (input: Buffer): void {
  input.write(hash('sha256', input, 'binary'), 0, NONCE, 'binary') // text of one byte a character: faster than bytes
}

/** Takes payloads that are only looked at until the function returns; longer ones get a buffer of their own. */
const scratch = Buffer.allocUnsafeSlow(8192)

const bufferOf = (size: number): Buffer =>
  size > scratch.length ? Buffer.allocUnsafe(size) : scratch.subarray(0, size)

/** Many random nonces at once: filling each one alone takes longer than the cipher. */
const pool = Buffer.alloc(256 * NONCE)
let used = pool.length

/** Writes random bytes that were never used before to where the nonce stands. */
function writeRandom (sealed: Buffer): void {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  pool.copy(sealed, 0, used, used += NONCE)
}
