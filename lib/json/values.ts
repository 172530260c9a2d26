import { inspect, type InspectOptions, isDeepStrictEqual } from 'node:util'

/** Whether an object was made as a Tuple, whatever its prototype is. */
export let isTuple: (value: object) => value is Tuple

/** An immutable list that stays apart from an array: Python's tuple. Elements are read by index and by iteration. */
export class Tuple<T = unknown> implements Iterable<T> {
  readonly [index: number]: T
  readonly #items: readonly T[]

  /** Throws a `TypeError` for a string and for several arguments: the elements come as one list. */
  constructor (items: Iterable<T> = [], ...others: never[]) {
    if (typeof items === 'string' || others.length > 0) {
      throw new TypeError('A Tuple is made from one list: new Tuple([first, second])')
    }
    const copy = [...items]
    for (const [index, item] of copy.entries()) (this as Record<number, T>)[index] = item
    this.#items = copy
    Object.freeze(this)
  }

  static { isTuple = (value): value is Tuple => #items in value }
  get length (): number { return this.#items.length }
  [Symbol.iterator] (): IterableIterator<T> { return this.#items.values() }

  /** Whether `other` is a tuple of equal elements. */
  equals (other: unknown): boolean { return other instanceof Tuple && isDeepStrictEqual(this.#items, other.#items) }
  toString (): string { return this.#items.join(',') }

  [inspect.custom] (_depth: number, options: InspectOptions): string {
    return `Tuple ${inspect(this.#items, options)}`
  }

  toJSON (): T[] { return [...this.#items] }
}

/** The base of values that are one text. */
abstract class TextValue {
  readonly text: string

  constructor (text: string) { this.text = text }

  /** Whether `other` is of the same class and text. */
  equals (other: unknown): boolean {
    return other instanceof TextValue && other.constructor === this.constructor && other.text === this.text
  }

  toString (): string { return this.text }
  toJSON (): string { return this.text }
}

/** Whether an object was made as Markup, whatever its prototype is. */
export let isMarkup: (value: object) => value is Markup

/** Text that is HTML already and needs no escaping: MarkupSafe's `Markup`. `text` is the HTML. */
export class Markup extends TextValue {
  readonly #html: string

  constructor (text: string) {
    if (typeof text !== 'string') throw new TypeError('Markup is made from a string')
    super(text)
    this.#html = text
    Object.freeze(this)
  }

  static { isMarkup = (value): value is Markup => #html in value }

  /** The HTML, by the name under which MarkupSafe asks any object for it. */
  __html__ (): string { return this.#html }
}

const UUID_TEXT = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i

/** Whether an object was made as a UUID, whatever its prototype is. */
export let isUUID: (value: object) => value is UUID

/** A UUID (RFC 9562) of any version. `text` is in lower case, with hyphens. */
export class UUID extends TextValue {
  readonly #digits: string

  /** `text` with or without hyphens, in either case; throws a `TypeError` for anything else. */
  constructor (text: string) {
    const digits = uuidDigits(text)
    const [first, second, third] = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16)]
    super(`${first}-${second}-${third}-${digits.slice(16, 20)}-${digits.slice(20)}`)
    this.#digits = digits
    Object.freeze(this)
  }

  static { isUUID = (value): value is UUID => #digits in value }

  /** The 32 digits without hyphens. */
  get hex (): string { return this.#digits }
}

/** The 32 digits of the text of a UUID, in lower case. */
function uuidDigits (text: unknown): string {
  if (typeof text === 'string' && /^[0-9a-f]{32}$/.test(text)) return text // as a tag has it, in half the time
  if (typeof text === 'string' && UUID_TEXT.test(text)) return text.replaceAll('-', '').toLowerCase()
  throw new TypeError('A UUID is made from 32 hexadecimal digits, with or without hyphens')
}
