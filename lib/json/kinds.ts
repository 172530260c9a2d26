import { types } from 'node:util'
import { attempt } from '../errors.ts'
import { hasBytesOnly } from './bytes.ts'
import { isMarkup, isTuple, isUUID, Markup, Tuple, UUID } from './values.ts'

/** The classes of this realm, kept here because a test may replace the globals later. */
export const { Date, Map, Set, URL, Uint8Array } = globalThis

/** What the values are that can be kept. A plain array is an `array`, a plain object an `object`. */
export type Kind = 'array' | 'object' | ClassName |
  'string' | 'boolean' | 'number' | 'not finite' | 'bigint' | 'undefined' | 'null'
type ClassName = 'Date' | 'Map' | 'Set' | 'URL' | 'Uint8Array' | 'Buffer' | 'Tuple' | 'Markup' | 'UUID'

/** Whether an object was made by a class, whatever its prototype is, and has no properties besides. */
const bare = (isMade: (value: object) => boolean) => (value: object): boolean => isMade(value) && isBare(value)
const isDate = bare(types.isDate)
const isMap = bare(types.isMap)
const isSet = bare(types.isSet)
const isBytes = (value: object): boolean => types.isUint8Array(value) && hasBytesOnly(value)

/** The classes of this realm by their prototypes, with what tells their instances from look-alikes. */
const classes = new Map<unknown, readonly [name: ClassName, holds: (value: object) => boolean]>([
  [Date.prototype, ['Date', isDate]],
  [Map.prototype, ['Map', isMap]],
  [Set.prototype, ['Set', isSet]],
  [Uint8Array.prototype, ['Uint8Array', isBytes]],
  [Buffer.prototype, ['Buffer', isBytes]],
  [URL.prototype, ['URL', bare((value) => hrefOf(value) !== undefined)]],
  [Tuple.prototype, ['Tuple', isTuple]],
  [Markup.prototype, ['Markup', isMarkup]],
  [UUID.prototype, ['UUID', isUUID]]
])

/** What a value is; undefined for what is of no kind that can be kept. Never throws, and reads no property. */
export function kindOf (value: unknown): Kind | undefined {
  switch (typeof value) {
    case 'number': return Number.isFinite(value) ? 'number' : 'not finite'
    case 'object':
      if (value === null) return 'null'
      if (isPlainArray(value)) return 'array'
      return isPlainObject(value) ? 'object' : classOf(value)
    case 'function':
    case 'symbol': return undefined
    default: return typeof value as Kind
  }
}

/** The class that an object is an instance of, not of a subclass; undefined for other classes and look-alikes. */
export function classOf (value: object): ClassName | undefined {
  const prototype = prototypeOf(value)
  const known = classes.get(prototype)
  if (known !== undefined) return known[1](value) ? known[0] : undefined
  return prototype == null ? undefined : foreignClassOf(value, prototype)
}

/** Whether an object was made by the class that its prototype says, whatever properties it has besides. */
export function hasKnownClass (value: object): boolean {
  const isMade = types.isDate(value) || types.isMap(value) || types.isSet(value) || types.isUint8Array(value)
  return classes.has(prototypeOf(value)) && (isMade || hrefOf(value) !== undefined)
}

/** The same for the built-in classes of another realm, such as a `node:vm` context, and for dates of a test's clock. */
function foreignClassOf (value: object, prototype: object): ClassName | undefined {
  if (isDate(value)) return nativeName(prototype) === 'Date' || isOfTestClock(value, prototype) ? 'Date' : undefined
  const name = isMap(value) ? 'Map' : isSet(value) ? 'Set' : isBytes(value) ? 'Uint8Array' : undefined
  return name === nativeName(prototype) ? name : undefined
}

/** Whether an object has no enumerable properties of its own, those keyed by symbols aside. */
export function isBare (value: object): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
}

/** Whether a test's clock made a date: that which replaces `Date` now, as timekeeper does, or @sinonjs/fake-timers. */
function isOfTestClock (value: object, prototype: object): boolean {
  if (prototype === globalThis.Date.prototype) return true
  const parent = prototypeOf(prototype)
  if (parent == null || nativeName(parent) !== 'Date') return false
  return ownValue(value, 'constructor') === ownValue(parent, 'constructor') // as fake-timers gives each date
}

/** The name of the built-in class whose prototype an object is, in this realm or another. */
function nativeName (prototype: object): string | undefined {
  const Class = ownValue(prototype, 'constructor')
  if (typeof Class !== 'function' || ownValue(Class, 'prototype') !== prototype) return undefined
  return /^function (\w+)\(\) \{ \[native code\] \}$/.exec(Function.prototype.toString.call(Class))?.[1]
}

