import type { FastifyInstance, FastifyReply } from 'fastify'
import type { JSONReply } from '../json/provider.ts'
import { hasResponseSchema, writeBySchema } from './response-schema.ts'
import { scopeProvider } from './scope-provider.ts'

/** The property of an instance that says whether plain values are written by the provider in its scope. */
const JSON_REPLIES = Symbol('fastify-signed-session.json-replies')
/** The property of a reply that says whether its serializer is the one set here. */
const IS_CLAIMED = Symbol('fastify-signed-session.claimed')

type Flags = Record<typeof JSON_REPLIES | typeof IS_CLAIMED, boolean | undefined>

const CHARSET = '; charset=utf-8'
const FASTIFY_TYPE = `application/json${CHARSET}`

/**
 * Makes plain values that handlers return or send be written as `jsonify` writes them. Where the route has a response
 * schema for the status, or the application has set a serializer, those write. Strings, bytes and streams stay.
 */
export function addJSONReplies (fastify: FastifyInstance, wanted: boolean | undefined): void {
  if (wanted === undefined) return
  Object.defineProperty(fastify, JSON_REPLIES, { value: wanted, configurable: true })
  if (!wanted || fastify.hasReplyDecorator(IS_CLAIMED)) return // the hooks of a scope around this one serve it too
  const isElsewhere = serializerFinder(fastify)
  fastify.decorateReply(IS_CLAIMED as never, false as never)
  fastify.addHook('preSerialization', (_request, reply, payload, done) => {
    release(reply)
    const isWanted = (reply.server as unknown as Flags)[JSON_REPLIES] === true
    if (isWanted && isJSONReply(reply) && !isElsewhere(reply) && !hasResponseSchema(reply)) claim(reply)
    done(null, payload)
  })
  fastify.addHook('onError', (_request, reply, _error, done) => {
    release(reply)
    done()
  })
}

/** The serializer of a reply stands for one payload: an error reply after it may have a schema. */
function claim (reply: FastifyReply): void {
  (reply as unknown as Flags)[IS_CLAIMED] = true
  reply.serializer((payload: unknown) => {
    release(reply)
    if (hasResponseSchema(reply)) return writeBySchema(reply, payload) // for the status that a later hook has set
    const written = new WrittenReply(reply)
    scopeProvider(reply.server).response(written, payload)
    return written.text
  })
}

function release (reply: FastifyReply): void {
  if ((reply as unknown as Flags)[IS_CLAIMED] !== true) return
  ;(reply as unknown as Flags)[IS_CLAIMED] = false
  reply.serializer(null as never)
  if (!reply.hasHeader('content-type')) reply.type(FASTIFY_TYPE) // left out by Fastify where a serializer is set
}

/** Takes down what a provider would send. */
class WrittenReply implements JSONReply {
  text = ''
  readonly #reply: FastifyReply

  constructor (reply: FastifyReply) {
    this.#reply = reply
  }

  /** A type that the handler chose is kept. */
  type (contentType: string): void {
    if (this.#reply.getHeader('content-type') !== FASTIFY_TYPE) return
    this.#reply.type(contentType.includes(';') ? contentType : contentType + CHARSET)
  }

  send (payload: string): void {
    this.text = payload
  }
}

function isJSONReply (reply: FastifyReply): boolean {
  return `${reply.getHeader('content-type')}`.split(';')[0]!.includes('json')
}

/** Tells whether the application has set a serializer for a reply or its scope, which Fastify keeps under symbols. */
function serializerFinder (fastify: FastifyInstance): (reply: FastifyReply) => boolean {
  const ofScope = symbolNamed(fastify, 'fastify.replySerializerDefault')
  let ofReply: symbol | undefined
  return (reply) => {
    ofReply ??= symbolNamed(reply, 'fastify.reply.serializer')
    return isSet(reply, ofReply) || isSet(reply.server, ofScope)
  }
}

function isSet (object: object, key: symbol | undefined): boolean {
  const value = (object as Record<symbol, unknown>)[key as symbol]
  return value !== undefined && value !== null
}

function symbolNamed (object: object, name: string): symbol | undefined {
  const own = Object.getOwnPropertySymbols(object).find(({ description }) => description === name)
  const parent: object | null = own === undefined ? Object.getPrototypeOf(object) : null
  return parent === null ? own : symbolNamed(parent, name)
}
