import { HasNoForm, isExhaustion, NotSerializable } from '../errors.ts'
import { formatPath, formatRoot } from '../path.ts'

export type Key = string | number

interface Facts {
  /** The value itself where it is refused for its depth. */
  readonly tooDeep?: unknown
  /** The status of a reply, where a request may have brought the value. */
  readonly statusCode?: number | undefined
  readonly cause?: unknown
}

/** Why a value is refused, on its way to the root. A tag that catches it there sees the path so far. */
export class Refusal extends TypeError {
  readonly code = 'FSS_ERR_NOT_SERIALIZABLE'
  readonly #reason: string
  readonly #facts: Facts
  /** What the value stands in and at which keys, innermost first. */
  readonly #way: Array<{ holder: unknown, key?: Key | undefined }>

  constructor (reason: string, facts: Facts = {}) {
    super()
    this.#reason = reason
    this.#facts = facts
    this.#way = 'tooDeep' in facts ? [{ holder: facts.tooDeep }] : []
  }

  get keyPath (): string { return this.toError('value').keyPath }
  override get message (): string { return this.toError('value').message }
  stoodIn (holder: unknown, key: Key | undefined): void { this.#way.push({ holder, key }) }

  /** The error for a value that goes by `name`. What is nested without an end in itself is a cycle. */
  toError (name: string): NotSerializable {
    const way = this.#way.toReversed()
    const path = (depth?: number): string =>
      formatPath(formatRoot(name), way.slice(0, depth).flatMap(({ key }) => key ?? []))
    const holders = way.map(({ holder }) => holder)
    const again = 'tooDeep' in this.#facts ? holders.findIndex(isRepeated) : -1
    if (again === -1) return new NotSerializable(path(), this.#reason, this.#facts.statusCode, this.#facts)
    return new NotSerializable(path(again), `is a cycle: it is ${path(holders.indexOf(holders[again]))} again`)
  }
}

const isRepeated = (value: unknown, index: number, all: unknown[]): boolean =>
  typeof value === 'object' && value !== null && all.indexOf(value) < index

const THREW = 'cannot be written: a getter, a method such as toJSON, or a tag threw; see the cause of this error'

/** An error on its way out of a value that stands in `holder`, at `key`. */
export function passing (error: unknown, holder: unknown, key?: Key): unknown {
  const told = asRefusal(error)
  if (told instanceof Refusal) told.stoodIn(holder, key)
  return told
}

/** What code of others threw, as a refusal. Not a want of memory, nor the refusal of another serializer. */
export function asRefusal (error: unknown): unknown {
  if (error instanceof HasNoForm) return new Refusal(error.reason)
  if (error instanceof Refusal || error instanceof NotSerializable || isExhaustion(error)) return error
  return new Refusal(THREW, { statusCode: Object(error).statusCode, cause: error })
}
