import { decodeBase64, encodeBase64 } from './bytes.ts'
import { formatHTTPDate, formatISO, hasHTTPDate, parseHTTPDate, parseISO } from './dates.ts'
import { Date, entriesOf, hrefOf, type Kind, kindOf, Map, membersOf, Set, Uint8Array, URL } from './kinds.ts'
import { JSONTag, type TagClass } from './tag.ts'
import { Markup, Tuple, UUID } from './values.ts'

/** The base of the built-in tags: claims values of one kind. */
export abstract class KindTag extends JSONTag {
  abstract readonly kind: Kind
  check (value: unknown): boolean { return kindOf(value) === this.kind && this.holds(value as never) }

  /** Whether it claims a value of its kind. */
  holds (_value: never): boolean { return true }
}

/** An object whose only key is a tag, escaped by `__` behind the key. */
export class TagDict extends KindTag {
  readonly key = ' di'
  readonly kind = 'object'
  override holds (value: Record<string, unknown>): boolean {
    const keys = definedKeys(value)
    return keys.length === 1 && this.serializer.tags.has(keys[0]!)
  }

  toJson (value: Record<string, unknown>): unknown {
    const [key] = definedKeys(value)
    return { [`${key}__`]: this.serializer.tag(value[key!], key) }
  }

  fromJson (value: unknown): unknown {
    const [member, ...others] = kindOf(value) === 'object' ? Object.entries(value as object) : []
    const key = member?.[0].endsWith('__') ? member[0].slice(0, -2) : ''
    if (others.length > 0 || !this.serializer.tags.has(key)) throw new TypeError('Not an escaped tag')
    return { [key]: member![1] }
  }
}

/** Written as they are, their members tagged. Stands in the order so that tags can be put ahead of it. */
abstract class PassTag extends KindTag {
  readonly key = ''
  toJson (value: unknown): unknown { return this.serializer.tag(value) }
  fromJson (value: unknown): unknown { return value }
}

export class PassDict extends PassTag { readonly kind = 'object' }
export class PassList extends PassTag { readonly kind = 'array' }

/** `Tuple`, as a list. */
export class TagTuple extends KindTag {
  readonly key = ' t'
  readonly kind = 'Tuple'
  toJson (value: Tuple): unknown { return Array.from(value, (item, index) => this.serializer.tag(item, index)) }
  fromJson (value: unknown): Tuple { return new Tuple(expectList(value)) }
}

/** `Buffer`, as base64 with padding (RFC 4648, section 4). */
export class TagBytes extends KindTag {
  readonly key = ' b'
  readonly kind = 'Buffer'
  toJson (value: Buffer): string { return encodeBase64(value) }
  fromJson (value: unknown): Buffer { return expectBytes(value) }
}

/** `Markup`, as its text. */
export class TagMarkup extends KindTag {
  readonly key = ' m'
  readonly kind = 'Markup'
  toJson (value: Markup): string { return value.__html__() }
  fromJson (value: unknown): Markup { return new Markup(expectString(value)) }
}

/** `UUID`, as its 32 digits. */
export class TagUUID extends KindTag {
  readonly key = ' u'
  readonly kind = 'UUID'
  toJson (value: UUID): string { return value.hex }
  fromJson (value: unknown): UUID {
    const uuid = new UUID(expectString(value))
    return expect(uuid.hex === value && uuid, '32 digits in lower case')
  }
}

/** `Date`, as ISO 8601 to the millisecond; an invalid one as null. */
export class TagDateTime extends KindTag {
  readonly key = ' d'
  readonly kind = 'Date'
  toJson (value: Date): string | null { return formatISO(value) }
  fromJson (value: unknown): Date {
    return value === null ? new Date(NaN) : expect(parseISO(expectString(value)), 'a date')
  }
}

/** `Date`, as an HTTP date (RFC 9110, section 5.6.7) in whole seconds, as Flask writes it. */
export class TagHTTPDate extends KindTag {
  readonly key = ' d'
  readonly kind = 'Date'
  /** The years that Python has. */
  override holds (value: Date): boolean { return hasHTTPDate(value) }
  toJson (value: Date): string { return formatHTTPDate(value) }
  fromJson (value: unknown): Date { return expect(parseHTTPDate(expectString(value)), 'an HTTP date') }
}

/** The most digits of a BigInt, as in Python's own limit for reading integers. */
export const MAX_DIGITS = 4300
const LIMIT = 10n ** BigInt(MAX_DIGITS)

/** Whether a BigInt has no more digits than are read. To write it takes long where it has many. */
export const hasFewDigits = (value: bigint): boolean => value < LIMIT && value > -LIMIT

