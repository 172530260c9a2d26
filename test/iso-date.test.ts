import fc from 'fast-check'
import t from 'tap'
import { formatISO, parseISO } from '../lib/json/iso-date.ts'

const RUNS = { seed: 20261124, numRuns: 2000 }
const LIMIT = 8.64e15

t.test(`any date is written as toISOString does it, and read again (seed ${RUNS.seed})`, async () => {
  const times = fc.oneof(
    fc.integer({ min: -LIMIT, max: LIMIT }),
    fc.integer({ min: -1e11, max: 1e13 }),
    fc.integer({ min: -1000, max: 1000 })
  )
  fc.assert(fc.property(times, (time) => {
    const text = formatISO(time)
    return text === new Date(time).toISOString() && parseISO(text)!.getTime() === time
  }), RUNS)
})

t.test('the edges of years, months, days and seconds', async (t) => {
  for (const text of [
    '0000-01-01T00:00:00.000Z', '0001-01-01T00:00:00.000Z', '0099-12-31T23:59:59.999Z', '0999-12-31T23:59:59.999Z',
    '1000-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.000Z', '2000-02-29T12:00:00.007Z',
    '2024-02-29T23:59:59.070Z', '2026-10-31T09:08:07.100Z', '9999-12-31T23:59:59.999Z',
    '+010000-01-01T00:00:00.000Z', '-000001-12-31T23:59:59.999Z'
  ]) {
    t.equal(formatISO(Date.parse(text)), text)
    t.equal(formatISO(parseISO(text)!.getTime()), text)
  }
  t.throws(() => formatISO(NaN), RangeError)
})

t.test('text that toISOString never gives is refused', async (t) => {
  for (const text of [
    '', 'x', '2030', '2030-01-01', '2030-01-01T00:00:00Z', '2030-01-01T00:00:00.00Z', '2030-01-01T00:00:00.0000Z',
    '2030-01-01T00:00:00.000', '2030-01-01t00:00:00.000Z', '2030-01-01 00:00:00.000Z',
    '2030-01-01T00:00:00.000+00:00', '2030-02-30T00:00:00.000Z', '2030-02-29T00:00:00.000Z',
    '2030-04-31T00:00:00.000Z', '2030-00-01T00:00:00.000Z', '2030-13-01T00:00:00.000Z', '2030-01-00T00:00:00.000Z',
    '2030-01-32T00:00:00.000Z', '2030-01-39T00:00:00.000Z', '2030-01-01T24:00:00.000Z', '2030-01-01T00:60:00.000Z',
    '2030-01-01T00:00:60.000Z', '0999-02-30T00:00:00.000Z', '+002030-01-01T00:00:00.000Z',
    '-000000-01-01T00:00:00.000Z', '10000-01-01T00:00:00.000Z', '２０30-01-01T00:00:00.000Z', '2030-01-01T00:00:00.000Z\n'
  ]) t.equal(parseISO(text), undefined, text)
})

t.test(`a changed text is read only if it is what toISOString gives (seed ${RUNS.seed})`, async () => {
  const text = fc.integer({ min: -1e14, max: 1e14 }).map((time) => new Date(time).toISOString())
  fc.assert(fc.property(text, fc.nat({ max: 26 }), fc.constantFrom(...'0123456789-:.TZ+ '), (text, at, character) => {
    const changed = text.slice(0, at) + character + text.slice(at + 1)
    const date = new Date(changed)
    const isWritten = !Number.isNaN(date.getTime()) && date.toISOString() === changed
    return parseISO(changed)?.getTime() === (isWritten ? date.getTime() : undefined)
  }), RUNS)
})
