import fc from 'fast-check'
import t from 'tap'
import { formatHTTPDate, hasHTTPDate, parseHTTPDate } from '../lib/json/http-date.ts'

const RUNS = { seed: 20261124, numRuns: 2000 }
const FIRST = Date.parse('0001-01-01T00:00:00Z')
const END = Date.parse('+010000-01-01T00:00:00Z')
const TEXT = 'Sun, 01 Nov 2026 12:30:05 GMT'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The plain form: the date of which `toUTCString` gives a text, in the years 1 to 9999. */
function plainly (text: string): number | undefined {
  const [, day, month, year, hours, minutes, seconds] =
    /^\w{3}, (\d\d) (\w{3}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT$/.exec(text) ?? []
  const date = new Date(0)
  date.setUTCFullYear(Number(year), MONTHS.indexOf(month!), Number(day))
  date.setUTCHours(Number(hours), Number(minutes), Number(seconds))
  const time = date.getTime()
  return time >= FIRST && time < END && date.toUTCString() === text ? time : undefined
}

const times = fc.oneof(
  fc.integer({ min: FIRST, max: END - 1 }),
  fc.integer({ min: -1e12, max: 4e12 }),
  fc.integer({ min: -5000, max: 5000 })
)

t.test(`any date is written as toUTCString does it, and read again in whole seconds (seed ${RUNS.seed})`, async () => {
  fc.assert(fc.property(times, (time) => {
    const text = formatHTTPDate(time)
    return text === new Date(time).toUTCString() && parseHTTPDate(text)!.getTime() === Math.floor(time / 1000) * 1000
  }), RUNS)
})

t.test('the edges of years, months, days and seconds', async (t) => {
  for (const iso of [
    '0001-01-01T00:00:00Z', '0004-02-29T23:59:59Z', '0099-12-31T23:59:59Z', '0100-02-28T12:00:00Z',
    '0999-12-31T23:59:59Z', '1900-02-28T23:59:59Z', '1900-03-01T00:00:00Z', '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00Z', '2000-02-29T12:00:00Z', '2024-02-29T23:59:59Z', '2026-10-31T09:08:07Z',
    '9999-12-31T23:59:59Z'
  ]) {
    const time = Date.parse(iso)
    t.equal(formatHTTPDate(time), new Date(time).toUTCString())
    t.equal(parseHTTPDate(new Date(time).toUTCString())?.getTime(), time)
  }
  for (const [time, has] of [
    [FIRST, true], [FIRST - 1, false], [END - 1, true], [END, false], [NaN, false]
  ] as const) {
    t.equal(hasHTTPDate(time), has)
  }
})

t.test('text that toUTCString never gives is refused', async (t) => {
  t.equal(parseHTTPDate(TEXT)?.toUTCString(), TEXT)
  for (const text of [
    '', 'x', TEXT.slice(1), `${TEXT} `, ` ${TEXT}`, TEXT.toLowerCase(), TEXT.toUpperCase(),
    TEXT.replace('GMT', 'UTC'), TEXT.replace(',', ' '), 'Mon, 01 Nov 2026 12:30:05 GMT',
    'Sunday, 01-Nov-26 12:30:05 GMT', 'Sun Nov  1 12:30:05 2026', 'Sun, 01 Nov 2026 12:30:05 +0000',
    'Sun, 00 Nov 2026 12:30:05 GMT', 'Tue, 31 Nov 2026 12:30:05 GMT', 'Tue, 01 Dec 2026 24:00:00 GMT',
    'Tue, 01 Dec 2026 12:60:00 GMT', 'Tue, 01 Dec 2026 12:00:60 GMT', 'Sun, 29 Feb 2026 00:00:00 GMT',
    'Mon, 29 Feb 2100 00:00:00 GMT', 'Sat, 01 Jan 0000 00:00:00 GMT', 'Sun, 01 Növ 2026 12:30:05 GMT',
    'Sun, 01 Foo 2026 12:30:05 GMT', 'Sun, +1 Nov 2026 12:30:05 GMT', 'Sun, ０1 Nov 2026 12:30:05 GMT',
    'Sun, 01 Nov 2026 12.30:05 GMT', 'Sun, 01 Nov 2026 12:30.05 GMT', 'Sun, 01 Nov 2026-12:30:05 GMT'
  ]) {
    t.equal(parseHTTPDate(text), undefined, text)
    t.equal(plainly(text), undefined, text)
  }
})

t.test(`a changed text is read only if it is what toUTCString gives (seed ${RUNS.seed})`, async () => {
  const text = times.map((time) => new Date(time).toUTCString())
  const change = fc.oneof(
    fc.constantFrom(...'0123456789:,+-. abcdefgGMTUSunJ'),
    fc.constantFrom('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun', 'Jan', 'Feb', 'Jun', '29 Feb', '31')
  )
  fc.assert(fc.property(text, fc.nat({ max: 29 }), change, (text, at, change) => {
    const changed = text.slice(0, at) + change + text.slice(at + change.length)
    return parseHTTPDate(changed)?.getTime() === plainly(changed)
  }), { ...RUNS, numRuns: 20_000 })
})
