import { isDeepStrictEqual } from 'node:util'

/** From how many bytes on their comparison costs less than a list of all indexes. */
const MANY = 64

/** Whether an object has no enumerable properties of its own, those keyed by symbols aside. */
export function isBare (value: object): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
}

/**
 * Whether a Buffer or Uint8Array has no enumerable properties of its own but its bytes, those keyed by symbols aside.
 * False for one that has lost its memory, which was transferred to another thread or made smaller.
 */
export function hasBytesOnly (bytes: Uint8Array): boolean {
  const length: number = lengthOf.call(bytes)
  if (length === 0 && !hasMemory(bytes)) return false
  return (length > MANY && equalsView(bytes, length)) || Object.keys(bytes).length === length
}

/** A Buffer as base64 (RFC 4648, section 4), whatever it has in place of what `toString` asks it for. */
export function base64Of (bytes: Buffer): string {
  const isHonest = !Object.hasOwn(bytes, 'length') && !Object.hasOwn(bytes, 'base64Slice')
  return toString.call(isHonest ? bytes : viewOf(bytes), 'base64')
}

/** A Buffer over the same memory. */
export function viewOf (bytes: Uint8Array): Buffer {
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

/** Whether bytes equal a view of the same memory, which has nothing else. `node:util` passes over the indexes. */
function equalsView (bytes: Uint8Array, length: number): boolean {
  const view = viewOf(bytes)
  const isBuffer = Object.getPrototypeOf(bytes) === Buffer.prototype
  try {
    return isDeepStrictEqual(bytes, isBuffer ? view : new Uint8Array(view.buffer, view.byteOffset, length))
  } catch {
    return false // `node:util` asks properties that an instance may have in place of its class's
  }
}
