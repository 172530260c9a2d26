import { createHash, createHmac, hkdfSync, KeyObject } from 'node:crypto'
import { types } from 'node:util'
import { attempt } from '../errors.ts'
import { viewOf } from '../json/bytes.ts'

/** What a key can be made from: text (taken as UTF-8), bytes, or a `KeyObject` of type `secret`. */
export type Secret = string | Uint8Array | KeyObject

/**
 * How the signing key is made from the secret and the salt. `hkdf` is this package's own (RFC 5869); the others are
 * those of itsdangerous, byte for byte: `django-concat` H(salt + "signer" + secret), `concat` H(salt + secret),
 * `hmac` HMAC(secret, salt), `none` the secret itself.
 */
export type KeyDerivation = 'hkdf' | 'django-concat' | 'concat' | 'hmac' | 'none'

const HKDF_SALT = 'fastify-signed-session'
const HKDF_VERSION = '1'
const MAX_INFO_BYTES = 1024 // Node takes no more

const derivations: Record<KeyDerivation, (secret: Buffer, salt: Buffer, digest: string) => Buffer> = {
  hkdf: (secret, salt) => hkdfKey(secret, 'token', '', salt),
  'django-concat': (secret, salt, digest) => createHash(digest).update(salt).update('signer').update(secret).digest(),
  concat: (secret, salt, digest) => createHash(digest).update(salt).update(secret).digest(),
  hmac: (secret, salt, digest) => createHmac(digest, secret).update(salt).digest(),
  none: (secret) => secret
}

/** The signing key for `secret` and `salt`. Throws a `TypeError` for an unknown derivation, and for lone surrogates. */
export function deriveKey (
  secret: Secret, salt: string | Uint8Array, derivation: KeyDerivation, digest: string
): Buffer {
  const derive = Object.hasOwn(derivations, derivation) && derivations[derivation]
  if (!derive) throw new TypeError(`keyDerivation must be one of ${Object.keys(derivations).join(', ')}`)
  return derive(secretBytes(secret), bytesOf(salt, 'The salt'), digest)
}

/**
 * HKDF-SHA256 of the secret for one use: every part of `info` follows its length, so no two purposes, names and salts
 * make the same key. Throws a `TypeError` where name and salt are too long or have lone surrogates.
 */
export function hkdfKey (secret: Secret, purpose: string, name: string, salt: string | Uint8Array): Buffer {
  const parts = [HKDF_VERSION, purpose, name, salt].map((part) => bytesOf(part, 'The salt'))
  const info = Buffer.concat(parts.flatMap(lengthPrefixed))
  if (info.length <= MAX_INFO_BYTES) return hkdf(secret, HKDF_SALT, info, 32)
  throw new TypeError('The salt and the name are too long together for hkdf: keep them below 900 bytes')
}

/** HKDF-SHA256 (RFC 5869): extracts from the secret with the salt, and expands to so many bytes for `info`. */
export const hkdf = (secret: Secret, salt: string | Uint8Array, info: Uint8Array, length: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secretBytes(secret), salt, info, length))

/** Whether a value has a type that a secret may have. Bytes may come from another realm. */
export const isSecret = (value: unknown): value is Secret =>
  typeof value === 'string' || types.isUint8Array(value) || value instanceof KeyObject

/** The bytes of a secret. Throws a `TypeError` for an asymmetric `KeyObject` and for anything that is not a secret. */
export function secretBytes (secret: Secret): Buffer {
  if (secret instanceof KeyObject && secret.type === 'secret') return secret.export()
  if (!(secret instanceof KeyObject) && isSecret(secret)) return bytesOf(secret, 'A secret')
  throw new TypeError('A secret must be a string, a Buffer or a KeyObject of type secret')
}

/** Throws a `TypeError` for a digest of which Node's OpenSSL makes no HMAC. */
export function checkDigest (digest: string): void {
  if (attempt(() => createHmac(digest, '').digest()) !== undefined) return
  throw new TypeError(`digest ${JSON.stringify(digest)} is not known here, or makes no HMAC`)
}

/** Whether a secret is missing or has no bytes. */
export function isEmptySecret (secret: unknown): boolean {
  if (secret instanceof KeyObject) return secret.symmetricKeySize === 0
  return secret === undefined || secret === null || secret === '' || (types.isUint8Array(secret) && secret.length === 0)
}

function bytesOf (value: string | Uint8Array, what: string): Buffer {
  if (typeof value !== 'string') return viewOf(value)
  if (!value.isWellFormed()) throw new TypeError(`${what} must be well-formed text: lone surrogates have no UTF-8`)
  return Buffer.from(value)
}

function lengthPrefixed (bytes: Buffer): Buffer[] {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return [length, bytes]
}
