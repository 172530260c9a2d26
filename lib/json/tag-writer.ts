import type { Dialect } from './dialects.ts'
import { classOf, describeType, entriesOf, isOrdinary, isPlainArray, kindOf, looksPlain, membersOf } from './kinds.ts'
import type { Kind } from './kinds.ts'
import { type Key, passing } from './refusal.ts'
import { depthOf } from './strings.ts'
import type { JSONTag } from './tag.ts'
import { isBuiltIn, type KindTag } from './tags.ts'
import type { Tuple } from './values.ts'
import { AFTER_DIGITS, JSONWriter, textOf } from './writer.ts'

/** What writes a value and what writes the inside of a tag have in common. */
abstract class DialectWriter extends JSONWriter {
  protected readonly dialect: Dialect

  constructor (dialect: Dialect) {
    super(dialect.maxDepth)
    this.dialect = dialect
  }

  protected override other (value: unknown): string { return this.dialect.number(value) ?? this.formless(value) }

  /** A value that JSON has no form for. */
  protected abstract formless (value: unknown): string

  /** Without a name among its keys, an object may be other than it looks. */
  protected override braces (members: string, count: number, last: string, object: object): string {
    const isPlain = (count > 0 && last >= AFTER_DIGITS) || isOrdinary(object)
    return isPlain ? super.braces(members, count, last, object) : this.formless(object)
  }
}

/** A tag, and how it is written what it says of the values that it claims. */
interface Claim {
  readonly tag: JSONTag
  readonly head: string
  /** The kind of which a default tag claims values; undefined for a tag that was added, which may claim any value. */
  readonly kind: Kind | undefined
  /** The added tags that are asked before a default one. */
  readonly ahead?: readonly Claim[]
}

/** Writes tagged JSON. */
export class TagWriter extends DialectWriter {
  protected override readonly inputStatus = 400
  readonly #tags: ReadonlyMap<string, JSONTag>
  readonly #plain: PlainWriter
  /** The default tag that claims the values of a kind. No two claim values of the same kind. */
  readonly #claims = new Map<Kind | undefined, Claim>()
  /** The tags that were added, in their order. */
  #added: readonly Claim[] = []

  constructor (tags: ReadonlyMap<string, JSONTag>, dialect: Dialect) {
    super(dialect)
    this.#tags = tags
    this.#plain = new PlainWriter(dialect)
  }

  /** The order in which the tags are asked from now on. */
  ask (order: readonly JSONTag[]): void {
    const claims = order.map(claimOf)
    this.#added = claims.filter(isAdded)
    this.claimed = this.#added.length > 0 ? (value) => this.#claimedFirst(value) : undefined
    this.#claims.clear()
    for (const [index, claim] of claims.entries()) {
      if (isAdded(claim) || this.#claims.has(claim.kind)) continue
      this.#claims.set(claim.kind, { ...claim, ahead: claims.slice(0, index).filter(isAdded) })
    }
  }

  /** Why a value itself, whatever stands in it, cannot be written; undefined where it can. */
  refusalOf (value: unknown): string | undefined {
    const hasForm = FORMS.includes(kindOf(value)) || this.dialect.number(value) !== undefined
    return hasForm || this.#claimOf(value) !== undefined ? undefined : this.#reason(value)
  }

  /** A value as plain JSON data, for a tag, which may go on after a refusal; `at` is where it stands in the tag. */
  tag (value: unknown, at?: Key): unknown {
    if (typeof value === 'string' && this.claimed === undefined) return value // most of what tags hold
    const { depth } = this
    if (depth === 0) return this.dialect.parse(this.dumps(value, 'value'))
    try {
      return this.dialect.parse(this.write(value))
    } catch (error) {
      this.depth = depth
      throw passing(error, undefined, at)
    }
  }

  #claimedFirst (value: unknown): string | undefined {
    const isDict = typeof value === 'object' && value !== null && looksPlain(value)
    const asked = this.#claims.get(isDict ? 'object' : kindOf(value))?.ahead ?? this.#added
    const claim = asked.find(({ tag }) => tag.check(value))
    return claim === undefined ? undefined : this.#tagged(claim, value)
  }

