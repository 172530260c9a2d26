import type { CookieWriter } from '../cookies/cookie-writer.ts'
import { CookieTooLarge } from '../errors.ts'
import type { ResolvedOptions } from '../options/resolve.ts'
import type { SessionCounters, WarningGate } from '../session/counters.ts'
import type { Session } from '../session/session.ts'
import type { SessionInterface } from '../session/session-interface.ts'

/** What all requests of one registered session share. */
export interface SessionSite {
  readonly settings: ResolvedOptions
  readonly sessionInterface: SessionInterface
  /** The cookie's name and `=`, by which it is found. */
  readonly cookieStart: string
  readonly cookie: CookieWriter
  readonly counters: SessionCounters
  readonly warnings: WarningGate
  /** Called when the cookie goes out without Secure; undefined where that is no mistake. */
  readonly sentInClear: (() => void) | undefined
}

/** The error for a session whose `Set-Cookie` line has more bytes than `maxCookieSize`; undefined where it has not. */
export function sizeError (site: SessionSite, session: Session, size: number): CookieTooLarge | undefined {
  const { settings: { cookieName, maxCookieSize }, sessionInterface } = site
  if (size <= maxCookieSize) return undefined
  return new CookieTooLarge(cookieName, size, maxCookieSize, sessionInterface.weigh(session))
}
