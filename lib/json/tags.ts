import { types } from 'node:util'
import { decodeBase64 } from './base64.ts'
import { hasHTTPDate, parseHTTPDate } from './http-date.ts'
import { formatISO, parseISO } from './iso-date.ts'
import { hasBytesOnly, isBare } from './own-properties.ts'
import { JSONTag, type TagClass } from './tag.ts'
import { isUUID, Markup, Tuple, UUID } from './values.ts'
import { isPlainObject } from './writer.ts'

/** An object whose only key is a tag, escaped by `__` behind the key. */
export class TagDict extends JSONTag {
  readonly key = ' di'

  check (value: unknown): boolean {
    if (!isDict(value)) return false
    const keys = definedKeys(value)
    return keys.length === 1 && this.serializer.tags.has(keys[0]!)
  }

  toJson (value: Record<string, unknown>): unknown {
    const [key] = definedKeys(value)
    return { [`${key}__`]: this.serializer.tag(value[key!], key) }
  }

  fromJson (value: unknown): unknown {
    const keys = isDict(value) ? Object.keys(value) : []
    const key = keys[0]?.slice(0, -2)
    if (keys.length !== 1 || keys[0] !== `${key}__` || !this.serializer.tags.has(key!)) throw new TypeError('Not an escaped tag')
    return { [key!]: (value as Record<string, unknown>)[keys[0]] }
  }
}

/** Objects without a class: as they are, their members tagged. Stands in the order so that tags can be put ahead of it. */
export class PassDict extends JSONTag {
  readonly key = ''

  check (value: unknown): boolean {
    return isDict(value)
  }

  toJson (value: Record<string, unknown>): unknown {
    return this.serializer.tag(value)
  }

  fromJson (value: unknown): unknown {
    return value
  }
}

/** Arrays: as they are, their elements tagged. Stands in the order so that tags can be put ahead of it. */
export class PassList extends JSONTag {
  readonly key = ''

  check (value: unknown): boolean {
    return Array.isArray(value)
  }

  toJson (value: unknown[]): unknown {
    return this.serializer.tag(value)
  }

  fromJson (value: unknown): unknown {
    return value
  }
}

/** `Tuple`, as a list. */
export class TagTuple extends JSONTag {
  readonly key = ' t'

  check (value: unknown): boolean {
    return hasPrototype(value, Tuple)
  }

  toJson (value: Tuple): unknown {
    const items: unknown[] = []
    for (let index = 0; index < value.length; index++) items.push(this.serializer.tag(value[index], index))
    return items
  }

  fromJson (value: unknown): Tuple {
    return new Tuple(expectList(value))
  }
}

/** `Buffer`, as base64 with padding (RFC 4648, section 4). */
export class TagBytes extends JSONTag {
  readonly key = ' b'

  check (value: unknown): boolean {
    return types.isUint8Array(value) && isExactly(value, Buffer)
  }

  toJson (value: Buffer): string {
    return value.toString('base64')
  }

  fromJson (value: unknown): Buffer {
    return expectBytes(value)
  }
}

/** `Markup`, as its text. */
export class TagMarkup extends JSONTag {
  readonly key = ' m'

  check (value: unknown): boolean {
    return hasPrototype(value, Markup)
  }

  toJson (value: Markup): string {
    return value.__html__()
  }

  fromJson (value: unknown): Markup {
    return new Markup(expectString(value))
  }
}

/** `UUID`, as its 32 digits. */
export class TagUUID extends JSONTag {
  readonly key = ' u'

  check (value: unknown): boolean {
    return hasPrototype(value, UUID) && isUUID(value)
  }

  toJson (value: UUID): string {
    return value.hex
  }

  fromJson (value: unknown): UUID {
    const uuid = new UUID(expectString(value))
    if (uuid.hex !== value) throw new TypeError('Not 32 digits in lower case')
    return uuid
  }
}

/** `Date`, as ISO 8601 to the millisecond; an invalid one as null. */
export class TagDateTime extends JSONTag {
  readonly key = ' d'

  check (value: unknown): boolean {
    return types.isDate(value) && isExactly(value, Date)
  }

  toJson (value: Date): string | null {
    return Number.isNaN(value.getTime()) ? null : formatISO(value)
  }

  fromJson (value: unknown): Date {
    if (value === null) return new Date(NaN)
    const date = parseISO(expectString(value))
    if (date === undefined) throw new TypeError('Not a date')
    return date
  }
}

/** `Date`, as an HTTP date (RFC 9110, section 5.6.7) in whole seconds, as Flask writes it. */
export class TagHTTPDate extends JSONTag {
  readonly key = ' d'

  /** The years that Python has. */
  check (value: unknown): boolean {
    return types.isDate(value) && isExactly(value, Date) && hasHTTPDate(value.getTime())
  }

  toJson (value: Date): string {
    return value.toUTCString()
  }

  fromJson (value: unknown): Date {
    const date = parseHTTPDate(expectString(value))
    if (date === undefined) throw new TypeError('Not an HTTP date')
    return date
  }
}

/** The most digits of a BigInt, as in Python's own limit for reading integers. */
export const MAX_DIGITS = 4300

/** BigInt, as its decimal digits. */
export class TagBigInt extends JSONTag {
  readonly key = ' n'

  check (value: unknown): boolean {
    return typeof value === 'bigint' && hasFewDigits(value)
  }

  toJson (value: bigint): string {
    return `${value}`
  }

