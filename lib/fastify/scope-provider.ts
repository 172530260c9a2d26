import type { FastifyInstance } from 'fastify'
import type { JSONProvider } from '../json/provider.ts'
import { isMethod } from '../option-checks.ts'

/** Whether a value writes and reads as a `JSONProvider` does. */
export function isProvider (value: unknown): value is JSONProvider {
  return ['dumps', 'loads', 'response'].every((name) => isMethod(value, name))
}

/** The provider of a scope. Throws a `TypeError` where something else was assigned or decorated. */
export function scopeProvider ({ json }: FastifyInstance): JSONProvider {
  if (isProvider(json)) return json
  throw new TypeError('fastify.json must be an instance of a JSONProvider, and in this scope it is something else')
}
