import { types } from 'node:util'
import { HasNoForm } from '../errors.ts'
import { describeType, entriesOf, isBare, isInvalidDate, membersOf } from './kinds.ts'
import type { Markup } from './values.ts'

/**
 * What stands in JSON for a value that JSON has no form for: what its `toJSON` says, which for a Date is ISO 8601, a
 * Map as an object, a Set as an array, otherwise what its `__html__` says. A BigInt and any other object come back as
 * they are. Throws a `TypeError` for bytes, `NaN`, functions, symbols, promises, errors, invalid dates and mere
 * iterables.
 */
export function formOf (value: unknown, key: string): unknown {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') throw new HasNoForm(`is ${value}, which JSON cannot say`)
  const isObject = typeof value === 'object' && value !== null
  if (!isObject || ArrayBuffer.isView(value) || isInvalidDate(value)) throw noForm(value)
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return toJSON.call(value, key)
  if (isOpaque(value)) throw noForm(value)
  if (typeof (value as Markup).__html__ === 'function') return (value as Markup).__html__()
  return formOfBuiltIn(value)
}

function formOfBuiltIn (value: object): unknown {
  if (types.isBoxedPrimitive(value)) return value.valueOf()
  if (types.isSet(value)) return [...membersOf(value)]
  if (types.isMap(value)) return objectOf([...entriesOf(value)])
  if (isBare(value) && isIterable(value)) throw noForm(value, ONLY_ITERABLE)
  return value
}

/** Neither is written by itself: an object would lose a repeated name, and an iterator is used up by reading it. */
const ONLY_ITERABLE = '; spread it into a list, or make an object of its entries with Object.fromEntries'

const noForm = (value: unknown, advice = ''): HasNoForm =>
  new HasNoForm(`is ${describeType(value)}, which JSON cannot say${advice}`)

/** Whether an object has members that are no properties: an iterator, a generator, `URLSearchParams`, `Headers`. */
const isIterable = (value: object): boolean =>
  [Symbol.iterator, Symbol.asyncIterator].some((symbol) => typeof Reflect.get(value, symbol) === 'function')

/** Objects that JSON would write as if they were empty. */
const isOpaque = (value: object): boolean =>
  types.isAnyArrayBuffer(value) || types.isPromise(value) || types.isRegExp(value) ||
  types.isNativeError(value) || types.isWeakMap(value) || types.isWeakSet(value)

function objectOf (entries: ReadonlyArray<[unknown, unknown]>): object {
  const wrong = entries.find(([key]) => typeof key !== 'string' && typeof key !== 'number')
  if (wrong) throw new HasNoForm(`has ${describeType(wrong[0])} as a key, where JSON has strings only`)
  const object = Object.fromEntries(entries)
  if (Object.keys(object).length === entries.length) return object
  throw new HasNoForm('has keys that are one and the same as text')
}
