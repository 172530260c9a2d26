import { KeyObject } from 'node:crypto'
import { isEmptySecret, type Secret, secretBytes } from '../signing/keys.ts'

const MIN_BYTES = 32
const MIN_DISTINCT_BYTES = 8
const HOW_TO = "make one with `node -p \"crypto.randomBytes(32).toString('base64url')\"` and keep it in the environment as SESSION_SECRET"

/**
 * Throws a `TypeError`, in one sentence without the secret, for one that is missing. One that is easy to guess is
 * refused likewise, or, where `warn` is given, only told of.
 */
export function checkSecret (secret: unknown, name: string, warn?: (message: string) => void): asserts secret is Secret {
  const absent = absenceOf(secret)
  const problem = absent ?? weaknessOf(secretBytes(secret as Secret))
  if (problem === undefined) return
  const message = `The session ${name} ${problem}: ${HOW_TO}`
  if (absent !== undefined || warn === undefined) throw new TypeError(message)
  warn(message)
}

function absenceOf (secret: unknown): string | undefined {
  if (isEmptySecret(secret)) return 'is missing'
  if (secret instanceof KeyObject && secret.type !== 'secret') return `is a KeyObject of type ${secret.type} where type secret is needed`
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array) && !(secret instanceof KeyObject)) {
    return 'must be a string, a Buffer or a KeyObject'
  }
}

function weaknessOf (bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1')
  if (/^\W*(change|replace)[-_ ]?(me|this)/i.test(text)) return 'is a placeholder'
  if (/-----BEGIN [A-Z ]+-----/.test(text)) return 'is a PEM file, which is not made to be a shared secret'
  if (bytes.length < MIN_BYTES) return `has ${bytes.length} bytes where at least ${MIN_BYTES} are needed`
  if (new Set(bytes).size < MIN_DISTINCT_BYTES) return `has fewer than ${MIN_DISTINCT_BYTES} distinct bytes`
}
