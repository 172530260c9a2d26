import { types } from 'node:util'
import { HasNoForm } from '../errors.ts'
import { describeType, entriesOf, membersOf, timeOf } from './kinds.ts'
import type { Markup } from './values.ts'

/**
 * What stands in JSON for a value that JSON has no form for: what its `toJSON` says, which for a Date is ISO 8601; a Map
 * as an object, a Set as an array, otherwise what its `__html__` says. A BigInt and any other object come back as they
 * are: they are written as an integer, and as an object of their own properties. Throws a `TypeError` for bytes, `NaN`,
 * functions, symbols, promises, errors and invalid dates.
 */
export function formOf (value: unknown): unknown {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') throw new HasNoForm(`is ${value}, which JSON cannot say`)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) throw noForm(value)
  if (types.isDate(value) && Number.isNaN(timeOf(value))) {
    throw new HasNoForm('is an invalid date, which JSON cannot say')
  }
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return toJSON.call(value)
  if (isOpaque(value)) throw noForm(value)
  if (typeof (value as Markup).__html__ === 'function') return (value as Markup).__html__()
  if (types.isBoxedPrimitive(value)) return value.valueOf()
  if (types.isSet(value)) return [...membersOf(value)]
  return types.isMap(value) ? objectOf([...entriesOf(value)]) : value
}

function noForm (value: unknown): HasNoForm {
  return new HasNoForm(`is ${describeType(value)}, which JSON cannot say`)
}

/** Objects that JSON would write as if they were empty. */
function isOpaque (value: object): boolean {
  return types.isAnyArrayBuffer(value) || types.isPromise(value) || types.isRegExp(value) || types.isNativeError(value) ||
    types.isWeakMap(value) || types.isWeakSet(value)
}

function objectOf (entries: ReadonlyArray<[unknown, unknown]>): object {
  for (const [key] of entries) {
    if (typeof key !== 'string' && typeof key !== 'number') throw new HasNoForm(`has ${describeType(key)} as a key, where JSON has strings only`)
  }
  const object = Object.fromEntries(entries)
  if (Object.keys(object).length !== entries.length) throw new HasNoForm('has keys that are one and the same as text')
  return object
}
