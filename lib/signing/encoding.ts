import { isUtf8 } from 'node:buffer'

/** Bytes or text as base64url without padding (RFC 4648, section 5). Text is taken as UTF-8. */
export function base64urlEncode (value: string | Uint8Array): string {
  return (typeof value === 'string' ? Buffer.from(value) : asBuffer(value)).toString('base64url')
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

/** The inverse of `intToBytes`; leading zeros are fine. Past 2^53 it is as near as a number can be. */
export function bytesToInt (bytes: Uint8Array): number {
  let value = 0
  for (const byte of bytes) value = value * 256 + byte
  return value
}

/** The text of UTF-8 bytes. A `TypeError` for bytes that are not UTF-8; a byte order mark is kept. */
export function decodeUtf8 (bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new TypeError('The bytes are not UTF-8')
  return asBuffer(bytes).toString()
}

/** The same bytes as a Buffer, without a copy. */
export function asBuffer (bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
