import type { Dialect } from './dialects.ts'
import { depthOf } from './strings.ts'
import type { JSONTag } from './tag.ts'
import { type TextOf, textOf } from './tag-texts.ts'
import type { TaggedJSONSerializer } from './tagged-json.ts'
import { listTags, PassDict, PassList, TagDict, TagMap, textTags } from './tags.ts'
import { Tuple } from './values.ts'
import { describeType, isPlainArray, isPlainObject, JSONWriter, passing, quote } from './writer.ts'

/** Writes the numbers of a dialect; the base of what writes a value and what writes the inside of a tag. */
abstract class DialectWriter extends JSONWriter {
  readonly #dialect: Dialect

  constructor (dialect: Dialect) {
    super(dialect.maxDepth)
    this.#dialect = dialect
  }

  protected override bigint (value: bigint): string {
    return this.#dialect.bigint(value) ?? this.other(value)
  }

  protected override number (value: number): string {
    return this.#dialect.number(value) ?? this.other(value)
  }
}

/** A tag that claims values of a kind, and how it is written what it says of them. */
interface Claim {
  readonly tag: JSONTag
  readonly head: string
  readonly form: Form
  /** For the tags of which sessions hold most. */
  readonly textOf: TextOf | undefined
}

/** What is known of `toJson`, so that its result need not be made, or not be looked into. */
type Form = 'text' | 'list' | 'entries' | 'unknown'

/** Writes tagged JSON. */
export class TagWriter extends DialectWriter {
  /** Set when tags were added, since those may claim any value; the default ones claim only what JSON cannot hold. */
  asksEveryTag = false
  readonly #serializer: TaggedJSONSerializer
  readonly #dialect: Dialect
  readonly #plain: PlainWriter
  /** How the default tags last claimed values of a kind, by the prototype or the type: the few that they know. */
  readonly #claims = new Map<unknown, Claim>()

  constructor (serializer: TaggedJSONSerializer, dialect: Dialect) {
    super(dialect)
    this.#serializer = serializer
    this.#dialect = dialect
    this.#plain = new PlainWriter(dialect)
  }

  override write (value: unknown): string {
    const tag = this.asksEveryTag ? this.#serializer.order.find((each) => claims(each, value)) : undefined
    return tag === undefined || isContainerTag(tag) ? super.write(value) : this.#claimed(claimOf(tag), value)
  }

  /** Of the default tags no two claim values of one kind, so the last one is asked first, and at once for its text. */
  protected override other (value: unknown): string {
    if (this.asksEveryTag) return this.#search(value)
    const claim = this.#claims.get(kindOf(value))
    const text = claim?.textOf?.(value as object)
    if (text !== undefined) {
      this.enter(value)
      this.leave()
      return `${claim!.head}${text}}`
    }
    return claim?.tag.check(value) ? this.#claimed(claim, value) : this.#search(value)
  }

  #search (value: unknown): string {
    const tag = this.#serializer.order.find((each) => each.key !== '' && each.check(value))
    if (tag === undefined) return this.refuse(`is ${describeType(value)}, ${this.#dialect.refusal(value)}`)
    const claim = claimOf(tag)
    this.#claims.set(kindOf(value), claim)
    return this.#claimed(claim, value)
  }

  /** The braces of a tag are a level of the text, as the brackets inside are. */
  #claimed (claim: Claim, value: unknown): string {
    const { head, form, tag } = claim
    if (form === 'unknown') {
      return `${head}${this.inside(value, () => this.#plain.writeWhole(tag.toJson(value), this.depth))}}`
    }
    this.enter(value)
    const content = this.#content(claim, value)
    this.leave()
    return `${head}${content}}`
  }

  #content (claim: Claim, value: unknown): string {
    switch (claim.form) {
      case 'list': return super.list(membersOf(value as Tuple | Set<unknown>), value as object)
      case 'entries': return this.#entries(value as Map<unknown, unknown>)
      default: return quotedText(claim, value)
    }
  }

  #entries (map: Map<unknown, unknown>): string {
    let index = 0
    let at: string | number | undefined
    this.enter(map)
    try {
      let text = '['
      for (const [key, item] of map) {
        this.enter(undefined) // an entry is a list in the text, and no value by itself
        text += `${index === 0 ? '' : ','}[${this.write(key)},`
        at = typeof key === 'string' ? key : index
        text += `${this.write(item)}]`
        this.leave()
        at = undefined
        index++
      }
      this.leave()
      return text + ']'
    } catch (error) {
      throw passing(error, map, at ?? `key ${index}`)
    }
  }

  protected override list (values: readonly unknown[]): string {
    if (!isPlainArray(values)) return this.other(values)
    const items = Object.values(values)
    if (items.length !== values.length || (values.includes(undefined) && Object.keys(values).at(-1) !== `${items.length - 1}`)) {
      this.refuse('is an array with holes or with properties of its own, which JSON cannot keep')
    }
    return super.list(items, values)
  }

  protected override checkProtoKey (): void {
    if (!this.#dialect.allowsProtoKey) this.refuse('is a key that would change a prototype where it is read')
  }

  /** An object whose only key is a tag would be taken for a tagged value, so its key is escaped. */
  protected override braces (members: string, count: number, last: string): string {
    if (count !== 1 || !this.#serializer.tags.has(last)) return super.braces(members, count, last)
    const text = `{" di":{${quote(last + '__')}${members.slice(quote(last).length)}}}`
    const left = this.#dialect.maxDepth - this.depth
    if (text.length > 2 * left && depthOf(text) > left) throw this.tooDeep(undefined) // brackets come in pairs
    return text
  }
}

/** Writes what a tag's `toJson` gave, which must be plain JSON data. */
class PlainWriter extends DialectWriter {
  /** `levels` is how many brackets stand around it. */
  writeWhole (value: unknown, levels: number): string {
    return this.afresh(value, levels)
  }

  protected override other (value: unknown): string {
    return this.refuse(`is ${describeType(value)} in what toJson of its tag returned; toJson must return plain JSON data`)
  }
}

/** Whether a tag stands for arrays and plain objects as they are, which the writer handles by itself. */
function isContainerTag ({ constructor }: JSONTag): boolean {
  return constructor === TagDict || constructor === PassDict || constructor === PassList
}

/** As `check`, but without a look at the members of a plain object, which are to be read once. */
function claims (tag: JSONTag, value: unknown): boolean {
  if (!isContainerTag(tag)) return tag.check(value)
  if (tag.constructor === PassList) return isPlainArray(value)
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlainObject(value)
}

function membersOf (value: Tuple | Set<unknown>): unknown[] {
  return value instanceof Tuple ? value.toJSON() : [...value]
}

/** What the claims of the default tags are remembered by. */
function kindOf (value: unknown): unknown {
  return typeof value === 'object' ? Object.getPrototypeOf(value) : typeof value
}

function claimOf (tag: JSONTag): Claim {
  const { constructor: Tag } = tag
  const form = textTags.has(Tag) ? 'text' : listTags.has(Tag) ? 'list' : Tag === TagMap ? 'entries' : 'unknown'
  return { tag, head: `{${quote(tag.key)}:`, form, textOf: textOf.get(Tag) }
}

function quotedText ({ tag, textOf }: Claim, value: unknown): string {
  const known = textOf?.(value as object)
  if (known !== undefined) return known
  const text = tag.toJson(value) as string | null
  return text === null ? 'null' : quote(text)
}
