import fc from 'fast-check'
import t from 'tap'
import { formatHTTPDate, formatISO, hasHTTPDate, parseHTTPDate, parseISO } from '../lib/json/dates.ts'

const RUNS = { seed: 20261124, numRuns: 2000 }
const LIMIT = 8.64e15
const FIRST = Date.parse('0001-01-01T00:00:00Z')
const END = Date.parse('+010000-01-01T00:00:00Z')
const TEXT = 'Sun, 01 Nov 2026 12:30:05 GMT'
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** By another way: the date of which `toUTCString` gives a text, in the years 1 to 9999. */
function expectedTime (text: string): number | undefined {
  const pattern = /^\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/
  const [, day, month, year, hours, minutes, seconds] = pattern.exec(text) ?? []
  const date = new Date(0)
  date.setUTCFullYear(Number(year), MONTHS.indexOf(month!), Number(day))
  date.setUTCHours(Number(hours), Number(minutes), Number(seconds))
  const time = date.getTime()
  return time >= FIRST && time < END && date.toUTCString() === text ? time : undefined
}

const isoTimes = fc.oneof(
  fc.integer({ min: -LIMIT, max: LIMIT }), fc.integer({ min: -1e11, max: 1e13 }), fc.integer({ min: -1000, max: 1000 }))
const httpTimes = fc.oneof(
  fc.integer({ min: FIRST, max: END - 1 }), fc.integer({ min: FIRST, max: FIRST + 4e12 }),
  fc.integer({ min: -1e12, max: 4e12 }), fc.integer({ min: -5000, max: 5000 }))

t.test(`any date is read again from ISO 8601 (seed ${RUNS.seed})`, async () => {
  fc.assert(fc.property(isoTimes, (time) => parseISO(formatISO(new Date(time))!)!.getTime() === time), RUNS)
})

t.test(`any date of the years 1 to 9999 is read again from an HTTP date in seconds (seed ${RUNS.seed})`, async () => {
  fc.assert(fc.property(httpTimes, (time) => {
    const text = formatHTTPDate(new Date(time))
    const whole = Math.floor(time / 1000) * 1000
    return expectedTime(text) === whole && parseHTTPDate(text)!.getTime() === whole
  }), RUNS)
})

t.test('the edges of years, months, days and seconds', async (t) => {
  const both = [
    '0001-01-01T00:00:00.000Z', '0004-02-29T23:59:59.999Z', '0049-12-31T23:59:59.000Z', '0050-01-01T00:00:00.000Z',
    '0096-02-29T12:00:00.000Z', '0099-12-31T23:59:59.999Z', '0100-02-28T12:00:00.000Z', '0999-12-31T23:59:59.999Z',
    '1000-01-01T00:00:00.000Z', '1900-02-28T23:59:59.000Z', '1900-03-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z',
    '1970-01-01T00:00:00.000Z', '2000-02-29T12:00:00.007Z', '2024-02-29T23:59:59.070Z', '2026-10-31T09:08:07.100Z',
    '9999-12-31T23:59:59.999Z'
  ]
  const isoOnly = ['0000-01-01T00:00:00.000Z', '+010000-01-01T00:00:00.000Z', '-000001-12-31T23:59:59.999Z']
  for (const text of [...both, ...isoOnly]) {
    t.equal(formatISO(new Date(Date.parse(text))), text)
    t.equal(formatISO(parseISO(text)!), text)
  }
  for (const text of both) {
    const time = Math.floor(Date.parse(text) / 1000) * 1000
    t.equal(parseHTTPDate(new Date(time).toUTCString())?.getTime(), time)
  }
  const has = [[FIRST, true], [FIRST - 1, false], [END - 1, true], [END, false], [NaN, false]] as const
  for (const [time, isHeld] of has) t.equal(hasHTTPDate(new Date(time)), isHeld)
  t.equal(formatISO(new Date(NaN)), null)
})

