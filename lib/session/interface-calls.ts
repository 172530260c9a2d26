import type { BadData } from '../errors.ts'
import type { SaveDecision, SaveOptions } from './decision.ts'
import { Session as SessionClass, type Session } from './session.ts'
import type { SessionInterface } from './session-interface.ts'

/** The session that an interface opens. Throws a `TypeError` where it answers with something else. */
export function openWith (
  sessionInterface: SessionInterface, cookies: readonly string[], refused: (error: BadData) => void
): Session {
  return sessionGiven(settled(sessionInterface.openSession(cookies, refused)))
}

/** What an interface opened. Throws a `TypeError` where that is no session. */
export function sessionGiven (session: unknown): Session {
  if (session instanceof SessionClass) return session as Session
  throw new TypeError('The session interface opened no session: openSession must return one, ' +
    'as new Session(data) makes it')
}

/** What an interface decides about a session that it opened. Throws a `TypeError` for what is no decision. */
export function saveWith (sessionInterface: SessionInterface, session: Session, options?: SaveOptions): SaveDecision {
  return checked(settled(sessionInterface.saveSession(session, options)))
}

/** What a cookie value may hold (RFC 6265, section 4.1.1). */
const COOKIE_VALUE = /^[!#-+\--:<-[\]-~]*$/

/**
 * A copy of what an interface decided, so that what was checked is what is written. Throws a `TypeError` for what is no
 * decision, and for a value that could bring attributes of its own.
 */
export function checked (decision: SaveDecision): SaveDecision {
  const { action, vary, value, maxAge, isResigned } = (decision ?? {}) as Partial<Record<string, unknown>>
  if (action === 'keep' || action === 'delete') return { action, vary: Boolean(vary) }
  if (action !== 'set') throw new TypeError('The session interface gave no decision to keep, set or delete')
  if (typeof value !== 'string' || !COOKIE_VALUE.test(value)) {
    throw new TypeError('The session interface gave a cookie value with characters that a cookie cannot hold ' +
      '(RFC 6265, section 4.1.1)')
  }
  if (maxAge !== undefined && !isWholeSeconds(maxAge)) {
    throw new TypeError('The session interface gave a maxAge that is no whole number of seconds')
  }
  return { action, value, maxAge, vary: Boolean(vary), isResigned: Boolean(isResigned) }
}

function isWholeSeconds (value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** What an interface that is not asynchronous returned. Throws a `TypeError` for a promise. */
function settled<Result> (result: Result | Promise<Result>): Result {
  if (!(result instanceof Promise)) return result
  result.catch(() => {})
  throw new TypeError('The session interface returned a promise: it has to declare async = true')
}
