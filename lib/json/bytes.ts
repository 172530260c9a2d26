import { isDeepStrictEqual } from 'node:util'
import { attempt } from '../errors.ts'

const MANY = 64 // bytes, from which on comparing them costs less than listing all indexes

/** Whether a Buffer or Uint8Array has its bytes, and no other enumerable properties but those keyed by symbols. */
export function hasBytesOnly (bytes: Uint8Array): boolean {
  const length: number = lengthOf.call(bytes)
  if (length === 0 && !hasMemory(bytes)) return false
  return (length > MANY && equalsView(bytes, length)) || Object.keys(bytes).length === length
}

/** Bytes as base64 with padding (RFC 4648, section 4). */
export const encodeBase64 = (bytes: Uint8Array): string => viewOf(bytes).toString('base64')

/** The bytes of base64 with padding, or of base64url without; undefined for text that no bytes are encoded as. */
export function decodeBase64 (text: string, encoding: 'base64' | 'base64url' = 'base64'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding)
  return bytes.toString(encoding) === text ? bytes : undefined
}

/** A Buffer over the same memory, which has the methods of its class only. */
export const viewOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bufferOf.call(bytes), offsetOf.call(bytes), lengthOf.call(bytes))

/** A getter of the class. An instance may have a property of the same name. */
const getterOf = (name: string): (this: Uint8Array) => any =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)!.get!
const lengthOf = getterOf('length')
const bufferOf = getterOf('buffer')
const offsetOf = getterOf('byteOffset')
const { at } = Uint8Array.prototype

/** Whether bytes have their memory, which may have been transferred to another thread or made smaller. */
export const hasMemory = (bytes: Uint8Array): boolean => attempt(() => [at.call(bytes, 0)]) !== undefined

/** Whether bytes equal a view of the same memory, which has nothing else. `node:util` does not list the indexes. */
function equalsView (bytes: Uint8Array, length: number): boolean {
  const buffer = viewOf(bytes)
  const isBuffer = Object.getPrototypeOf(bytes) === Buffer.prototype
  const view = isBuffer ? buffer : new Uint8Array(buffer.buffer, buffer.byteOffset, length)
  // It throws where it reads properties that an instance has instead of its class.
  return attempt(() => isDeepStrictEqual(bytes, view)) === true
}
