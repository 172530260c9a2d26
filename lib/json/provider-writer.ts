import { HasNoForm } from '../errors.ts'
import { isArray, looksPlain } from './kinds.ts'
import { JSONWriter, passing, quote } from './writer.ts'

/** Gives something that JSON can say in the place of a value; see `DefaultJSONProvider.default`. */
export type DefaultFunction = (value: unknown) => unknown

/** Writes JSON, and asks for whatever JSON has no form for. */
export class ProviderWriter extends JSONWriter {
  readonly #default: DefaultFunction

  constructor (defaultFunction: DefaultFunction) {
    super()
    this.#default = defaultFunction
  }

  override write (value: unknown): string {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return super.write(value)
    const { toJSON } = value as { toJSON?: unknown }
    return typeof toJSON === 'function' && isKnown(value) ? super.write(toJSON.call(value)) : super.write(value)
  }

  protected override other (value: unknown): string {
    if (value === undefined) return 'null'
    const form = this.#formOf(value)
    const holder = typeof value === 'object' ? value! : undefined
    if (typeof form !== 'object' || form === null) return form === value ? this.refuse('is what default gave for itself') : this.write(form)
    if (form === value) return this.dict(form)
    if (Array.isArray(form)) return this.list(form, holder)
    if (looksPlain(form)) return this.dict(form, holder)
    return holder === undefined ? this.write(form) : this.#within(holder, form)
  }

  protected override bigint (value: bigint): string {
    const form = this.#formOf(value)
    return typeof form === 'bigint' ? `${form}` : this.write(form)
  }

  protected override number (value: number): string {
    return Number.isFinite(value) ? `${value}` : this.other(value)
  }

  #formOf (value: unknown): unknown {
    try {
      return this.#default(value)
    } catch (error) {
      throw error instanceof HasNoForm ? this.refuse(error.reason) : error
    }
  }

  /** Counts as a level, so that forms of forms come to an end. */
  #within (holder: object, form: object): string {
    return this.inside(holder, () => this.write(form))
  }
}

/** The same with the keys of every object in the order of their code points, as Python sorts them. */
export class SortingWriter extends ProviderWriter {
  protected override dict (object: object, holder: object = object): string {
    let at = ''
    this.enter(holder)
    try {
      const members: string[] = []
      for (const key of Object.keys(object).sort(byCodePoint)) {
        const value = (object as Record<string, unknown>)[at = key]
        if (value !== undefined) members.push(`${quote(key)}:${this.write(value)}`)
      }
      this.leave()
      return `{${members.join(',')}}`
    } catch (error) {
      throw passing(error, holder, at)
    }
  }
}

/** What JSON has a form for, if it did not say otherwise by itself. */
function isKnown (value: object): boolean {
  return isArray(value) || looksPlain(value)
}

/** JavaScript compares UTF-16 units, of which surrogates stand below U+E000 to U+FFFF. */
function byCodePoint (one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  let index = 0
  while (index < length && one.charCodeAt(index) === other.charCodeAt(index)) index++
  if (index === length) return one.length - other.length
  const start = one.codePointAt(index - 1)! > 0xffff || other.codePointAt(index - 1)! > 0xffff ? index - 1 : index
  return one.codePointAt(start)! - other.codePointAt(start)!
}
