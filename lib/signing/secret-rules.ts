import { KeyObject } from 'node:crypto'
import { isEmptySecret, isSecret, type Secret, secretBytes } from './keys.ts'

const MIN_BYTES = 32
const MIN_DISTINCT_BYTES = 8
const MIN_OUTSIDE_RUNS = 16 // bytes that do not continue a run
const MIN_REPEATED = 16 // bytes; fewer may be repeated by chance
const MAX_OTHERS = 4 // bytes that may differ in a repetition, such as a number at its end
const HOW_TO = "make one with `node -p \"crypto.randomBytes(32).toString('base64url')\"` " +
  'and keep it in the environment as SESSION_SECRET'
const NO_FALLBACK = 'leave it out where there is no older secret'

type Warn = (message: string) => void

/** Published secrets, in small letters and digits alone. Each pattern is too long to be met by chance. */
const EXAMPLES = [
  // Texts that ask to be replaced.
  /^(change|replace)(me|this)/, /(change|replace)(me|this|it)$/, /please(change|replace)/,
  /(should|must|to)be(changed|replaced)/, /^(insert|enter|paste|put|your)\w*here$/, /^your\w*(secret|password)/,
  /supersecret|inproduction/, // and texts that name their length
  /(least|minimum|bigger|longer|must|should)\w*((32|thirtytwo)\w*(char|byte)|256bit)/,
  // The command of our own documentation, values of JavaScript that became text, rows and columns of a keyboard.
  /randombytes|objectobject|undefined|nullnull|qwertyuiop|asdfghjk|zxcvbnm|1qaz2wsx|qazwsxedc/,
  // How the random secrets begin that the documentation of Flask, FastAPI, h3 and hapi shows.
  /^(192b9bdd22ab9ed4|09d25e094faa6ca2|80d42cfb1cd2462c|wsyhfac2u6nzbu)/
]

/**
 * The secret and the older ones. Throws a `TypeError`, which calls the secret `name`, where one is missing or easy to
 * guess; with `warn`, what is easy to guess is reported there instead.
 */
export function checkedSecrets (secret: unknown, fallbacks: readonly unknown[], name: string, warn?: Warn): Secret[] {
  checkSecret(secret, name, HOW_TO, warn)
  return [secret, ...fallbacks.map((fallback, index) => {
    checkSecret(fallback, `${name} fallbacks[${index}]`, isEmptySecret(fallback) ? NO_FALLBACK : HOW_TO, warn)
    return fallback
  })]
}

function checkSecret (secret: unknown, name: string, whatToDo: string, warn?: Warn): asserts secret is Secret {
  const absent = absenceOf(secret)
  const problem = absent ?? weaknessOf(secretBytes(secret as Secret))
  if (problem === undefined) return
  const message = `The ${name} ${problem}: ${whatToDo}`
  if (absent !== undefined || warn === undefined) throw new TypeError(message)
  warn(message)
}

function absenceOf (secret: unknown): string | undefined {
  if (isEmptySecret(secret)) return 'is missing'
  if (secret instanceof KeyObject && secret.type !== 'secret') {
    return `is a KeyObject of type ${secret.type} where type secret is needed`
  }
  if (!isSecret(secret)) return 'must be a string, a Buffer or a KeyObject'
  if (typeof secret === 'string' && !secret.isWellFormed()) return 'has lone surrogates, which have no UTF-8'
}

function weaknessOf (bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1')
  const letters = text.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (EXAMPLES.some((example) => example.test(letters))) return 'is a placeholder or a published example'
  if (/-----BEGIN [A-Z ]+-----/.test(text)) return 'is a PEM file, which is not made to be a shared secret'
  if (bytes.length < MIN_BYTES) return `has ${bytes.length} bytes where at least ${MIN_BYTES} are needed`
  if (new Set(bytes).size < MIN_DISTINCT_BYTES) return `has fewer than ${MIN_DISTINCT_BYTES} distinct bytes`
  if (isPeriodic(bytes)) return `repeats fewer than ${MIN_BYTES} bytes again and again`
  if (bytesOutsideRuns(bytes) < MIN_OUTSIDE_RUNS) return 'is a run such as abcdef or 654321'
}

/** Whether the first few bytes are repeated to the end; the last time perhaps in part. */
function isPeriodic (bytes: Buffer): boolean {
  return Array.from({ length: MIN_BYTES - 1 }, (_, index) => bytes.subarray(index + 1)).some((rest) => {
    const others = rest.filter((byte, index) => byte !== bytes[index]).length
    return others <= MAX_OTHERS && rest.length - others >= MIN_REPEATED
  })
}

/** The number of bytes that do not continue a run. Each byte of a run differs from the one before by at most one. */
function bytesOutsideRuns (bytes: Buffer): number {
  const isStep = Array.from(bytes, (byte, at) => Math.abs(byte - (bytes[at - 1] ?? NaN)) <= 1)
  return isStep.filter((each, at) => !each || !isStep[at - 1]).length
}
