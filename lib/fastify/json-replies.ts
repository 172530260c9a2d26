import type { FastifyInstance, FastifyReply } from 'fastify'
import type { JSONReply } from '../json/provider.ts'
import { scopeProvider } from './scope-provider.ts'
import { ScopeValue } from './scope-value.ts'

/** Whether plain values are written by the provider in a scope. */
const isWanted = new ScopeValue<boolean>('json-replies')
/** The property of a reply that says whether its serializer is the one set here. */
const IS_CLAIMED = Symbol('fastify-signed-session.claimed')
type WithClaim = Record<typeof IS_CLAIMED, boolean>

const CHARSET = '; charset=utf-8'
const FASTIFY_TYPE = `application/json${CHARSET}`

/**
 * Makes plain values that handlers return or send be written as `jsonify` writes them. Where the route has a response
 * schema for the status, or the application has set a serializer, those write. Strings, bytes and streams stay.
 */
export function addJSONReplies (fastify: FastifyInstance, wanted: boolean | undefined): void {
  if (wanted === undefined) return
  isWanted.set(fastify, wanted)
  if (!wanted || fastify.hasReplyDecorator(IS_CLAIMED)) return // the hooks of a scope around this one serve it too
  const isElsewhere = serializerFinder(fastify)
  fastify.decorateReply(IS_CLAIMED as never, false as never)
  fastify.addHook('preSerialization', (_request, reply, payload, done) => {
    release(reply)
    const isOurs = isWanted.of(reply.server) === true && isJSONReply(reply) && !isElsewhere(reply)
    if (isOurs && !hasResponseSchema(reply)) claim(reply)
    done(null, payload)
  })
  fastify.addHook('onError', (_request, reply, _error, done) => {
    release(reply)
    done()
  })
}

/** The serializer of a reply stands for one payload: an error reply after it may have a schema. */
function claim (reply: FastifyReply): void {
  (reply as unknown as WithClaim)[IS_CLAIMED] = true
  reply.serializer((payload: unknown) => {
    release(reply)
    if (hasResponseSchema(reply)) return writeBySchema(reply, payload) // for the status that a later hook has set
    const written = new WrittenReply(reply)
    scopeProvider(reply.server).response(written, payload)
    return written.text
  })
}

function release (reply: FastifyReply): void {
  if (!(reply as unknown as WithClaim)[IS_CLAIMED]) return
  ;(reply as unknown as WithClaim)[IS_CLAIMED] = false
  reply.serializer(null as never)
  if (!reply.hasHeader('content-type')) reply.type(FASTIFY_TYPE) // left out by Fastify where a serializer is set
}

/** Keeps the text that a provider would send. */
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

/** The content type of a reply without parameters. */
function typeOf (reply: FastifyReply): string {
  return `${reply.getHeader('content-type')}`.split(';')[0]!
}

function isJSONReply (reply: FastifyReply): boolean {
  return typeOf(reply).includes('json')
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
  return ((object as Record<symbol, unknown>)[key as symbol] ?? null) !== null
}

function symbolNamed (object: object, name: string): symbol | undefined {
  const own = Object.getOwnPropertySymbols(object).find(({ description }) => description === name)
  const parent: object | null = own === undefined ? Object.getPrototypeOf(object) : null
  return parent === null ? own : symbolNamed(parent, name)
}

type Write = (payload: unknown) => string

/** Whether the route has a response schema for the status of a reply, for its family of statuses, or for all others. */
export function hasResponseSchema (reply: FastifyReply): boolean {
  return schemaOf(reply) !== undefined
}

/** A response schema without an entry for the content type of the reply writes every member. */
function writeBySchema (reply: FastifyReply, payload: unknown): string {
  const write = schemaOf(reply)!
  if (typeof write === 'function') return write(payload)
  return (write[typeOf(reply).trim().toLowerCase()] ?? write['*/*'] ?? JSON.stringify)(payload)
}

/** The response schema as Fastify compiled it: one function, or one for each content type. */
function schemaOf (reply: FastifyReply): Write | Record<string, Write> | undefined {
  const { statusCode } = reply
  const statuses = [`${statusCode}`, `${Math.trunc(statusCode / 100)}xx`, 'default']
  return statuses.map((status) => reply.getSerializationFunction(status)).find((write) => write !== undefined) as
    Write | Record<string, Write> | undefined
}
