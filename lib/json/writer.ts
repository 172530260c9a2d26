import { NotSerializable } from '../errors.ts'
import { formatRoot } from '../path.ts'
import { shapeOf } from './kinds.ts'
import { asRefusal, type Key, passing, Refusal } from './refusal.ts'

/** How many objects and arrays may stand inside each other, unless a subclass says otherwise. */
export const MAX_DEPTH = 500
/** How many names of members a writer keeps. Clients may choose keys, so all are dropped when there are more. */
const MAX_NAMES = 250
/** Whether Object.prototype has enumerable properties (prototype pollution), as the latest `dumps` found. */
let inheritsKeys = false

/**
 * Writes values as JSON text. Reads every property exactly once: what was checked is what is written, whatever a getter
 * or a Proxy answers next. Knows how deep a value stands, not where: a refusal collects the path on its way to the
 * root. That and `for…in` take half the time of a path that is kept and of `Object.keys`.
 */
export abstract class JSONWriter {
  /** How many brackets stand around the value to be written next. Whoever catches an error restores it. */
  protected depth = 0
  /** The status of a reply about a value of a request that only a hostile client would send. */
  protected readonly inputStatus: number | undefined = undefined
  /** The text of a value that is not written as JSON has it. Asked about every value, where there is one. */
  protected claimed: ((value: unknown) => string | undefined) | undefined = undefined
  readonly #maxDepth: number
  readonly #names = new Map<string, string>()

  constructor (maxDepth = MAX_DEPTH) { this.#maxDepth = maxDepth }

  /** `value` as JSON text. `name` is how its path begins in errors. May be called again while it writes. */
  dumps (value: unknown, name: string): string {
    const { depth } = this
    this.depth = 0
    inheritsKeys = Object.keys(Object.prototype).length > 0
    try {
      const text = this.write(value)
      this.depth = depth
      return text
    } catch (error) {
      this.depth = depth
      throw errorFor(error, name)
    }
  }

  /** `statusCode` is the reply's where a request may have brought the value. */
  refuse (reason: string, statusCode?: number): never { throw new Refusal(reason, { statusCode }) }

  /** `key` is where the value stands in what holds it. */
  write (value: unknown, key?: Key): string {
    return this.claimed?.(value) ?? textOf(value) ?? this.structure(value, key)
  }

  /** Any value that `textOf` has no text for. */
  protected structure (value: unknown, key?: Key): string {
    const shape = shapeOf(value)
    if (shape === 'array') return this.list(value as unknown[])
    return shape === 'object' ? this.dict(value as object) : this.other(value, key)
  }

  /** Any value that `textOf` has no text for, and that is no array and no plain object. */
  protected abstract other (value: unknown, key?: Key): string

  /** `holder` is what stands in the value, where `values` were made from it. */
  protected list (values: readonly unknown[], holder: object = values): string {
    this.enter(holder)
    let index = 0
    try {
      let text = '['
      for (const { length } = values; index < length; index++) {
        if (index > 0) text += ','
        const value = values[index]
        text += this.claimed === undefined ? textOf(value) ?? this.structure(value, index) : this.write(value, index)
      }
      this.depth--
      return text + ']'
    } catch (error) {
      throw passing(error, holder, index)
    }
  }

  /** The own enumerable string keys of `object`. Properties that are `undefined` are left out, as in JSON. */
  protected dict (object: object, holder: object = object): string {
    this.enter(holder)
    let at: string | undefined
    try {
      let members = ''
      let count = 0
      let last = ''
      const isFiltered = inheritsKeys || Object.getPrototypeOf(object) !== Object.prototype
      for (const key in object) {
        if (isFiltered && !Object.hasOwn(object, key)) continue
        const value = (object as Record<string, unknown>)[at = key]
        if (value === undefined) continue
        if (key === '__proto__') this.checkProtoKey()
        const name = this.#names.get(last = key) ?? this.#nameOf(key)
        members += count++ === 0 ? name.slice(1) : name
        members += this.claimed === undefined ? textOf(value) ?? this.structure(value, key) : this.write(value, key)
      }
      at = undefined
      this.depth--
      return count > 1 && last >= AFTER_DIGITS ? `{${members}}` : this.braces(members, count, last, object)
    } catch (error) {
      throw passing(error, holder, at)
    }
  }

  /** A comma, the key as JSON text, and a colon: kept for the latest keys, since those of an application recur. */
  #nameOf (key: string): string {
    const name = `,${textOf(key)}:`
    if (this.#names.size === MAX_NAMES) this.#names.clear()
    if (key.length < 50) this.#names.set(key, name)
    return name
  }

  /** May refuse an own `__proto__` key. */
  protected checkProtoKey (): void {}

  /** The text of an object with one member or none, or whose last key is no name. */
  protected braces (members: string, _count: number, _last: string, _object: object): string { return `{${members}}` }

  /** Writes what is made from `holder`, one level inside it. `write` keeps in `at` which key of it is under way. */
  protected inside (holder: unknown, write: (at: { key?: Key }) => string): string {
    this.enter(holder)
    const at: { key?: Key } = {}
    try {
      const text = write(at)
      this.depth--
      return text
    } catch (error) {
      throw passing(error, holder, at.key)
    }
  }

  protected enter (holder: unknown): void {
    if (this.depth++ === this.#maxDepth) throw this.tooDeep(holder)
  }

  protected tooDeep (holder: unknown): Refusal {
    const reason = `is nested deeper than ${this.#maxDepth} levels`
    return new Refusal(reason, { tooDeep: holder, statusCode: this.inputStatus })
  }
}

const TOO_DEEP_FOR_STACK = 'is nested too deep for the stack there is'

function errorFor (error: unknown, name: string): unknown {
  // Calls are nested too deep sooner where the caller is deep already.
  const isOverflow = error instanceof RangeError && error.message === 'Maximum call stack size exceeded'
  if (isOverflow) return new NotSerializable(formatRoot(name), TOO_DEEP_FOR_STACK)
  const told = asRefusal(error)
  return told instanceof Refusal ? told.toError(name) : told
}

/** A string, number, boolean or null as text; undefined for other values, for -0 and for numbers past 2^53. */
export function textOf (value: string): string
export function textOf (value: unknown): string | undefined
export function textOf (value: unknown): string | undefined {
  switch (typeof value) {
    case 'string': return NEEDS_ESCAPES.test(value) ? JSON.stringify(value) : `"${value}"`
    case 'number': return Math.abs(value) <= Number.MAX_SAFE_INTEGER && !Object.is(value, -0) ? `${value}` : undefined
    case 'boolean': return value ? 'true' : 'false'
    default: return value === null ? 'null' : undefined
  }
}

const NEEDS_ESCAPES = /[\u0000-\u001f"\\\ud800-\udfff]/ // eslint-disable-line no-control-regex -- what JSON escapes

/** Keys from here on are no indexes: what looks like a plain object and is not has none such, unlike most objects. */
export const AFTER_DIGITS = ':'
