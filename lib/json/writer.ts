import { NotSerializable } from '../errors.ts'
import { formatPath, formatRoot } from '../path.ts'
import { isArray, looksPlain } from './kinds.ts'

/** How many objects and arrays may stand inside each other, unless a subclass says otherwise. */
export const MAX_DEPTH = 500

/** How many names of members a writer keeps; clients may choose keys, so all are dropped when there are more. */
const MAX_NAMES = 250

/**
 * Writes values as JSON text.
 * Every property is read exactly once: what was checked is what is written, whatever a getter or a Proxy answers next.
 * Subclasses say what becomes of the values that JSON has no form for.
 *
 * Where a value stands is not known while it is written, only how deep. A refusal collects the way back to the root as
 * it passes through the calls.
 */
export abstract class JSONWriter {
  #depth = 0
  /** Whether somebody gave properties to all objects. */
  #inherits = false
  readonly #maxDepth: number
  readonly #memberNames = new Map<string, string>()

  constructor (maxDepth = MAX_DEPTH) {
    this.#maxDepth = maxDepth
  }

  /** `value` as JSON text; `name` is how the path to it begins in errors. May be called again from within. */
  dumps (value: unknown, name: string): string {
    try {
      return this.afresh(value)
    } catch (error) {
      if (isStackOverflow(error)) throw new NotSerializable(formatRoot(name), 'is nested too deep for the stack there is')
      throw error instanceof Refusal ? error.toError(name) : error
    }
  }

  /** `statusCode` is the reply's where a request may have brought the value. */
  refuse (reason: string, statusCode?: number): never {
    throw new Refusal(reason, { statusCode })
  }

  write (value: unknown): string {
    switch (typeof value) {
      case 'string': return quote(value)
      case 'boolean': return value ? 'true' : 'false'
      case 'number': return this.number(value)
      case 'bigint': return this.bigint(value)
      case 'object':
        if (value === null) return 'null'
        if (isArray(value)) return this.list(value)
        if (looksPlain(value)) return this.dict(value)
    }
    return this.other(value)
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
    const { length } = values
    let index = 0
    this.enter(holder)
    try {
      let text = '['
      for (; index < length; index++) {
        if (index > 0) text += ','
        text += this.write(values[index])
      }
      this.leave()
      return text + ']'
    } catch (error) {
      throw passing(error, holder, index)
    }
  }

  /** The own enumerable string keys of `object`; properties that are `undefined` are left out, as in JSON. */
  protected dict (object: object, holder: object = object): string {
    let at: string | undefined
    this.enter(holder)
    try {
      let members = ''
      let count = 0
      let last = ''
      const inherits = this.#inherits || Object.getPrototypeOf(object) !== Object.prototype
      for (const key in object) { // several times faster than Object.keys
        if (inherits && !Object.hasOwn(object, key)) continue
        const value = (object as Record<string, unknown>)[at = key]
        if (value === undefined) continue
        if (key === '__proto__') this.checkProtoKey()
        const name = this.#memberName(last = key)
        members += (count++ === 0 ? name.slice(1) : name) + this.write(value)
      }
      at = undefined
      this.leave()
      return this.braces(members, count, last, object)
    } catch (error) {
      throw passing(error, holder, at)
    }
  }

  /** A comma, the key as JSON text, and a colon: kept for the latest keys, since those of an application recur. */
  #memberName (key: string): string {
    const known = this.#memberNames.get(key)
    if (known !== undefined) return known
    const name = `,${quote(key)}:`
    if (this.#memberNames.size === MAX_NAMES) this.#memberNames.clear()
    if (key.length < 50) this.#memberNames.set(key, name)
    return name
  }

  /** May refuse an own `__proto__` key. */
  protected checkProtoKey (): void {}

  protected braces (members: string, _count: number, _last: string, _object: object): string {
    return '{' + members + '}'
  }

  /** Whether the value to be written next stands inside another. */
  get isWriting (): boolean {
    return this.#depth > 0
  }

