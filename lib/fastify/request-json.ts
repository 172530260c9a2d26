import type { FastifyInstance, FastifyRequest } from 'fastify'
import { JSONDecodeError, UnsupportedMediaType } from '../errors.ts'
import { DefaultJSONProvider } from '../json/default-provider.ts'
import { guardKeys, type PoisonOptions } from '../json/poisoning.ts'
import type { JSONProvider } from '../json/provider.ts'
import { decodeError, decodeJSON } from '../json/reading.ts'
import { quoteName } from '../path.ts'
import { bodySchema, isJson } from './body-type.ts'
import { scopeProvider } from './scope-provider.ts'
import { Slot } from './slot.ts'

export interface GetJsonOptions {
  /** Parse whatever the content type says. Default false. */
  force?: boolean | undefined
  /** Return `undefined` instead of throwing an error 400 or 415. Default false. */
  silent?: boolean | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the content type is `application/json` or `application/*+json`; Flask's `is_json`. */
    readonly isJson: boolean
    /**
     * The JSON of the body; Flask's `get_json`. Where `jsonBodies` parses, throws `JSONDecodeError` (400) and
     * `UnsupportedMediaType` (415); elsewhere it is `request.body`.
     */
    getJson<Value = unknown> (options: GetJsonOptions & { silent: true }): Value | undefined
    getJson<Value = unknown> (options?: GetJsonOptions): Value
  }
}

/** The option `force` of `jsonBodies`; undefined in a scope where Fastify parses by itself. */
export const bodiesForce = new Slot<boolean>()

/** The body of a request that was not parsed, or not as JSON. */
export const keptBody = new Slot<KeptBody>()

/** Whether `decorateRequestJSON` decorated the requests of a scope. */
export const hasRequestJSON = new Slot<boolean>()

export function decorateRequestJSON (fastify: FastifyInstance): void {
  hasRequestJSON.set(fastify, true)
  fastify.decorateRequest('isJson', { getter () { return isJson(this as unknown as FastifyRequest) } } as never)
  fastify.decorateRequest('getJson', getJson as never)
}

/** The error 415 of a body that is not declared as JSON. */
export function notJSON (request: FastifyRequest): UnsupportedMediaType {
  return new UnsupportedMediaType(`The body is not declared as JSON: ${describeType(request)}; send application/json`)
}

/** The error 415 of a body that the schema of its route is not about. */
export function notInSchema (request: FastifyRequest): UnsupportedMediaType {
  return new UnsupportedMediaType(`The route has no schema for this body: ${describeType(request)}; send another type`)
}

function describeType ({ raw }: FastifyRequest): string {
  const type = raw.headers['content-type']
  return `its Content-Type is ${type === undefined ? 'missing' : quoteName(type)}`
}

/** A body as it came, which `inspect` of a request does not show. */
export interface KeptBody {
  /** Whether a schema of the route was applied to it, as text or as bytes. */
  readonly isShown: boolean
  /** Parses it at the first call. */
  readonly outcome: () => Outcome
}

/** The value of the JSON, or the error: `JSONDecodeError`, `UnsupportedMediaType`, or what the provider threw. */
interface Outcome {
  readonly value?: unknown
  readonly error?: Error
}

export function asKept (request: FastifyRequest, body: string | Uint8Array, isShown: boolean): KeptBody {
  let outcome: Outcome | undefined
  return { isShown, outcome: () => (outcome ??= tryToParse(request, body)) }
}

function tryToParse (request: FastifyRequest, body: string | Uint8Array): Outcome {
  try {
    return { value: parse(request, body) }
  } catch (error) {
    if (error instanceof JSONDecodeError) return { error: encodingError(request, body) ?? error.ofBody() }
    return { error: error instanceof Error ? error : new Error('The JSON provider threw something that is no error') }
  }
}

/**
 * The error 415 of a body that is still encoded as its Content-Encoding says (RFC 9110, section 8.4). A plugin that
 * decodes it may leave the header, as @fastify/compress does. Then it is text, and not as long as Content-Length says.
 */
function encodingError ({ headers }: FastifyRequest, body: string | Uint8Array): UnsupportedMediaType | undefined {
  const { 'content-encoding': coding = '', 'content-length': length } = headers
  if (coding.split(',').every((each) => ['', 'identity'].includes(each.trim().toLowerCase()))) return undefined
  const isText = !Buffer.from(body as string).toString().includes('\ufffd')
  if (isText && Number(length) !== Buffer.byteLength(body)) return undefined
  const message = `The body cannot be read: its Content-Encoding is ${quoteName(coding)}; send it without one`
  return new UnsupportedMediaType(message, { 'accept-encoding': 'identity' })
}

/** Reads JSON with the provider of the scope and the server's rules for poisoned keys. */
function parse (request: FastifyRequest, body: string | Uint8Array): unknown {
  if (body.length === 0) throw new JSONDecodeError('the body is empty')
  const json = scopeProvider(request.server)
  const { onProtoPoisoning, onConstructorPoisoning } = request.server.initialConfig
  const rules = { onProtoPoisoning, onConstructorPoisoning }
  const text = typeof body === 'string' ? body : decodeJSON(body)
  const value = load(json, text, rules)
  if (json.loads !== DefaultJSONProvider.prototype.loads) guardKeys(value, text, rules)
  return value
}

function load (json: JSONProvider, text: string, rules: PoisonOptions): unknown {
  try {
    return json.loads(text, rules)
  } catch (error) {
    throw error instanceof SyntaxError && !(error instanceof JSONDecodeError) ? decodeError(text, error) : error
  }
}

function getJson (this: FastifyRequest, { force = false, silent = false }: GetJsonOptions = {}): unknown {
  try {
    const forced = bodiesForce.of(this.server)
    return forced === undefined ? ordinaryBody(this, force) : strictBody(this, force || forced)
  } catch (error) {
    if (silent && (error instanceof JSONDecodeError || error instanceof UnsupportedMediaType)) return undefined
    throw error
  }
}

/** The body of a scope in which Fastify parses. */
function ordinaryBody (request: FastifyRequest, force: boolean): unknown {
  return force && !isJson(request) ? parseRaw(request) : request.body
}

/** The body of a scope in which `jsonBodies` parses, or leaves it to other parsers. */
function strictBody (request: FastifyRequest, force: boolean): unknown {
  const isDeclared = isJson(request)
  if (!isDeclared && !force) throw notJSON(request)
  const kept = keptBody.of(request)
  if (kept !== undefined) return parseKept(request, kept)
  if (request.body === undefined) throw new JSONDecodeError('there is no body', undefined, { isBody: true })
  return isDeclared ? request.body : parseRaw(request)
}

/** Parses what other parsers left as text or bytes. */
function parseRaw (request: FastifyRequest): unknown {
  const { body } = request
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  return isRaw ? parseKept(request, asKept(request, body, true)) : body
}

/** Throws `UnsupportedMediaType` for a body that the schema of the route has not seen. */
function parseKept (request: FastifyRequest, kept: KeptBody): unknown {
  const { value, error } = kept.outcome()
  if (error !== undefined) throw error
  const schema = bodySchema(request)
  if (schema === 'other types' || (schema !== 'none' && !kept.isShown)) throw notInSchema(request)
  return value
}
