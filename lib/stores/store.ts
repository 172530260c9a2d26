/**
 * A session as a store keeps it. All times are in whole Unix seconds, and come from the clock of the process that wrote
 * them: the same clock decides the age of the cookie.
 */
export interface StoredSession {
  /**
   * One text for each top-level key of the session. A name is any text, such as `''`, `a.b`, `*`, `owner`, `__proto__`,
   * NUL or half of a surrogate pair. The text of a value is printable ASCII.
   */
  readonly fields: ReadonlyMap<string, string>
  /** Whether the session outlives the browser's own, as `session.permanent` says. */
  readonly permanent: boolean
  /** When the session began. */
  readonly createdAt: number
  /** When it was last saved or touched. */
  readonly usedAt: number
  /** From when on it is no more. */
  readonly expiresAt: number
  /** Whose session it is: printable ASCII, never empty; null for nobody's. */
  readonly owner: string | null
  /** Whether it was moved here from a cookie that held its data. */
  readonly fromCookie: boolean
}

/** When a session expires, by its `permanent`. In Unix seconds. */
export interface Expiry {
  readonly permanent: number
  readonly otherwise: number
}

/** What one request changes in a session. With nothing to set or unset it is the touch. */
export interface SessionChanges {
  /** The fields that get another value. All others stay. */
  readonly set: ReadonlyMap<string, string>
  /** The names of fields to remove; none of them is in `set`. */
  readonly unset: readonly string[]
  /** In Unix seconds. */
  readonly usedAt: number
  /**
   * The store takes the one that fits the record's `permanent` after this update. The caller cannot choose: another
   * request may have changed `permanent` since this one read it.
   */
  readonly expiresAt: Expiry
  /** Left out where it stays what it is. */
  readonly permanent?: boolean | undefined
  /** Left out where it stays what it is. */
  readonly owner?: string | null | undefined
}

/**
 * Where sessions are kept. What `testStore` of `fastify-signed-session/testing` accepts is one.
 *
 * Keys and owners are opaque: printable ASCII, told apart by case. A promise is rejected only where the store failed.
 * Each method is atomic towards all the others, from other processes too. The exceptions are `list` and `destroyAll`,
 * which may take one session after the other.
 */
export interface SessionStore {
  /** The session, or `'ended'` where `destroy` left that behind. Undefined where there is none, or an expired one. */
  read (key: string): Promise<StoredSession | 'ended' | undefined>

  /** Keeps a new session, in place of an expired one too. Changes nothing where the answer is not `'created'`. */
  create (key: string, session: StoredSession): Promise<'created' | 'exists' | 'ended'>

  /** Merges the changes into the session that is there. False where there is none, an expired or an ended one. */
  update (key: string, changes: SessionChanges): Promise<boolean>

  /**
   * Ends a session. Says whether this call did: false where none was there, or an expired or ended one.
   * With `until` (Unix seconds) the key stays ended up to that time, whether or not there was a session. With undefined
   * nothing is left behind. A key that is ended already stays so until the later of the two times.
   */
  destroy (key: string, until: number | undefined): Promise<boolean>

  /** The sessions of an owner by their keys, in any order. Comes with `destroyAll` or not at all. */
  list? (owner: string): Promise<ReadonlyMap<string, StoredSession>>

  /** Ends all sessions of an owner that exist when it begins, but for some keys. Says how many it ended. */
  destroyAll? (owner: string, until: number | undefined, exceptKeys: readonly string[]): Promise<number>

  /** For start and health checks. Is rejected where the store cannot serve: no connection, table or right to write. */
  check? (): Promise<void>

  /** A sentence for the application's log at start in production. Default none. */
  readonly warning?: string
}
