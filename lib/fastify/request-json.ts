import type { FastifyInstance, FastifyRequest } from 'fastify'
import { JSONDecodeError, UnsupportedMediaType } from '../errors.ts'
import { DefaultJSONProvider } from '../json/default-provider.ts'
import { guardKeys, type PoisonOptions } from '../json/poisoning.ts'
import type { JSONProvider } from '../json/provider.ts'
import { decodeError, decodeJSON } from '../json/reading.ts'
import { quoteName } from '../path.ts'
import { bodySchema, isJson } from './body-type.ts'
import { scopeProvider } from './scope-provider.ts'
import { ScopeValue } from './scope-value.ts'

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
export const bodiesForce = new ScopeValue<boolean>('json-bodies')

/** The property of a request with a body that was not parsed, or not as JSON; null where there is none. */
const KEPT_BODY = Symbol('fastify-signed-session.kept-body')
type WithKeptBody = Record<typeof KEPT_BODY, KeptBody | null>

/** Whether `decorateRequestJSON` decorated the requests of a scope. */
export function hasRequestJSON (fastify: FastifyInstance): boolean {
  return fastify.hasRequestDecorator(KEPT_BODY)
}

export function decorateRequestJSON (fastify: FastifyInstance): void {
  fastify.decorateRequest(KEPT_BODY as never, null as never)
  fastify.decorateRequest('isJson', { getter () { return isJson(this as unknown as FastifyRequest) } } as never)
  const method = function (this: FastifyRequest, options?: GetJsonOptions): unknown { return getJson(this, options) }
  fastify.decorateRequest('getJson', method as never)
}

/** Keeps a body for `request.getJson()`. */
export function keepBody (request: FastifyRequest, kept: KeptBody): void {
  (request as unknown as WithKeptBody)[KEPT_BODY] = kept
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

/** A body in the bytes that came, which is parsed at most once. */
export class KeptBody {
  /** Whether a schema of the route was shown it, as text or as bytes. */
  readonly isShown: boolean
  readonly #bytes: string | Uint8Array
  #outcome: Outcome | undefined

  constructor (bytes: string | Uint8Array, { isShown = false } = {}) {
    this.isShown = isShown
    this.#bytes = bytes
  }

  /** The value of the JSON, or the error: `JSONDecodeError`, `UnsupportedMediaType`, or what the provider threw. */
  parsed (request: FastifyRequest): Outcome {
    this.#outcome ??= outcomeOf(request, this.#bytes)
    return this.#outcome
  }
}

interface Outcome {
  value?: unknown
  error?: Error
}

function outcomeOf (request: FastifyRequest, body: string | Uint8Array): Outcome {
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

/** Reads JSON with the provider of the request's scope, and applies the server's rules for poisoned keys. */
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

function getJson (request: FastifyRequest, { force = false, silent = false }: GetJsonOptions = {}): unknown {
  try {
    const forced = bodiesForce.of(request.server)
    return forced === undefined ? ordinaryBody(request, force) : strictBody(request, force || forced)
  } catch (error) {
    if (silent && (error instanceof JSONDecodeError || error instanceof UnsupportedMediaType)) return undefined
    throw error
  }
}

/** Where Fastify parses. */
function ordinaryBody (request: FastifyRequest, force: boolean): unknown {
  return force && !isJson(request) ? parseRaw(request) : request.body
}

/** Where `jsonBodies` parses, or leaves it to other parsers of the scope. */
function strictBody (request: FastifyRequest, force: boolean): unknown {
  const isDeclared = isJson(request)
  if (!isDeclared && !force) throw notJSON(request)
  const kept = (request as unknown as WithKeptBody)[KEPT_BODY]
  if (kept !== null) return parseKept(request, kept)
  if (request.body === undefined) throw new JSONDecodeError('there is no body', undefined, { isBody: true })
  return isDeclared ? request.body : parseRaw(request)
}

/** Parses what other parsers left as text or bytes. */
function parseRaw (request: FastifyRequest): unknown {
  const { body } = request
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  return isRaw ? parseKept(request, new KeptBody(body, { isShown: true })) : body
}

/** Parses a body in the handler. Throws `UnsupportedMediaType` where the schema of the route has not seen it. */
function parseKept (request: FastifyRequest, kept: KeptBody): unknown {
  const { value, error } = kept.parsed(request)
  if (error !== undefined) throw error
  const schema = bodySchema(request)
  if (schema === 'other types' || (schema !== 'none' && !kept.isShown)) throw notInSchema(request)
  return value
}
