/**
 * The types of the keys that sessions hold. Augment it once:
 * `declare module 'fastify-signed-session' { interface SessionData { userId?: number } }`
 */
export interface SessionData {}

/** Cookie attributes that one response may set otherwise than the registration says. */
export interface ResponseCookieOptions {
  sameSite?: 'lax' | 'strict' | 'none' | boolean | undefined
  secure?: boolean | 'auto' | undefined
  httpOnly?: boolean | undefined
  priority?: 'low' | 'medium' | 'high' | undefined
}

type ValueOf<Data, Key> = Key extends keyof Data ? Data[Key] : unknown

/**
 * The members of `request.session`; the data is reached through them, or as properties. The cookie is opened at the
 * first use of a member or a property.
 */
export interface SessionMembers<Data extends object = SessionData> extends Iterable<[string, unknown]> {
  get<Key extends string> (key: Key): ValueOf<Data, Key> | undefined
  /** Stores a value; `undefined` removes the key. Throws a `TypeError` for the keys `_id`, `_began` and `__proto__`. */
  set<Key extends string> (key: Key, value: ValueOf<Data, Key> | undefined): void
  has (key: string): boolean
  /** Removes one key and says whether it was there. */
  delete (key: string): boolean
  /** Ends the session: removes every key, the id and the clock. */
  delete (): boolean
  /** Removes a key and returns its value, or `fallback` where it is missing. */
  pop<Key extends string> (key: Key): ValueOf<Data, Key> | undefined
  pop<Key extends string, Fallback> (key: Key, fallback: Fallback): Exclude<ValueOf<Data, Key>, undefined> | Fallback
  /** The value of a key, which is stored first where it is missing. */
  setDefault<Key extends string> (key: Key, value: Exclude<ValueOf<Data, Key>, undefined>): Exclude<ValueOf<Data, Key>, undefined>
  /** Stores every own enumerable property of an object. Throws before the first where a key is refused. */
  update (values: Partial<Data> & Record<string, unknown>): void
  /** Removes every key, the id and the clock. */
  clear (): void
  /** A new object with the data; the values are the stored ones. */
  data (): Partial<Data> & Record<string, unknown>
  keys (): string[]
  entries (): Array<[string, unknown]>
  /** The number of keys. */
  readonly size: number
  /** Whether the cookie outlives the browser session. Flask's `_permanent`, an ordinary key of the data. */
  permanent: boolean
  /** Whether no valid cookie came with the request. */
  readonly isNew: boolean
  /** Whether a member or a property was used. Asking does not open the cookie. */
  readonly accessed: boolean
  /**
   * Whether something was changed, inside a stored object too. Set to false, the changes so far need no saving,
   * though a later change saves them too; set to true, the session is saved.
   */
  modified: boolean
  /** 128 random bits as base64url, made when first read and kept with the session; new after `regenerate`. */
  readonly id: string
  /** When the cookie that came was signed. */
  readonly issuedAt: Date | undefined
  /** When the session began; known where `absoluteLifetime` is on. */
  readonly createdAt: Date | undefined
  /** Has the cookie signed anew, unless the session is empty. */
  touch (): void
  /** Drops every key but those of `keep` and starts a new id and clock. Takes effect at once; may be awaited. */
  regenerate (keep?: readonly string[]): void
  /**
   * Cookie attributes for this response. Unknown ones are ignored; a `domain`, `path` or `partitioned` other than the
   * registered, `maxAge` and `expires` throw a `TypeError`.
   */
  options (options: ResponseCookieOptions): void
}
