import { randomBytes } from 'node:crypto'
import { standsOutside, STRING, stringEnd, tokensOf } from './strings.ts'
import { MAX_DIGITS } from './tags.ts'

type Parse = (text: string) => unknown

/** Marks what `JSON.parse` is not left to read; nobody can guess it. */
const MARK = randomBytes(16).toString('hex')
/** Strings, numbers, and the words for numbers that JSON does not have. */
const TOKEN = new RegExp(`${STRING}|-?\\d[\\d.eE+-]*|NaN|-?Infinity`, 'g')
const COLON = /[ \t\n\r]*:/y

/**
 * Whether a parser reads a key with an escape as another key. V8 12.9 and newer do (Node 23 and newer,
 * nodejs/node#63785): after an object with the keys `a` and `\`, they read `{"a":1,"\n":1}` as one with these keys.
 */
export function altersKeys (parse: Parse): boolean {
  const [, read] = ['\\\\', '\\n'].map((key) => parse(`{"fastify-signed-session":0,"${key}":0}`))
  return !Object.hasOwn(read as object, '\n')
}

/** A parser that alters no key. One that would is given keys without escapes only. */
export function faithful (parse: Parse): Parse {
  if (!altersKeys(parse)) return parse
  return (text) => hasEscapedKey(`${text}`) ? parseTokens(text, () => false, String, parse) : parse(text)
}

/** The value of JSON text. Throws a `SyntaxError` as `JSON.parse`. */
export const parseJSON = faithful(JSON.parse)

/**
 * The value of JSON text where a token outside strings that `isSpecial` stands for what `valueOf` makes of it. Throws
 * as `JSON.parse`.
 */
export function parseTokens (
  text: string, isSpecial: (token: string) => boolean, valueOf: (token: string) => unknown, parse: Parse = JSON.parse
): unknown {
  let marked = ''
  let copied = 0
  for (const [start, end] of tokensOf(text, TOKEN)) {
    const token = text.slice(start, end)
    const other = isSpecial(token) ? `{"${MARK}":"${token}"}` : token
    const written = token.startsWith('"') ? withoutEscapes(token, text, end) : other
    if (written === token) continue
    marked += text.slice(copied, start) + written
    copied = end
  }
  return copied === 0 ? parse(text) : unmarked(parse(marked + text.slice(copied)), valueOf)
}

/** Whether a key of JSON text has an escape. Only the strings that have one are looked at. */
function hasEscapedKey (text: string): boolean {
  for (let at = text.indexOf('\\'); at !== -1; at = text.indexOf('\\', at)) {
    at = stringEnd(text, at)
    if (isKeyEnd(text, at)) return true
  }
  return false
}

/** Whether a string that ends at an offset is a key. */
function isKeyEnd (text: string, end: number): boolean {
  COLON.lastIndex = end
  return COLON.test(text)
}

/** A string of a text, which ends at an offset: a key is written without escapes, anything else as it is. */
function withoutEscapes (string: string, text: string, end: number): string {
  if (!string.includes('\\') || !isKeyEnd(text, end)) return string
  const key: string = JSON.parse(string)
  const quoted = JSON.stringify(key)
  return quoted.includes('\\') ? `"${MARK}${Buffer.from(key, 'utf16le').toString('hex')}"` : quoted
}

/** A value with what the marks in it stand for. */
function unmarked (value: unknown, valueOf: (token: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => unmarked(each, valueOf))
  const entries = Object.entries(value)
  if (entries[0]?.[0] === MARK) return valueOf(entries[0][1])
  return Object.fromEntries(entries.map(([key, each]) => [unmarkedKey(key), unmarked(each, valueOf)]))
}

const unmarkedKey = (key: string): string =>
  key.startsWith(MARK) ? Buffer.from(key.slice(MARK.length), 'hex').toString('utf16le') : key

/** As many digits as the smallest integer past 2^53 has. A run of digits is tried from its first one only. */
export const LONG_DIGITS = /(?<!\d)\d{16}/g

/** JSON text with integers past 2^53 as BigInt, exactly. One of more digits than are read is infinite. */
export function parseExactly (text: string): unknown {
  const isExact = (token: string): boolean => isUnsafeInteger(token) && !hasTooManyDigits(token)
  return standsOutside(text, LONG_DIGITS) ? parseTokens(text, isExact, BigInt) : parseJSON(text)
}

/** Whether a token is an integer that a number may not hold exactly. */
export const isUnsafeInteger = (token: string): boolean =>
  /^-?[1-9]\d{15,}$/.test(token) && !Number.isSafeInteger(Number(token))

export const hasTooManyDigits = (integer: string): boolean => integer.replace('-', '').length > MAX_DIGITS

/** Where JSON text has a number that would be read as infinite, or more digits than are read; -1 for nowhere. */
export function findHugeNumber (text: string, isExact: boolean): number {
  for (const [start, end] of tokensOf(text, TOKEN)) {
    if (text[start] !== '"' && isHuge(text.slice(start, end), isExact)) return start
  }
  return -1
}

const isHuge = (token: string, isExact: boolean): boolean =>
  isExact && isUnsafeInteger(token) ? hasTooManyDigits(token) : !Number.isFinite(Number(token))
