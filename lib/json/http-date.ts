import { DAY, daysInMonth, daysSince1970, SECOND } from './calendar.ts'
import { secondOfDay, twoDigits } from './columns.ts'

/** The first of them is that of 1 January of the year 1. */
const WEEKDAYS = ['Mon, ', 'Tue, ', 'Wed, ', 'Thu, ', 'Fri, ', 'Sat, ', 'Sun, ']
const FIRST_DAY = daysSince1970(1, 1, 1)
const MONTHS = new Map(['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, index) => [` ${name} `, index + 1]))

/** The date of an HTTP date (RFC 9110, section 5.6.7) as `toUTCString` writes it, of the years 1 to 9999; undefined for any other text. */
export function parseHTTPDate (text: string): Date | undefined {
  if (text.length !== 29 || text[16] !== ' ' || !text.endsWith(' GMT')) return undefined
  const day = twoDigits(text, 5)
  const month = MONTHS.get(text.slice(7, 12))
  const year = 100 * twoDigits(text, 12) + twoDigits(text, 14)
  const seconds = secondOfDay(text, 17)
  if (month === undefined || year < 1 || day < 1 || seconds < 0) return undefined
  if (day > 28 && day > daysInMonth(year, month)) return undefined
  const days = daysSince1970(year, month, day)
  return text.startsWith(WEEKDAYS[(days - FIRST_DAY) % 7]!) ? new Date(days * DAY + seconds * SECOND) : undefined
}
