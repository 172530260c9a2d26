import type { FastifyInstance } from 'fastify'
import { quoteName } from '../path.ts'
import { differencesOf } from '../session/differences.ts'
import type { SessionSettings } from '../session/settings.ts'
import { isInside, isTaken } from './encapsulation.ts'

type Sessions = readonly SessionSettings[]

/** All sessions of a server, whichever scope they belong to. */
const sessionsOf = new WeakMap<object, Sessions>()

/** The property of an instance with the sessions of its scope and of those around it. */
const SESSIONS = Symbol('fastify-signed-session.sessions')
type WithSessions = Record<typeof SESSIONS, Sessions | undefined>

/**
 * Enters the sessions of a registration among those of the server, and returns them with those of the scopes around.
 * Throws a `TypeError` where two would get into each other's way, in whichever order they are registered.
 */
export function enterSessions (fastify: FastifyInstance, settings: Sessions): Sessions {
  const around = (fastify as unknown as WithSessions)[SESSIONS] ?? []
  const everywhere = sessionsOf.get(fastify.server) ?? []
  const inScope = [...around, ...settings]
  checkNames(fastify, inScope, settings)
  settings.forEach((each, index) => {
    for (const other of [...everywhere, ...settings.slice(index + 1)]) checkPair(each, other)
  })
  sessionsOf.set(fastify.server, [...everywhere, ...settings])
  ;(fastify as unknown as WithSessions)[SESSIONS] = inScope
  return inScope
}

function checkNames (fastify: FastifyInstance, inScope: Sessions, settings: Sessions): void {
  if (Object.hasOwn(fastify, 'sessionInterface')) {
    throw new TypeError('fastify-signed-session is registered in this scope already; ' +
      'several sessions go into one registration, as a list of options')
  }
  for (const { name } of settings) {
    if (isInside(fastify, name)) {
      throw new TypeError(`A scope inside this one has a session ${quoteName(name)} already; ` +
        'register the outer one first, under a sessionName of its own, or it alone')
    }
    if (isTaken(fastify, name) || inScope.filter((each) => each.name === name).length > 1) {
      throw new TypeError(`A request has a property ${quoteName(name)} already, in this scope or one around it; ` +
        'each session needs a sessionName of its own')
    }
  }
}

/** Two that are equal are one session, which scopes beside each other may each have. */
function checkPair (one: SessionSettings, other: SessionSettings): void {
  const differences = differencesOf(one, other)
  if (differences.length === 0) return
  if (one.cookieName === other.cookieName) {
    throw new TypeError(`Two sessions share the cookie ${quoteName(one.cookieName)} and differ in ` +
      `${differences.join(', ')}, so that one would overwrite the other; give each a cookieName of its own, ` +
      'or both the same options')
  }
  if (sharesKey(one, other)) {
    throw new TypeError('Two sessions share a signing key, so that a cookie of one would pass for the other; ' +
      'give each a secret or a salt of its own')
  }
}

function sharesKey (one: SessionSettings, other: SessionSettings): boolean {
  return one.keys.some((key) => other.keys.some((each) => each.equals(key)))
}
