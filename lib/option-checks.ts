import { quoteName } from './path.ts'

/** Whether a value is allowed for an option, and the rule for the message where it is not. */
export type Check = readonly [holds: (value: any) => boolean, rule: string]

/** The options that a function or a class takes. */
export interface OptionTable<Name extends string = string> {
  /** What a message calls one of them, such as `session option`. */
  readonly kind: string
  readonly checks: Readonly<Record<Name, Check>>
  /** What to do instead of an option of another library. `max_age` and `MAX_AGE` are found as `maxAge`. */
  readonly instead?: Readonly<Record<string, string>>
  /** Options that are checked elsewhere. Default none. */
  readonly passed?: readonly string[]
}

/** Whether a value is a number of seconds, 0 or more; Infinity is. */
export const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0
/** The check of an option whose value is checked where it is used. */
export const anything: Check = [() => true, '']
export const isBoolean: Check = [(value) => typeof value === 'boolean', 'must be true or false']
export const isSeconds: Check = [isTime, 'must be a number of seconds, 0 or more']

/**
 * Throws a `TypeError` for an unknown option, which names the right one where it is known, and for a value that breaks
 * its rule. A value of undefined stands for the default.
 */
export function checkOptions (options: object, table: OptionTable): void {
  checkIsPlain(options, table.kind)
  for (const [name, value] of Object.entries(options)) {
    if (table.passed?.includes(name)) continue
    if (!Object.hasOwn(table.checks, name)) {
      throw new TypeError(`The ${table.kind} ${quoteName(name)} is unknown${hintFor(name, table)}`)
    }
    const [holds, rule] = table.checks[name]!
    if (value !== undefined && !holds(value)) throw new TypeError(`The ${table.kind} ${name} ${rule}`)
  }
}

/** The values of a Map and the accessors of a class are not own properties, so they would be overlooked. */
function checkIsPlain (options: unknown, kind: string): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(`The ${kind}s must be an object`)
  const prototype = Object.getPrototypeOf(options)
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return
  const name = typeof prototype.constructor === 'function' ? quoteName(prototype.constructor.name) : 'unknown'
  throw new TypeError(`The ${kind}s must be a plain object, such as { name: value }; this one has the class ${name}`)
}

export const isMethod = (value: unknown, name: string): boolean =>
  typeof (value as Record<string, unknown> | null)?.[name] === 'function'

/** A name with up to two wrong letters, fewer than half of it, is a typing mistake. */
function hintFor (name: string, { checks, instead = {} }: OptionTable): string {
  const known = Object.keys(checks)
  const mistakes = known.map((each) => mistakesIn(letters(name), letters(each)))
  const fewest = Math.min(...mistakes)
  const foreign = Object.keys(instead).find((each) => letters(each) === letters(name))
  if (foreign !== undefined && fewest > 0) return `: ${instead[foreign]}`
  const isTypo = fewest <= 2 && 2 * fewest < name.length
  return isTypo ? `: did you mean ${known[mistakes.indexOf(fewest)]}?` : `; known are ${known.join(', ')}`
}

/** What `max_age`, `max-age` and `maxAge` have in common. */
const letters = (name: string): string => name.slice(0, 50).replace(/[-_ ]/g, '').toLowerCase()

/** The Levenshtein distance of two texts. */
function mistakesIn (one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1]
    for (let at = 0; at < other.length; at++) {
      next.push(Math.min(row[at]! + (letter === other[at] ? 0 : 1), row[at + 1]! + 1, next[at]! + 1))
    }
    row = next
  }
  return row[other.length]!
}
