import { isDeepStrictEqual } from 'node:util'

/** From how many bytes on their comparison costs less than a list of all indexes. */
const MANY = 64

/** Whether an object has no enumerable properties of its own, those keyed by symbols aside. */
export function isBare (value: object): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
}

/**
 * Whether a Buffer or Uint8Array has no enumerable properties of its own but its bytes, those keyed by symbols aside. False
 * for one that has lost its memory to another thread or to a smaller buffer.
 */
export function hasBytesOnly (bytes: Uint8Array): boolean {
  const length: number = lengthOf.call(bytes)
  if (length === 0 && !hasMemory(bytes)) return false
  return (length > MANY && equalsView(bytes, length)) || Object.keys(bytes).length === length
}

/** Bytes as base64 (RFC 4648, section 4), whatever an instance has in place of what Buffer's `toString` asks for. */
export function base64Of (bytes: Uint8Array): string {
  const isHonest = Object.getPrototypeOf(bytes) === Buffer.prototype && !Object.hasOwn(bytes, 'length') && !Object.hasOwn(bytes, 'base64Slice')
  return toString.call(isHonest ? bytes : viewOf(bytes), 'base64')
}

function viewOf (bytes: Uint8Array): Buffer {
  return Buffer.from(bufferOf.call(bytes), offsetOf.call(bytes), lengthOf.call(bytes))
}

const { toString } = Buffer.prototype

// The getters of the class, not properties that an instance may have in their place.
const lengthOf = getterOf('length')
const bufferOf = getterOf('buffer')
const offsetOf = getterOf('byteOffset')
const { at } = Uint8Array.prototype

function getterOf (name: string): (this: Uint8Array) => any {
  return Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)!.get!
}

/** Only a view without memory throws. */
function hasMemory (bytes: Uint8Array): boolean {
  try {
    at.call(bytes, 0)
    return true
  } catch {
    return false
  }
}

/** Whether bytes equal a view of the same memory, which has nothing else: `node:util` passes over indexes, as no list of keys does. */
function equalsView (bytes: Uint8Array, length: number): boolean {
  const view = viewOf(bytes)
  try {
    return isDeepStrictEqual(bytes, Object.getPrototypeOf(bytes) === Buffer.prototype ? view : new Uint8Array(view.buffer, view.byteOffset, length))
  } catch {
    return false // `node:util` asks properties that an instance may have in place of its class's
  }
}
