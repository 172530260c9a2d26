import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { JSONDecodeError } from '../errors.ts'
import { DefaultJSONProvider } from '../json/default-provider.ts'
import type { JSONProvider } from '../json/provider.ts'
import { formatPath } from '../path.ts'
import { hasResponseSchema } from './json-replies.ts'
import { isProvider } from './scope-provider.ts'

/** What error replies hold. */
export interface ErrorBody {
  statusCode: number
  /** The name of the status, such as `Bad Request`. */
  error: string
  /** Below status 500, and in debug. */
  code?: string
  message: string
  /** A few characters around the place where a body is no JSON. */
  near?: string
  /** What a schema refused. */
  fields?: Field[]
  /** In debug only. */
  stack?: string
}

type Field = Record<'field' | 'message', string>

/** The properties of an error, which Fastify and plugins add to. */
type ErrorFacts = Record<string, unknown>

/** One error of a schema validator such as Ajv. */
interface Finding {
  instancePath?: unknown
  message?: unknown
  params?: { missingProperty?: unknown, additionalProperty?: unknown }
}

/**
 * Answers errors as JSON of one shape, for `fastify.setErrorHandler`: the status, its name, the code and the message
 * of the error, and the fields that a schema refused. From status 500 on the reply has only the name of the status,
 * unless the provider is in debug. The log has the error.
 */
export function jsonErrorHandler (error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const facts: ErrorFacts = Object(error) // anything may be thrown
  const statusCode = statusOf(facts, reply)
  if (statusCode >= 500) request.log.error({ err: error }, 'The request failed')
  else request.log.info({ err: error }, 'The request was refused')
  if (typeof facts.headers === 'object') reply.headers({ ...facts.headers })
  sendError(request, reply, bodyOf(facts, statusCode, providerOf(request).debug === true))
}

/** Answers 404 as JSON of the same shape, for `fastify.setNotFoundHandler`. */
export function jsonNotFoundHandler (request: FastifyRequest, reply: FastifyReply): void {
  sendError(request, reply, { ...named(404), message: 'There is nothing at this address' })
}

/** As in Fastify: the status of the error, or the one that the handler set before it failed. */
function statusOf ({ statusCode, status }: ErrorFacts, reply: FastifyReply): number {
  return [statusCode, status, reply.statusCode].find(isErrorStatus) ?? 500
}

function isErrorStatus (status: unknown): status is number {
  return Number.isInteger(status) && Number(status) >= 400 && Number(status) <= 599
}

/** For servers without their own provider. */
const fallback = new DefaultJSONProvider()

function providerOf (request: FastifyRequest): JSONProvider {
  return isProvider(request.server.json) ? request.server.json : fallback
}

function named (statusCode: number): Pick<ErrorBody, 'statusCode' | 'error'> {
  return { statusCode, error: STATUS_CODES[statusCode] ?? 'Error' }
}

function bodyOf (facts: ErrorFacts, statusCode: number, debug: boolean): ErrorBody {
  const body = named(statusCode)
  if (statusCode >= 500 && !debug) return { ...body, message: 'Something went wrong here' }
  const { code, message, stack, validation } = facts
  return {
    ...body,
    ...typeof code === 'string' && { code },
    message: typeof message === 'string' ? message : body.error,
    ...facts instanceof JSONDecodeError && facts.near !== undefined && { near: facts.near },
    ...Array.isArray(validation) && { fields: validation.map((finding) => fieldOf(finding, facts.validationContext)) },
    ...debug && typeof stack === 'string' && { stack }
  }
}

/** The path of the field, or of the member that is missing or not allowed: `body.items[0].sku`. */
function fieldOf ({ instancePath = '', message = 'is refused', params }: Finding, context: unknown): Field {
  const keys = `${instancePath}`.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  const member = params?.missingProperty ?? params?.additionalProperty
  if (typeof member === 'string') keys.push(member)
  return { field: formatPath(`${context ?? 'request'}`, keys.map(indexOrKey)), message: `${message}` }
}

function indexOrKey (key: string): string | number {
  return /^\d{1,9}$/.test(key) ? Number(key) : key
}

/** Uses the response schema of the route, or else the provider, or else plain JSON where the provider fails. */
function sendError (request: FastifyRequest, reply: FastifyReply, body: ErrorBody): void {
  reply.code(body.statusCode).serializer(null as never) // the serializer of the reply that failed
  if (hasResponseSchema(reply)) {
    reply.send(body)
    return
  }
  try {
    providerOf(request).response(reply, body)
  } catch (failure) {
    request.log.error({ err: failure }, 'The JSON provider failed at an error reply')
    reply.type('application/json').send(`${JSON.stringify(body)}\n`)
  }
}
