import type { Outdated } from '../wire/codec.ts'

/** What is known of the cookie that a session came from; it stays as it was, whatever becomes of the session. */
export interface Origin {
  /** Whether no valid cookie came. */
  readonly isNew: boolean
  /** Whether a cookie of this session's name came, valid or not. */
  readonly hasCookie: boolean
  /** The id that the session was opened with. */
  readonly id?: string | undefined
  /** The cookie itself, where an id can be made of it. */
  readonly cookie?: string | undefined
  /** Its payload. */
  readonly text?: string | undefined
  /** When it was signed, in Unix seconds. */
  readonly issuedAt?: number | undefined
  /** The Unix second after which it is refused. */
  readonly expiresAt?: number | undefined
  /** When it was opened, in Unix seconds. */
  readonly openedAt?: number | undefined
  /** Why it would be made otherwise now; undefined where it would not. */
  readonly outdated?: Outdated | undefined
  /** Whether `text` may be spelled otherwise than it would be written here. */
  readonly isForeign?: boolean | undefined
  /** Whether the cookie was genuine, and the store has no session for it. */
  readonly isEnded?: boolean | undefined
  /** Whether the cookie is that of a session in a store, which processes that were started otherwise have. */
  readonly isElsewhere?: boolean | undefined
  /** Whether the payload lacks what every session has that is saved here, such as the id. */
  readonly isIncomplete?: boolean | undefined
}
