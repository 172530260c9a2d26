import { createSecretKey, type KeyObject } from 'node:crypto'
import { deriveKey, hkdfKey, type KeyDerivation, type Secret } from '../signing/keys.ts'

/** What belongs together on the wire. Each part can be given by itself in the options. */
export interface WireFormat {
  readonly salt: string
  readonly digest: string
  readonly keyDerivation: KeyDerivation
  readonly compress: boolean
}

/** The wire formats by name. */
export const formats = {
  default: { salt: '', digest: 'sha256', keyDerivation: 'hkdf', compress: false }
} as const satisfies Record<string, WireFormat>

export type FormatName = keyof typeof formats

/**
 * The key that signs a session's cookies. With `hkdf` it is bound to its purpose, the cookie's name and the salt, so
 * that nothing else signed with the same secret can pass for this cookie.
 */
export function sessionKey (secret: Secret, cookieName: string, { salt, digest, keyDerivation }: WireFormat): KeyObject {
  return createSecretKey(keyDerivation === 'hkdf'
    ? hkdfKey(secret, 'session', cookieName, salt)
    : deriveKey(secret, salt, keyDerivation, digest))
}
