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
  if (!isUtf8(bytes)) throw new TypeError('The bytes are not UTF-8')
  return asBuffer(bytes).toString()
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer (bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
