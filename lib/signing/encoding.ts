import { isUtf8 } from 'node:buffer'

/** Takes text that is only looked at until the function returns; longer text gets a buffer of its own. */
const scratch = Buffer.allocUnsafeSlow(12288)

/** Bytes or text as base64url without padding (RFC 4648, section 5). Text is taken as UTF-8. */
export function base64urlEncode (value: string | Uint8Array): string {
  if (typeof value !== 'string') return asBuffer(value).toString('base64url')
  if (value.length * 3 > scratch.length) return Buffer.from(value).toString('base64url')
  return scratch.toString('base64url', 0, scratch.write(value))
}

/** The bytes of unpadded base64url, or undefined for any other text: each sequence of bytes has one spelling. */
export function base64urlDecode (text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

/** The text whose UTF-8 is written in unpadded base64url; undefined where it is not, null where the bytes are not UTF-8. */
export function base64urlToText (encoded: string): string | null | undefined {
  if (encoded.length > scratch.length) {
    const bytes = base64urlDecode(encoded)
    return bytes && utf8ToText(bytes)
  }
  const size = scratch.write(encoded, 'base64url')
  if (!isOneSpelling(encoded, size)) return undefined
  const text = scratch.toString('utf8', 0, size)
  return text.includes(REPLACEMENT) ? utf8ToText(scratch.subarray(0, size)) : text
}

/**
 * Whether a text that Node reads as so many bytes is how they are written, at half of what writing them again would cost:
 * no character was passed over or is of another alphabet, and none is cut off at its end.
 */
function isOneSpelling (text: string, size: number): boolean {
  const { length } = text
  const isWhole = length % 4 !== 1 && size === Math.floor(length * 3 / 4) && Buffer.byteLength(text) === length
  return isWhole && !text.includes('+') && !text.includes('/') && (size % 3 === 0 || SEXTETS[text.charCodeAt(length - 1)]! % SPARE[length % 4]! === 0)
}

/** What stands for bytes that are not UTF-8, and may also be meant. */
const REPLACEMENT = '\ufffd'

/** The text of UTF-8 bytes, a byte order mark kept; null for bytes that are not UTF-8. */
export function utf8ToText (bytes: Uint8Array): string | null {
  return isUtf8(bytes) ? asBuffer(bytes).toString() : null
}

/** A whole number from 0 to 2^53 - 1 as big-endian bytes without leading zeros; 0 is no bytes at all, as in itsdangerous. */
export function intToBytes (value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Buffer.from(bytes)
}

/**
 * The whole number whose big-endian bytes are `text` as base64url, leading zeros or none; undefined where that is no
 * base64url of one spelling, or more than a number can be. Past 2^53 it is as near as one can be.
 */
export function base64urlToInt (text: string): number | undefined {
  let value = 0
  for (let index = 0; index < text.length; index++) {
    const sextet = SEXTETS[text.charCodeAt(index)] ?? NO_SEXTET
    if (sextet === NO_SEXTET) return undefined
    value = value * 64 + sextet
  }
  const spare = SPARE[text.length % 4]!
  return value % spare === 0 ? value / spare : undefined
}

/** By what the last sextet exceeds the last byte, for each rest of a length by four; no bytes make a rest of one. */
const SPARE = [1, NaN, 16, 4]
const NO_SEXTET = 64
const SEXTETS = new Uint8Array(128).fill(NO_SEXTET)
for (const [sextet, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) SEXTETS[character.charCodeAt(0)] = sextet

/** The text of UTF-8 bytes. A `TypeError` for bytes that are not UTF-8; a byte order mark is kept. */
export function decodeUtf8 (bytes: Uint8Array): string {
  const text = utf8ToText(bytes)
  if (text === null) throw new TypeError('The bytes are not UTF-8')
  return text
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer (bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
