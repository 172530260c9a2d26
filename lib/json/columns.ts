import { wholes } from './calendar.ts'

/** Stands for digits that are none: whatever stands beside them, the number is below 0. */
const NO_DIGITS = -1e6
const ZERO = 0x30
const COLON = 0x3a

/** The number that two digits make at a place of a text; below 0 where others than ASCII digits stand there, NaN past its end. */
export function twoDigits (text: string, at: number): number {
  const first = text.charCodeAt(at) - ZERO
  const second = text.charCodeAt(at + 1) - ZERO
  return (first | second | (9 - first) | (9 - second)) >= 0 ? 10 * first + second : NO_DIGITS // none of the four is below 0
}

/** The same for one digit. */
export function oneDigit (text: string, at: number): number {
  const digit = text.charCodeAt(at) - ZERO
  return digit >= 0 && digit <= 9 ? digit : NO_DIGITS
}

/** The second of the day at `HH:MM:SS`; below 0 where that is none. */
export function secondOfDay (text: string, at: number): number {
  const hours = twoDigits(text, at)
  const minutes = twoDigits(text, at + 3)
  const seconds = twoDigits(text, at + 6)
  const isTime = hours < 24 && minutes < 60 && seconds < 60 && text.charCodeAt(at + 2) === COLON && text.charCodeAt(at + 5) === COLON
  return isTime ? 3600 * hours + 60 * minutes + seconds : NO_DIGITS
}

/** The character code of the tens of a number below 100. */
export function tens (number: number): number {
  return ZERO + wholes(number, 10)
}

/** The character code of the last digit of a number. */
export function units (number: number): number {
  return ZERO + number % 10
}
