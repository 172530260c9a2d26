import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { quoteName } from '../json/path.ts'
import { isPlainObject } from '../json/writer.ts'

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
   * Whether something was changed, inside a stored object too. Set to false, all changes so far are forgotten for the
   * cookie; set to true, the session is saved.
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

/** `request.session`: the members, and the data as properties. */
export type Session<Data extends object = SessionData> =
  SessionMembers<Data> & Omit<Data, keyof SessionMembers> & { [key: string]: unknown }

/** What a session asks of the request it belongs to. */
export interface SessionHost {
  /** Called at the first use of a member: has to `adopt` an opened session. */
  open (): void
  setCookieOptions (options: object): void
  /** Called before every change. */
  changing (key: string | undefined): void
}

/** What is known of a session beside its data; for session interfaces. */
export interface SessionInit {
  /** Default true. */
  isNew?: boolean | undefined
  /** The session's id, where it has one. */
  id?: string | undefined
  /** When it began, in Unix seconds. */
  began?: number | undefined
  /** When its cookie was signed, in Unix seconds. */
  issuedAt?: number | undefined
  /** Whether it becomes permanent with its first key. Default false. */
  startsPermanent?: boolean | undefined
  /** Whether the request carried a cookie of this session's name, valid or not. Default false. */
  hasCookie?: boolean | undefined
}

/** What this package's own interface knows besides. */
export interface ContentsInit extends SessionInit {
  /** The text of the payload that came, by which changes inside stored objects are noticed. */
  text?: string | undefined
  /** Whether an older secret signed it, so that it has to be signed anew. Default false. */
  fromFallback?: boolean | undefined
  /** A payload's text as `dump` would write it, where another program may have written it. */
  rewrite?: ((text: string) => string) | undefined
  /** The payload as text now. Without it an object that code outside holds counts as changed. */
  dump?: ((contents: SessionContents) => string) | undefined
}

/** The data of an open session and all that is known about it. */
export class SessionContents {
  data: Record<string, unknown>
  isNew: boolean
  id: string | undefined
  began: number | undefined
  issuedAt: number | undefined
  startsPermanent: boolean
  hasCookie: boolean
  fromFallback: boolean
  /** The payload as it came. */
  readonly loaded: string | undefined
  /** The payload that needs no saving: the one that came, or that of the moment `modified` was set to false. */
  text: string | undefined
  accessed = false
  modified = false
  touched = false
  /** Whether code outside holds an object of the data, and may change it without a word. */
  shared = false
  /** Counts the changes that were announced. */
  revision = 0
  /** The last decision to set the cookie, and the payload it signed. */
  signed: { readonly text: string, readonly decision: unknown } | undefined
  readonly dump: (contents: SessionContents) => string
  #rewrite: ((text: string) => string) | undefined

  constructor (data: Record<string, unknown>, init: ContentsInit) {
    this.data = data
    this.isNew = init.isNew ?? true
    this.id = init.id
    this.began = init.began
    this.issuedAt = init.issuedAt
    this.startsPermanent = init.startsPermanent ?? false
    this.hasCookie = init.hasCookie ?? false
    this.fromFallback = init.fromFallback ?? false
    this.loaded = init.text
    this.text = init.text
    this.dump = init.dump ?? (() => '')
    this.#rewrite = init.rewrite
  }

  /** Whether `text` is the payload that needs no saving. */
  isSaved (text: string | undefined): boolean {
    if (text === this.text || this.text === undefined || this.#rewrite === undefined) return text === this.text
    this.text = this.#rewrite(this.text)
    this.#rewrite = undefined
    return text === this.text
  }

  read (key: string): unknown {
    const value = Object.hasOwn(this.data, key) ? this.data[key] : undefined
    if (typeof value === 'object' && value !== null) this.shared = true
    return value
  }

  write (key: string, value: unknown): void {
    if (value === undefined) {
      this.remove(key)
      return
    }
    if (this.startsPermanent && this.isBlank) this.data._permanent = true
    this.data[key] = value
    if (typeof value === 'object' && value !== null) this.shared = true
    this.change()
  }

  remove (key: string): boolean {
    if (!Object.hasOwn(this.data, key)) return false
    this.change()
    return delete this.data[key]
  }

  /** Puts other data in the place of all there was; the id and the clock end with it. */
  replace (data: Record<string, unknown>): void {
    this.data = {}
    this.id = undefined
    this.began = undefined
    this.issuedAt = undefined
    this.change()
    for (const key of Object.keys(data)) this.write(key, data[key])
  }

  change (): void {
    this.modified = true
    this.revision++
  }

  get isBlank (): boolean {
    for (const key in this.data) if (Object.hasOwn(this.data, key)) return false
    return true
  }

  /** Whether there is nothing to keep. */
  get isEmpty (): boolean {
    return this.id === undefined && this.isBlank
  }

  get permanent (): boolean {
    return Object.hasOwn(this.data, '_permanent') ? Boolean(this.data._permanent) : this.startsPermanent && this.isBlank
  }
}

const RESERVED_KEYS = new Set(['_id', '_began', '__proto__'])
const HANDLE = Symbol('session')

/** Where a session's contents are, or how to get them. */
interface Handle {
  contents: SessionContents | undefined
  readonly host: SessionHost | undefined
}

class SessionBase {
  readonly [HANDLE]: Handle

