import type { FastifyInstance, FastifyReply } from 'fastify'
import { DefaultJSONProvider } from '../json/default-provider.ts'
import type { JSONProvider } from '../json/provider.ts'
import { type SessionOptions, sharedOptions } from '../session/options.ts'
import { addAmbientJSON } from './ambient-json.ts'
import { addJSONReplies } from './json-replies.ts'
import { decorateRequestJSON, hasRequestJSON } from './request-json.ts'
import { isProvider, scopeProvider } from './scope-provider.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Writes and reads the application's JSON; assign another one to replace it in this scope. */
    json: JSONProvider
  }
  interface FastifyReply {
    /** Sends one value as JSON, several as a list, none as null. */
    jsonify (...values: unknown[]): this
  }
}

/**
 * Gives the instance, its requests and its replies what is theirs of JSON, unless `json` is false. Throws a `TypeError`
 * where others have decorated them by those names.
 */
export function decorateJSON (fastify: FastifyInstance, options: readonly SessionOptions[]): void {
  const { json, debug, jsonReplies, ambientJson } = sharedOptions(options)
  if (json === false) return
  decorateInstance(fastify, json, debug)
  if (!hasRequestJSON(fastify)) decorateRequestAndReply(fastify)
  addJSONReplies(fastify, jsonReplies)
  addAmbientJSON(fastify, ambientJson)
}

/** Adopts a provider that the application assigned before, and in an inner scope the one around it, unless another is wanted. */
function decorateInstance (
  fastify: FastifyInstance, given: Exclude<SessionOptions['json'], false>, debug: boolean | undefined
): void {
  const isAround = fastify.hasDecorator('json')
  if (isAround && !isProvider(fastify.json)) throw taken('fastify.json', ' and is no JSONProvider')
  if (Object.hasOwn(fastify, 'json') || (isAround && given === undefined && debug === undefined)) return
  const Given = given ?? DefaultJSONProvider
  const provider = typeof Given === 'function' ? new Given({ debug: debug ?? process.env.NODE_ENV === 'development' }) : Given
  if (isAround) fastify.json = provider
  else fastify.decorate('json', provider)
}

function decorateRequestAndReply (fastify: FastifyInstance): void {
  for (const name of ['isJson', 'getJson']) if (fastify.hasRequestDecorator(name)) throw taken(`request.${name}`)
  if (fastify.hasReplyDecorator('jsonify')) throw taken('reply.jsonify')
  decorateRequestJSON(fastify)
  const decorator = function (this: FastifyReply, ...values: unknown[]): FastifyReply { return jsonify(this, values) }
  fastify.decorateReply('jsonify', decorator as never)
}

function taken (what: string, why = ''): TypeError {
  return new TypeError(`${what} is there already${why}: ` +
    'with the option json: false fastify-signed-session leaves JSON to the application')
}

/** The text is final: neither a serializer nor a schema touches it. */
function jsonify (reply: FastifyReply, values: unknown[]): FastifyReply {
  reply.serializer(null as never)
  return scopeProvider(reply.server).response(reply, ...values)
}
