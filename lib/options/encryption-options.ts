import type { Secret } from '../signing/keys.ts'
import { type CodecOptions, sessionEncryptionKey } from '../wire/codec.ts'
import type { WireOptions } from '../wire/format.ts'
import type { SessionOptions } from './session-options.ts'

/**
 * Whether cookies are encrypted, and the keys, which the format has either way: what was encrypted is read once the
 * option is off again. Throws a `TypeError` for options that do not go together.
 */
export function encryptionOptions (
  options: SessionOptions, secrets: readonly Secret[], cookieName: string, { keyDerivation, salt }: WireOptions
): Pick<CodecOptions, 'encrypt' | 'encryptionKeys'> {
  const { encrypt = false } = options
  const isPossible = keyDerivation === 'hkdf'
  if (encrypt) checkEncryption(options, isPossible)
  const encryptionKeys = isPossible ? secrets.map((secret) => sessionEncryptionKey(secret, cookieName, salt)) : []
  return { encrypt, encryptionKeys }
}

function checkEncryption ({ store, format, sessionInterface }: SessionOptions, isPossible: boolean): void {
  if (!isPossible) throw doesNotGoWith(`format: '${format}', since its other program could not read the cookie`)
  if (store !== undefined) {
    throw doesNotGoWith('the option store: its cookie has only the id, which is all there is to encrypt')
  }
  if (typeof sessionInterface === 'object') {
    throw doesNotGoWith('an instance as sessionInterface, which makes its cookies without the settings: give its class')
  }
}

function doesNotGoWith (what: string): TypeError {
  return new TypeError(`The session option encrypt does not go with ${what}`)
}
