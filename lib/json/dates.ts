import { Date, timeOf } from './kinds.ts'

/** The years that HTTP dates have, which are those of Python: 1 to 9999. */
const FIRST_TIME = Date.parse('0001-01-01T00:00:00Z')
const END_OF_TIMES = Date.UTC(10_000, 0)
/** What `toISOString` writes (ECMA-262, section 21.4.1.32); a year of six digits has more than four. */
const ISO = /^(?:\d{4}|\+(?!00)\d{6}|-\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const DAY = 24 * 60 * 60 * 1000
/** 0 to 59 in two digits. */
const TWO = Array.from({ length: 60 }, (_, number) => `${number}`.padStart(2, '0'))
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

// The methods of the class, which code that is loaded later may replace.
const { getUTCDate, getUTCDay, getUTCFullYear, getUTCMilliseconds, getUTCMonth } = Date.prototype
const { setUTCFullYear, toISOString, toUTCString } = Date.prototype

/** A date as `toISOString` writes it, in a third of its time for years of four digits; null for an invalid one. */
export function formatISO (date: Date): string | null {
  const time = timeOf(date)
  if (Number.isNaN(time)) return null
  const year = getUTCFullYear.call(date)
  if (year < 1000 || year > 9999) return toISOString.call(date)
  const day = `${year}-${TWO[getUTCMonth.call(date) + 1]}-${TWO[getUTCDate.call(date)]}`
  return `${day}T${clockOf(time)}.${`${1000 + getUTCMilliseconds.call(date)}`.slice(1)}Z`
}

/** The time of day as hours, minutes and seconds. */
function clockOf (time: number): string {
  const seconds = Math.floor((time - Math.floor(time / DAY) * DAY) / 1000) | 0 // an integer, which is divided faster
  const minutes = (seconds / 60) | 0
  return `${TWO[(minutes / 60) | 0]}:${TWO[minutes % 60]}:${TWO[seconds % 60]}`
}

/** The date of which `formatISO` gives this text, as none does for February 30; otherwise undefined. */
export function parseISO (text: string): Date | undefined {
  const date = new Date(text)
  return ISO.test(text) && getUTCDate.call(date) === Number(text.slice(-16, -14)) ? date : undefined
}

/** Whether a date has an HTTP date. */
export function hasHTTPDate (date: Date): boolean {
  const time = timeOf(date)
  return time >= FIRST_TIME && time < END_OF_TIMES
}

/** A date as an HTTP date (RFC 9110, section 5.6.7), in whole seconds: as `toUTCString`, faster in the same years. */
export function formatHTTPDate (date: Date): string {
  const year = getUTCFullYear.call(date)
  if (!(year >= 1000 && year <= 9999)) return toUTCString.call(date)
  const day = `${DAYS[getUTCDay.call(date)]}, ${TWO[getUTCDate.call(date)]} ${MONTHS[getUTCMonth.call(date)]}`
  return `${day} ${year} ${clockOf(timeOf(date))} GMT`
}

/** The date of which `formatHTTPDate` gives this text; undefined where there is none. */
export function parseHTTPDate (text: string): Date | undefined {
  const date = new Date(text)
  const year = Number(text.slice(12, 16))
  if (year < 100) setUTCFullYear.call(date, year) // Date reads the years 1 to 99 as 1950 to 2049
  return hasHTTPDate(date) && formatHTTPDate(date) === text ? date : undefined
}
