import { parseJSON, parseTokens, TOKEN } from './parsing.ts'
import { standsOutside, tokensOf } from './strings.ts'
import { MAX_DIGITS } from './tags.ts'

/** As many digits as the smallest integer past 2^53 has. A run of digits is tried from its first one only. */
export const LONG_DIGITS = /(?<!\d)\d{16}/g

/** JSON text with integers past 2^53 as BigInt, exactly. One of more digits than are read is infinite. */
export function parseExactly (text: string): unknown {
  const isExact = (token: string): boolean => isUnsafeInteger(token) && !hasTooManyDigits(token)
  return standsOutside(text, LONG_DIGITS) ? parseTokens(text, isExact, BigInt) : parseJSON(text)
}

/** Whether a token is an integer that a number may not hold exactly. */
export function isUnsafeInteger (token: string): boolean {
  return /^-?[1-9]\d{15,}$/.test(token) && !Number.isSafeInteger(Number(token))
}

export function hasTooManyDigits (integer: string): boolean {
  return integer.length - (integer.startsWith('-') ? 1 : 0) > MAX_DIGITS
}

/** Where JSON text has a number that would be read as infinite, or more digits than are read; -1 for nowhere. */
export function findHugeNumber (text: string, isExact: boolean): number {
  for (const [start, end] of tokensOf(text, TOKEN)) {
    if (text[start] !== '"' && isHuge(text.slice(start, end), isExact)) return start
  }
  return -1
}

function isHuge (token: string, isExact: boolean): boolean {
  return isExact && isUnsafeInteger(token) ? hasTooManyDigits(token) : !Number.isFinite(Number(token))
}
