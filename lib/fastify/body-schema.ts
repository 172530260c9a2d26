import type { FastifyRequest } from 'fastify'
import { mediaTypeOf } from './media-type.ts'

/** Which bodies a route has a schema for; `other types` if its `content` has no entry for the media type of a body. */
export type BodySchema = 'none' | 'every type' | 'this type' | 'other types'

/** Which bodies the route of a request has a schema for. By `other types` Fastify would let any body pass. */
export function bodySchema (request: FastifyRequest): BodySchema {
  const schema = request.routeOptions.schema?.body as { content?: object } | null | undefined
  if (schema === undefined) return 'none'
  if (!schema?.content) return 'every type'
  return Object.hasOwn(schema.content, `${mediaTypeOf(request)}`) ? 'this type' : 'other types'
}
