import { isPlainArray, shapeOf } from '../json/kinds.ts'
import { MAX_DEPTH } from '../json/writer.ts'

/**
 * How a stored value was, to find out whether code that holds it has changed it since: far cheaper than to write it as
 * text again. Only plain arrays and objects are copied; anything else with an inside counts as changed, and its text
 * decides.
 */
export type Snapshot = unknown

/** The snapshot of a value of which nobody can say whether it was changed. */
export const UNKNOWN: Snapshot = Symbol('unknown')

/** The elements of a list, or keys and values of a dict in their order. */
class Copy {
  readonly prototype: object | null
  readonly items: readonly Snapshot[]

  constructor (prototype: object | null, items: readonly Snapshot[]) {
    this.prototype = prototype
    this.items = items
  }
}

/** The most values that are copied; copying more costs as much as writing them. Bounds what refers to itself, too. */
const MAX_VALUES = 10_000
let copied = 0

/** Of a value that is too large or too deep, or has cycles, nobody can say. */
export function snapshotOf (value: unknown): Snapshot {
  copied = 0
  return copyOf(value, MAX_DEPTH)
}

function copyOf (value: unknown, levels: number): Snapshot {
  if (typeof value !== 'object' || value === null) return value
  const isList = isPlainArray(value)
  if (levels === 0 || copied++ >= MAX_VALUES || !(isList || shapeOf(value) === 'object')) return UNKNOWN
  const items: Snapshot[] = []
  for (const key in value) {
    const item = (value as Record<string, unknown>)[key]
    if (!isList) items.push(key)
    items.push(typeof item === 'object' ? copyOf(item, levels - 1) : item)
  }
  return new Copy(Object.getPrototypeOf(value), items)
}

/** Whether a value is as it was. May say no of one that is. */
export function isUnchanged (value: unknown, snapshot: Snapshot): boolean {
  if (!(snapshot instanceof Copy)) return Object.is(value, snapshot) && snapshot !== UNKNOWN
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== snapshot.prototype) return false
  return Array.isArray(value)
    ? isSameList(value, snapshot.items)
    : isSameDict(value as Record<string, unknown>, snapshot.items)
}

/** A hole reads as undefined, and a property that is no element stands behind the elements. */
function isSameList (list: unknown[], copies: readonly Snapshot[]): boolean {
  const items = Object.values(list)
  if (list.length !== copies.length || items.length !== copies.length || list.includes(undefined)) return false
  for (let index = 0; index < items.length; index++) {
    if (!Object.is(items[index], copies[index]) && !isUnchanged(items[index], copies[index])) return false
  }
  return true
}

function isSameDict (dict: Record<string, unknown>, copies: readonly Snapshot[]): boolean {
  let at = 0
  for (const key in dict) {
    const value = dict[key]
    const copy = copies[at + 1]
    if (key !== copies[at] || (!Object.is(value, copy) && !isUnchanged(value, copy))) return false
    at += 2
  }
  return at === copies.length
}
