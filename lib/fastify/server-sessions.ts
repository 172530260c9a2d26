import type { FastifyInstance } from 'fastify'
import { escapeName, quoteName } from '../path.ts'
import { differencesOf } from '../options/differences.ts'
import type { ResolvedOptions } from '../options/resolve.ts'
import { scopeSites } from './sites.ts'

type Sessions = readonly ResolvedOptions[]

/** All sessions of a server, whichever scope they belong to. */
const sessionsOf = new WeakMap<object, Sessions>()
/** The names of sessions that the outermost scope of a server refuses, since only scopes inside it have them. */
const refusedBy = new WeakMap<object, Set<string>>()

/**
 * Enters the sessions of a registration among those of the server, and returns them with those of the scopes around.
 * Throws a `TypeError` where two conflict, in whichever order they are registered.
 */
export function enterSessions (fastify: FastifyInstance, settings: Sessions): Sessions {
  const around = (scopeSites.of(fastify) ?? []).map((site) => site.settings)
  const everywhere = sessionsOf.get(fastify.server) ?? []
  const inScope = [...around, ...settings]
  checkNames(fastify, inScope, settings)
  settings.forEach((each, index) => {
    for (const other of [...everywhere, ...settings.slice(index + 1)]) checkPair(each, other)
  })
  sessionsOf.set(fastify.server, [...everywhere, ...settings])
  return inScope
}

function checkNames (fastify: FastifyInstance, inScope: Sessions, settings: Sessions): void {
  if (scopeSites.isSet(fastify)) {
    throw new TypeError('fastify-signed-session is registered in this scope already; ' +
      'several sessions go into one registration, as a list of options')
  }
  for (const { name } of settings) {
    const isRefused = refusedBy.get(fastify.server)?.has(name) === true
    if (isRefused && outermost(fastify) === fastify) {
      throw new TypeError(`A scope inside this one has a session ${quoteName(name)} already; ` +
        'register the outer one first, under a sessionName of its own, or it alone')
    }
    const isTaken = fastify.hasRequestDecorator(name) && !isRefused
    if (isTaken || inScope.filter((each) => each.name === name).length > 1) {
      throw new TypeError(`A request has a property ${quoteName(name)} already, in this scope or one around it; ` +
        'each session needs a sessionName of its own')
    }
  }
}

/** Two that are equal are one session, which scopes beside each other may each have. */
function checkPair (one: ResolvedOptions, other: ResolvedOptions): void {
  const differences = differencesOf(one, other)
  if (differences.length === 0) return
  if (one.cookieName === other.cookieName) {
    throw new TypeError(`Two sessions share the cookie ${quoteName(one.cookieName)} and differ in ` +
      `${differences.join(', ')}, so that one would overwrite the other; give each a cookieName of its own, ` +
      'or both the same options')
  }
  if (one.keys.some((key) => other.keys.some((each) => each.equals(key)))) {
    throw new TypeError('Two sessions share a signing key, so that a cookie of one would pass for the other; ' +
      'give each a secret or a salt of its own')
  }
}

/** Makes the use of a session outside its scope throw an error with the reason; the property is undefined otherwise. */
export function refuseOutside (fastify: FastifyInstance, name: string): void {
  const root = outermost(fastify)
  if (root === fastify || root.hasRequestDecorator(name)) return
  refusedBy.set(root.server, (refusedBy.get(root.server) ?? new Set()).add(name))
  const refuse = (): never => {
    throw new Error(`request.${escapeName(name)} does not exist in this scope: fastify-signed-session was registered ` +
      'in another, and what is registered in a scope stays inside it (encapsulation). ' +
      'Register it in a scope around both, or in this one too')
  }
  root.decorateRequest(name as 'session', { getter: refuse, setter: refuse } as never)
}

/** Fastify makes each scope with the one around it as its prototype. */
function outermost (fastify: FastifyInstance): FastifyInstance {
  const around = Object.getPrototypeOf(fastify)
  return around === Object.prototype ? fastify : outermost(around)
}
