import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { bodySchema, isJson, mediaTypeOf } from './body-type.ts'
import { asKept, bodiesForce, hasRequestJSON, type KeptBody, keptBody, notInSchema, notJSON } from './request-json.ts'

export interface JsonBodiesOptions {
  /** Parse every body that no other parser of the scope takes, whatever its content type says. Default false. */
  force?: boolean | undefined
}

type Done = (error: Error | null, body?: unknown) => void

/** Content types as Fastify compares them: in lower case, with `; ` ahead of parameters. */
const JSON_SUFFIX = /^application\/[^;\s]+\+json(?:;|$)/

/**
 * Makes its scope, and those inside, parse bodies with `fastify.json`: `application/json`, `application/*+json`, and
 * any other by `request.getJson({ force: true })`. Wrong types and bad JSON reach the handler: `request.body` is
 * undefined, and `request.getJson()` throws. Where the route has a schema for the body, they are answered at once, and
 * so is a media type that the `content` of that schema does not have. A schema without `content` is one for JSON, so
 * text/plain is answered 415 even where it says `type: 'string'`. Parsers of `application/json` and of `*` that the
 * scope has from outside are replaced in it; others stay.
 */
export const jsonBodies = fp(register, {
  fastify: '5.x',
  name: 'fastify-signed-session.json-bodies',
  dependencies: ['fastify-signed-session']
}) as unknown as FastifyPluginAsync<JsonBodiesOptions>

async function register (fastify: FastifyInstance, { force = false }: JsonBodiesOptions): Promise<void> {
  if (typeof force !== 'boolean') throw new TypeError('The option force of jsonBodies must be true or false')
  const hasJSON = hasRequestJSON.of(fastify) === true
  if (!hasJSON) throw new TypeError('jsonBodies needs the JSON that the option json: false leaves out')
  const isInherited = bodiesForce.of(fastify) !== undefined
  bodiesForce.set(fastify, force)
  if (isInherited) return
  fastify.removeContentTypeParser('application/json')
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, parseJSON)
  fastify.addContentTypeParser(JSON_SUFFIX, { parseAs: 'buffer' }, parseJSON)
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, parseOther)
  addTextParser(fastify)
  fastify.addHook('preParsing', dropMalformedType)
}

/**
 * Fastify answers 415 to a Content-Type that is no media type, ahead of every parser, but parses bodies without one.
 * So such a header becomes undefined in `request.headers`. A QUERY has to have one (RFC 10008, section 2).
 */
function dropMalformedType (request: FastifyRequest, _reply: unknown, _payload: unknown, done: () => void): void {
  const { headers, method } = request
  const isMalformed = headers['content-type'] !== undefined && mediaTypeOf(request) === undefined
  if (isMalformed && method !== 'QUERY') request.headers = { ...headers, 'content-type': undefined }
  done()
}

/** Fastify lets a parser of plain text replace its own, and throws where the application has one. */
function addTextParser (fastify: FastifyInstance): void {
  try {
    fastify.addContentTypeParser('text/plain', { parseAs: 'buffer' }, parseText)
  } catch (error) {
    if ((error as { code?: string }).code !== 'FST_ERR_CTP_ALREADY_PRESENT') throw error
  }
}

function parseJSON (request: FastifyRequest, body: Buffer, done: Done): void {
  const kept = asKept(request, body, false)
  const isOther = bodySchema(request) === 'other types'
  const { value, error } = isOther ? { error: notInSchema(request) } as const : kept.outcome()
  if (error === undefined) done(null, value)
  else if (!isClientError(error) || isRefusedAtOnce(request)) done(error)
  else keep(request, kept, done)
}

/** Plain text stays text, as Fastify has it. */
function parseText (request: FastifyRequest, body: Buffer, done: Done): void {
  if (bodiesForce.of(request.server)) parseJSON(request, body, done)
  else if (isRefusedAtOnce(request) && bodySchema(request) !== 'this type') done(notJSON(request))
  else keep(request, asKept(request, body, true), done, body.toString())
}

function parseOther (request: FastifyRequest, body: Buffer, done: Done): void {
  if (bodiesForce.of(request.server) || isJson(request)) parseJSON(request, body, done)
  else if (isRefusedAtOnce(request)) done(notJSON(request))
  else keep(request, asKept(request, body, false), done)
}

/** Gives the handler `shown` as `request.body`, and keeps the body for `request.getJson()`. */
function keep (request: FastifyRequest, kept: KeptBody, done: Done, shown?: string): void {
  keptBody.set(request, kept)
  done(null, shown)
}

/** Whether a body that is not JSON would meet a schema, or escape one, before the handler could ask for it. */
function isRefusedAtOnce (request: FastifyRequest): boolean {
  const schema = bodySchema(request)
  return schema === 'other types' || (schema !== 'none' && !request.routeOptions.attachValidation)
}

function isClientError (error: Error): boolean {
  const { statusCode } = error as { statusCode?: unknown }
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
}
