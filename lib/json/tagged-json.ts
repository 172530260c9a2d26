import { BadPayload } from '../errors.ts'
import { quoteName } from './path.ts'
import type { JSONTag, TagClass } from './tag.ts'
import { defaultTags, PassDict, PassList, TagDict } from './tags.ts'
import { describeType, JSONWriter, MAX_DEPTH, quote } from './writer.ts'

/** How deep the text of a value of `MAX_DEPTH` can be, with its tags and what custom ones put in. */
const MAX_TEXT_DEPTH = 8 * MAX_DEPTH

export interface RegisterOptions {
  /** Replace a tag that has the same key. Default false. */
  force?: boolean | undefined
  /** Where in the order of checks the tag stands; 0 is first. Default last. */
  index?: number | undefined
}

/**
 * Turns values into JSON text and back without losing their types, as Flask's `TaggedJSONSerializer` does: what JSON has
 * no form for is written as an object of one key, the tag. A value comes back equal in type and content, or `dumps`
 * throws a `TypeError` with its path.
 *
 * Left out, as in JSON: properties that are `undefined`, not enumerable, or keyed by a symbol. An object with a null
 * prototype comes back as a plain one.
 */
export class TaggedJSONSerializer {
  /** The tags by their keys. */
  readonly tags: ReadonlyMap<string, JSONTag>
  /** The tags in the order in which they are asked to claim a value. */
  readonly order: readonly JSONTag[]
  readonly #tags = new Map<string, JSONTag>()
  readonly #order: JSONTag[] = []
  readonly #writer: TagWriter

  constructor () {
    this.tags = this.#tags
    this.order = this.#order
    this.#writer = new TagWriter(this)
    for (const Tag of defaultTags) this.#add(new Tag(this), this.#order.length)
  }

  /**
   * Adds a tag. Throws a `TypeError` where the key is empty, or taken and `force` is not given; a forced tag takes the
   * place of the one it replaces.
   */
  register (Tag: TagClass, { force = false, index }: RegisterOptions = {}): void {
    const tag = new Tag(this)
    if (typeof tag.key !== 'string' || tag.key === '') throw new TypeError('A tag needs a key')
    const taken = this.#tags.get(tag.key)
    if (taken !== undefined && !force) {
      throw new TypeError(`The tag ${quoteName(tag.key)} is registered already; { force: true } replaces it`)
    }
    const place = taken === undefined ? this.#order.length : this.#order.indexOf(taken)
    if (taken !== undefined) this.#order.splice(place, 1)
    this.#add(tag, index ?? place)
    this.#writer.asksEveryTag = true
  }

  /**
   * `value` as JSON text. Throws a `TypeError` with the path of what cannot be kept; `name` is how the path begins,
   * by default `value`.
   */
  dumps (value: unknown, name = 'value'): string {
    return this.#writer.dumps(value, { path: () => name })
  }

  /** The value of JSON text. Throws `BadPayload` for text that is not JSON, too deep, or tagged wrongly. */
  loads (text: string): unknown {
    return this.#untag(parse(text), 0)
  }

  /**
   * `value` as plain JSON data. For the `toJson` of tags that hold other values; `at` is where in the tagged value
   * this one stands, for the path of errors.
   */
  tag (value: unknown, at?: string | number): unknown {
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
    return JSON.parse(this.#writer.writePart(value, at))
  }

  /** The value of plain JSON data, which is left as it is. Throws `BadPayload`. */
  untag (value: unknown): unknown {
    return this.#untag(structuredClone(value), 0)
  }

  #add (tag: JSONTag, index: number): void {
    if (tag.key !== '') this.#tags.set(tag.key, tag)
    this.#order.splice(index, 0, tag)
  }

  /** Works in place and from the inside out; what an escape gives back is not looked at again. */
  #untag (value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (depth === MAX_TEXT_DEPTH) throw new BadPayload(`The payload is nested deeper than ${MAX_TEXT_DEPTH} levels`)
    const keys = Object.keys(value)
    const members = value as Record<string, unknown>
    for (let i = 0; i < keys.length; i++) {
      const member = members[keys[i]!]
      if (typeof member === 'object' && member !== null) members[keys[i]!] = this.#untag(member, depth + 1)
    }
    if (keys.length !== 1 || Array.isArray(value)) return value
    const tag = this.#tags.get(keys[0]!)
    return tag === undefined ? value : fromTag(tag, members[keys[0]!])
  }
}

/** Writes tagged JSON. */
class TagWriter extends JSONWriter {
  /** Set when tags were added, since those may claim any value; the default ones claim only what JSON cannot hold. */
  asksEveryTag = false
  readonly #serializer: TaggedJSONSerializer
  readonly #plain = new PlainWriter()

  constructor (serializer: TaggedJSONSerializer) {
    super()
    this.#serializer = serializer
  }

  /** Writes a part of the value being written. */
  writePart (value: unknown, key: string | number | undefined): string {
    return this.balanced(() => {
      if (key !== undefined) this.at(key)
      return this.write(value)
    })
  }

  override write (value: unknown): string {
    if (!this.asksEveryTag) return super.write(value)
    const tag = this.#serializer.order.find((each) => each.check(value))
    if (tag === undefined || tag instanceof TagDict || tag instanceof PassDict || tag instanceof PassList) return super.write(value)
    return this.#tagged(tag, value)
  }

  protected override other (value: unknown): string {
    const tag = this.#serializer.order.find((each) => each.check(value))
    return tag === undefined
      ? this.refuse(`is ${describeType(value)}, which cannot be kept; a tag for it can be registered`)
      : this.#tagged(tag, value)
  }

  protected override list (values: readonly unknown[]): string {
    if (!Array.isArray(Object.getPrototypeOf(values))) return this.other(values)
    if (Object.keys(values).length !== values.length) {
      this.refuse('is an array with holes or with properties of its own, which JSON cannot keep')
    }
    return super.list(values)
  }

  protected override at (key: string | number): void {
    super.at(key)
    if (key === '__proto__') this.refuse('is a key that would change a prototype where it is read')
  }

  /** An object whose only key is a tag would be taken for a tagged value, so its key is escaped. */
  protected override braces (members: string, count: number, last: string): string {
    if (count !== 1 || !this.#serializer.tags.has(last)) return super.braces(members, count, last)
    return `{" di":{${quote(last + '__')}${members.slice(quote(last).length)}}}`
  }

  #tagged (tag: JSONTag, value: unknown): string {
    const json = this.balanced(() => {
      if (typeof value === 'object') this.enter(value!)
      return tag.toJson(value)
    })
    return `{${quote(tag.key)}:${typeof json === 'string' ? quote(json) : this.#plain.dumps(json, this)}}`
  }
}

/** Writes what a tag's `toJson` gave, which must be plain JSON data. */
class PlainWriter extends JSONWriter {
  constructor () {
    super(4 * MAX_DEPTH)
  }

  protected override other (value: unknown): string {
    return this.refuse(`is ${describeType(value)} in what toJson of its tag returned; toJson must return plain JSON data`)
  }
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (originalError) {
    throw new BadPayload('The payload is not JSON', { payload: text, originalError })
  }
}

function fromTag (tag: JSONTag, value: unknown): unknown {
  try {
    return tag.fromJson(value)
  } catch (originalError) {
    throw new BadPayload(`The tag ${quoteName(tag.key)} holds something that does not belong there`, { originalError })
  }
}
