import { inspect, type InspectOptions, isDeepStrictEqual } from 'node:util'

/** Whether an object was made as a Tuple, whatever its prototype is. */
export let isTuple: (value: object) => value is Tuple

/** An immutable list that stays apart from an array: Python's tuple. Its elements are reached by index and by iteration. */
export class Tuple<T = unknown> implements Iterable<T> {
  readonly [index: number]: T
  readonly #items: readonly T[]

  /** Throws a `TypeError` for a string and for several arguments: the elements come as one list. */
  constructor (items: Iterable<T> = [], ...others: never[]) {
    if (typeof items === 'string' || others.length > 0) throw new TypeError('A Tuple is made from one list: new Tuple([first, second])')
    const copy = [...items]
    const indexed = this as Record<number, T>
    for (let index = 0; index < copy.length; index++) indexed[index] = copy[index]!
    this.#items = copy
    Object.freeze(this)
  }

  static {
    isTuple = (value): value is Tuple => #items in value
  }

  get length (): number {
    return this.#items.length
  }

  [Symbol.iterator] (): IterableIterator<T> {
    return this.#items.values()
  }

  /** Whether `other` is a tuple of equal elements. */
  equals (other: unknown): boolean {
    return other instanceof Tuple && isDeepStrictEqual(this.#items, other.#items)
  }

  toString (): string {
    return this.#items.join(',')
  }

  [inspect.custom] (_depth: number, options: InspectOptions): string {
    return `Tuple ${inspect(this.#items, options)}`
  }

  toJSON (): T[] {
    return [...this.#items]
  }
}

/** Whether an object was made as Markup, whatever its prototype is. */
export let isMarkup: (value: object) => value is Markup

/** Text that is HTML already and needs no escaping: MarkupSafe's `Markup`. */
export class Markup {
  /** The HTML. */
  readonly text: string
  readonly #html: string

  constructor (text: string) {
    if (typeof text !== 'string') throw new TypeError('Markup is made from a string')
    this.text = this.#html = text
    Object.freeze(this)
  }

  static {
    isMarkup = (value): value is Markup => #html in value
  }

  /** The HTML, by the name under which MarkupSafe asks any object for it. */
  __html__ (): string {
    return this.#html
  }

  equals (other: unknown): boolean {
    return other instanceof Markup && other.text === this.text
  }

  toString (): string {
    return this.text
  }

  toJSON (): string {
    return this.text
  }
}

const UUID_TEXT = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i

/** Whether an object was made as a UUID, whatever its prototype is. */
export let isUUID: (value: object) => value is UUID

/** A UUID (RFC 9562) of any version. */
export class UUID {
  /** Lower case, with hyphens. */
  readonly text: string
  readonly #digits: string

  /** `text` with or without hyphens, in either case; throws a `TypeError` for anything else. */
  constructor (text: string) {
    const digits = uuidDigits(text)
    if (digits === undefined) throw new TypeError('A UUID is made from 32 hexadecimal digits, with or without hyphens')
    this.#digits = digits
    this.text = hyphenated(digits)
    Object.freeze(this)
  }

  static {
    isUUID = (value) => #digits in value
  }

  /** The 32 digits without hyphens. */
  get hex (): string {
    return this.#digits
  }

  equals (other: unknown): boolean {
    return other instanceof UUID && other.text === this.text
  }

  toString (): string {
    return this.text
  }

  toJSON (): string {
    return this.text
  }
}

/** The 32 digits of the text of a UUID, in lower case; undefined for anything else. */
function uuidDigits (text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  if (text.length === 32 && isLowerHex(text)) return text // as a tag holds it, at a fraction of the pattern's cost
  return UUID_TEXT.test(text) ? text.replaceAll('-', '').toLowerCase() : undefined
}

function isLowerHex (text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (!((unit >= 0x30 && unit <= 0x39) || (unit >= 0x61 && unit <= 0x66))) return false
  }
  return true
}

function hyphenated (digits: string): string {
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}