/** BigInt, as its decimal digits. */
export class TagBigInt extends KindTag {
  readonly key = ' n'
  readonly kind = 'bigint'
  override holds (value: bigint): boolean { return hasFewDigits(value) }
  toJson (value: bigint): string { return `${value}` }
  fromJson (value: unknown): bigint {
    const text = expectString(value)
    return BigInt(expect(/^(0|-?[1-9]\d{0,4299})$/.test(text) && text, 'an integer'))
  }
}

/** NaN and the infinities, by their names. */
export class TagNumber extends KindTag {
  readonly key = ' f'
  readonly kind = 'not finite'
  toJson (value: number): string { return `${value}` }
  fromJson (value: unknown): number {
    return expect([NaN, Infinity, -Infinity].find((number) => `${number}` === value), 'a number')
  }
}

/** `undefined` where it counts: as an element of an array, a tuple, a Map or a Set. */
export class TagUndefined extends KindTag {
  readonly key = ' un'
  readonly kind = 'undefined'
  toJson (): null { return null }
  fromJson (value: unknown): undefined { expect(value === null || undefined, 'undefined') }
}

/** `Map`, as a list of its entries in order; keys may be of any type. */
export class TagMap extends KindTag {
  readonly key = ' mp'
  readonly kind = 'Map'
  toJson (value: Map<unknown, unknown>): unknown {
    return Array.from(entriesOf(value), ([key, item], index) => [
      this.serializer.tag(key, `key ${index}`), this.serializer.tag(item, typeof key === 'string' ? key : index)
    ])
  }

  fromJson (value: unknown): Map<unknown, unknown> {
    const entries = expectList(value)
    const isWhole = entries.every((entry) => Array.isArray(entry) && entry.length === 2)
    const map = new Map(isWhole ? entries as Array<[unknown, unknown]> : [])
    return expect(map.size === entries.length && map, 'a list of different keys')
  }
}

/** `Set`, as a list of its members in order. */
export class TagSet extends KindTag {
  readonly key = ' st'
  readonly kind = 'Set'
  toJson (value: Set<unknown>): unknown {
    return Array.from(membersOf(value), (member, index) => this.serializer.tag(member, index))
  }

  fromJson (value: unknown): Set<unknown> {
    const members = expectList(value)
    const set = new Set(members)
    return expect(set.size === members.length && set, 'a list of different members')
  }
}

/** `URL`, as its text. A URL that setters made such that its text reads back as another one is refused. */
export class TagURL extends KindTag {
  readonly key = ' ur'
  readonly kind = 'URL'
  override holds (value: URL): boolean { return readURL(hrefOf(value)!) !== undefined }
  toJson (value: URL): string { return hrefOf(value)! }
  fromJson (value: unknown): URL { return expect(readURL(expectString(value)), 'the text of a URL') }
}

/** `Uint8Array`, apart from Buffer, as base64. */
export class TagUint8Array extends KindTag {
  readonly key = ' u8'
  readonly kind = 'Uint8Array'
  toJson (value: Uint8Array): string { return encodeBase64(value) }
  fromJson (value: unknown): Uint8Array { return Uint8Array.from(expectBytes(value)) }
}

const sharedTags: readonly TagClass[] = [TagDict, PassDict, TagTuple, PassList, TagBytes, TagMarkup, TagUUID]
/** Flask's, in the order in which they are asked. */
export const flaskTags: readonly TagClass[] = [...sharedTags, TagHTTPDate]
/** In the order in which they are asked, Flask's first. */
export const defaultTags: readonly TagClass[] = [
  ...sharedTags, TagDateTime, TagBigInt, TagNumber, TagUndefined, TagMap, TagSet, TagURL, TagUint8Array
]

const builtInTags = new Set<unknown>([...flaskTags, ...defaultTags])

/** Whether a tag is one of both formats. One of a subclass may do otherwise. */
export const isBuiltIn = (tag: JSONTag): tag is KindTag => builtInTags.has(tag.constructor)

const definedKeys = (value: Record<string, unknown>): string[] =>
  Object.keys(value).filter((key) => value[key] !== undefined)

/** The URL of which `href` gives this text. A setter may leave a part that the parser reads otherwise. */
function readURL (text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && hrefOf(url) === text ? url : undefined
}

/** `value`, unless it is undefined or false: then a `TypeError`. */
function expect<Value> (value: Value | undefined | false, what: string): Value {
  if (value === undefined || value === false) throw new TypeError(`Not ${what}`)
  return value
}

const expectString = (value: unknown): string => expect(typeof value === 'string' && value, 'a string')

const expectBytes = (value: unknown): Buffer => expect(decodeBase64(expectString(value)), 'base64')

const expectList = (value: unknown): unknown[] => expect(Array.isArray(value) && value, 'a list')
