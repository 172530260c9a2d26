import { NotSerializable } from '../errors.ts'
import { formatRoot } from '../path.ts'
import { isArray, looksPlain } from './kinds.ts'
import { asRefusal, type Key, passing, Refusal } from './refusal.ts'

/** How many objects and arrays may stand inside each other, unless a subclass says otherwise. */
export const MAX_DEPTH = 500

/** How many names of members a writer keeps. Clients may choose keys, so all are dropped when there are more. */
const MAX_NAMES = 250

/**
 * Writes values as JSON text.
 * Every property is read exactly once: what was checked is what is written, whatever a getter or a Proxy answers next.
 * Subclasses say what becomes of the values that JSON has no form for.
 *
 * Where a value stands is not known while it is written, only how deep. A refusal collects the way back to the root as
 * it passes through the calls. That, `for…in` and `quote` take half the time of a path that is kept, `Object.keys` and
 * `JSON.stringify`.
 */
export abstract class JSONWriter {
  #depth = 0
  /** Whether Object.prototype has enumerable properties (prototype pollution), so that for…in must be filtered. */
  #inherits = false
  readonly #maxDepth: number
  readonly #memberNames = new Map<string, string>()

  constructor (maxDepth = MAX_DEPTH) {
    this.#maxDepth = maxDepth
  }

  /** `value` as JSON text. `name` is how its path begins in errors. May be called again while it writes. */
  dumps (value: unknown, name: string): string {
    try {
      return this.afresh(value)
    } catch (error) {
      if (isStackOverflow(error)) throw new NotSerializable(formatRoot(name), TOO_DEEP_FOR_STACK)
      const told = asRefusal(error)
      throw told instanceof Refusal ? told.toError(name) : told
    }
  }

  /** `statusCode` is the reply's where a request may have brought the value. */
  refuse (reason: string, statusCode?: number): never {
    throw new Refusal(reason, { statusCode })
  }

  /** `key` is where the value stands in what holds it. */
  write (value: unknown, key?: Key): string {
    switch (typeof value) {
      case 'string': return quote(value)
      case 'boolean': return value ? 'true' : 'false'
      case 'number': return this.number(value, key)
      case 'bigint': return this.bigint(value, key)
      case 'object':
        if (value === null) return 'null'
        if (isArray(value)) return this.list(value)
        if (looksPlain(value)) return this.dict(value)
    }
    return this.other(value, key)
  }

  /** Anything that is not a string, a number, a boolean, null, an array or a plain object. */
  protected abstract other (value: unknown, key?: Key): string

  protected number (value: number, key?: Key): string {
    if (!Number.isFinite(value)) return this.other(value, key)
    return Object.is(value, -0) ? '-0' : `${value}`
  }

  protected bigint (value: bigint, key?: Key): string {
    return this.other(value, key)
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
        text += this.write(values[index], index)
      }
      this.leave()
      return text + ']'
    } catch (error) {
      throw passing(error, holder, index)
    }
  }

  /** The own enumerable string keys of `object`. Properties that are `undefined` are left out, as in JSON. */
  protected dict (object: object, holder: object = object): string {
    let at: string | undefined
    this.enter(holder)
    try {
      let members = ''
      let count = 0
      let last = ''
      const inherits = this.#inherits || Object.getPrototypeOf(object) !== Object.prototype
      for (const key in object) {
        if (inherits && !Object.hasOwn(object, key)) continue
        const value = (object as Record<string, unknown>)[at = key]
        if (value === undefined) continue
        if (key === '__proto__') this.checkProtoKey()
        const name = this.#memberName(last = key)
        members += (count++ === 0 ? name.slice(1) : name) + this.write(value, key)
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

  /** Writes a part of the value being written, for a tag, which may go on after a refusal. */
  writePart (value: unknown, key: Key | undefined): string {
    const depth = this.#depth
    try {
      return this.write(value)
    } catch (error) {
      this.#depth = depth
      throw passing(error, undefined, key)
    }
  }

  /** Writes what is made from `holder`, one level inside it. */
  protected inside (holder: unknown, write: () => string): string {
    this.enter(holder)
    try {
      const text = write()
      this.leave()
      return text
    } catch (error) {
      throw passing(error, holder)
    }
  }

  protected enter (holder: unknown): void {
    if (this.#depth === this.#maxDepth) throw this.tooDeep(holder)
    this.#depth++
  }

  /** The status of a reply about a value of a request that only a hostile client would send. */
  protected readonly inputStatus: number | undefined = undefined

  protected tooDeep (holder: unknown): Refusal {
    const reason = `is nested deeper than ${this.#maxDepth} levels`
    return new Refusal(reason, { tooDeep: [holder], statusCode: this.inputStatus })
  }

  /** How many brackets stand around the value to be written next. */
  protected get depth (): number {
    return this.#depth
  }

  protected leave (): void {
    this.#depth--
  }
}

const TOO_DEEP_FOR_STACK = 'is nested too deep for the stack there is'

/** Whether an error says that calls are nested too deep, which happens sooner where the caller is deep already. */
function isStackOverflow (error: unknown): boolean {
  return error instanceof RangeError && error.message === 'Maximum call stack size exceeded'
}

/** A string as JSON text. Lone surrogates are escaped, so that the text is always valid UTF-8. */
export function quote (text: string): string {
  return NEEDS_ESCAPES.test(text) ? JSON.stringify(text) : `"${text}"`
}

const NEEDS_ESCAPES = /[\u0000-\u001f"\\\ud800-\udfff]/ // eslint-disable-line no-control-regex -- what JSON escapes

const NO_KEYS = {}

/** Whether Object.prototype has enumerable properties, so that `for…in` lists more than an object's own. */
export function inheritsKeys (): boolean {
  let inherited: string | undefined
  for (const key in NO_KEYS) inherited = key
  return inherited !== undefined
}
