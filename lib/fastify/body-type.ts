import type { FastifyRequest } from 'fastify'

/** `type/subtype` ahead of parameters (RFC 9110, section 8.3.1), with the white space around it that Fastify allows. */
const MEDIA_TYPE = /^\s*([\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+)\s*(?:;|$)/
/** RFC 6839, section 3.1. */
const JSON_TYPE = /^application\/(?:.+\+)?json$/

/** The media type by which Fastify chooses parser and schema, in lower case; undefined if there is no valid one. */
export function mediaTypeOf ({ headers }: FastifyRequest): string | undefined {
  return MEDIA_TYPE.exec((headers['content-type'] ?? '').toLowerCase())?.[1]
}

/** Whether a body is declared as JSON. */
export function isJson (request: FastifyRequest): boolean {
  return JSON_TYPE.test(mediaTypeOf(request) ?? '')
}

/**
 * Which bodies the route has a schema for. With `other types` its `content` has no entry for the media type of this
 * body, so Fastify would not validate it.
 */
export function bodySchema (request: FastifyRequest): 'none' | 'every type' | 'this type' | 'other types' {
  const schema = request.routeOptions.schema?.body as { content?: object } | null | undefined
  if (schema === undefined) return 'none'
  if (!schema?.content) return 'every type'
  return Object.hasOwn(schema.content, `${mediaTypeOf(request)}`) ? 'this type' : 'other types'
}