const ownValue = (object: object, key: string): unknown =>
  attempt(() => Object.getOwnPropertyDescriptor(object, key)?.value)

/** Whether an object has no class: its prototype is of any realm's literals, null, or empty as of `request.query`. */
export const isPlainObject = (value: object): boolean => looksPlain(value) && isOrdinary(value)

/** The same, faster, for code that goes through the properties anyway, and asks `isOrdinary` where none has a name. */
export function looksPlain (value: object): boolean {
  const prototype = prototypeOf(value)
  if (prototype === Object.prototype) return true
  if (prototype === undefined || (prototype !== null && !isPlainPrototype(prototype))) return false
  return isOrdinary(value) && !(isBare(value) && hrefOf(value) !== undefined)
}

const isPlainPrototype = (prototype: object): boolean =>
  prototypeOf(prototype) === null &&
  (attempt(() => Reflect.ownKeys(prototype).length) === 0 || nativeName(prototype) === 'Object')

/** Whether an object holds nothing but properties, unlike `arguments`, `Math`, or a Date without its prototype. */
export function isOrdinary (value: object): boolean {
  const hasMark = (mark: symbol): boolean => Object.getOwnPropertyDescriptor(value, mark)?.value !== undefined
  if (types.isProxy(value)) return attempt(() => MARKS.some(hasMark)) === false
  return attempt(() => Object.prototype.toString.call(value)) === '[object Object]' && !holdsMore(value)
}

/** What `Math` and `arguments` have, and a Proxy of them shows. */
const MARKS = [Symbol.toStringTag, Symbol.iterator]

/** What `toString` does not tell where the prototype of the class was taken away. */
const holdsMore = (value: object): boolean =>
  ArrayBuffer.isView(value) || types.isMap(value) || types.isSet(value) || types.isAnyArrayBuffer(value) ||
  types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value)

/** Whether a value is an array of no subclass, in this realm or another. */
export function isPlainArray (value: unknown): value is unknown[] {
  try { // a Proxy may throw
    if (!Array.isArray(value)) return false
    const prototype: object | null = Object.getPrototypeOf(value)
    return prototype === Array.prototype || (prototype !== null && nativeName(prototype) === 'Array')
  } catch {
    return false
  }
}

/** What a value looks like, faster than `kindOf`: an array, of whatever class, or an object that `looksPlain`. */
export function shapeOf (value: unknown): 'array' | 'object' | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  try { // a Proxy may throw
    if (Array.isArray(value)) return 'array'
    if (Object.getPrototypeOf(value) === Object.prototype) return 'object'
  } catch {
    return undefined
  }
  return looksPlain(value) ? 'object' : undefined
}

/** The prototype of an object; undefined where a Proxy throws. Asked of every object, so without a closure. */
function prototypeOf (value: object): object | null | undefined {
  try {
    return Object.getPrototypeOf(value)
  } catch {
    return undefined
  }
}

// What follows uses the methods of the class, and not what an instance may have in their place.
const { getTime } = Date.prototype
const { entries } = Map.prototype
const { values } = Set.prototype
const href = Object.getOwnPropertyDescriptor(URL.prototype, 'href')!.get!

export const timeOf = (value: Date): number => getTime.call(value)
export const entriesOf = (value: Map<unknown, unknown>): IterableIterator<[unknown, unknown]> => entries.call(value)
export const membersOf = (value: Set<unknown>): IterableIterator<unknown> => values.call(value)
/** The text of a URL; undefined for what only looks like one. */
export const hrefOf = (value: object): string | undefined => attempt(() => href.call(value))

export const isInvalidDate = (value: unknown): boolean => types.isDate(value) && Number.isNaN(timeOf(value))

/** What a value is, for an error message: its type or its class, never its content. */
export function describeType (value: unknown): string {
  if (value === undefined || value === null) return `${value}`
  if (typeof value !== 'object') return `a ${typeof value}`
  if (isInvalidDate(value)) return 'an invalid Date'
  const name: unknown = attempt(() => builtInName(value) ?? Object.getPrototypeOf(value)?.constructor?.name)
  return typeof name === 'string' && /^\w{1,60}$/.test(name) ? `an object of class ${name}` : 'an object with a class'
}

/** What an object is whose prototype does not tell, such as `Arguments`. A tag of its own may be content. */
function builtInName (value: object): string | undefined {
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) return undefined
  if (types.isProxy(value) || Object.hasOwn(value, Symbol.toStringTag)) return undefined
  return /^\[object (?!Object\])(\w+)\]$/.exec(Object.prototype.toString.call(value))?.[1]
}
