import { Markup, Tuple, UUID } from '../../lib/json/values.ts'

/**
 * Whether nothing but identity tells `a` and `b` apart: types, prototypes, -0, order of keys and members, undefined
 * elements. An object with a null prototype counts as a plain one, a property that is undefined as absent. Objects of a
 * kind that is unknown here are never the same.
 */
export function same (a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  if (prototypeOf(a) !== prototypeOf(b)) return false
  const [first, second] = [contentOf(a), contentOf(b)]
  return (
    first !== undefined && first.length === second?.length && first.every((item, index) => same(item, second[index]))
  )
}

function prototypeOf (value: object): object {
  return Object.getPrototypeOf(value) ?? Object.prototype
}

/** All that makes up an object, as a list: first what is inside, then its own properties. */
function contentOf (value: object): unknown[] | undefined {
  const inside = insideOf(value)
  const properties = Object.entries(value).filter(([, item]) => item !== undefined || isList(value))
  return inside && [inside.length, ...inside, ...properties.flat()]
}

function insideOf (value: object): unknown[] | undefined {
  if (isList(value)) return [value.length]
  if (value instanceof Map) return [...value].flat()
  if (value instanceof Set) return [...value]
  if (value instanceof Date) return [value.getTime()]
  if (value instanceof Markup || value instanceof UUID || value instanceof URL) return [value.toString()]
  return prototypeOf(value) === Object.prototype ? [] : undefined
}

/** Whether the elements of an object are its own properties. */
function isList (value: object): value is unknown[] | Tuple | Uint8Array {
  return Array.isArray(value) || value instanceof Tuple || value instanceof Uint8Array
}