  constructor (handle: Handle) {
    this[HANDLE] = handle
  }

  get (key: string): unknown {
    return use(this).read(key)
  }

  set (key: string, value: unknown): void {
    checkKey(key)
    changing(this, key).write(key, value)
  }

  has (key: string): boolean {
    return Object.hasOwn(use(this).data, key)
  }

  delete (...keys: string[]): boolean {
    if (keys.length === 0) {
      const contents = changing(this)
      const existed = !contents.isEmpty
      contents.replace({})
      return existed
    }
    checkKey(keys[0])
    return changing(this, keys[0]).remove(keys[0]!)
  }

  pop (key: string, fallback?: unknown): unknown {
    const contents = use(this)
    if (!Object.hasOwn(contents.data, key)) return fallback
    const value = contents.data[key]
    this.delete(key)
    return value
  }

  setDefault (key: string, value: unknown): unknown {
    if (!this.has(key)) this.set(key, value)
    return this.get(key)
  }

  update (values: Record<string, unknown>): void {
    const contents = changing(this)
    const checked = checkData(values)
    contents.change()
    for (const key of Object.keys(checked)) contents.write(key, checked[key])
  }

  clear (): void {
    changing(this).replace({})
  }

  data (): Record<string, unknown> {
    const contents = use(this)
    contents.shared = true
    return { ...contents.data }
  }

  keys (): string[] {
    return Object.keys(use(this).data)
  }

  entries (): Array<[string, unknown]> {
    return Object.entries(this.data())
  }

  [Symbol.iterator] (): Iterator<[string, unknown]> {
    return this.entries().values()
  }

  get size (): number {
    return this.keys().length
  }

  get permanent (): boolean {
    return use(this).permanent
  }

  set permanent (value: boolean) {
    changing(this, '_permanent').write('_permanent', Boolean(value))
  }

  get isNew (): boolean {
    return use(this).isNew
  }

  get accessed (): boolean {
    return this[HANDLE].contents?.accessed ?? false
  }

  get modified (): boolean {
    const contents = use(this)
    return contents.modified || (contents.shared && !contents.isSaved(dumpOrUndefined(contents)))
  }

  set modified (value: boolean) {
    const contents = changing(this)
    contents.revision++
    contents.modified = Boolean(value)
    if (!contents.modified) contents.text = contents.dump(contents)
  }

  get id (): string {
    const contents = use(this)
    if (contents.id === undefined) {
      if (Object.hasOwn(contents.data, '_id')) throw new TypeError('Another program keeps an _id in this session, which session.id would replace')
      changing(this)
      contents.id = randomBytes(16).toString('base64url')
      contents.change()
    }
    return contents.id
  }

  get issuedAt (): Date | undefined {
    return dateOf(use(this).issuedAt)
  }

  get createdAt (): Date | undefined {
    return dateOf(use(this).began)
  }

  touch (): void {
    const contents = changing(this)
    contents.touched = true
    contents.revision++
  }

  regenerate (keep: readonly string[] = []): void {
    const contents = changing(this)
    const kept = keep.filter((key) => Object.hasOwn(contents.data, key)).map((key) => [key, contents.data[key]])
    contents.replace(Object.fromEntries(kept))
  }

  options (options: ResponseCookieOptions): void {
    const contents = changing(this)
    const { host } = this[HANDLE]
    if (host === undefined) throw new TypeError('options() belongs to the session of a request')
    host.setCookieOptions(options)
    contents.revision++
  }

  get [Symbol.toStringTag] (): string {
    return 'Session'
  }

