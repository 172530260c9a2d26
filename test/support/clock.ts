import type { Test } from 'tap'

/** Lets the system clock stand, until the test ends; what is returned moves it on by seconds. */
export function stopClock (t: Test, at = Date.UTC(2030, 0, 1)): (seconds: number) => void {
  let now = at
  t.intercept(Date, 'now', { value: () => now })
  return (seconds) => { now += seconds * 1000 }
}
