import { decodeBase64 } from './base64.ts'
import { formatHTTPDate, hasHTTPDate, parseHTTPDate } from './http-date.ts'
import { formatISO, parseISO } from './iso-date.ts'
import {
  Date, entriesOf, hrefOf, isPlainObject, type Kind, kindOf, Map, membersOf, Set, timeOf, Uint8Array, URL
} from './kinds.ts'
import { base64Of, viewOf } from './own-properties.ts'
import { JSONTag, type TagClass } from './tag.ts'
import { Markup, Tuple, UUID } from './values.ts'

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
    return kindOf(value) === 'object'
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
    return kindOf(value) === 'array'
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
    return kindOf(value) === 'Tuple'
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
    return kindOf(value) === 'Buffer'
  }

  toJson (value: Buffer): string {
    return base64Of(value)
  }

  fromJson (value: unknown): Buffer {
    return expectBytes(value)
  }
}

/** `Markup`, as its text. */
export class TagMarkup extends JSONTag {
  readonly key = ' m'

  check (value: unknown): boolean {
    return kindOf(value) === 'Markup'
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
    return kindOf(value) === 'UUID'
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
    return kindOf(value) === 'Date'
  }

  toJson (value: Date): string | null {
    const time = timeOf(value)
    return Number.isNaN(time) ? null : formatISO(time)
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
    return kindOf(value) === 'Date' && hasHTTPDate(timeOf(value as Date))
  }

  toJson (value: Date): string {
    return formatHTTPDate(timeOf(value))
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
    return kindOf(value) === 'Map'
  }

  toJson (value: Map<unknown, unknown>): unknown {
    return Array.from(entriesOf(value), ([key, item], index) => [
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
    return kindOf(value) === 'Set'
  }

  toJson (value: Set<unknown>): unknown {
    return Array.from(membersOf(value), (member, index) => this.serializer.tag(member, index))
  }

  fromJson (value: unknown): Set<unknown> {
    const members = expectList(value)
    const set = new Set(members)
    if (set.size !== members.length) throw new TypeError('A member stands twice')
    return set
  }
}

/** `URL`, as its text; not one that setters made such that its text reads back as another. */
export class TagURL extends JSONTag {
  readonly key = ' ur'

  check (value: unknown): boolean {
    return kindOf(value) === 'URL' && readsBack(hrefOf(value as URL)!)
  }

  toJson (value: URL): string {
    return hrefOf(value)!
  }

  fromJson (value: unknown): URL {
    const url = new URL(expectString(value))
    if (hrefOf(url) !== value) throw new TypeError('Not the text of a URL')
    return url
  }
}

/** `Uint8Array`, apart from Buffer, as base64. */
export class TagUint8Array extends JSONTag {
  readonly key = ' u8'

  check (value: unknown): boolean {
    return kindOf(value) === 'Uint8Array'
  }

  toJson (value: Uint8Array): string {
    return viewOf(value).toString('base64')
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

/** The kind of which each claims values. Subclasses may do otherwise. */
export const kindsOfTags: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  [TagDict, 'object'], [PassDict, 'object'], [TagTuple, 'Tuple'], [PassList, 'array'], [TagBytes, 'Buffer'],
  [TagMarkup, 'Markup'], [TagUUID, 'UUID'], [TagDateTime, 'Date'], [TagHTTPDate, 'Date'], [TagBigInt, 'bigint'],
  [TagNumber, 'not finite'], [TagUndefined, 'undefined'], [TagMap, 'Map'], [TagSet, 'Set'], [TagURL, 'URL'],
  [TagUint8Array, 'Uint8Array']
])

/** Those that claim not every value of their kind. */
export const choosyTags: ReadonlySet<unknown> = new Set([TagHTTPDate, TagBigInt, TagURL])

function isDict (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && isPlainObject(value)
}

function definedKeys (value: Record<string, unknown>): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined)
}

/** Whether the text of a URL gives the same URL. A setter may leave a part that the parser reads otherwise. */
function readsBack (text: string): boolean {
  return URL.canParse(text) && new URL(text).href === text
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
