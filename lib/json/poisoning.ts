import { JSONDecodeError } from '../errors.ts'
import type { Check } from '../option-checks.ts'

/** What happens to a key that would change a prototype where it is copied; the words are Fastify's. */
export type PoisonAction = 'error' | 'remove' | 'ignore'

export interface PoisonOptions {
  /** For a key `__proto__`. Default `error`: the text is refused. */
  onProtoPoisoning?: PoisonAction | undefined
  /** For a key `constructor` with an object that has a key `prototype`. Default `error`. */
  onConstructorPoisoning?: PoisonAction | undefined
}

export type PoisonRules = Record<keyof PoisonOptions, PoisonAction>

/** Escapes may spell a letter of either key. */
const MAY_BE_POISON = /_proto_|constructor|\\u00/

const ACTIONS = ['error', 'remove', 'ignore']
export const isAction: Check = [(value) => ACTIONS.includes(value), `must be one of ${ACTIONS.join(', ')}`]

/** The options with their defaults. */
export function poisonRules (options: PoisonOptions = {}): PoisonRules {
  const { onProtoPoisoning = 'error', onConstructorPoisoning = 'error' } = options
  return { onProtoPoisoning, onConstructorPoisoning }
}

/** Checks the keys of a value that another parser read from `text`. Throws `JSONDecodeError`, or removes them. */
export function guardKeys (value: unknown, text: string, options: PoisonOptions): void {
  const rules = poisonRules(options)
  if (!MAY_BE_POISON.test(text)) return
  const objects = new Set([value]) // grows in the loop; what a provider made may hold itself
  for (const each of objects) {
    if (typeof each !== 'object' || each === null) continue
    if (Object.hasOwn(each, '__proto__')) guardKey(each, '__proto__', rules)
    guardKey(each, 'constructor', rules)
    for (const member of Object.values(each)) if (typeof member === 'object') objects.add(member)
  }
}

/** Checks one key of an object. Throws `JSONDecodeError`, or removes it. */
export function guardKey (holder: object, key: string, rules: PoisonRules): void {
  if (key !== '__proto__' && (key !== 'constructor' || !hasPrototypeKey(holder))) return
  const action = key === '__proto__' ? rules.onProtoPoisoning : rules.onConstructorPoisoning
  if (action === 'error') throw new JSONDecodeError(`the key ${key} would change a prototype where it is copied`)
  if (action === 'remove') delete (holder as Record<string, unknown>)[key]
}

function hasPrototypeKey (value: object): boolean {
  const inner: unknown = Object.getOwnPropertyDescriptor(value, 'constructor')?.value
  return typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype')
}
