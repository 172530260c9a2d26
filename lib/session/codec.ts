import { type BadData, BadSignature } from '../errors.ts'
import { openedSession, type Session } from './session.ts'
import { contentsGiven, openContents, saveContents, type SessionInterface, settled } from './session-interface.ts'

/** A session made outside a request, and what its cookie is to hold. */
export interface EncodedSession {
  readonly session: Session
  readonly value: string
  /** When a browser would drop the cookie, in Unix seconds; undefined for the end of its session. */
  readonly expires: number | undefined
}

/** A new session of `data`. Throws a `TypeError` for data that cannot be kept, or of which nothing is to be kept. */
export function encodeSession (sessionInterface: SessionInterface, data: Record<string, unknown>): EncodedSession {
  const contents = openContents(sessionInterface, [])
  const session = openedSession(contents)
  session.update(data)
  const decision = saveContents(sessionInterface, contents, {})
  if (decision.action !== 'set') throw new TypeError('An empty session has no cookie')
  return { session, value: decision.value, expires: decision.expires }
}

/** The session of a cookie value. Throws `BadData`. */
export function openCookie (sessionInterface: SessionInterface, value: string): Session {
  let refused: BadData | undefined
  const session = openedSession(contentsGiven(settled(sessionInterface.openSession([value], (error) => { refused = error }))))
  if (refused !== undefined) throw refused
  if (session.isNew) throw new BadSignature('There is no cookie')
  return session
}

/** The data of a cookie value. Throws `BadData`. */
export function decodeSession (sessionInterface: SessionInterface, value: string): Record<string, unknown> {
  return openCookie(sessionInterface, value).data()
}
