import { inspect } from 'node:util'
import type { ResponseCookieOptions } from '../cookies/attributes.ts'
import { InvalidSessionData } from '../errors.ts'
import { quoteName } from '../path.ts'
import { isPlainObject } from '../json/kinds.ts'
import { MAX_TIMESTAMP } from '../signing/encoding.ts'
import { checkKept, copyOf, hasKey, keysOf, NAMES_BESIDE } from './beside.ts'
import { type ContentsRules, NO_RULES, SessionContents, type SessionHost } from './contents.ts'
import { brokenPromise } from './decision.ts'
import type { SessionData, SessionMembers, SessionValues } from './members.ts'

/** `request.session`: the members, and the data as properties. */
export type Session<Data extends object = SessionData> =
  SessionMembers<Data> & Omit<SessionValues<Data>, keyof SessionMembers>

/** What is known of a session beside its data; for session interfaces. */
export interface SessionInit {
  /** Default true. */
  isNew?: boolean | undefined
  /** The session's id, where it has one. */
  id?: string | undefined
  /** When it began, in Unix seconds. */
  createdAt?: number | undefined
  /** When its cookie was signed, in Unix seconds. */
  issuedAt?: number | undefined
  /** Whether its cookie outlives the browser session. Default `startsPermanent` for a new session, otherwise false. */
  permanent?: boolean | undefined
  /** Whether a new session, or one that is started anew by `clear` for instance, is permanent. Default false. */
  startsPermanent?: boolean | undefined
  /** Whether the request carried a cookie of this session's name, valid or not. Default false. */
  hasCookie?: boolean | undefined
}

/** What is kept beside the data, and the key that would change a prototype. */
const RESERVED_KEYS = new Set([...NAMES_BESIDE, '__proto__'])
/** Members to come, and what a promise has, which a session is not. */
const RESERVED_MEMBERS = ['key', 'end', 'then']
const HOST = Symbol('session')

class SessionBase implements Record<keyof SessionMembers, unknown> {
  [HOST]!: SessionHost

  get (key: string): unknown {
    const contents = use(this)
    const value = contents.data[key]
    // The contents keep account of the objects that they give away, since code that has one may change it.
    return PRIMITIVES.has(typeof value) && Object.hasOwn(contents.data, key) ? value : contents.read(key)
  }

  set (key: string, value: unknown): void {
    const contents = use(this)
    if (typeof key !== 'string' || NO_KEYS.has(key)) checkKey(key, contents.rules)
    if (value === undefined) {
      remove(this, key)
      return
    }
    if (!PRIMITIVES.has(typeof value) || key === contents.rules.owner) contents.rules.checkValue(key, value)
    this[HOST].changing(key)
    contents.write(key, value)
  }

  has (key: string): boolean {
    return hasKey(use(this).data, key)
  }

  delete (...args: unknown[]): boolean {
    refuseCallbacks('delete', args)
    if (args.length > 0) return remove(this, args[0])
    const contents = changing(this)
    const existed = !contents.isBlank
    contents.replace({})
    return existed
  }

  pop (key: string, fallback?: unknown): unknown {
    const contents = use(this)
    if (!hasKey(contents.data, key)) return fallback
    const value = contents.data[key]
    remove(this, key)
    return value
  }

  setDefault (key: string, value: unknown): unknown {
    if (!this.has(key)) this.set(key, value)
    return this.get(key)
  }

  update (values: Record<string, unknown>, ...others: unknown[]): void {
    refuseCallbacks('update', others)
    const { rules } = use(this)
    const checked = checkData(values, rules)
    const contents = changing(this)
    contents.change()
    for (const key of Object.keys(checked)) contents.write(key, checked[key])
  }

  clear (...args: unknown[]): void {
    refuseCallbacks('clear', args)
    changing(this).replace({})
  }

  data (): Record<string, unknown> {
    const contents = use(this)
    for (const key of keysOf(contents.data)) contents.read(key)
    return copyOf(contents.data)
  }

  toJSON (): Record<string, unknown> {
    return this.data()
  }

  keys (): string[] {
    return keysOf(use(this).data)
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
    return use(this).isPermanent
  }

  set permanent (value: boolean) {
    if (use(this).rules.allPermanent !== undefined) throw new InvalidSessionData(ALL_PERMANENT)
    const contents = changing(this, 'permanent')
    contents.remove('_permanent') // another program's, which this one replaces
    contents.permanent = Boolean(value)
    contents.change()
  }

  get isNew (): boolean {
    return use(this).isNew
  }

  get accessed (): boolean {
    return this[HOST].peek()?.accessed ?? false
  }

  get modified (): boolean {
    const contents = use(this)
    return contents.modified || !(contents.isUntouched || contents.isClean(dumpOrUndefined(contents)))
  }

  set modified (value: boolean) {
    const contents = changing(this)
    if (!value) contents.discardChanges()
    contents.modified = Boolean(value)
    contents.revision++
  }

