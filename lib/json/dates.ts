import { Date, timeOf } from './kinds.ts'

/** The years that HTTP dates have, which are those of Python: 1 to 9999. */
const FIRST_TIME = Date.parse('0001-01-01T00:00:00Z')
const END_OF_TIMES = Date.UTC(10_000, 0)

// The methods of the class, which code that is loaded later may replace.
const { setUTCFullYear, toISOString, toUTCString } = Date.prototype

/** A date as `toISOString` writes it (ECMA-262, section 21.4.1.32); null for an invalid one. */
export function formatISO (date: Date): string | null {
  return Number.isNaN(timeOf(date)) ? null : toISOString.call(date)
}

/** The date of which `toISOString` gives this text; undefined where there is none. */
export function parseISO (text: string): Date | undefined {
  const date = new Date(text)
  return formatISO(date) === text ? date : undefined
}

/** Whether a date has an HTTP date. */
export function hasHTTPDate (date: Date): boolean {
  const time = timeOf(date)
  return time >= FIRST_TIME && time < END_OF_TIMES
}

/** A date as an HTTP date (RFC 9110, section 5.6.7), in whole seconds. */
export function formatHTTPDate (date: Date): string {
  return toUTCString.call(date)
}

/** The date of which `formatHTTPDate` gives this text; undefined where there is none. */
export function parseHTTPDate (text: string): Date | undefined {
  const date = new Date(text)
  const year = Number(text.slice(12, 16))
  if (year < 100) setUTCFullYear.call(date, year) // Date reads the years 1 to 99 as 1950 to 2049
  return hasHTTPDate(date) && formatHTTPDate(date) === text ? date : undefined
}
