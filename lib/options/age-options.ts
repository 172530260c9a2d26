import { DAY, type Format } from '../wire/format.ts'
import { type Ages, MAX_COOKIE_AGE } from '../session/rules.ts'
import type { SessionOptions } from './session-options.ts'

const ENDLESS = 'The session lifetime is Infinity, so that a copy of a cookie is valid until the secret changes; ' +
  'absoluteLifetime sets an end'

/**
 * The ages that the options say. Throws a `TypeError` where they contradict each other; what is only doubtful goes to
 * `warnings`.
 */
export function agesOf (options: SessionOptions, format: Format, warnings: string[]): Ages {
  const { lifetime = format.lifetime, permanentLifetime = lifetime, absoluteLifetime } = options
  const { refreshAfter = format.refreshAfter } = options
  if (options.permanentLifetime !== undefined && format.isShared) {
    throw new TypeError('The session option permanentLifetime does not go with this format: ' +
      'the other program has one age, so use lifetime')
  }
  if (permanentLifetime < lifetime) {
    throw new TypeError('The session option permanentLifetime is below lifetime: ' +
      'a session that outlives the browser would expire before one that does not')
  }
  if (typeof refreshAfter === 'number' && refreshAfter >= lifetime) {
    throw new TypeError('The session option refreshAfter is not below lifetime: ' +
      'the session would expire before it is signed anew; use false for never')
  }
  warnings.push(...doubtsAbout(options, { lifetime, permanentLifetime, absoluteLifetime }))
  const { refreshesPermanentOnly } = format
  return { lifetime, permanentLifetime, absoluteLifetime, refreshAfter, refreshesPermanentOnly }
}

type Lifetimes = Pick<Ages, 'lifetime' | 'permanentLifetime' | 'absoluteLifetime'>

function doubtsAbout (given: SessionOptions, lifetimes: Lifetimes): string[] {
  const { lifetime, permanentLifetime, absoluteLifetime = Infinity } = lifetimes
  const doubts: string[] = []
  if (permanentLifetime === Infinity && absoluteLifetime === Infinity) doubts.push(ENDLESS)
  for (const name of ['lifetime', 'permanentLifetime', 'absoluteLifetime'] as const) {
    const seconds = given[name] ?? 0
    if (seconds > MAX_COOKIE_AGE && seconds !== Infinity) {
      doubts.push(`The session option ${name} is more than 400 days (${Math.floor(seconds / DAY)}); it is in seconds`)
    }
  }
  if ([lifetime, permanentLifetime].some((each) => each !== Infinity && each > absoluteLifetime)) {
    doubts.push('The session option absoluteLifetime is below a lifetime, which then never holds to its end')
  }
  return doubts
}
