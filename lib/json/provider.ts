import { types } from 'node:util'
import { indentJSON } from './indent.ts'
import type { Markup } from './values.ts'
import { describeType, JSONWriter } from './writer.ts'

/** What a provider does to a reply; Fastify's has it. */
export interface JSONReply {
  type (contentType: string): unknown
  send (payload: string): unknown
}

export interface JSONProviderOptions {
  /** Whether `response` indents. Default false. */
  debug?: boolean | undefined
}

/** A provider class, as the option `json` takes it. */
export type JSONProviderClass = new (options: JSONProviderOptions) => JSONProvider

export interface DumpsOptions {
  /** Spaces a level, a whole number; without it, or with 0, the text is one compact line. */
  indent?: number | undefined
}

/** Writes and reads all JSON of an application, as Flask's `JSONProvider`; replace it by `fastify.json = …`. */
export abstract class JSONProvider {
  readonly debug: boolean

  constructor ({ debug = false }: JSONProviderOptions = {}) {
    this.debug = debug
  }

  /** `value` as JSON text. */
  abstract dumps (value: unknown, options?: DumpsOptions): string

  /** The value of JSON text. */
  abstract loads (text: string): unknown

  /** Sends one value, several as a list, none as null; indented by 2 in debug. Ends with a newline, as in Flask. */
  response<Reply extends JSONReply> (reply: Reply, ...values: unknown[]): Reply {
    const value = values.length === 0 ? null : values.length === 1 ? values[0] : values
    const text = this.dumps(value, this.debug ? { indent: 2 } : {})
    reply.type('application/json')
    reply.send(text + '\n')
    return reply
  }
}

/**
 * JSON as JavaScript users expect it: dates as ISO 8601, Map as an object, Set as an array, BigInt as an integer, and
 * anything with `toJSON`, or else `__html__`, as that says. What JSON cannot say is a `TypeError` with the path: bytes, NaN, functions,
 * symbols, promises, cycles.
 */
export class DefaultJSONProvider extends JSONProvider {
  readonly #writer = new ProviderWriter()

  override dumps (value: unknown, { indent = 0 }: DumpsOptions = {}): string {
    if (!Number.isInteger(indent) || indent < 0) throw new TypeError('indent must be a number of spaces')
    const text = this.#writer.dumps(value, 'value')
    return indent === 0 ? text : indentJSON(text, indent)
  }

  override loads (text: string): unknown {
    return JSON.parse(text)
  }
}

class ProviderWriter extends JSONWriter {
  override write (value: unknown): string {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return super.write(value)
    const { toJSON } = value as { toJSON?: unknown }
    if (typeof toJSON !== 'function') return super.write(value)
    if (value instanceof Date && Number.isNaN(value.getTime())) return this.refuse('is an invalid date, which JSON cannot say')
    return super.write(toJSON.call(value))
  }

  protected override other (value: unknown): string {
    if (value === undefined) return 'null'
    if (typeof value !== 'object' || hasNoForm(value!)) return this.refuse(`is ${describeType(value)}, which JSON cannot say`)
    if (typeof (value as Markup).__html__ === 'function') return this.write((value as Markup).__html__())
    if (types.isBoxedPrimitive(value)) return this.write(value.valueOf())
    if (value instanceof Set) return this.list([...value], value)
    return value instanceof Map ? this.dict(this.#object(value), value) : this.dict(value!)
  }

  protected override bigint (value: bigint): string {
    return `${value}`
  }

  protected override number (value: number): string {
    return Number.isFinite(value) ? `${value}` : this.refuse(`is ${value}, which JSON cannot say`)
  }

  #object (map: Map<unknown, unknown>): object {
    for (const key of map.keys()) {
      if (typeof key !== 'string' && typeof key !== 'number') this.refuse(`has ${describeType(key)} as a key, where JSON has strings only`)
    }
    const object = Object.fromEntries(map)
    if (Object.keys(object).length !== map.size) this.refuse('has keys that are one and the same as text')
    return object
  }
}

/** Objects that JSON would write as if they were empty. */
function hasNoForm (value: object): boolean {
  return types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value) || types.isPromise(value) || types.isRegExp(value) ||
    types.isNativeError(value) || types.isWeakMap(value) || types.isWeakSet(value)
}
