import type { FastifyInstance, FastifyRequest } from 'fastify'
import { JSONDecodeError, UnsupportedMediaType } from '../errors.ts'
import { DefaultJSONProvider } from '../json/default-provider.ts'
import { guardKeys, type PoisonOptions } from '../json/poisoning.ts'
import type { JSONProvider } from '../json/provider.ts'
import { decodeError, decodeJSON } from '../json/reading.ts'

export interface GetJsonOptions {
  /** Parse whatever the content type says. Default false. */
  force?: boolean | undefined
  /** `undefined` in the place of an error 400 or 415. Default false. */
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

/** What a scope says about the bodies in it. */
export interface BodyRules {
  /** Whether every body is JSON, whatever its content type says. */
  readonly force: boolean
}

/** The property of an instance with the rules of a scope in which `jsonBodies` parses. */
export const BODY_RULES = Symbol('fastify-signed-session.json-bodies')
/** The property of a request with a body that was not parsed, or not as JSON; null where there is none. */
export const KEPT_BODY = Symbol('fastify-signed-session.kept-body')

type WithRules = Record<typeof BODY_RULES, BodyRules | undefined>
type WithKeptBody = Record<typeof KEPT_BODY, KeptBody | null>

/** RFC 9110, section 8.3.1, and RFC 6839, section 3.1. */
const JSON_TYPE = /^\s*application\/(?:[\w!#$%&'*.^`|~+-]+\+)?json\s*(?:;|$)/i

/** Whether the requests of a scope have their JSON from here. */
export function hasRequestJSON (fastify: FastifyInstance): boolean {
  return fastify.hasRequestDecorator(KEPT_BODY)
}

export function decorateRequestJSON (fastify: FastifyInstance): void {
  fastify.decorateRequest(KEPT_BODY as never, null as never)
  fastify.decorateRequest('isJson', { getter () { return isJson(this as unknown as FastifyRequest) } } as never)
  fastify.decorateRequest('getJson', function (this: FastifyRequest, options?: GetJsonOptions) { return getJson(this, options) } as never)
}

/** The rules of the scope a request belongs to; undefined where Fastify parses by itself. */
export function bodyRules (request: FastifyRequest): BodyRules | undefined {
  return (request.server as unknown as WithRules)[BODY_RULES]
}

export function isJson (request: FastifyRequest): boolean {
  return JSON_TYPE.test(request.headers['content-type'] ?? '')
}

/** A body in the bytes that came, which is parsed at most once. */
export class KeptBody {
  readonly #bytes: Buffer
  #outcome: Outcome | undefined

  constructor (bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The value of the JSON. Throws `JSONDecodeError`, or what the provider threw. */
  parse (request: FastifyRequest): unknown {
    const outcome = this.#parsed(request)
    if (outcome.error !== undefined) throw outcome.error
    return outcome.value
  }

  /** What `parse` throws. */
  failure (request: FastifyRequest): Error | undefined {
    return this.#parsed(request).error
  }

  #parsed (request: FastifyRequest): Outcome {
    this.#outcome ??= outcomeOf(() => parseBody(request, this.#bytes))
    return this.#outcome
  }
}

/** Throws `JSONDecodeError` as about a body. */
function parseBody (request: FastifyRequest, body: string | Uint8Array): unknown {
  try {
    return parse(request, body)
  } catch (error) {
    throw error instanceof JSONDecodeError ? error.ofBody() : error
  }
}

/** Has the provider of a request's scope read JSON, and sees to it that the server's rules of poisoned keys hold. */
function parse (request: FastifyRequest, body: string | Uint8Array): unknown {
  if (body.length === 0) throw new JSONDecodeError('the body is empty')
  const { json, initialConfig: { onProtoPoisoning, onConstructorPoisoning } } = request.server
  const rules: PoisonOptions = { onProtoPoisoning, onConstructorPoisoning }
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

interface Outcome {
  value?: unknown
  error?: Error
}

function outcomeOf (parse: () => unknown): Outcome {
  try {
    return { value: parse() }
  } catch (error) {
    return { error: error instanceof Error ? error : new Error('The JSON provider threw something that is no error') }
  }
}

function getJson (request: FastifyRequest, { force = false, silent = false }: GetJsonOptions = {}): unknown {
  try {
    return bodyRules(request) === undefined ? ordinaryBody(request, force) : strictBody(request, force)
  } catch (error) {
    if (silent && (error instanceof JSONDecodeError || error instanceof UnsupportedMediaType)) return undefined
    throw error
  }
}

/** Where Fastify parses. */
function ordinaryBody (request: FastifyRequest, force: boolean): unknown {
  const { body } = request
  return force && isRaw(body) && !isJson(request) ? parseBody(request, body) : body
}

/** Where `jsonBodies` parses, or leaves it to other parsers of the scope. */
function strictBody (request: FastifyRequest, force: boolean): unknown {
  const isDeclared = isJson(request)
  if (!isDeclared && !force && !bodyRules(request)!.force) throw new UnsupportedMediaType(request.headers['content-type'])
  const kept = (request as unknown as WithKeptBody)[KEPT_BODY]
  if (kept !== null) return kept.parse(request)
  const { body } = request
  if (body === undefined) throw new JSONDecodeError('there is no body', undefined, { isBody: true })
  return isRaw(body) && !isDeclared ? parseBody(request, body) : body
}

function isRaw (body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || body instanceof Uint8Array
}