t.test('text that toISOString never gives is refused', async (t) => {
  const wrong = [
    '', 'x', '2030', '2030-01-01', '2030-01-01T00:00:00Z', '2030-01-01T00:00:00.00Z', '2030-01-01T00:00:00.0000Z',
    '2030-01-01T00:00:00.000', '2030-01-01t00:00:00.000Z', '2030-01-01 00:00:00.000Z',
    '2030-01-01T00:00:00.000+00:00', '2030-02-30T00:00:00.000Z', '2030-02-29T00:00:00.000Z',
    '2030-04-31T00:00:00.000Z', '2030-00-01T00:00:00.000Z', '2030-13-01T00:00:00.000Z', '2030-01-00T00:00:00.000Z',
    '2030-01-32T00:00:00.000Z', '2030-01-39T00:00:00.000Z', '2030-01-01T24:00:00.000Z', '2030-01-01T00:60:00.000Z',
    '2030-01-01T00:00:60.000Z', '0999-02-30T00:00:00.000Z', '+002030-01-01T00:00:00.000Z',
    '-000000-01-01T00:00:00.000Z', '10000-01-01T00:00:00.000Z', '２０30-01-01T00:00:00.000Z',
    '2030-01-01T00:00:00.000Z\n'
  ]
  for (const text of wrong) t.equal(parseISO(text), undefined, text)
})

t.test('text that toUTCString never gives is refused', async (t) => {
  t.equal(parseHTTPDate(TEXT)?.toUTCString(), TEXT)
  const wrong = [
    '', 'x', TEXT.slice(1), `${TEXT} `, ` ${TEXT}`, TEXT.toLowerCase(), TEXT.toUpperCase(),
    TEXT.replace('GMT', 'UTC'), TEXT.replace(',', ' '), 'Mon, 01 Nov 2026 12:30:05 GMT',
    'Sunday, 01-Nov-26 12:30:05 GMT', 'Sun Nov  1 12:30:05 2026', 'Sun, 01 Nov 2026 12:30:05 +0000',
    'Sun, 00 Nov 2026 12:30:05 GMT', 'Tue, 31 Nov 2026 12:30:05 GMT', 'Tue, 01 Dec 2026 24:00:00 GMT',
    'Tue, 01 Dec 2026 12:60:00 GMT', 'Tue, 01 Dec 2026 12:00:60 GMT', 'Sun, 29 Feb 2026 00:00:00 GMT',
    'Mon, 29 Feb 2100 00:00:00 GMT', 'Sat, 01 Jan 0000 00:00:00 GMT', 'Sun, 01 Növ 2026 12:30:05 GMT',
    'Sun, 01 Foo 2026 12:30:05 GMT', 'Sun, +1 Nov 2026 12:30:05 GMT', 'Sun, ０1 Nov 2026 12:30:05 GMT',
    'Sun, 01 Nov 2026 12.30:05 GMT', 'Sun, 01 Nov 2026 12:30.05 GMT', 'Sun, 01 Nov 2026-12:30:05 GMT',
    'Tue, 29 Feb 0097 00:00:00 GMT', 'Mon, 01 Jan 2001 00:00:00 GMT (0001)', 'Mon, 01 Jan 01 00:00:00 GMT'
  ]
  for (const text of wrong) {
    t.equal(parseHTTPDate(text), undefined, text)
    t.equal(expectedTime(text), undefined, text)
  }
})

t.test(`a changed text is read only if it is what toUTCString gives (seed ${RUNS.seed})`, async () => {
  const text = httpTimes.map((time) => new Date(time).toUTCString())
  const words = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun', 'Jan', 'Feb', 'Jun', '29 Feb', '31', '00', '0']
  const change = fc.constantFrom(...'0123456789:,+-. abcdefgGMTUSunJ', ...words)
  fc.assert(fc.property(text, fc.nat({ max: 29 }), change, (text, at, change) => {
    const changed = text.slice(0, at) + change + text.slice(at + change.length)
    return parseHTTPDate(changed)?.getTime() === expectedTime(changed)
  }), { ...RUNS, numRuns: 20_000 })
})