  get id (): string {
    const contents = use(this)
    if (contents.id !== undefined || contents.isBlank) return contents.identify()
    if (hasKey(contents.data, '_id')) {
      throw new TypeError('Another program keeps an _id in this session, which session.id would replace')
    }
    changing(this)
    contents.change()
    return contents.identify()
  }

  get issuedAt (): Date | undefined {
    const { isReplaced, origin } = use(this)
    return isReplaced ? undefined : dateOf(origin.issuedAt)
  }

  get createdAt (): Date | undefined {
    return dateOf(use(this).createdAt)
  }

  get expiresAt (): Date | undefined {
    const { isReplaced, origin } = use(this)
    return isReplaced ? undefined : dateOf(origin.expiresAt)
  }

  touch (...args: unknown[]): void {
    refuseCallbacks('touch', args)
    const contents = changing(this)
    contents.touched = true
    contents.revision++
  }

  regenerate (keep: readonly string[] = [], ...others: unknown[]): void {
    refuseCallbacks('regenerate', [keep, ...others])
    if (!Array.isArray(keep)) throw new TypeError('regenerate takes a list of the keys to keep')
    const contents = changing(this)
    const kept = keep.filter((key) => hasKey(contents.data, key)).map((key) => [key, contents.data[key]])
    contents.replace(Object.fromEntries(kept))
  }

  options (options: ResponseCookieOptions): void {
    const contents = changing(this)
    this[HOST].setCookieOptions(options)
    contents.revision++
  }

  save (...args: unknown[]): Promise<void> {
    refuseCallbacks('save', args, RETURNS_PROMISE)
    use(this)
    return this[HOST].save()
  }

  reload (...args: unknown[]): Promise<void> {
    refuseCallbacks('reload', args, RETURNS_PROMISE)
    return this[HOST].reload()
  }

  get [Symbol.toStringTag] (): string {
    return 'Session'
  }

  [inspect.custom] (_depth: number, options: object): string {
    return `Session ${inspect(copyOf(use(this).data), options)}`
  }
}

/** The names of members, which are no keys. */
const MEMBERS: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(SessionBase.prototype).filter((name) => name !== 'constructor'), ...RESERVED_MEMBERS
])

/** The members that can be assigned. */
const WRITABLE: ReadonlySet<string> = new Set([...MEMBERS].filter((name) =>
  Object.getOwnPropertyDescriptor(SessionBase.prototype, name)?.set !== undefined))

/** What `set` has a closer look at. */
const NO_KEYS: ReadonlySet<string> = new Set([...MEMBERS, ...RESERVED_KEYS])
/** The types of values that can always be kept. */
const PRIMITIVES: ReadonlySet<string> = new Set(['string', 'number', 'boolean'])

/** Whether a property is the data's: no symbol and no member. */
function isProperty (key: string | symbol): key is string {
  return typeof key === 'string' && !MEMBERS.has(key)
}