  /** Writes with nothing around the value, or as many levels as are given. */
  protected afresh (value: unknown, levels = 0): string {
    const depth = this.#depth
    this.#depth = levels
    this.#inherits = inheritsKeys()
    try {
      return this.write(value)
    } finally {
      this.#depth = depth
    }
  }

  /** Writes a part of the value being written, for code of others, which may go on after a refusal. */
  writePart (value: unknown, key: Key | undefined): string {
    const depth = this.#depth
    try {
      return this.write(value)
    } catch (error) {
      this.#depth = depth
      throw passing(error, undefined, key)
    }
  }

  /** Runs code of others inside `holder`, which may enter objects and fail before it leaves them. */
  protected inside<Result> (holder: unknown, run: () => Result): Result {
    const depth = this.#depth
    this.enter(holder)
    let result: Result
    try {
      result = run()
    } catch (error) {
      this.#depth = depth
      throw passing(error, holder)
    }
    this.#depth = depth
    return result
  }

  protected enter (holder: unknown): void {
    if (this.#depth === this.#maxDepth) throw this.tooDeep(holder)
    this.#depth++
  }

  /** The status of a reply about a value of a request that only a hostile client would send. */
  protected readonly inputStatus: number | undefined = undefined

  protected tooDeep (holder: unknown): Refusal {
    return new Refusal(`is nested deeper than ${this.#maxDepth} levels`, { tooDeep: [holder], statusCode: this.inputStatus })
  }

  /** How many brackets stand around the value to be written next. */
  protected get depth (): number {
    return this.#depth
  }

  protected leave (): void {
    this.#depth--
  }
}

type Key = string | number

/** Why a value is refused, on its way to the root; code of others that catches it there sees the path so far. */
class Refusal extends TypeError {
  readonly code = 'FSS_ERR_NOT_SERIALIZABLE'
  readonly #reason: string
  readonly #statusCode: number | undefined
  readonly #isTooDeep: boolean
  /** What the value stands in and at which keys, innermost first. */
  readonly #holders: unknown[]
  readonly #keys: Array<Key | undefined>

  /** `tooDeep` holds the value itself where it is refused for its depth. */
  constructor (reason: string, { tooDeep = [], statusCode }: { tooDeep?: unknown[], statusCode?: number | undefined } = {}) {
    super()
    this.#reason = reason
    this.#statusCode = statusCode
    this.#isTooDeep = tooDeep.length > 0
    this.#holders = tooDeep
    this.#keys = tooDeep.map(() => undefined)
  }

  get keyPath (): string {
    return this.toError('value').keyPath
  }

  override get message (): string {
    return this.toError('value').message
  }

  stoodIn (holder: unknown, key: Key | undefined): void {
    this.#holders.push(holder)
    this.#keys.push(key)
  }

  /** The error for a value that goes by `name`. What is nested without an end in itself is a cycle. */
  toError (name: string): NotSerializable {
    const holders = this.#holders.toReversed()
    const keys = this.#keys.toReversed()
    const path = (depth: number): string => formatPath(formatRoot(name), keys.slice(0, depth).filter((key) => key !== undefined))
    const again = this.#isTooDeep ? holders.findIndex((holder, index) => isObject(holder) && holders.indexOf(holder) < index) : -1
    if (again === -1) return new NotSerializable(path(keys.length), this.#reason, this.#statusCode)
    return new NotSerializable(path(again), `is a cycle: it is ${path(holders.indexOf(holders[again]))} again`)
  }
}

function isObject (value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** An error on its way out of a value that stands in `holder`, at `key`. */
export function passing (error: unknown, holder: unknown, key?: Key): unknown {
  if (error instanceof Refusal) error.stoodIn(holder, key)
  return error
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

const NO_KEYS = {}

/** Whether somebody gave enumerable properties to all objects, so that `for…in` tells more than their own. */
export function inheritsKeys (): boolean {
  let inherited: string | undefined
  for (const key in NO_KEYS) inherited = key
  return inherited !== undefined
}
