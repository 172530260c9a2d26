import { isUtf8 } from 'node:buffer'
import { deflateSync, inflateSync } from 'node:zlib'
import { BadPayload } from '../errors.ts'
import { decodeBase64, viewOf } from '../json/bytes.ts'

/** Takes text that is only looked at until the function returns; longer text gets a buffer of its own. */
const scratch = Buffer.allocUnsafeSlow(12288)

/** Bytes or text as base64url without padding (RFC 4648, section 5). Text is taken as UTF-8. */
export function base64urlEncode (value: string | Uint8Array): string {
  if (typeof value !== 'string') return viewOf(value).toString('base64url')
  if (value.length * 3 > scratch.length) return Buffer.from(value).toString('base64url')
  return scratch.toString('base64url', 0, scratch.write(value))
}

/** Whether a text is ASCII, as the text of the next two functions has to be: Node takes `\u0141` for an `A`. */
export const isASCII = (text: string): boolean => Buffer.byteLength(text) === text.length

/** The text of unpadded base64url; undefined where it is none, null where its bytes are not UTF-8. */
export function base64urlToText (encoded: string): string | null | undefined {
  if (encoded.length > scratch.length) {
    const bytes = base64urlToBytes(encoded)
    return bytes && utf8ToText(bytes)
  }
  const size = scratch.write(encoded, 'base64url')
  if (!isOneSpelling(encoded, size)) return undefined
  const text = scratch.toString('utf8', 0, size)
  // U+FFFD stands for bytes that are not UTF-8, and may also be meant.
  return text.includes('\ufffd') ? utf8ToText(scratch.subarray(0, size)) : text
}

/** The bytes of unpadded base64url, valid until the next text is read or written; undefined where it is none. */
export function base64urlToBytes (encoded: string): Buffer | undefined {
  if (encoded.length > scratch.length) return decodeBase64(encoded, 'base64url')
  const size = scratch.write(encoded, 'base64url')
  return isOneSpelling(encoded, size) ? scratch.subarray(0, size) : undefined
}

/** Whether ASCII that Node reads as `size` bytes is how they are written. Takes a fraction of the time of writing. */
function isOneSpelling (text: string, size: number): boolean {
  const { length } = text
  const isWhole = length % 4 !== 1 && size === Math.floor(length * 3 / 4)
  const hasNoRest = size % 3 === 0 || SEXTETS[text.charCodeAt(length - 1)]! % SPARE[length % 4]! === 0
  return isWhole && hasNoRest && !text.includes('+') && !text.includes('/')
}

/** The text of UTF-8 bytes, a byte order mark kept; null for bytes that are not UTF-8. */
export const utf8ToText = (bytes: Uint8Array): string | null => isUtf8(bytes) ? viewOf(bytes).toString() : null

/** A whole number from 0 to 2^53 - 1 as big-endian bytes without leading zeros. 0 is no bytes, as in itsdangerous. */
export function intToBytes (value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from(bytes)
}

/** By what the last sextet exceeds the last byte, for each rest of a length by four; no bytes make a rest of one. */
const SPARE = [1, NaN, 16, 4]
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_' // RFC 4648, section 5
const SEXTETS: number[] = []
for (const [sextet, char] of [...ALPHABET].entries()) SEXTETS[char.charCodeAt(0)] = sextet

/** How a time stands in signed text. */
export interface Stamp {
  /** Whole Unix seconds as text. */
  write (seconds: number): string
  /** The Unix seconds that a text says; undefined where it says none that a Date can hold. */
  read (text: string): number | undefined
}

/** The last second of a Date (ECMA-262, section 21.4.1.1). */
export const MAX_TIMESTAMP = 8.64e12

/** As itsdangerous writes it: the big-endian bytes of the number, as base64url. */
export const timestamp: Stamp = {
  write: (seconds) => base64urlEncode(intToBytes(seconds)),
  read (text) {
    let value = 0
    for (let index = 0; index < text.length; index++) {
      const sextet = SEXTETS[text.charCodeAt(index)]
      if (sextet === undefined) return undefined
      value = value * 64 + sextet
    }
    const spare = SPARE[text.length % 4]!
    const seconds = value / spare
    return value % spare === 0 && seconds <= MAX_TIMESTAMP ? seconds : undefined
  }
}

