import { type BadData, BadSignature } from '../errors.ts'
import { checked } from './decision.ts'
import { contentsGiven, type Session } from './session.ts'
import type { SessionInterface } from './session-interface.ts'

/** A session made outside a request, and what its cookie is to hold. */
export interface EncodedSession {
  readonly session: Session
  readonly value: string
  /** The seconds for which a browser would keep the cookie; undefined for the end of its session. */
  readonly maxAge: number | undefined
}

/** A new session of `data`. Throws a `TypeError` for data that cannot be kept, or of which nothing is to be kept. */
export function encodeSession (sessionInterface: SessionInterface, data: Record<string, unknown>): EncodedSession {
  const session = open(sessionInterface, [])
  session.update(data)
  const decision = checked(sessionInterface.saveSession(session))
  if (decision.action !== 'set') throw new TypeError('An empty session has no cookie')
  return { session, value: decision.value, maxAge: decision.maxAge }
}

/** The session of a cookie value. Throws `BadData`. */
export function openCookie (sessionInterface: SessionInterface, value: string): Session {
  const session = open(sessionInterface, [value])
  if (session.isNew) throw new BadSignature('There is no cookie')
  return session
}

/** The data of a cookie value. Throws `BadData`. */
export function decodeSession (sessionInterface: SessionInterface, value: string): Record<string, unknown> {
  return openCookie(sessionInterface, value).data()
}

function open (sessionInterface: SessionInterface, cookies: readonly string[]): Session {
  let refused: BadData | undefined
  const session = sessionInterface.openSession(cookies, (error) => { refused = error })
  contentsGiven(session)
  if (refused !== undefined) throw refused
  return session as Session
}