/** Makes the data keys, and nothing else, the session's own properties. */
const dataAsProperties: ProxyHandler<SessionBase> = {
  get (target, key) {
    if (key === HOST) return target[HOST]
    // Every object has toString and its like; a key of that name goes first.
    const isMember = typeof key === 'symbol' || MEMBERS.has(key) || (key in SessionBase.prototype && !target.has(key))
    return isMember ? (target as unknown as Record<string | symbol, unknown>)[key] : target.get(key)
  },
  set (target, key, value) {
    if (typeof key === 'symbol') throw new TypeError('A session has no symbol keys')
    if (WRITABLE.has(key)) Reflect.set(target, key, value)
    else if (MEMBERS.has(key)) throw memberError(key)
    else target.set(key, value)
    return true
  },
  has (target, key) {
    return isProperty(key) && target.has(key)
  },
  deleteProperty (target, key) {
    if (isProperty(key)) target.delete(key)
    return true
  },
  ownKeys (target) {
    return target.keys().filter(isProperty)
  },
  getOwnPropertyDescriptor (target, key) {
    if (!isProperty(key) || !target.has(key)) return undefined
    return { value: target.get(key), writable: true, enumerable: true, configurable: true }
  },
  defineProperty (target, key, descriptor) {
    if (!isProperty(key) || !('value' in descriptor)) return false
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
  const { isNew = true, hasCookie = false, id, createdAt, issuedAt, permanent, startsPermanent = false } = init
  checkKept({ id, createdAt, permanent, issuedAt })
  const checked = checkData(data, { ...NO_RULES, allowsMemberNames: true })
  const rules = startsPermanent ? { ...NO_RULES, startsPermanent } : NO_RULES
  const origin = { isNew, hasCookie, id, issuedAt }
  return sessionOn(new SessionContents(checked, origin, { id, createdAt, permanent }, rules))
} as unknown as SessionConstructor
Object.defineProperty(Session, 'prototype', { value: SessionBase.prototype })
Object.defineProperty(SessionBase.prototype, 'constructor', { value: Session })

export interface SessionConstructor {
  new <Data extends object = SessionData> (data?: Data, init?: SessionInit): Session<Data>
  readonly prototype: SessionMembers
}

/** The session of a host; that of contents belongs to no request. */
export function sessionOn (host: SessionHost): Session {
  const base = new SessionBase()
  base[HOST] = host
  return new Proxy(base, dataAsProperties) as unknown as Session
}

/** The contents of a session that was opened, or undefined. Counts as no use. */
export function contentsOf (session: Session): SessionContents | undefined {
  const host = (session as unknown as SessionBase)[HOST]
  return host instanceof SessionContents ? host : host.peek()
}

/** The contents of what an interface opened. Throws a `TypeError` where that is no session. */
export function contentsGiven (session: unknown): SessionContents {
  const host = (session as SessionBase | null | undefined)?.[HOST]
  if (host !== undefined) return host instanceof SessionContents ? host : host.open()
  if (session instanceof Promise) throw brokenPromise(session)
  throw new TypeError('The session interface opened no session: openSession must return one, ' +
    'as new Session(data) makes it')
}

/** What assigning to `request.session` does: an object replaces the data, null ends the session. */
export function assignSession (session: Session, value: unknown): void {
  if (value === session) return
  if (value === undefined) {
    throw new InvalidSessionData('request.session takes an object without a class, or null to end the session')
  }
  const base = session as unknown as SessionBase
  const { rules } = use(base)
  const data = value === null ? {} : checkData(value, rules)
  changing(base).replace(data)
}

/** The contents, opened where this is the first use. */
function use (session: SessionBase): SessionContents {
  const host = (session as SessionBase | undefined)?.[HOST]
  if (host === undefined) {
    throw new TypeError('A method of a session was called without it: call request.session.get(…), not a copy of get')
  }
  const contents = host.open()
  if (contents.isJoined) contents.part()
  contents.accessed = true
  return contents
}

/** The contents for a change, of which the host is told. */
function changing (session: SessionBase, key?: string): SessionContents {
  const contents = use(session)
  session[HOST].changing(key)
  return contents
}

/** Removes a key, if it is there, and says whether it was. */
function remove (session: SessionBase, key: unknown): boolean {
  const { data } = use(session)
  checkKeyType(key)
  checkUnreserved(key)
  return hasKey(data, key) && changing(session, key).remove(key)
}

function checkKeyType (key: unknown): asserts key is string {
  if (typeof key === 'string') return
  throw new InvalidSessionData(`A session key must be a string, not ${key === null ? 'null' : typeof key}`)
}

function checkUnreserved (key: string): void {
  if (RESERVED_KEYS.has(key)) throw new InvalidSessionData(`The session key ${quoteName(key)} is reserved`)
}

function checkKey (key: unknown, { allowsMemberNames }: ContentsRules): void {
  checkKeyType(key)
  checkUnreserved(key)
  if (MEMBERS.has(key) && !allowsMemberNames) throw memberError(key)
}

/** A spread session, for instance, would have the member's value under the key. */
function memberError (key: string): InvalidSessionData {
  return new InvalidSessionData(`${quoteName(key)} is a member of the session and cannot be a key; choose another name`)
}

/** Throws before the first key is stored. */
function checkData (value: unknown, rules: ContentsRules): Record<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject || !(value instanceof Session || isPlainObject(value))) {
    throw new InvalidSessionData('The data of a session must be an object without a class')
  }
  // What is checked is what is stored, whatever a Proxy answers next.
  const copy: Record<string, unknown> = value instanceof Session ? value.data() : { ...value }
  for (const key of Object.keys(copy)) {
    checkKey(key, rules)
    if (copy[key] !== undefined) rules.checkValue(key, copy[key])
  }
  return copy
}

/** For callers of other libraries' sessions, who would wait for ever. */
function refuseCallbacks (method: string, args: readonly unknown[], what = AT_ONCE): void {
  if (!args.some((arg) => typeof arg === 'function')) return
  throw new TypeError(`session.${method}() takes no callback: ${what}`)
}

const ALL_PERMANENT = 'session.permanent cannot be set in this format: the other program keeps no such flag, and the ' +
  'option permanent is for all sessions'
const AT_ONCE = 'it takes effect at once, and the session is saved with the reply'
const RETURNS_PROMISE = 'it returns a promise, and is for sessions in a store; others are saved with the reply'

function dumpOrUndefined (contents: SessionContents): string | undefined {
  try {
    return contents.rules.dump(contents)
  } catch {
    return undefined
  }
}

/** Undefined for no time, and for one past all that a Date can hold. */
function dateOf (seconds: number = Infinity): Date | undefined {
  return Math.abs(seconds) <= MAX_TIMESTAMP ? new Date(seconds * 1000) : undefined
}
