import type { FastifyInstance } from 'fastify'
import { escapeName } from '../path.ts'

/** The names of sessions that a server's outermost scope refuses, since only scopes inside it have them. */
const refusedBy = new WeakMap<object, Set<string>>()

/** Whether a request has the property by what other code decorated, and not by our refusal. */
export function isTaken (fastify: FastifyInstance, name: string): boolean {
  return fastify.hasRequestDecorator(name) && !refusedBy.get(fastify.server)?.has(name)
}

/** Whether a scope inside this one, the outermost, has a session of that name. */
export function isInside (fastify: FastifyInstance, name: string): boolean {
  return outermost(fastify) === fastify && refusedBy.get(fastify.server)?.has(name) === true
}

/** Has the use of a session in a scope without it fail with the reason, instead of by a property that is undefined. */
export function refuseOutside (fastify: FastifyInstance, name: string): void {
  const root = outermost(fastify)
  if (root === fastify || root.hasRequestDecorator(name)) return
  refusedBy.set(root.server, (refusedBy.get(root.server) ?? new Set()).add(name))
  const refuse = (): never => {
    throw new Error(`request.${escapeName(name)} does not exist in this scope: fastify-signed-session was registered in another, and what is registered in a scope ` +
      'stays inside it (encapsulation). Register it in a scope around both, or in this one too')
  }
  root.decorateRequest(name as 'session', { getter: refuse, setter: refuse } as never)
}

/** Fastify makes each scope with the one around it as its prototype. */
function outermost (fastify: FastifyInstance): FastifyInstance {
  const around = Object.getPrototypeOf(fastify)
  return around === Object.prototype ? fastify : outermost(around)
}
