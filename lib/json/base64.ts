/** Up to how many characters decoding here costs less than two calls into native code do. */
const SHORT = 128
const PAD = 0x3d
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** The six bits of each ASCII character, -1 where it has none. */
const SEXTETS = Int8Array.from({ length: 128 }, (_, unit) => ALPHABET.indexOf(String.fromCharCode(unit)))

/** The bytes of base64 with padding (RFC 4648, section 4); undefined for text that no bytes are encoded as. */
export function decodeBase64 (text: string): Buffer | undefined {
  if (text.length <= SHORT) return decodeShort(text)
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function decodeShort (text: string): Buffer | undefined {
  const { length } = text
  if (length % 4 !== 0) return undefined
  const padding = text.charCodeAt(length - 1) !== PAD ? 0 : text.charCodeAt(length - 2) !== PAD ? 1 : 2
  const bytes = Buffer.allocUnsafe(length / 4 * 3 - padding) // all of it is written below, or nobody sees it
  const whole = padding === 0 ? length : length - 4
  let to = 0
  for (let at = 0; at < whole; at += 4) {
    const bits = sextet(text, at) << 18 | sextet(text, at + 1) << 12 | sextet(text, at + 2) << 6 | sextet(text, at + 3)
    if (bits < 0) return undefined
    bytes[to] = bits >> 16
    bytes[to + 1] = bits >> 8
    bytes[to + 2] = bits
    to += 3
  }
  return padding === 0 || decodePadded(text, padding, bytes, to) ? bytes : undefined
}

/** The last four characters. Bits behind the last byte must be 0. */
function decodePadded (text: string, padding: number, bytes: Buffer, to: number): boolean {
  const at = text.length - 4
  const bits = sextet(text, at) << 18 | sextet(text, at + 1) << 12 | (padding === 1 ? sextet(text, at + 2) << 6 : 0)
  bytes[to] = bits >> 16
  if (padding === 1) bytes[to + 1] = bits >> 8
  return bits >= 0 && (bits & (padding === 1 ? 0xff : 0xffff)) === 0
}

/** Below 0 for a character that is none of base64's; so is then all that it is a part of. */
function sextet (text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit < SEXTETS.length ? SEXTETS[unit]! : -1
}