  protected override formless (value: unknown): string {
    const claim = this.#claimOf(value)
    return claim === undefined ? this.refuse(this.#reason(value)) : this.#tagged(claim, value)
  }

  /** The tag that claims a value that JSON has no form for. */
  #claimOf (value: unknown): Claim | undefined {
    const known = this.#claims.get(typeof value === 'object' ? classOf(value!) : kindOf(value))
    if (known !== undefined && (known.tag as KindTag).holds(value as never)) return known
    return this.#added.find(({ tag }) => tag.check(value))
  }

  #reason (value: unknown): string { return `is ${describeType(value)}, ${this.dialect.refusal(value)}` }

  /** The braces of a tag are a level of the text, as the brackets inside are. */
  #tagged ({ head, kind, tag }: Claim, value: unknown): string {
    if (kind === undefined) {
      return `${head}${this.inside(value, () => this.#plain.writeWhole(tag.toJson(value), this.depth))}}`
    }
    this.enter(value)
    const content = this.#content(kind, tag, value)
    this.depth--
    return `${head}${content}}`
  }

  /** Values inside are written as they are met, where `toJson` would have each written and read first. */
  #content (kind: Kind, tag: JSONTag, value: unknown): string {
    switch (kind) {
      case 'Tuple': return super.list((value as Tuple).toJSON(), value as object)
      case 'Set': return super.list([...membersOf(value as Set<unknown>)], value as object)
      case 'Map': return this.#entries(value as Map<unknown, unknown>)
      default: return textOf(tag.toJson(value) as string) // null for an invalid date
    }
  }

  /** An entry is a list in the text, and no value by itself. */
  #entries (map: Map<unknown, unknown>): string {
    return this.inside(map, (at) => {
      const entries: string[] = []
      for (const [key, item] of entriesOf(map)) {
        this.enter(undefined)
        at.key = `key ${entries.length}`
        const name = this.write(key)
        at.key = typeof key === 'string' ? key : entries.length
        entries.push(`[${name},${this.write(item)}]`)
        this.depth--
      }
      return `[${entries.join(',')}]`
    })
  }

  protected override list (values: readonly unknown[]): string {
    if (!isPlainArray(values)) return this.formless(values)
    const items = Object.values(values)
    const isDense = items.length === values.length &&
      (!values.includes(undefined) || Object.keys(values).at(-1) === `${items.length - 1}`)
    if (isDense) return super.list(items, values)
    return this.refuse('is an array with holes or with properties of its own, which JSON cannot keep')
  }

  protected override checkProtoKey (): void {
    if (this.dialect.allowsProtoKey) return
    this.refuse('is a key that would change a prototype where it is read', this.inputStatus)
  }

  /** An object whose only key is a tag would be taken for a tagged value, so its key is escaped. */
  protected override braces (members: string, count: number, last: string, object: object): string {
    if (count !== 1 || !this.#tags.has(last)) return super.braces(members, count, last, object)
    const text = `{" di":{${textOf(last + '__')}${members.slice(textOf(last).length)}}}`
    const left = this.dialect.maxDepth - this.depth
    if (text.length > 2 * left && depthOf(text) > left) throw this.tooDeep(undefined) // brackets come in pairs
    return text
  }
}

/** Writes what a tag's `toJson` gave, which must be plain JSON data. */
class PlainWriter extends DialectWriter {
  /** `levels` is how many brackets stand around it. */
  writeWhole (value: unknown, levels: number): string {
    const { depth } = this
    this.depth = levels
    try {
      return this.write(value)
    } finally {
      this.depth = depth
    }
  }

  protected override formless (value: unknown): string {
    const what = describeType(value)
    return this.refuse(`is ${what} in what toJson of its tag returned; toJson must return plain JSON data`)
  }
}

/** The kinds that JSON has a form for, numbers aside. */
const FORMS: ReadonlyArray<Kind | undefined> = ['string', 'boolean', 'null', 'array', 'object']

const claimOf = (tag: JSONTag): Claim =>
  ({ tag, head: `{${textOf(tag.key)}:`, kind: isBuiltIn(tag) ? tag.kind : undefined })

const isAdded = ({ kind }: Claim): boolean => kind === undefined