/** Begins a payload that was deflated, behind the mark of an encrypted one. */
export const DEFLATED = '.'
/** Begins an encrypted payload. Base64url does not have it, and a cookie value may (RFC 6265, section 4.1.1). */
export const ENCRYPTED = '~'

/** Whether a payload is an encrypted one. */
export const isEncrypted = (payload: string): boolean => payload.startsWith(ENCRYPTED)

/** The most bytes that a compressed payload may inflate to. */
export const MAX_INFLATED_SIZE = 256 * 1024

/**
 * Text as an itsdangerous payload: base64url, with `compress` deflated if shorter. A `TypeError` for lone surrogates.
 */
export function encodePayload (text: string, compress: boolean): string {
  if (!compress) return base64urlEncode(checkedText(text))
  const { bytes, isDeflated } = packText(text, compress)
  return (isDeflated ? DEFLATED : '') + base64urlEncode(bytes)
}

/** The text of a payload in ASCII. Throws `BadPayload`, as itsdangerous with an error as the cause. */
export function decodePayload (payload: string, compress: boolean): string {
  const text = payload.startsWith(DEFLATED) ? inflatedText(payload, compress) : base64urlToText(payload)
  return typeof text === 'string' ? text : refusePayload(text, payload)
}

/** What stands in a payload for a text. */
export interface Packed {
  readonly bytes: Buffer
  readonly isDeflated: boolean
}

/** The bytes of text, with `compress` deflated if shorter. Throws a `TypeError` for lone surrogates. */
export function packText (text: string, compress: boolean): Packed {
  const plain = Buffer.from(checkedText(text))
  if (!compress || plain.length > MAX_INFLATED_SIZE) return { bytes: plain, isDeflated: false }
  const deflated = deflateSync(plain)
  const isDeflated = deflated.length < plain.length - 1
  return { bytes: isDeflated ? deflated : plain, isDeflated }
}

/** The text of such bytes, which come from `payload`. Throws `BadPayload`. */
export function unpackText ({ bytes, isDeflated }: Packed, compress: boolean, payload: string): string {
  return utf8ToText(isDeflated ? inflate(bytes, compress, payload) : bytes) ?? refusePayload(null, payload)
}

/** Throws a `TypeError` for what is no text, as of a serializer without a `return`, or has no UTF-8. */
export function checkedText (text: string): string {
  if (typeof text !== 'string') throw new TypeError('The dumps of the serializer gave no text')
  if (text.isWellFormed()) return text
  throw new TypeError('The serializer gave text with a lone surrogate, which has no UTF-8')
}

/** `text` is null for bytes that are not UTF-8, and undefined for what is not base64url. */
export function refusePayload (text: null | undefined, payload: string): never {
  const fault = text === null ? 'not UTF-8' : 'not base64url'
  throw new BadPayload(`The payload is ${fault}`, { payload, originalError: new TypeError(`The text is ${fault}`) })
}

function inflatedText (payload: string, compress: boolean): string | null | undefined {
  const bytes = base64urlToBytes(payload.slice(1))
  return bytes && utf8ToText(inflate(bytes, compress, payload))
}

/** For data that is no zlib, is cut short, needs a dictionary, or inflates to too much. */
const DATA_FAULTS = new Set<unknown>(['Z_DATA_ERROR', 'Z_BUF_ERROR', 'Z_NEED_DICT', 'ERR_BUFFER_TOO_LARGE'])

/** Throws `BadPayload` for bad data. Any other failure, such as a lack of memory, is thrown as it is. */
function inflate (bytes: Buffer, compress: boolean, payload: string): Buffer {
  if (!compress) throw new BadPayload('The payload is compressed, and compress is off', { payload })
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_INFLATED_SIZE })
  } catch (originalError) {
    if (!DATA_FAULTS.has((originalError as { code?: unknown }).code)) throw originalError
    const message = `The payload is not zlib, or inflates to more than ${MAX_INFLATED_SIZE} bytes`
    throw new BadPayload(message, { payload, originalError })
  }
}