  fromJson (value: unknown): bigint {
    const text = expectString(value)
    if (!/^(0|-?[1-9]\d{0,4299})$/.test(text)) throw new TypeError('Not an integer')
    return BigInt(text)
  }
}

const LIMIT = 10n ** BigInt(MAX_DIGITS)
const MINUS_LIMIT = -LIMIT

/** Whether a BigInt has no more digits than are read; it is not written to find out, which can take long. */
export function hasFewDigits (value: bigint): boolean {
  return value < LIMIT && value > MINUS_LIMIT
}

/** NaN and the infinities, by their names. */
export class TagNumber extends JSONTag {
  readonly key = ' f'

  check (value: unknown): boolean {
    return typeof value === 'number' && !Number.isFinite(value)
  }

  toJson (value: number): string {
    return `${value}`
  }

  fromJson (value: unknown): number {
    if (value !== 'NaN' && value !== 'Infinity' && value !== '-Infinity') throw new TypeError('Not a number')
    return Number(value)
  }
}

/** `undefined` where it counts: as an element of an array, a tuple, a Map or a Set. */
export class TagUndefined extends JSONTag {
  readonly key = ' un'

  check (value: unknown): boolean {
    return value === undefined
  }

  toJson (): null {
    return null
  }

  fromJson (value: unknown): undefined {
    if (value !== null) throw new TypeError('Not undefined')
  }
}

/** `Map`, as a list of its entries in order; keys may be of any type. */
export class TagMap extends JSONTag {
  readonly key = ' mp'

  check (value: unknown): boolean {
    return types.isMap(value) && isExactly(value, Map)
  }

  toJson (value: Map<unknown, unknown>): unknown {
    return Array.from(value, ([key, item], index) => [
      this.serializer.tag(key, `key ${index}`), this.serializer.tag(item, typeof key === 'string' ? key : index)
    ])
  }

  fromJson (value: unknown): Map<unknown, unknown> {
    const entries = expectList(value)
    const map = new Map(entries.map((entry) => expectList(entry, 2) as [unknown, unknown]))
    if (map.size !== entries.length) throw new TypeError('A key stands twice')
    return map
  }
}

/** `Set`, as a list of its members in order. */
export class TagSet extends JSONTag {
  readonly key = ' st'

  check (value: unknown): boolean {
    return types.isSet(value) && isExactly(value, Set)
  }

  toJson (value: Set<unknown>): unknown {
    return Array.from(value, (member, index) => this.serializer.tag(member, index))
  }

  fromJson (value: unknown): Set<unknown> {
    const members = expectList(value)
    const set = new Set(members)
    if (set.size !== members.length) throw new TypeError('A member stands twice')
    return set
  }
}

/** `URL`, as its text. */
export class TagURL extends JSONTag {
  readonly key = ' ur'

  check (value: unknown): boolean {
    return isExactly(value, URL)
  }

  toJson (value: URL): string {
    return value.href
  }

  fromJson (value: unknown): URL {
    const url = new URL(expectString(value))
    if (url.href !== value) throw new TypeError('Not the text of a URL')
    return url
  }
}

/** `Uint8Array`, apart from Buffer, as base64. */
export class TagUint8Array extends JSONTag {
  readonly key = ' u8'

  check (value: unknown): boolean {
    return types.isUint8Array(value) && isExactly(value, Uint8Array)
  }

  toJson (value: Uint8Array): string {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  }

  fromJson (value: unknown): Uint8Array {
    return Uint8Array.from(expectBytes(value))
  }
}

/** Flask's, in the order in which they are asked. */
export const flaskTags: readonly TagClass[] = [TagDict, PassDict, TagTuple, PassList, TagBytes, TagMarkup, TagUUID, TagHTTPDate]

/** In the order in which they are asked, Flask's first. */
export const defaultTags: readonly TagClass[] = [
  TagDict, PassDict, TagTuple, PassList, TagBytes, TagMarkup, TagUUID, TagDateTime,
  TagBigInt, TagNumber, TagUndefined, TagMap, TagSet, TagURL, TagUint8Array
]

/** Those of both formats. */
export const builtInTags: ReadonlySet<unknown> = new Set([...flaskTags, ...defaultTags])

/** Those of which `toJson` gives text or null. Subclasses may do otherwise. */
export const textTags: ReadonlySet<unknown> = new Set([
  TagBytes, TagMarkup, TagUUID, TagDateTime, TagHTTPDate, TagBigInt, TagNumber, TagURL, TagUint8Array
])

/** Those of which `toJson` gives the list of what the value iterates over. Subclasses may do otherwise. */
export const listTags: ReadonlySet<unknown> = new Set([TagTuple, TagSet])

function isDict (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlainObject(value)
}

function definedKeys (value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined)
}

/** An instance of a subclass would not come back as one. */
function hasPrototype (value: unknown, Class: { readonly prototype: object }): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Class.prototype
}

/** Nor would properties that were put on an instance; bytes have those of their indexes. */
function isExactly (value: unknown, Class: { readonly prototype: object }): boolean {
  return hasPrototype(value, Class) && (types.isUint8Array(value) ? hasBytesOnly(value) : isBare(value))
}

function expectString (value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('Not a string')
  return value
}

function expectBytes (value: unknown): Buffer {
  const bytes = decodeBase64(expectString(value))
  if (bytes === undefined) throw new TypeError('Not base64')
  return bytes
}

function expectList (value: unknown, length?: number): unknown[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) throw new TypeError('Not a list')
  return value
}
