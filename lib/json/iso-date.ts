import { calendarDay, DAY, daysInMonth, daysSince1970, SECOND, wholes } from './calendar.ts'
import { oneDigit, secondOfDay, tens, twoDigits, units } from './columns.ts'
import { Date } from './kinds.ts'

const FIRST_TIME = Date.UTC(1000, 0)
const END_OF_TIMES = Date.UTC(10_000, 0)

/** Whether a time is in one of the years that have four digits, 1000 to 9999. */
export function hasPlainYear (time: number): boolean {
  return time >= FIRST_TIME && time < END_OF_TIMES
}

/**
 * What `toISOString` gives for a time (ECMA-262, section 21.4.1.32), at a fraction of the cost for years of four
 * digits. Throws a `RangeError` where a date would be invalid.
 */
export function formatISO (time: number): string {
  if (!hasPlainYear(time)) return new Date(time).toISOString()
  const { year, month, day } = calendarDay(Math.floor(time / DAY))
  const milliseconds = (time - Math.floor(time / DAY) * DAY) | 0
  const seconds = wholes(milliseconds, SECOND)
  const minutes = wholes(seconds, 60)
  const hours = wholes(minutes, 60)
  return String.fromCharCode( // one string from the beginning, where pieces would have to be joined
    tens(wholes(year, 100)), units(wholes(year, 100)), tens(year % 100), units(year), HYPHEN, tens(month), units(month), HYPHEN, tens(day), units(day), T,
    tens(hours), units(hours), COLON, tens(minutes % 60), units(minutes), COLON, tens(seconds % 60), units(seconds),
    POINT, tens(wholes(milliseconds, 10) % 100), units(wholes(milliseconds, 10)), units(milliseconds), Z)
}

const [HYPHEN, T, COLON, POINT, Z] = Buffer.from('-T:.Z') as unknown as [number, number, number, number, number]

/** The date of which `toISOString` gives this text, or undefined where there is none. */
export function parseISO (text: string): Date | undefined {
  const time = timeOf(text)
  if (time !== undefined) return new Date(time)
  const date = new Date(text)
  return !Number.isNaN(date.getTime()) && date.toISOString() === text ? date : undefined
}

/** The time of a text with a year of four digits; undefined for any other. */
function timeOf (text: string): number | undefined {
  if (text.length !== 24 || !hasSeparators(text)) return undefined
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const seconds = secondOfDay(text, 11)
  const milliseconds = 10 * twoDigits(text, 20) + oneDigit(text, 22)
  if (year < 1000 || month < 1 || month > 12 || day < 1 || seconds < 0 || milliseconds < 0) return undefined
  if (day > 28 && day > daysInMonth(year, month)) return undefined
  return daysSince1970(year, month, day) * DAY + seconds * SECOND + milliseconds
}

function hasSeparators (text: string): boolean {
  return text.charCodeAt(4) === HYPHEN && text.charCodeAt(7) === HYPHEN && text.charCodeAt(10) === T &&
    text.charCodeAt(19) === POINT && text.charCodeAt(23) === Z
}
