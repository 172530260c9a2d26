import type { DefaultFunction } from './provider-writer.ts'
import type { LoadsOptions } from './reading.ts'
import { type JSONReadable, type JSONWritable, readText, writeText } from './streams.ts'

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
  /** Spaces a level, or the white space itself. Default 0: the text is one line. */
  indent?: number | string | undefined
  /** A comma and a colon, with spaces where wanted. Default `[',', ':']`; indented `[',', ': ']`. */
  separators?: readonly [item: string, key: string] | undefined
  /** Keys in the order of their code points. Default the provider's `sortKeys`. */
  sortKeys?: boolean | undefined
  /** Everything but ASCII as `\uXXXX`. Default the provider's `ensureAscii`. */
  ensureAscii?: boolean | undefined
  /** Replaces the provider's `default`. */
  default?: DefaultFunction | undefined
}

/** Writes and reads all JSON of an application, as Flask's `JSONProvider`; replace it by `fastify.json = …`. */
export abstract class JSONProvider {
  readonly debug: boolean
  /** Whether `response` writes one line; undefined for everywhere but in debug, as in Flask. */
  compact: boolean | undefined = undefined
  /** The media type of `response`. */
  mimetype = 'application/json'

  constructor ({ debug = false }: JSONProviderOptions = {}) { this.debug = debug }

  /** `value` as JSON text. */
  abstract dumps (value: unknown, options?: DumpsOptions): string

  /** The value of JSON text, or of JSON in UTF-8. */
  abstract loads (source: string | Uint8Array, options?: LoadsOptions): unknown

  /** Writes `dumps` to a stream or file handle as it takes it, and leaves it open. Rejects where it fails or closes. */
  async dump (value: unknown, writable: JSONWritable, options?: DumpsOptions): Promise<void> {
    await writeText(writable, this.dumps(value, options))
  }

  /** The value of the JSON in a stream, another iterable of text or bytes, or a file handle, which is left open. */
  async load (readable: JSONReadable, options?: LoadsOptions): Promise<unknown> {
    return this.loads(await readText(readable), options)
  }

  /** Sends one value, several as a list, none as null; indented by 2 in debug. Ends with a newline, as in Flask. */
  response<Reply extends JSONReply> (reply: Reply, ...values: unknown[]): Reply {
    const value = values.length === 0 ? null : values.length === 1 ? values[0] : values
    const text = this.compact ?? !this.debug ? this.dumps(value) : this.dumps(value, { indent: 2 })
    reply.type(this.mimetype)
    reply.send(text + '\n')
    return reply
  }
}
