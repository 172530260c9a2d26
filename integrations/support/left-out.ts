import { test } from 'node:test'
import { missing as databases } from './databases.js'
import { nginx } from './nginx.js'

const missing = nginx === undefined ? [...databases, 'nginx'] : databases

/** Says once which programs are not installed. Where nothing may be left out, this is a failure. */
export function sayWhatIsLeftOut (): void {
  if (missing.length === 0) return
  const sentence = `Left out, since not installed: the stores of sessions with ${missing.join(' and ')}`
  console.log(`# ${sentence}`)
  test('every database, and nginx, is installed', () => {
    if (process.env.CI || process.env.FSS_REQUIRE_ALL) throw new Error(sentence)
  })
}
