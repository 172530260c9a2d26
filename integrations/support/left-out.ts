import { test } from 'node:test'
import { missing } from './databases.js'

/** Says once which databases are not installed. Where nothing may be left out, this is a failure. */
export function sayWhatIsLeftOut (): void {
  if (missing.length === 0) return
  const sentence = `Left out, since not installed: the stores of sessions with ${missing.join(' and ')}`
  console.log(`# ${sentence}`)
  test('every database is installed', () => {
    if (process.env.CI || process.env.FSS_REQUIRE_ALL) throw new Error(sentence)
  })
}
