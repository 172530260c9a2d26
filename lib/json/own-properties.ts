import { isDeepStrictEqual } from 'node:util'

/** From how many bytes on their comparison costs less than a list of all indexes. */
const MANY = 64

/** Whether an object has no enumerable properties of its own, those keyed by symbols aside. */
export function isBare (value: object): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
}

/** Whether a Buffer or Uint8Array has no enumerable properties of its own but its bytes, those keyed by symbols aside. */
export function hasBytesOnly (bytes: Uint8Array): boolean {
  return (bytes.length > MANY && equalsView(bytes)) || Object.keys(bytes).length === bytes.length
}

/** Whether bytes equal a view of the same memory, which has nothing else: `node:util` passes over indexes, as no list of keys does. */
function equalsView (bytes: Uint8Array): boolean {
  const { buffer, byteOffset, length } = bytes
  return isDeepStrictEqual(bytes, Object.getPrototypeOf(bytes) === Buffer.prototype ? Buffer.from(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length))
}
