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
  const length: number = lengthOf.call(bytes)
  return (length > MANY && equalsView(bytes, length)) || Object.keys(bytes).length === length
}

/** The getter of the class, not a property that an instance may have in its place. */
const lengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')!.get!

/** Whether bytes equal a view of the same memory, which has nothing else: `node:util` passes over indexes, as no list of keys does. */
function equalsView (bytes: Uint8Array, length: number): boolean {
  const { buffer, byteOffset } = bytes
  return isDeepStrictEqual(bytes, Object.getPrototypeOf(bytes) === Buffer.prototype ? Buffer.from(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length))
}
