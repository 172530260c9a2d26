import { quoteName } from './path.ts'

/** Whether a value will do for an option, and the rule to tell of where it does not. */
export type Check = readonly [holds: (value: any) => boolean, rule: string]

/** The options that a function or a class takes. */
export interface OptionTable<Name extends string = string> {
  /** What a message calls one of them, such as `session option`. */
  readonly kind: string
  readonly checks: Readonly<Record<Name, Check>>
  /** What to do here, for names that other libraries use. `max_age` and `MAX_AGE` are found as `maxAge`. */
  readonly instead: Readonly<Record<string, string>>
  /** The options that are for others, and are let pass. Default none. */
  readonly passed?: readonly string[]
}

/** The check of an option whose value is checked where it is used. */
export const anything: Check = [() => true, '']
export const isBoolean: Check = [(value) => typeof value === 'boolean', 'must be true or false']
export const isSeconds: Check = [isTime, 'must be a number of seconds, 0 or more']

/**
 * Throws a `TypeError` for an option that is unknown, with the one to use instead where that can be told, and for a
 * value that breaks the rule of its option. A value of undefined stands for the default.
 */
export function checkOptions (options: object, table: OptionTable): void {
  checkIsPlain(options, table.kind)
  for (const [name, value] of Object.entries(options)) {
    if (table.passed?.includes(name)) continue
    if (!Object.hasOwn(table.checks, name)) throw unknownOption(name, table)
    const [holds, rule] = table.checks[name]!
    if (value !== undefined && !holds(value)) throw new TypeError(`The ${table.kind} ${name} ${rule}`)
  }
}

/** The options of a Map or of a class would not be seen: they are not its own properties, or not as options. */
function checkIsPlain (options: unknown, kind: string): void {
  if (typeof options !== 'object' || options === null) throw new TypeError(`The ${kind}s must be an object`)
  const prototype = Object.getPrototypeOf(options)
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return
  const name = typeof prototype.constructor === 'function' ? quoteName(prototype.constructor.name) : 'unknown'
  throw new TypeError(`The ${kind}s must be a plain object, such as { name: value }; this one has the class ${name}`)
}

/** Whether a value is a number of seconds, 0 or more; Infinity is. */
export function isTime (value: unknown): boolean {
  return typeof value === 'number' && value >= 0
}

export function isMethod (value: unknown, name: string): boolean {
  return typeof (value as Record<string, unknown> | null)?.[name] === 'function'
}

/** How many letters of a name may be wrong for it to be taken for a typing mistake. */
const MAX_MISTAKES = 2

function unknownOption (name: string, table: OptionTable): TypeError {
  return new TypeError(`The ${table.kind} ${quoteName(name)} is unknown${hintFor(name, table)}`)
}

function hintFor (name: string, { checks, instead }: OptionTable): string {
  const known = Object.keys(checks)
  const [nearest] = known.map((each) => ({ each, mistakes: mistakesIn(letters(name), letters(each)) }))
    .sort((one, other) => one.mistakes - other.mistakes)
  const foreign = Object.keys(instead).find((each) => letters(each) === letters(name))
  if (foreign !== undefined && nearest!.mistakes > 0) return `: ${instead[foreign]}`
  const isTypo = nearest!.mistakes <= MAX_MISTAKES && 2 * nearest!.mistakes < name.length
  return isTypo ? `: did you mean ${nearest!.each}?` : `; known are ${known.join(', ')}`
}

/** A name as `max_age`, `max-age` and `maxAge` have it in common. */
function letters (name: string): string {
  return name.slice(0, 50).replace(/[-_ ]/g, '').toLowerCase()
}

/** How many letters have to be added, left out or replaced to make one text of another (their Levenshtein distance). */
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
