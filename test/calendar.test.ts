import t from 'tap'
import { calendarDay, DAY, daysInMonth, daysSince1970 } from '../lib/json/calendar.ts'

const FIRST = Date.parse('0001-01-01T00:00:00Z') / DAY
const LAST = Date.parse('9999-12-31T00:00:00Z') / DAY

t.test('every day of the years 1 to 9999 is the one that Date says', async (t) => {
  const date = new Date(0)
  let wrong = 0
  for (let days = FIRST; days <= LAST; days++) {
    date.setTime(days * DAY)
    const { year, month, day } = calendarDay(days)
    if (year !== date.getUTCFullYear() || month !== date.getUTCMonth() + 1 || day !== date.getUTCDate()) wrong++
    if (daysSince1970(year, month, day) !== days) wrong++
  }
  t.equal(LAST - FIRST, 3_652_058)
  t.equal(wrong, 0)
})

t.test('every month has the days that Date says', async (t) => {
  for (let year = 1600; year < 2400; year++) {
    for (let month = 1; month <= 12; month++) {
      const last = new Date(Date.UTC(year, month, 0)).getUTCDate()
      if (daysInMonth(year, month) !== last) t.fail(`${year}-${month} has ${last} days`)
    }
  }
})
