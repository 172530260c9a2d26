import { createSecretKey, type KeyObject } from 'node:crypto'
import type { SerializerFormat } from '../json/dialects.ts'
import { deriveKey, hkdfKey, type KeyDerivation, type Secret } from '../signing/keys.ts'

/** The parts of a wire format that can be given by themselves in the options. */
export interface WireFormat {
  readonly salt: string
  readonly digest: string
  readonly keyDerivation: KeyDerivation
  readonly compress: boolean
}

/** What belongs together on the wire, and the rules that go with it. */
export interface SessionFormat extends WireFormat {
  /** The format of the text inside. */
  readonly serializer: SerializerFormat
  readonly digests: readonly string[]
  readonly keyDerivations: readonly string[]
  /** Whether a secret that is easy to guess is refused, or only warned of. */
  readonly refusesWeakSecrets: boolean
  /** The default of `refreshAfter`, for a lifetime. */
  readonly refreshAfter: (lifetime: number) => number
  /** Whether only permanent sessions are signed anew for their age. */
  readonly refreshesPermanentOnly: boolean
  /** Whether another program writes the same data as another text. */
  readonly hasForeignText: boolean
}

/** The wire formats by name; `flask` is that of a Flask application with the same secret. */
export const formats: Record<SerializerFormat, SessionFormat> = {
  default: {
    salt: '',
    digest: 'sha256',
    keyDerivation: 'hkdf',
    compress: false,
    serializer: 'default',
    digests: ['sha256', 'sha384', 'sha512'],
    keyDerivations: ['hkdf'],
    refusesWeakSecrets: true,
    refreshAfter: (lifetime) => lifetime / 10,
    refreshesPermanentOnly: false,
    hasForeignText: false
  },
  flask: {
    salt: 'cookie-session',
    digest: 'sha1',
    keyDerivation: 'hmac',
    compress: true,
    serializer: 'flask',
    digests: ['sha1', 'sha256', 'sha384', 'sha512'],
    keyDerivations: ['hmac', 'django-concat', 'concat', 'none'],
    refusesWeakSecrets: false,
    refreshAfter: () => 0,
    refreshesPermanentOnly: true,
    hasForeignText: true
  }
}

/**
 * The key that signs a session's cookies. With `hkdf` it is bound to its purpose, the cookie's name and the salt, so
 * that nothing else signed with the same secret can pass for this cookie.
 */
export function sessionKey (secret: Secret, cookieName: string, { salt, digest, keyDerivation }: WireFormat): KeyObject {
  return createSecretKey(keyDerivation === 'hkdf'
    ? hkdfKey(secret, 'session', cookieName, salt)
    : deriveKey(secret, salt, keyDerivation, digest))
}
