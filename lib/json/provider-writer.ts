import { isArray, looksPlain } from './kinds.ts'
import { type Key, passing } from './refusal.ts'
import { JSONWriter, quote } from './writer.ts'

/** Gives something that JSON has a form for; see `DefaultJSONProvider.default`. */
export type DefaultFunction = (value: unknown, key: string) => unknown

/** Writes JSON, and asks for whatever JSON has no form for. */
export class ProviderWriter extends JSONWriter {
  readonly #default: DefaultFunction

  constructor (defaultFunction: DefaultFunction) {
    super()
    this.#default = defaultFunction
  }

  override write (value: unknown, key?: Key): string {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return super.write(value, key)
    const { toJSON } = value as { toJSON?: unknown }
    return typeof toJSON === 'function' && isKnown(value)
      ? super.write(toJSON.call(value, asText(key)))
      : super.write(value, key)
  }

  protected override other (value: unknown, key?: Key): string {
    if (value === undefined) return 'null'
    const form = this.#default(value, asText(key))
    if (form === value) return typeof form === 'object' ? this.dict(form!) : this.refuse(ITSELF)
    const holder = typeof value === 'object' ? value! : undefined
    if (typeof form !== 'object' || form === null || holder === undefined) return this.write(form, key)
    if (Array.isArray(form)) return this.list(form, holder)
    return looksPlain(form) ? this.dict(form, holder) : this.inside(holder, () => this.write(form, key))
  }

  protected override bigint (value: bigint, key?: Key): string {
    const form = this.#default(value, asText(key))
    return typeof form === 'bigint' ? `${form}` : this.write(form, key)
  }

  protected override number (value: number, key?: Key): string {
    return Number.isFinite(value) ? `${value}` : this.other(value, key)
  }
}

const ITSELF = 'is what default gave for itself'

/** Sorts the keys of every object by code point, as Python does. */
export class SortingWriter extends ProviderWriter {
  protected override dict (object: object, holder: object = object): string {
    let at: string | undefined
    this.enter(holder)
    try {
      const members: string[] = []
      for (const key of Object.keys(object).sort(byCodePoint)) {
        const value = (object as Record<string, unknown>)[at = key]
        if (value !== undefined) members.push(`${quote(key)}:${this.write(value, key)}`)
      }
      this.leave()
      return `{${members.join(',')}}`
    } catch (error) {
      throw passing(error, holder, at)
    }
  }
}

/** The key as `JSON.stringify` passes it to `toJSON`; of the whole value the empty text. */
function asText (key: Key = ''): string {
  return `${key}`
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
