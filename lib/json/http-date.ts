import { calendarDay, DAY, daysInMonth, daysSince1970, SECOND, wholes } from './calendar.ts'
import { secondOfDay, tens, twoDigits, units } from './columns.ts'
import { Date } from './kinds.ts'

/** The first of them is that of 1 January of the year 1. */
const WEEKDAYS = ['Mon, ', 'Tue, ', 'Wed, ', 'Thu, ', 'Fri, ', 'Sat, ', 'Sun, ']
const FIRST_DAY = daysSince1970(1, 1, 1)
const MONTHS = [' Jan ', ' Feb ', ' Mar ', ' Apr ', ' May ', ' Jun ', ' Jul ', ' Aug ', ' Sep ', ' Oct ', ' Nov ', ' Dec ']
const MONTH_NUMBERS = new Map(MONTHS.map((name, index) => [name, index + 1]))

/** The years that HTTP dates have, which are those of Python: 1 to 9999. */
const FIRST_TIME = FIRST_DAY * DAY
const END_OF_TIMES = daysSince1970(10_000, 1, 1) * DAY

/** Whether a time has an HTTP date. */
export function hasHTTPDate (time: number): boolean {
  return time >= FIRST_TIME && time < END_OF_TIMES
}

/** What `toUTCString` gives for such a time: an HTTP date (RFC 9110, section 5.6.7), in whole seconds. */
export function formatHTTPDate (time: number): string {
  const days = Math.floor(time / DAY)
  const { year, month, day } = calendarDay(days)
  const seconds = wholes(time - days * DAY, SECOND)
  const minutes = wholes(seconds, 60)
  const hours = wholes(minutes, 60)
  return WEEKDAYS[(days - FIRST_DAY) % 7] + String.fromCharCode(tens(day), units(day)) + MONTHS[month - 1] + String.fromCharCode(
    tens(wholes(year, 100)), units(wholes(year, 100)), tens(year % 100), units(year), SPACE,
    tens(hours), units(hours), COLON, tens(minutes % 60), units(minutes), COLON, tens(seconds % 60), units(seconds), SPACE, G, M, T)
}

/** The date of which `toUTCString` gives this text and that such a time has; undefined for any other text. */
export function parseHTTPDate (text: string): Date | undefined {
  if (text.length !== 29 || !endsAsHTTPDate(text)) return undefined
  const day = twoDigits(text, 5)
  const month = MONTH_NUMBERS.get(text.slice(7, 12))
  const year = 100 * twoDigits(text, 12) + twoDigits(text, 14)
  const seconds = secondOfDay(text, 17)
  if (month === undefined || year < 1 || day < 1 || seconds < 0) return undefined
  if (day > 28 && day > daysInMonth(year, month)) return undefined
  const days = daysSince1970(year, month, day)
  return text.startsWith(WEEKDAYS[(days - FIRST_DAY) % 7]!) ? new Date(days * DAY + seconds * SECOND) : undefined
}

function endsAsHTTPDate (text: string): boolean {
  return text.charCodeAt(16) === SPACE && text.charCodeAt(25) === SPACE && text.charCodeAt(26) === G && text.charCodeAt(27) === M && text.charCodeAt(28) === T
}

const [SPACE, COLON, G, M, T] = Buffer.from(' :GMT') as unknown as [number, number, number, number, number]
