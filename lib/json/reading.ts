import { isUtf8 } from 'node:buffer'
import { types } from 'node:util'
import { JSONDecodeError } from '../errors.ts'
import { checkOptions, isBoolean, type OptionTable } from '../option-checks.ts'
import { viewOf } from './bytes.ts'
import { findHugeNumber, parseExactly, parseJSON } from './parsing.ts'
import { guardKey, isAction, type PoisonOptions, type PoisonRules, poisonRules } from './poisoning.ts'
import { findFault } from './syntax.ts'
import { MAX_DEPTH } from './writer.ts'

export interface LoadsOptions extends PoisonOptions {
  /** Integers past 2^53 as BigInt, exactly. Default false: as numbers, rounded. */
  exactIntegers?: boolean | undefined
}

const loadsOptions: OptionTable<keyof LoadsOptions> = {
  kind: 'loads option',
  checks: { exactIntegers: isBoolean, onProtoPoisoning: isAction, onConstructorPoisoning: isAction }
}

/**
 * The value of JSON as text or as UTF-8, which may begin with a byte order mark. Throws a `JSONDecodeError` for what is
 * no JSON (RFC 8259), and for what JSON allows and a program would trip over: a key that changes prototypes, a number
 * too large, more than 500 levels, as many as are written. Of equal keys the last one counts.
 */
export function readJSON (source: string | Uint8Array, options?: LoadsOptions): unknown {
  if (options !== undefined) checkCallOptions(options, loadsOptions)
  const text = typeof source === 'string' ? source : decodeJSON(source)
  const { exactIntegers = false } = options ?? {}
  let value: unknown
  try {
    value = exactIntegers ? parseExactly(text) : parseJSON(text)
  } catch (error) {
    throw decodeError(text, error)
  }
  checkMember(value, MAX_DEPTH, { text, exactIntegers, rules: poisonRules(options) })
  return value
}

/** Throws a `TypeError` for options of a call that are wrong, unknown, or no object, as in `dumps(value, null, 2)`. */
export function checkCallOptions (options: unknown, table: OptionTable): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return checkOptions(options, table)
  throw new TypeError(`The ${table.kind}s must be an object; known are ${Object.keys(table.checks).join(', ')}`)
}

/** The text of JSON in bytes, without a byte order mark. Throws `JSONDecodeError` where they are not UTF-8. */
export function decodeJSON (bytes: Uint8Array): string {
  if (!types.isUint8Array(bytes)) throw new TypeError('JSON is read from a string or from bytes')
  const buffer = viewOf(bytes)
  const text = buffer.toString('utf8')
  if (isUtf8(buffer)) return text.startsWith('\ufeff') ? text.slice(1) : text
  throw new JSONDecodeError('the bytes are not UTF-8 from here', { text, offset: findReplacement(text, buffer) })
}

/** What is wrong with a text that was refused; `cause` is what a parser threw. */
export function decodeError (text: string, cause?: unknown): JSONDecodeError {
  const fault = findFault(text, MAX_DEPTH)
  return fault === undefined
    ? new JSONDecodeError('the provider of the application does not read it', undefined, { cause })
    : new JSONDecodeError(fault.reason, { text, offset: fault.offset })
}

/** What a value was read from, for the places of faults, and what is asked of it. */
type Reading = { text: string, exactIntegers: boolean, rules: PoisonRules }

/** Refuses what is nested deeper than `levels`, a number that is too large, and a poisoned key, anywhere in a value. */
function checkMember (member: unknown, levels: number, reading: Reading): void {
  if (member === Infinity || member === -Infinity) throw hugeNumber(reading)
  if (typeof member !== 'object' || member === null) return
  if (levels === 0) throw decodeError(reading.text)
  if (Array.isArray(member)) for (const each of member) checkMember(each, levels - 1, reading)
  else checkObject(member as Record<string, unknown>, levels, reading)
}

function checkObject (object: Record<string, unknown>, levels: number, reading: Reading): void {
  for (const key of Object.keys(object)) { // faster on every version of Node than for…in, which is slow on some
    const member = object[key]
    guardKey(object, key, reading.rules)
    checkMember(member, levels - 1, reading)
  }
}

const hugeNumber = ({ text, exactIntegers: isExact }: Reading): JSONDecodeError =>
  new JSONDecodeError('a number too large to be read begins here', { text, offset: findHugeNumber(text, isExact) })

const REPLACEMENT = '\ufffd'
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT)

/** The place in a text where the bytes it was read from were replaced first. */
function findReplacement (text: string, bytes: Buffer): number {
  let offset = text.indexOf(REPLACEMENT)
  let byte = Buffer.byteLength(text.slice(0, offset))
  while (bytes.subarray(byte, byte + 3).equals(REPLACEMENT_BYTES)) {
    const from = offset
    offset = text.indexOf(REPLACEMENT, from + 1)
    byte += Buffer.byteLength(text.slice(from, offset))
  }
  return offset
}
