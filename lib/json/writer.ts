import { types } from 'node:util'
import { NotSerializable } from '../errors.ts'
import { formatPath } from '../path.ts'

/** Something that knows where it stands in a larger value. */
export interface Located {
  path (): string
}

/** How many objects and arrays may stand inside each other, unless a subclass says otherwise. */
export const MAX_DEPTH = 500

/**
 * Writes values as JSON text and knows at each moment where it is, so that a refusal can name the path.
 * Every property is read exactly once: what was checked is what is written, whatever a getter or a Proxy answers next.
 * Subclasses say what becomes of the values that JSON has no form for.
 */
export abstract class JSONWriter {
  #root: Located = { path: () => 'value' }
  /** The objects around the value being written, outermost first. */
  #holders: object[] = []
  /** In each of them, the key at which the value stands. */
  #keys: Array<string | number | undefined> = []
  readonly #maxDepth: number

  constructor (maxDepth = MAX_DEPTH) {
    this.#maxDepth = maxDepth
  }

  /** `value` as JSON text; `root` is where it stands itself. May be called again from within. */
  dumps (value: unknown, root: Located): string {
    const outer = [this.#root, this.#holders, this.#keys] as const
    this.#root = root
    this.#holders = []
    this.#keys = []
    try {
      return this.#writeRoot(value)
    } finally {
      [this.#root, this.#holders, this.#keys] = outer
    }
  }

  /** Where the value being written stands, such as `session.cart[2].price`. */
  path (): string {
    return this.#pathTo(this.#holders.length)
  }

  refuse (reason: string): never {
    throw new NotSerializable(this.path(), reason)
  }

  write (value: unknown): string {
    switch (typeof value) {
      case 'string': return quote(value)
      case 'boolean': return value ? 'true' : 'false'
      case 'number': return this.number(value)
      case 'bigint': return this.bigint(value)
      case 'object':
        if (value === null) return 'null'
        if (Array.isArray(value)) return this.list(value)
        if (isPlainObject(value)) return this.dict(value)
    }
    return this.other(value)
  }

  /** Runs code of others, which may enter objects and fail before it leaves them. */
  protected balanced<Result> (run: () => Result): Result {
    const depth = this.#holders.length
    try {
      return run()
    } finally {
      this.#holders.length = depth
    }
  }

  /** Anything that is not a string, a number, a boolean, null, an array or a plain object. */
  protected abstract other (value: unknown): string

  protected number (value: number): string {
    if (!Number.isFinite(value)) return this.other(value)
    return Object.is(value, -0) ? '-0' : `${value}`
  }

  protected bigint (value: bigint): string {
    return this.other(value)
  }

  /** `holder` is what stands in the value, where `values` were made from it. */
  protected list (values: readonly unknown[], holder: object = values): string {
    this.enter(holder)
    const { length } = values
    let text = '['
    for (let index = 0; index < length; index++) {
      this.at(index)
      if (index > 0) text += ','
      text += this.write(values[index])
    }
    this.leave()
    return text + ']'
  }

  /** The own enumerable string keys of `object`; properties that are `undefined` are left out, as in JSON. */
  protected dict (object: object, holder: object = object): string {
    this.enter(holder)
    let members = ''
    let count = 0
    let last = ''
    for (const key of Object.keys(object)) {
      this.at(key)
      const value = (object as Record<string, unknown>)[key]
      if (value === undefined) continue
      this.checkKey(key)
      if (count++ > 0) members += ','
      members += quote(last = key) + ':' + this.write(value)
    }
    this.leave()
    return this.braces(members, count, last)
  }

  /** May refuse the key of a member. */
  protected checkKey (_key: string): void {}

  protected braces (members: string, _count: number, _last: string): string {
    return '{' + members + '}'
  }

  protected enter (holder: object): void {
    if (this.#holders.includes(holder)) this.#refuseCycle(holder)
    if (this.#holders.length === this.#maxDepth) this.refuse(`is nested deeper than ${this.#maxDepth} levels`)
    this.#keys[this.#holders.push(holder) - 1] = undefined
  }

  protected at (key: string | number | undefined): void {
    this.#keys[this.#holders.length - 1] = key
  }

  protected leave (): void {
    this.#holders.pop()
  }

  #writeRoot (value: unknown): string {
    try {
      return this.write(value)
    } catch (error) {
      throw isStackOverflow(error) ? new NotSerializable(this.#root.path(), 'is nested too deep for the stack there is') : error
    }
  }

  #refuseCycle (holder: object): never {
    return this.refuse(`is a cycle: it is ${this.#pathTo(this.#holders.indexOf(holder))} again`)
  }

  #pathTo (depth: number): string {
    return formatPath(this.#root.path(), this.#keys.slice(0, depth).filter((key) => key !== undefined))
  }
}

/** Whether an error says that calls are nested too deep, which happens sooner where the caller is deep already. */
export function isStackOverflow (error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Maximum call stack size exceeded'
}

/** A string as JSON text. Lone surrogates are escaped, so that the text is always valid UTF-8. */
export function quote (text: string): string {
  return NEEDS_ESCAPES.test(text) ? JSON.stringify(text) : `"${text}"` // the usual short one without escapes, made faster
}

const NEEDS_ESCAPES = /[\u0000-\u001f"\\\ud800-\udfff]/ // eslint-disable-line no-control-regex -- what JSON escapes

/** Whether an object is one of no class: made by a literal, by `JSON.parse` or with a null prototype, in this realm or another. */
export function isPlainObject (value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))
}

/** Whether a value is an array of no subclass, of this realm or another. */
export function isPlainArray (value: unknown): value is unknown[] {
  if (!Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Array.prototype || (Array.isArray(prototype) && Object.hasOwn(prototype, 'copyWithin'))
}

/** What a value is, for an error message: its type or its class, never its content. */
export function describeType (value: unknown): string {
  if (value === undefined || value === null) return `${value}`
  if (typeof value !== 'object') return `a ${typeof value}`
  if (types.isDate(value) && Number.isNaN(value.getTime())) return 'an invalid Date'
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && /^\w{1,60}$/.test(name) ? `an object of class ${name}` : 'an object with a class'
}
