import { BadData, BadSignature } from '../errors.ts'
import { checked, type SaveDecision, type SaveOptions } from './decision.ts'
import { contentsGiven, type Session } from './session.ts'

/** What is used of a session interface. */
interface OpensAndSaves {
  openSession (cookies: readonly string[], refused: (error: BadData) => void): Session | Promise<Session>
  saveSession (session: Session, options?: SaveOptions): SaveDecision | Promise<SaveDecision>
}

/** A session made outside a request, and what its cookie is to hold. */
export interface EncodedSession {
  readonly session: Session
  readonly value: string
  /** The seconds for which a browser would keep the cookie; undefined for the end of its session. */
  readonly maxAge: number | undefined
}

/** A new session of `data`. Throws a `TypeError` for data that cannot be kept, or of which nothing is to be kept. */
export function encodeSession (sessionInterface: OpensAndSaves, data: Record<string, unknown>): EncodedSession {
  const session = open(sessionInterface, [])
  session.update(data)
  const { value, maxAge } = valueOf(checked(sessionInterface.saveSession(session)))
  return { session, value, maxAge }
}

/** The session of a cookie value. Throws `BadData`. */
export function openCookie (sessionInterface: OpensAndSaves, value: string): Session {
  const session = open(sessionInterface, [value])
  if (session.isNew) throw new BadSignature('There is no cookie')
  return session
}

/** The data of a cookie value. Throws `BadData`. */
export function decodeSession (sessionInterface: OpensAndSaves, value: string): Record<string, unknown> {
  return openCookie(sessionInterface, value).data()
}

/** A cookie value for a session of `data`, by an interface that may be asynchronous. Rejects as saving does. */
export async function encodeLater (sessionInterface: OpensAndSaves, data: Record<string, unknown>): Promise<string> {
  const { session } = await openLater(sessionInterface, [])
  session.update(data)
  return valueOf(checked(await sessionInterface.saveSession(session))).value
}

/** The data of a cookie value, by such an interface. Rejects with `BadData`. */
export async function decodeLater (
  sessionInterface: OpensAndSaves, value: string
): Promise<Record<string, unknown>> {
  const { session, refused } = await openLater(sessionInterface, [value])
  if (refused !== undefined) throw refused
  if (session.isNew) throw new BadData('There is no session for the cookie')
  return session.data()
}

async function openLater (
  sessionInterface: OpensAndSaves, cookies: readonly string[]
): Promise<{ session: Session, refused: BadData | undefined }> {
  let refused: BadData | undefined
  const session = await sessionInterface.openSession(cookies, (error) => { refused = error })
  return { session, refused }
}

/** A decision with a value. Throws a `TypeError` where nothing is to be kept. */
function valueOf (decision: SaveDecision): Extract<SaveDecision, { action: 'set' }> {
  if (decision.action !== 'set') throw new TypeError('An empty session has no cookie')
  return decision
}

function open (sessionInterface: OpensAndSaves, cookies: readonly string[]): Session {
  let refused: BadData | undefined
  const session = sessionInterface.openSession(cookies, (error) => { refused = error })
  contentsGiven(session)
  if (refused !== undefined) throw refused
  return session as Session
}
