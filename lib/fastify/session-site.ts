import type { CookieWriter } from '../cookies/cookie-writer.ts'
import type { SessionCounters, WarningGate } from '../session/counters.ts'
import type { SessionInterface } from '../session/session-interface.ts'
import type { SessionSettings } from '../session/settings.ts'

/** What all requests of one registered session share. */
export interface SessionSite {
  readonly settings: SessionSettings
  readonly sessionInterface: SessionInterface
  /** The cookie's name and `=`, by which it is found. */
  readonly cookieStart: string
  readonly cookie: CookieWriter
  readonly counters: SessionCounters
  readonly warnings: WarningGate
  /** Called when the cookie goes out without Secure; undefined where that is no mistake. */
  readonly sentInClear: (() => void) | undefined
}
