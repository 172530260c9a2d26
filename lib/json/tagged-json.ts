import { BadPayload, isExhaustion } from '../errors.ts'
import { checkOptions, isBoolean, type OptionTable } from '../option-checks.ts'
import { type Dialect, dialects, type SerializerFormat } from './dialects.ts'
import { quoteName } from '../path.ts'
import type { JSONTag, TagClass } from './tag.ts'
import { TagWriter } from './tag-writer.ts'
import { isBuiltIn } from './tags.ts'
import { depthOf } from './strings.ts'

export interface SerializerOptions {
  /**
   * `default` keeps what JavaScript can tell apart. `flask` writes and reads what Flask's serializer does: dates in
   * whole seconds, Buffer, UUID, Markup, Tuple, and BigInt past 2^53; it refuses every other type. Default `default`.
   */
  format?: SerializerFormat | undefined
}

export interface RegisterOptions {
  /** Replace a tag that has the same key. Default false. */
  force?: boolean | undefined
  /** Where in the order of checks the tag stands; 0 is first. Default last. */
  index?: number | undefined
}

const serializerOptions: OptionTable<keyof SerializerOptions> = {
  kind: 'TaggedJSONSerializer option',
  checks: { format: [(value) => Object.hasOwn(dialects, value), `must be one of ${Object.keys(dialects).join(', ')}`] }
}

const registerOptions: OptionTable<keyof RegisterOptions> = {
  kind: 'register option',
  checks: { force: isBoolean, index: [(value) => Number.isInteger(value) && value >= 0, 'must be a place, 0 or more'] }
}

/**
 * Turns values into JSON text and back without losing their types, as Flask's `TaggedJSONSerializer`: what JSON has no
 * form for is written as an object of one key, the tag. A value comes back equal in type and content, or `dumps` throws
 * a `TypeError` with its path. Left out, as in JSON: properties that are `undefined`, not enumerable, or keyed by a
 * symbol. An object without a class comes back as a plain one, and a value of another realm as one of this realm.
 *
 * At most 600 brackets stand inside each other, with format `flask` 485: an array or an object takes one, a tuple, a
 * Set or an escaped tag two, a Map three.
 */
export class TaggedJSONSerializer {
  readonly #tags = new Map<string, JSONTag>()
  readonly #order: JSONTag[] = []
  readonly #dialect: Dialect
  readonly #writer: TagWriter

