import type { FastifyInstance, FastifyReply } from 'fastify'
import { DefaultJSONProvider } from '../json/default-provider.ts'
import type { JSONProvider } from '../json/provider.ts'
import { type SessionOptions, sharedOptions } from '../options/session-options.ts'
import { addJSONReplies } from './json-replies.ts'
import { decorateRequestJSON, hasRequestJSON } from './request-json.ts'
import { addAmbientJSON, isProvider, scopeProvider } from './scope-provider.ts'

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
 * Adds the JSON members to the instance, its requests and its replies, unless `json` is false. Throws a `TypeError`
 * where others have decorated them by those names, and for an option `json` that gives no provider.
 */
export function decorateJSON (fastify: FastifyInstance, options: readonly SessionOptions[]): void {
  const { json, debug, jsonReplies, ambientJson } = sharedOptions(options)
  if (json === false) return
  decorateInstance(fastify, json, debug)
  if (!hasRequestJSON.of(fastify)) decorateRequestAndReply(fastify, options)
  addJSONReplies(fastify, jsonReplies)
  addAmbientJSON(fastify, ambientJson)
}

/** Keeps a provider that was assigned before, and in an inner scope the outer one, unless the options want another. */
function decorateInstance (fastify: FastifyInstance, given: Given, debug: boolean | undefined): void {
  const isAround = fastify.hasDecorator('json')
  if (isAround && !isProvider(fastify.json)) throw taken('fastify.json', ' and is no JSONProvider')
  if (Object.hasOwn(fastify, 'json') || (isAround && given === undefined && debug === undefined)) return
  const provider = providerFrom(given ?? DefaultJSONProvider, debug ?? process.env.NODE_ENV === 'development')
  if (isAround) fastify.json = provider
  else fastify.decorate('json', provider)
}

type Given = Exclude<SessionOptions['json'], false>

function providerFrom (given: Given, debug: boolean): JSONProvider {
  let provider: unknown, cause: unknown
  try {
    provider = typeof given === 'function' ? Reflect.construct(given, [{ debug }]) : given
  } catch (error) {
    cause = error
  }
  if (isProvider(provider)) return provider
  throw new TypeError('The session option json must be a JSONProvider class or an instance of one: ' +
    'it needs dumps, loads and response, as a subclass of DefaultJSONProvider has them', { cause })
}

function decorateRequestAndReply (fastify: FastifyInstance, options: readonly SessionOptions[]): void {
  for (const name of ['isJson', 'getJson']) {
    if (options.some(({ sessionName }) => sessionName === name)) {
      throw new TypeError(`The session option sessionName cannot be ${name}: ` +
        `this package has its own request.${name}; choose another name`)
    }
    if (fastify.hasRequestDecorator(name)) throw taken(`request.${name}`)
  }
  if (fastify.hasReplyDecorator('jsonify')) throw taken('reply.jsonify')
  decorateRequestJSON(fastify)
  fastify.decorateReply('jsonify', jsonify as never)
}

function taken (what: string, why = ''): TypeError {
  return new TypeError(`${what} is there already${why}: ` +
    'with the option json: false fastify-signed-session leaves JSON to the application')
}

/** The text is final: neither a serializer nor a schema touches it. */
function jsonify (this: FastifyReply, ...values: unknown[]): FastifyReply {
  this.serializer(null as never)
  return scopeProvider(this.server).response(this, ...values)
}
