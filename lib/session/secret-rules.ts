import { KeyObject } from 'node:crypto'
import { type Secret, secretBytes } from '../signing/keys.ts'

const MIN_BYTES = 32
const MIN_DISTINCT_BYTES = 8
const HOW_TO = "make one with `node -p \"crypto.randomBytes(32).toString('base64url')\"` and keep it in the environment as SESSION_SECRET"

/** Throws a `TypeError`, in one sentence without the secret, for one that is missing or easy to guess. */
export function checkSecret (secret: unknown, name: string): asserts secret is Secret {
  const problem = problemOf(secret)
  if (problem !== undefined) throw new TypeError(`The session ${name} ${problem}: ${HOW_TO}`)
}

function problemOf (secret: unknown): string | undefined {
  if (secret === undefined || secret === null || secret === '') return 'is missing'
  if (secret instanceof KeyObject && secret.type !== 'secret') return `is a KeyObject of type ${secret.type} where type secret is needed`
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array) && !(secret instanceof KeyObject)) {
    return 'must be a string, a Buffer or a KeyObject'
  }
  return weaknessOf(secretBytes(secret))
}

function weaknessOf (bytes: Buffer): string | undefined {
  if (bytes.length === 0) return 'is missing'
  const text = bytes.toString('latin1')
  if (/^\W*(change|replace)[-_ ]?(me|this)/i.test(text)) return 'is a placeholder'
  if (/-----BEGIN [A-Z ]+-----/.test(text)) return 'is a PEM file, which is not made to be a shared secret'
  if (bytes.length < MIN_BYTES) return `has ${bytes.length} bytes where at least ${MIN_BYTES} are needed`
  if (new Set(bytes).size < MIN_DISTINCT_BYTES) return `has fewer than ${MIN_DISTINCT_BYTES} distinct bytes`
}
