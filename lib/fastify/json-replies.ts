import type { FastifyInstance, FastifyReply } from 'fastify'
import { scopeProvider } from './scope-provider.ts'
import { Slot } from './slot.ts'

/** Whether plain values are written by the provider in a scope. */
const isWanted = new Slot<boolean>()
/** Whether the hooks serve a scope. */
const isHooked = new Slot<boolean>()
/** Whether the serializer of a reply is the one set here. */
const isClaimed = new Slot<boolean>()

const CHARSET = '; charset=utf-8'
const FASTIFY_TYPE = `application/json${CHARSET}`

/**
 * Makes plain values that handlers return or send be written as `jsonify` writes them. Where the route has a response
 * schema for the status, or the application has set a serializer, those write. Strings, bytes and streams stay.
 */
export function addJSONReplies (fastify: FastifyInstance, wanted: boolean | undefined): void {
  if (wanted === undefined) return
  isWanted.set(fastify, wanted)
  if (!wanted || isHooked.of(fastify) === true) return
  isHooked.set(fastify, true)
  const isElsewhere = serializerFinder(fastify)
  fastify.addHook('preSerialization', (_request, reply, payload, done) => {
    release(reply)
    const isOurs = isWanted.of(reply.server) === true && typeOf(reply).includes('json') && !isElsewhere(reply)
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
  isClaimed.set(reply, true)
  reply.serializer((payload: unknown) => {
    release(reply)
    // A later hook may have set another status, which has a schema.
    return hasResponseSchema(reply) ? writeBySchema(reply, payload) : written(reply, payload)
  })
}

function release (reply: FastifyReply): void {
  if (isClaimed.of(reply) !== true) return
  isClaimed.set(reply, false)
  reply.serializer(null as never)
  if (!reply.hasHeader('content-type')) reply.type(FASTIFY_TYPE) // left out by Fastify where a serializer is set
}

/** The text that the provider would send. A content type that the handler chose is kept. */
function written (reply: FastifyReply, payload: unknown): string {
  let text = ''
  scopeProvider(reply.server).response({
    type (contentType) {
      if (reply.getHeader('content-type') !== FASTIFY_TYPE) return
      reply.type(contentType.includes(';') ? contentType : contentType + CHARSET)
    },
    send (sent) { text = sent }
  }, payload)
  return text
}

/** The content type of a reply without parameters. */
function typeOf (reply: FastifyReply): string {
  return `${reply.getHeader('content-type')}`.split(';')[0]!
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
