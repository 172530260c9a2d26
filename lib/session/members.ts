import type { ResponseCookieOptions } from '../cookies/attributes.ts'

/**
 * The types of the keys that sessions hold. Augment it once:
 * `declare module 'fastify-signed-session' { interface SessionData { userId?: number } }`
 * Once it has a key, here or in a plugin, all other keys are type errors. For keys that are made at run time write
 * `session as Session<Record<string, unknown>>`.
 */
export interface SessionData {}

/** The keys of a session; any where `Data` says nothing. */
export type SessionKey<Data extends object = SessionData> =
  [keyof Data] extends [never] ? string : Extract<keyof Data, string>

/** The data of a session as an object. Every key may be missing. */
export type SessionValues<Data extends object = SessionData> =
  [keyof Data] extends [never] ? Record<string, unknown> : { [Key in keyof Data]?: Data[Key] | undefined }

type ValueOf<Data, Key> = Key extends keyof Data ? Exclude<Data[Key], undefined> : unknown

/**
 * The members of `request.session`; the data is reached through them, or as properties. The cookie is opened at the
 * first use of a member or a property.
 */
export interface SessionMembers<Data extends object = SessionData> extends Iterable<[string, unknown]> {
  get<Key extends SessionKey<Data>> (key: Key): ValueOf<Data, Key> | undefined
  /**
   * Stores a value; `undefined` removes the key. Throws a `TypeError` for the name of a member, for the keys `_id`,
   * `_began`, `_permanent` and `__proto__` (both with `statusCode` 400), and for a value that can never be kept, such
   * as a function. What is inside a value is looked at when the session is saved.
   */
  set<Key extends SessionKey<Data>> (key: Key, value: ValueOf<Data, Key> | undefined): void
  has (key: SessionKey<Data>): boolean
  /** Removes one key and says whether it was there. */
  delete (key: SessionKey<Data>): boolean
  /** Ends the session: removes every key, the id and the clock. */
  delete (): boolean
  /** Removes a key and returns its value, or `fallback` where it is missing. */
  pop<Key extends SessionKey<Data>> (key: Key): ValueOf<Data, Key> | undefined
  pop<Key extends SessionKey<Data>, Fallback> (key: Key, fallback: Fallback): ValueOf<Data, Key> | Fallback
  /** The value of a key, which is stored first where it is missing. */
  setDefault<Key extends SessionKey<Data>> (key: Key, value: ValueOf<Data, Key>): ValueOf<Data, Key>
  /** Stores every own enumerable property of an object. Throws before the first where a key is refused. */
  update (values: SessionValues<Data>): void
  /** Removes every key, the id and the clock. */
  clear (): void
  /** A new object with the data; the values are the stored ones. */
  data (): SessionValues<Data>
  /** The same, for `JSON.stringify`. */
  toJSON (): SessionValues<Data>
  keys (): string[]
  entries (): Array<[string, unknown]>
  /** The number of keys. */
  readonly size: number
  /**
   * Whether the cookie outlives the browser session: Flask's `_permanent`. It is kept beside the data, and keeps no
   * session by itself. A session that is regenerated, cleared or replaced is as the option `permanent` says. With the
   * formats `django` and `starlette` all are as that option says, and to set it throws a `TypeError`.
   */
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
  /**
   * 128 random bits as base64url, new after `regenerate`. Every session that is saved has one; where another program
   * writes the cookie too (`format: 'flask'` and its like), only once it was read. A cookie without one has an id from
   * a hash of its signature until it is saved here. The id of a session that is empty is in no cookie.
   */
  readonly id: string
  /** When the cookie that came was signed. */
  readonly issuedAt: Date | undefined
  /** When the session began; known where `absoluteLifetime` is on. */
  readonly createdAt: Date | undefined
  /**
   * When the server refuses the session that came, unless it is used before; by `absoluteLifetime` in any case.
   * Undefined for a new session, and for one without an end.
   */
  readonly expiresAt: Date | undefined
  /** Has the cookie signed anew, unless the session is empty. */
  touch (): void
  /**
   * Drops every key but those of `keep` and starts a new id and clock. Takes effect at once; may be awaited. Throws a
   * `TypeError` for a callback, as `delete`, `clear`, `update` and `touch` do.
   */
  regenerate (keep?: ReadonlyArray<SessionKey<Data>>): void
  /**
   * Cookie attributes for this response. Unknown ones are ignored; a `domain`, `path` or `partitioned` other than the
   * registered, `maxAge` and `expires` throw a `TypeError`.
   */
  options (options: ResponseCookieOptions): void
  /**
   * With a store: writes the changes so far now, as for a reply that was hijacked, or whose headers have left. Rejects
   * as saving with the reply does. Throws a `TypeError` for a session in a cookie, which is saved with the reply.
   */
  save (): Promise<void>
  /**
   * With a store: reads the session again, and drops what was changed since it was opened or saved. One that has ended
   * is empty then. Throws a `TypeError` for a session in a cookie.
   */
  reload (): Promise<void>
}
