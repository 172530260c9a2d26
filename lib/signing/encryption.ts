import { hash, type KeyObject, randomFillSync } from 'node:crypto'
import { BadPayload } from '../errors.ts'
import { BLOCK as NONCE, CountedText, CounterMode } from './counter-mode.ts'
import { base64urlToBytes, packText, unpackText } from './encoding.ts'

/** Begins an encrypted payload. Base64url does not have it, and a cookie value may (RFC 6265, section 4.1.1). */
const MARK = '~'
const DEFLATED = '.'

/** Whether a payload is an encrypted one. */
export const isEncrypted = (payload: string): boolean => payload.startsWith(MARK)

/**
 * Makes texts encrypted payloads: `~`, a dot where the text was deflated, and base64url of nonce and ciphertext. It
 * does not notice changes, so a payload has to be signed, and is decrypted only once its signature holds.
 */
export class Cipher {
  readonly #modes: readonly CounterMode[]

  /** The first of the 32-byte `keys` encrypts. */
  constructor (keys: readonly KeyObject[]) {
    this.#modes = keys.map((key) => new CounterMode(key))
  }

  /** Throws a `TypeError` for text with lone surrogates. */
  encrypt (text: string, compress: boolean): string {
    const { bytes, isDeflated } = packText(text, compress)
    const size = NONCE + bytes.length
    const room = roomFor(size)
    room.bytes.set(randomNonce())
    room.bytes.set(bytes, NONCE)
    writeNonce(room.bytes.subarray(0, size))
    this.#modes[0]!.apply(room, size)
    return MARK + (isDeflated ? DEFLATED : '') + room.bytes.toString('base64url', 0, size)
  }

  /** The text of a payload that `isEncrypted`, by the key with this index. Throws `BadPayload`. */
  decrypt (payload: string, key: number, compress: boolean): string {
    const isDeflated = payload.startsWith(DEFLATED, MARK.length)
    const sealed = base64urlToBytes(payload.slice(isDeflated ? 2 : 1))
    if (sealed === undefined || sealed.length < NONCE) {
      throw new BadPayload('The encrypted payload is not base64url, or is too short', { payload })
    }
    const room = roomFor(sealed.length)
    room.bytes.set(sealed)
    this.#modes[key]!.apply(room, sealed.length)
    return unpackText({ bytes: room.bytes.subarray(NONCE, sealed.length), isDeflated }, compress, payload)
  }
}

/** Takes what is only looked at until the function returns; a longer text gets room of its own. */
const shared = new CountedText(8192)

const roomFor = (size: number): CountedText => size > shared.bytes.length ? new CountedText(size) : shared

/**
 * Writes the nonce over the random bytes that stand ahead of the text. A restored snapshot of a process may repeat
 * random bytes; as the text is hashed with them, another text still gets another keystream.
 */
export function writeNonce (input: Buffer): void {
  input.write(hash('sha256', input, 'binary'), 0, NONCE, 'binary') // text of one byte a character: faster than bytes
}

/** Many random nonces at once: filling each one alone takes longer than the cipher. */
const pool = Buffer.alloc(256 * NONCE)
let used = pool.length

/** Random bytes that were never given before. Valid until the next call. */
function randomNonce (): Buffer {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += NONCE
  return pool.subarray(used - NONCE, used)
}
