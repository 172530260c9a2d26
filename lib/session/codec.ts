import { type BadData, BadSignature } from '../errors.ts'
import { Session } from './session.ts'
import type { SaveDecision, SessionInterface } from './session-interface.ts'

/** A cookie value that holds `data`. Throws a `TypeError` for data that cannot be kept, or of which nothing is to be kept. */
export function encodeSession (sessionInterface: SessionInterface, data: Record<string, unknown>): string {
  const session = new Session(data)
  session.modified = true
  const decision = sessionInterface.saveSession(session as Session) as SaveDecision
  if (decision.action !== 'set') throw new TypeError('An empty session has no cookie')
  return decision.value
}

/** The session of a cookie value. Throws `BadData`. */
export function openCookie (sessionInterface: SessionInterface, value: string): Session {
  let refused: BadData | undefined
  const session = sessionInterface.openSession([value], (error) => { refused = error }) as Session
  if (refused !== undefined) throw refused
  if (session.isNew) throw new BadSignature('There is no cookie')
  return session
}

/** The data of a cookie value. Throws `BadData`. */
export function decodeSession (sessionInterface: SessionInterface, value: string): Record<string, unknown> {
  return openCookie(sessionInterface, value).data()
}
