import { randomBytes } from 'node:crypto'
import { outsideStrings } from './strings.ts'
import { MAX_DIGITS } from './tags.ts'

/** Takes the place of what JSON has no word for while `JSON.parse` reads the rest; nobody can guess it. */
const PLACEHOLDER = randomBytes(16).toString('hex')
const TOKENS = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity/g
/** A number that may be past what a number holds. */
const MAY_BE_HUGE = /\d(?:[eE]\+?\d{3}|\d{199})/

/** JSON text, in which the tokens outside strings that `valueOf` has a value for are that value. Throws as `JSON.parse`. */
export function parseTokens (text: string, isSpecial: (token: string) => boolean, valueOf: (token: string) => unknown): unknown {
  let marked = ''
  let copied = 0
  for (const [start, end] of outsideStrings(text)) {
    marked += text.slice(copied, start)
    marked += text.slice(start, end).replace(TOKENS, (token) => isSpecial(token) ? `{"${PLACEHOLDER}":"${token}"}` : token)
    copied = end
  }
  return JSON.parse(marked + text.slice(copied), (_key, value: unknown) => {
    const token = (value as Record<string, unknown> | null)?.[PLACEHOLDER]
    return typeof token === 'string' ? valueOf(token) : value
  })
}

/** JSON text with integers past 2^53 as BigInt, exactly. */
export function parseExactly (text: string): unknown {
  return hasLongDigits(text) ? parseTokens(text, isUnsafeInteger, BigInt) : JSON.parse(text)
}

/** The fewest digits of an integer past 2^53. */
const LONG = 16

/**
 * Whether so many digits stand in a row as an integer past 2^53 has, at a fraction of the cost of a pattern: one of them has
 * a place that is a multiple of their number, so only the characters there are looked at, and what is beside a digit.
 */
export function hasLongDigits (text: string): boolean {
  for (let at = 0; at < text.length; at += LONG) {
    if (isDigit(text.charCodeAt(at)) && digitsAround(text, at) >= LONG) return true
  }
  return false
}

/** How many digits stand in a row around one, those beyond the fewest not counted. */
function digitsAround (text: string, at: number): number {
  let start = at
  let end = at + 1
  while (isDigit(text.charCodeAt(start - 1))) start--
  while (end - start < LONG && isDigit(text.charCodeAt(end))) end++
  return end - start
}

/** Outside of the text there is NaN. */
function isDigit (unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}

/** Whether a token is an integer that a number may not hold exactly. */
export function isUnsafeInteger (token: string): boolean {
  return /^-?[1-9]\d{15,}$/.test(token) && !Number.isSafeInteger(Number(token))
}

export function hasTooManyDigits (integer: string): boolean {
  return integer.replace('-', '').length > MAX_DIGITS
}

/** Where a text that is JSON has a number that would be read as infinite, or more digits than are read; -1 where it has none. */
export function findHugeNumber (text: string, isExact: boolean): number {
  if (!MAY_BE_HUGE.test(text)) return -1
  for (const [start, end] of outsideStrings(text)) {
    for (const { 0: token, index } of text.slice(start, end).matchAll(TOKENS)) {
      if (isHuge(token, isExact)) return start + index
    }
  }
  return -1
}

function isHuge (token: string, isExact: boolean): boolean {
  return isExact && isUnsafeInteger(token) ? hasTooManyDigits(token) : !Number.isFinite(Number(token))
}