  /** Throws a `TypeError` for an unknown option or format. */
  constructor (options: SerializerOptions = {}) {
    checkOptions(options, serializerOptions)
    this.#dialect = dialects[options.format ?? 'default']
    this.#writer = new TagWriter(this.#tags, this.#dialect)
    for (const Tag of this.#dialect.tags) this.#add(new Tag(this), this.#order.length)
    this.#writer.ask(this.#order)
  }

  /** The tags by their keys: a copy, which `register` does not change. */
  get tags (): ReadonlyMap<string, JSONTag> { return new Map(this.#tags) }

  /** The tags in the order in which they are asked to claim a value: a copy, too. */
  get order (): readonly JSONTag[] { return [...this.#order] }

  /**
   * Adds a tag; a class that is registered stays as it is. With `force` it replaces the tag that has its key, at its
   * place. Throws a `TypeError` where the key is empty, ends as an escaped key does, or is taken, and says by which
   * tag.
   */
  register (Tag: TagClass, options: RegisterOptions = {}): void {
    checkOptions(options, registerOptions)
    const { force = false, index } = options
    const tag = new Tag(this)
    checkTagKey(tag.key)
    const taken = this.#tags.get(tag.key)
    if (taken?.constructor === Tag && !force) return
    if (taken !== undefined && !force) throw keyTaken(taken)
    const place = taken === undefined ? this.#order.length : this.#order.indexOf(taken)
    if (taken !== undefined) this.#order.splice(place, 1)
    this.#add(tag, index ?? place)
    this.#writer.ask(this.#order)
  }

  /** `value` as JSON text. Throws a `TypeError` with the path of what cannot be kept, which begins with `name`. */
  dumps (value: unknown, name = 'value'): string { return this.#writer.dumps(value, name) }

  /**
   * Why `value` itself can never be kept, in the words after its path in the error of `dumps`; undefined where it can
   * be kept, or only a look inside would tell. Asks the tags that were added, and passes on what they throw.
   */
  refusalOf (value: unknown): string | undefined { return this.#writer.refusalOf(value) }

  /** The value of JSON text. Throws `BadPayload` for text that is not JSON, too deep, or tagged wrongly. */
  loads (text: string): unknown { return this.#untagged(this.#parsed(text), 0) }

  /** `value` as plain JSON data, for the `toJson` of tags; `at` is where it stands in the tagged value, for errors. */
  tag (value: unknown, at?: string | number): unknown { return this.#writer.tag(value, at) }

  /** The value of plain JSON data, which is left as it is. Throws `BadPayload`. */
  untag (value: unknown): unknown { return this.#untagged(copyOf(value, this.#dialect.maxDepth, 0), 0) }

  #parsed (text: string): unknown {
    const { maxDepth } = this.#dialect
    try {
      return this.#dialect.parse(text)
    } catch (error) {
      if (!isExhaustion(error)) throw new BadPayload('The payload is not JSON', { payload: text, originalError: error })
      throw depthOf(text) > maxDepth ? tooDeep(maxDepth, error) : error
    }
  }

  #add (tag: JSONTag, index: number): void {
    if (tag.key !== '') this.#tags.set(tag.key, tag)
    this.#order.splice(index, 0, tag)
  }

  /** Works in place, from the inside out. `for…in` takes a fraction of `Object.keys`, and lists own keys first. */
  #untagged (value: unknown, depth: number): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (depth === this.#dialect.maxDepth) throw tooDeep(depth)
    if (Array.isArray(value)) return this.#untaggedList(value, depth + 1)
    const dict = value as Record<string, unknown>
    let first: string | undefined
    for (const key in dict) {
      first ??= key
      const member = dict[key]
      if (typeof member !== 'object' || member === null || !Object.hasOwn(dict, key)) continue
      const untagged = this.#untagged(member, depth + 1)
      if (untagged !== member) dict[key] = untagged // most members are no tags, and comparing costs less than writing
    }
    const tag = first === undefined ? undefined : this.#tags.get(first)
    return tag !== undefined && Object.keys(dict).length === 1 ? fromTag(tag, dict[first!]) : dict
  }

  #untaggedList (list: unknown[], depth: number): unknown[] {
    for (let index = 0; index < list.length; index++) {
      const member = list[index]
      if (typeof member !== 'object' || member === null) continue
      const untagged = this.#untagged(member, depth)
      if (untagged !== member) list[index] = untagged
    }
    return list
  }
}

function checkTagKey (key: unknown): void {
  if (typeof key !== 'string' || key === '') throw new TypeError('A tag needs a key')
  if (key.endsWith('__')) throw new TypeError('The key of a tag must not end with __, which marks an escaped key')
}

function keyTaken (by: JSONTag): TypeError {
  const holder = isBuiltIn(by) ? `the built-in ${by.constructor.name}` : 'another tag'
  const advice = 'choose another, or replace that with { force: true }'
  return new TypeError(`The key ${quoteName(by.key)} is taken by ${holder}; ${advice}`)
}

/** Plain JSON data once more, so that it can be worked on in place. */
function copyOf (value: unknown, maxDepth: number, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth === maxDepth) throw tooDeep(maxDepth)
  const copied = (each: unknown): unknown => copyOf(each, maxDepth, depth + 1)
  if (Array.isArray(value)) return value.map(copied)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copied(each)]))
}

const tooDeep = (maxDepth: number, originalError: unknown = new RangeError('Nested too deep')): BadPayload =>
  new BadPayload(`The payload is nested deeper than ${maxDepth} levels`, { originalError })

function fromTag (tag: JSONTag, value: unknown): unknown {
  try {
    return tag.fromJson(value)
  } catch (originalError) {
    if (isExhaustion(originalError)) throw originalError
    throw new BadPayload(`The tag ${quoteName(tag.key)} holds something that does not belong there`, { originalError })
  }
}