  [inspect.custom] (_depth: number, options: object): string {
    return `Session ${inspect(use(this).data, options)}`
  }
}

/** Makes the data keys, and nothing else, the session's own properties. */
const dataAsProperties: ProxyHandler<SessionBase> = {
  get (target, key) {
    return typeof key === 'symbol' || key in SessionBase.prototype
      ? (target as unknown as Record<string | symbol, unknown>)[key]
      : target.get(key)
  },
  set (target, key, value) {
    if (typeof key === 'symbol') throw new TypeError('A session has no symbol keys')
    if (key === 'permanent' || key === 'modified') target[key] = value
    else if (key in SessionBase.prototype) {
      throw new TypeError(`${quoteName(key)} is a member of the session; session.set() stores a value under that name`)
    } else target.set(key, value)
    return true
  },
  has (target, key) {
    return typeof key === 'string' && target.has(key)
  },
  deleteProperty (target, key) {
    if (typeof key === 'string') target.delete(key)
    return true
  },
  ownKeys (target) {
    return target.keys()
  },
  getOwnPropertyDescriptor (target, key) {
    if (typeof key === 'symbol' || !target.has(key)) return undefined
    return { value: target.get(key), writable: true, enumerable: true, configurable: true }
  },
  defineProperty (target, key, descriptor) {
    if (typeof key === 'symbol' || !('value' in descriptor)) return false
    target.set(key, descriptor.value)
    return true
  },
  preventExtensions: () => false,
  setPrototypeOf: () => false
}

/**
 * Flask's `SecureCookieSession`: data and its flags, without a cookie or a header. A session interface makes one in
 * `openSession`.
 */
export const Session = function (data: Record<string, unknown> = {}, init: SessionInit = {}) {
  const contents = new SessionContents({}, init)
  for (const [key, value] of Object.entries(checkData(data))) contents.data[key] = value
  return sessionOf(contents)
} as unknown as SessionConstructor
Object.defineProperty(Session, 'prototype', { value: SessionBase.prototype })
Object.defineProperty(SessionBase.prototype, 'constructor', { value: Session })

export interface SessionConstructor {
  new <Data extends object = SessionData> (data?: Data, init?: SessionInit): Session<Data>
  readonly prototype: SessionMembers
}

/** A session around contents that are there already. */
export function sessionOf (contents: SessionContents): Session {
  return proxied({ contents, host: undefined })
}

/** A session that its host opens at the first use of a member. */
export function lazySession (host: SessionHost): Session {
  return proxied({ contents: undefined, host })
}

/** The contents of a session that was opened, or undefined. Counts as no use. */
export function contentsOf (session: Session): SessionContents | undefined {
  return handleOf(session).contents
}

/** Lets a session of a request take the contents of one that was opened elsewhere. */
export function adopt (session: Session, opened: Session): void {
  handleOf(session).contents = contentsOf(opened)
}

/** What assigning to `request.session` does: an object replaces the data, null ends the session. */
export function assignSession (session: Session, value: unknown): void {
  if (value === session) return
  changing(session as unknown as SessionBase).replace(value === null ? {} : { ...checkData(value) })
}

function proxied (handle: Handle): Session {
  return new Proxy(new SessionBase(handle), dataAsProperties) as unknown as Session
}

function handleOf (session: Session): Handle {
  return (session as unknown as SessionBase)[HANDLE]
}

/** The contents, opened where this is the first use. */
function use (session: SessionBase): SessionContents {
  const handle = session[HANDLE]
  if (handle.contents === undefined) handle.host!.open()
  const contents = handle.contents!
  contents.accessed = true
  return contents
}

/** The contents for a change, of which the host is told. */
function changing (session: SessionBase, key?: string): SessionContents {
  const contents = use(session)
  session[HANDLE].host?.changing(key)
  return contents
}

function checkKey (key: unknown): void {
  if (typeof key !== 'string') throw new TypeError(`A session key must be a string, not ${key === null ? 'null' : typeof key}`)
  if (RESERVED_KEYS.has(key)) throw new TypeError(`The session key ${quoteName(key)} is reserved`)
}

function checkData (value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !(value instanceof Session || isPlainObject(value))) {
    throw new TypeError('The data of a session must be an object without a class')
  }
  for (const key of Object.keys(value)) checkKey(key)
  return value as Record<string, unknown>
}

function dumpOrUndefined (contents: SessionContents): string | undefined {
  try {
    return contents.dump(contents)
  } catch {
    return undefined
  }
}

function dateOf (seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000)
}
