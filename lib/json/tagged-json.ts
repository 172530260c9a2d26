import { BadPayload } from '../errors.ts'
import { type Dialect, dialects, type SerializerFormat } from './dialects.ts'
import { quoteName } from '../path.ts'
import type { JSONTag, TagClass } from './tag.ts'
import { TagWriter } from './tag-writer.ts'
import { builtInTags } from './tags.ts'
import { inheritsKeys, isStackOverflow } from './writer.ts'

export interface SerializerOptions {
  /**
   * `default` keeps what JavaScript can tell apart. `flask` writes and reads what Flask's serializer does, and refuses
   * every other type, which Flask would not escape: dates in whole seconds, Buffer, UUID, Markup, Tuple, and BigInt past
   * 2^53, where Python's integers begin to need one.
   */
  format?: SerializerFormat | undefined
}

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
 *
 * As many brackets inside each other as are written are read: 600, with format `flask` 485. An array or an object takes
 * one, a tuple, a Set or an escaped tag two, a Map three.
 */
export class TaggedJSONSerializer {
  /** The tags by their keys. */
  readonly tags: ReadonlyMap<string, JSONTag>
  /** The tags in the order in which they are asked to claim a value. */
  readonly order: readonly JSONTag[]
  readonly #tags = new Map<string, JSONTag>()
  readonly #order: JSONTag[] = []
  readonly #dialect: Dialect
  readonly #writer: TagWriter
  /** Whether somebody gave properties to all objects. */
  #inherits = false

  /** Throws a `TypeError` for an unknown format. */
  constructor ({ format = 'default' }: SerializerOptions = {}) {
    if (!Object.hasOwn(dialects, format)) throw new TypeError(`format must be one of ${Object.keys(dialects).join(', ')}`)
    this.tags = this.#tags
    this.order = this.#order
    this.#dialect = dialects[format]
    this.#writer = new TagWriter(this, this.#dialect)
    for (const Tag of this.#dialect.tags) this.#add(new Tag(this), this.#order.length)
  }

  /**
   * Adds a tag. Throws a `TypeError` where the key is empty, ends as an escaped key does, or is taken and `force` is not
   * given, and says which built-in tag has it; a forced tag takes the place of the one it replaces.
   */
  register (Tag: TagClass, { force = false, index }: RegisterOptions = {}): void {
    const tag = new Tag(this)
    if (typeof tag.key !== 'string' || tag.key === '') throw new TypeError('A tag needs a key')
    if (tag.key.endsWith('__')) throw new TypeError('The key of a tag must not end with __, which marks an escaped key')
    const taken = this.#tags.get(tag.key)
    if (taken !== undefined && !force) {
      const holder = builtInTags.has(taken.constructor) ? `the built-in ${taken.constructor.name}` : 'another tag'
      const advice = 'choose another, or replace that with { force: true }'
      throw new TypeError(`The key ${quoteName(tag.key)} is taken by ${holder}; ${advice}`)
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
    return this.#writer.dumps(value, name)
  }

  /** The value of JSON text. Throws `BadPayload` for text that is not JSON, too deep, or tagged wrongly. */
  loads (text: string): unknown {
    return withinStack(() => this.#untagged(this.#parse(text)))
  }

  /**
   * `value` as plain JSON data. For the `toJson` of tags that hold other values; `at` is where in the tagged value
   * this one stands, for the path of errors.
   */
  tag (value: unknown, at?: string | number): unknown {
    if (typeof value === 'string' && !this.#writer.asksEveryTag) return value // by far the most of what tags hold
    return this.#dialect.parse(this.#writer.isWriting ? this.#writer.writePart(value, at) : this.#writer.dumps(value, 'value'))
  }

  /** The value of plain JSON data, which is left as it is. Throws `BadPayload`. */
  untag (value: unknown): unknown {
    return withinStack(() => this.#untagged(copyOf(value, this.#dialect.maxDepth)))
  }

  #parse (text: string): unknown {
    try {
      return this.#dialect.parse(text)
    } catch (originalError) {
      if (isStackOverflow(originalError)) throw originalError
      throw new BadPayload('The payload is not JSON', { payload: text, originalError })
    }
  }

  #untagged (value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    this.#inherits = inheritsKeys()
    return this.#untag(value, 0)
  }

  #add (tag: JSONTag, index: number): void {
    if (tag.key !== '') this.#tags.set(tag.key, tag)
    this.#order.splice(index, 0, tag)
  }

  /** Works in place and from the inside out; what an escape gives back is not looked at again. */
  #untag (value: object, depth: number): unknown {
    if (depth === this.#dialect.maxDepth) throw tooDeep(`${depth} levels`)
    return Array.isArray(value) ? this.#untagList(value, depth + 1) : this.#untagDict(value as Record<string, unknown>, depth + 1)
  }

  #untagList (list: unknown[], depth: number): unknown[] {
    for (let index = 0; index < list.length; index++) {
      const member = list[index]
      if (typeof member !== 'object' || member === null) continue
      const untagged = this.#untag(member, depth)
      if (untagged !== member) list[index] = untagged // writing costs more than comparing, and most are no tags
    }
    return list
  }

  #untagDict (dict: Record<string, unknown>, depth: number): unknown {
    let count = 0
    let last = ''
    let member: unknown
    for (const key in dict) { // several times faster than Object.keys
      if (this.#inherits && !Object.hasOwn(dict, key)) continue
      count++
      member = dict[last = key]
      if (typeof member !== 'object' || member === null) continue
      const untagged = this.#untag(member, depth)
      if (untagged !== member) dict[key] = member = untagged
    }
    const tag = count === 1 ? this.#tags.get(last) : undefined
    return tag === undefined ? dict : fromTag(tag, member)
  }
}

/** What `read` gives. Throws `BadPayload` where the stack ends before. */
function withinStack (read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    throw isStackOverflow(error) ? tooDeep('there is stack for', error) : error
  }
}

/** Plain JSON data once more, so that it can be worked on in place. */
function copyOf (value: unknown, levels: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) throw tooDeep('can be read')
  if (Array.isArray(value)) return value.map((each) => copyOf(each, levels - 1))
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyOf(each, levels - 1)]))
}

function tooDeep (limit: string, originalError: unknown = new RangeError('Nested too deep')): BadPayload {
  return new BadPayload(`The payload is nested deeper than ${limit}`, { originalError })
}

function fromTag (tag: JSONTag, value: unknown): unknown {
  try {
    return tag.fromJson(value)
  } catch (originalError) {
    throw new BadPayload(`The tag ${quoteName(tag.key)} holds something that does not belong there`, { originalError })
  }
}
