import type { FastifyInstance } from 'fastify'
import type { JSONProvider } from '../json/provider.ts'

/** The provider of a scope. Throws a `TypeError` where something else was assigned. */
export function scopeProvider ({ json }: FastifyInstance): JSONProvider {
  if (typeof json?.response !== 'function') throw new TypeError('fastify.json must be an instance of a JSONProvider')
  return json
}
