import { isPlainArray, looksPlain, shapeOf } from './kinds.ts'
import type { Key } from './refusal.ts'
import { JSONWriter, MAX_DEPTH, textOf } from './writer.ts'

/** Gives something that JSON has a form for; see `DefaultJSONProvider.default`. */
export type DefaultFunction = (value: unknown, key: string) => unknown

/** Writes JSON, and asks for whatever JSON has no form for. */
export class ProviderWriter extends JSONWriter {
  readonly #default: DefaultFunction

  constructor (defaultFunction: DefaultFunction) {
    super()
    this.#default = defaultFunction
  }

  protected override structure (value: unknown, key?: Key): string {
    if (typeof value !== 'object' || ArrayBuffer.isView(value)) return super.structure(value, key)
    const { toJSON } = value as { toJSON?: unknown }
    const isKnown = typeof toJSON === 'function' && shapeOf(value) !== undefined
    if (!isKnown) return super.structure(value, key)
    const form: unknown = toJSON.call(value, `${key ?? ''}`)
    return textOf(form) ?? super.structure(form)
  }

  protected override other (value: unknown, key?: Key): string {
    if (value === undefined) return 'null'
    if (Number.isFinite(value)) return `${value}`
    const form = this.#default(value, `${key ?? ''}`)
    if (typeof value === 'bigint' && typeof form === 'bigint') return `${form}`
    if (form === value) return typeof form === 'object' ? this.dict(form!) : this.refuse(ITSELF)
    const holder = typeof value === 'object' ? value! : undefined
    if (typeof form !== 'object' || form === null || holder === undefined) return this.write(form, key)
    if (Array.isArray(form)) return this.list(form, holder)
    return looksPlain(form) ? this.dict(form, holder) : this.inside(holder, () => this.write(form, key))
  }
}

const ITSELF = 'is what default gave for itself'

/** Sorts the keys of every object by code point, as Python does. */
export class SortingWriter extends ProviderWriter {
  protected override dict (object: object, holder: object = object): string {
    return this.inside(holder, (at) => {
      const members: string[] = []
      for (const key of Object.keys(object).sort(byCodePoint)) {
        const value = (object as Record<string, unknown>)[at.key = key]
        if (value !== undefined) members.push(`${textOf(key)}:${this.write(value, key)}`)
      }
      return `{${members.join(',')}}`
    })
  }
}

/** JavaScript compares UTF-16 units, of which surrogates stand below U+E000 to U+FFFF. */
function byCodePoint (one: string, other: string): number {
  let index = 0
  while (index < one.length && one.codePointAt(index) === other.codePointAt(index)) index++
  return (one.codePointAt(index) ?? -1) - (other.codePointAt(index) ?? -1)
}

/** Whether `JSON.stringify`, which is faster, writes a value as a provider does: no class, no `toJSON`, few levels. */
export function isPlainJSON (value: unknown, levels = MAX_DEPTH): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined': return true
    case 'number': return Number.isFinite(value)
    case 'object': return value === null || (levels > 0 && hasPlainMembers(value, levels - 1))
    default: return false
  }
}

/** False where a getter or a Proxy throws, so that the writer says where. */
function hasPlainMembers (value: object, levels: number): boolean {
  try {
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
    if (Array.isArray(value)) return isPlainArray(value) && value.every((each) => isPlainJSON(each, levels))
    if (!looksPlain(value)) return false
    for (const key in value) if (!isPlainJSON((value as Record<string, unknown>)[key], levels)) return false
    return true
  } catch {
    return false
  }
}
