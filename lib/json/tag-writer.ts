import type { Dialect } from './dialects.ts'
import {
  classOf, describeType, entriesOf, isName, isOrdinary, isPlainArray, type Kind, kindOf, looksPlain, membersOf
} from './kinds.ts'
import { type Key, passing } from './refusal.ts'
import { depthOf } from './strings.ts'
import type { JSONTag } from './tag.ts'
import { isBuiltIn, type KindTag } from './tags.ts'
import type { Tuple } from './values.ts'
import { JSONWriter, quote } from './writer.ts'

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

  /** Without a name among its keys, an object may be other than it looks. */
  protected override braces (members: string, count: number, last: string, object: object): string {
    const isPlain = (count > 0 && isName(last)) || isOrdinary(object)
    return isPlain ? super.braces(members, count, last, object) : this.other(object)
  }
}

/** A tag, and how it is written what it says of the values that it claims. */
interface Claim {
  readonly tag: JSONTag
  readonly head: string
  /** The kind of which a default tag claims values; undefined for a tag that was added, which may claim any value. */
  readonly kind: Kind | undefined
}

/** Writes tagged JSON. */
export class TagWriter extends DialectWriter {
  readonly #tags: ReadonlyMap<string, JSONTag>
  readonly #dialect: Dialect
  readonly #plain: PlainWriter
  /** The default tag that claims the values of a kind. No two claim values of the same kind. */
  readonly #claims = new Map<Kind | undefined, Claim>()
  /** The tags that were added, in their order. */
  #added: readonly Claim[] = []
  /** Those of them that stand ahead of the default tag for a kind. For a kind without one, all do. */
  readonly #ahead = new Map<Kind | undefined, readonly Claim[]>()

  protected override readonly inputStatus = 400

  constructor (tags: ReadonlyMap<string, JSONTag>, dialect: Dialect) {
    super(dialect)
    this.#tags = tags
    this.#dialect = dialect
    this.#plain = new PlainWriter(dialect)
  }

  /** The order in which the tags are asked from now on. */
  ask (order: readonly JSONTag[]): void {
    const claims = order.map(claimOf)
    this.#added = claims.filter(({ kind }) => kind === undefined)
    this.#claims.clear()
    this.#ahead.clear()
    for (const [index, claim] of claims.entries()) {
      if (claim.kind === undefined || this.#claims.has(claim.kind)) continue
      this.#claims.set(claim.kind, claim)
      this.#ahead.set(claim.kind, claims.slice(0, index).filter(({ kind }) => kind === undefined))
    }
  }

  /** Whether a tag may claim what JSON has a form for. */
  get asksAddedTags (): boolean {
    return this.#added.length > 0
  }

  /** Why a value itself, whatever stands in it, cannot be written; undefined where it can. */
  refusalOf (value: unknown): string | undefined {
    if (this.#hasForm(value) || this.#claimOf(value) !== undefined) return undefined
    return this.#reason(value)
  }

  override write (value: unknown): string {
    if (this.#added.length === 0) return super.write(value)
    const isDict = typeof value === 'object' && value !== null && looksPlain(value)
    const asked = this.#ahead.get(isDict ? 'object' : kindOf(value)) ?? this.#added
    const claim = asked.find(({ tag }) => tag.check(value))
    return claim === undefined ? super.write(value) : this.#claimed(claim, value)
  }

  protected override other (value: unknown): string {
    const claim = this.#claimOf(value)
    return claim === undefined ? this.refuse(this.#reason(value)) : this.#claimed(claim, value)
  }

  /** The tag that claims a value that JSON has no form for. */
  #claimOf (value: unknown): Claim | undefined {
    const known = this.#claims.get(typeof value === 'object' ? classOf(value!) : kindOf(value))
    if (known !== undefined && (known.tag as KindTag).holds(value as never)) return known
    return this.#added.find(({ tag }) => tag.check(value))
  }

  #hasForm (value: unknown): boolean {
    if (typeof value === 'number') return this.#dialect.number(value) !== undefined
    if (typeof value === 'bigint') return this.#dialect.bigint(value) !== undefined
    return FORMS.includes(kindOf(value))
  }

  #reason (value: unknown): string {
    return `is ${describeType(value)}, ${this.#dialect.refusal(value)}`
  }

  /** The braces of a tag are a level of the text, as the brackets inside are. */
  #claimed ({ head, kind, tag }: Claim, value: unknown): string {
    if (kind !== undefined) {
      this.enter(value)
      const content = this.#content(kind, tag, value)
      this.leave()
      return `${head}${content}}`
    }
    return `${head}${this.inside(value, () => this.#plain.writeWhole(tag.toJson(value), this.depth))}}`
  }

  /** Values inside are written as they are met, where `toJson` would have each written and read first. */
  #content (kind: Kind, tag: JSONTag, value: unknown): string {
    switch (kind) {
      case 'Tuple': return super.list((value as Tuple).toJSON(), value as object)
      case 'Set': return super.list([...membersOf(value as Set<unknown>)], value as object)
      case 'Map': return this.#entries(value as Map<unknown, unknown>)
      default: return textOf(tag.toJson(value) as string | null)
    }
  }

  #entries (map: Map<unknown, unknown>): string {
    let text = ''
    let index = 0
    this.enter(map)
    for (const [key, item] of entriesOf(map)) {
      text += `${index === 0 ? '' : ','}[${this.#inEntry(map, key, `key ${index}`)},`
      text += `${this.#inEntry(map, item, typeof key === 'string' ? key : index)}]`
      index++
    }
    this.leave()
    return `[${text}]`
  }

  /** An entry is a list in the text, and no value by itself. */
  #inEntry (map: unknown, value: unknown, key: Key): string {
    this.enter(undefined)
    try {
      const text = this.write(value)
      this.leave()
      return text
    } catch (error) {
      throw passing(error, map, key)
    }
  }

  protected override list (values: readonly unknown[]): string {
    if (!isPlainArray(values)) return this.other(values)
    const items = Object.values(values)
    const isDense = items.length === values.length &&
      (!values.includes(undefined) || Object.keys(values).at(-1) === `${items.length - 1}`)
    if (!isDense) {
      this.refuse('is an array with holes or with properties of its own, which JSON cannot keep')
    }
    return super.list(items, values)
  }

  protected override checkProtoKey (): void {
    if (this.#dialect.allowsProtoKey) return
    this.refuse('is a key that would change a prototype where it is read', this.inputStatus)
  }

  /** An object whose only key is a tag would be taken for a tagged value, so its key is escaped. */
  protected override braces (members: string, count: number, last: string, object: object): string {
    if (count !== 1 || !this.#tags.has(last)) return super.braces(members, count, last, object)
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
    const what = describeType(value)
    return this.refuse(`is ${what} in what toJson of its tag returned; toJson must return plain JSON data`)
  }
}

/** The kinds that JSON has a form for, numbers aside. */
const FORMS: ReadonlyArray<Kind | undefined> = ['string', 'boolean', 'null', 'array', 'object']

function claimOf (tag: JSONTag): Claim {
  return { tag, head: `{${quote(tag.key)}:`, kind: isBuiltIn(tag) ? tag.kind : undefined }
}

/** Only an invalid date has none. */
function textOf (text: string | null): string {
  return text === null ? 'null' : quote(text)
}
