import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import { quoteName } from '../path.ts'
import { isPlainObject } from '../json/kinds.ts'
import { SessionContents, type SessionInit } from './contents.ts'
import type { ResponseCookieOptions, SessionData, SessionMembers } from './members.ts'

/** `request.session`: the members, and the data as properties. */
export type Session<Data extends object = SessionData> =
  SessionMembers<Data> & Omit<Data, keyof SessionMembers> & { [key: string]: unknown }

/** What a session belongs to: has its contents, or gets them at the first use of a member. */
export interface SessionHost {
  contents: SessionContents | undefined
  /** Called at the first use of a member where there are no contents: has to set them. */
  open? (): void
  setCookieOptions (options: object): void
  /** Called before every change. */
  changing (key: string | undefined): void
}

const RESERVED_KEYS = new Set(['_id', '_began', '__proto__'])
const HOST = Symbol('session')

/** The host of a session outside a request. */
class Detached implements SessionHost {
  contents: SessionContents

  constructor (contents: SessionContents) {
    this.contents = contents
  }

  changing (): void {}

  setCookieOptions (): never {
    throw new TypeError('options() belongs to the session of a request')
  }
}

class SessionBase {
  readonly [HOST]: SessionHost

  constructor (host: SessionHost) {
    this[HOST] = host
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
    for (const key of Object.keys(contents.data)) contents.read(key)
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
    return this[HOST].contents?.accessed ?? false
  }

  get modified (): boolean {
    const contents = use(this)
    return contents.modified || !(contents.isUntouched || contents.isSaved(dumpOrUndefined(contents)))
  }

  set modified (value: boolean) {
    const contents = changing(this)
    if (!value) {
      contents.text = contents.dump(contents) // which may throw, and leave the changes to be saved
      contents.settle()
      contents.touched = false
    }
    contents.modified = Boolean(value)
    contents.revision++
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
    if (!Array.isArray(keep)) throw new TypeError('regenerate takes a list of the keys to keep')
    const contents = changing(this)
    const kept = keep.filter((key) => Object.hasOwn(contents.data, key)).map((key) => [key, contents.data[key]])
    contents.replace(Object.fromEntries(kept))
  }

  options (options: ResponseCookieOptions): void {
    const contents = changing(this)
    this[HOST].setCookieOptions(options)
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
    if (key === HOST) return target[HOST] // by every member, so that it comes first
    if (key === 'then') return undefined // a session is no promise, and being awaited is no use of it
    return typeof key === 'symbol' || key in SessionBase.prototype
      ? (target as unknown as Record<string | symbol, unknown>)[key]
      : target.get(key)
  },
  set (target, key, value) {
    if (typeof key === 'symbol') throw new TypeError('A session has no symbol keys')
    if (key === 'permanent' || key === 'modified') target[key] = value
    else if (key === 'then' || key in SessionBase.prototype) {
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
  return sessionOn(new Detached(contents))
}

/** The session of a host. */
export function sessionOn (host: SessionHost): Session {
  return new Proxy(new SessionBase(host), dataAsProperties) as unknown as Session
}

/** The contents of a session that was opened, or undefined. Counts as no use. */
export function contentsOf (session: Session): SessionContents | undefined {
  return (session as unknown as SessionBase)[HOST].contents
}

/** What assigning to `request.session` does: an object replaces the data, null ends the session. */
export function assignSession (session: Session, value: unknown): void {
  if (value === session) return
  if (value === undefined) throw new TypeError('request.session takes an object without a class, or null to end the session')
  changing(session as unknown as SessionBase).replace(value === null ? {} : checkData(value))
}

function hostOf (session: SessionBase): SessionHost {
  const host = (session as SessionBase | undefined)?.[HOST]
  if (host === undefined) throw new TypeError('A method of a session was called without it: call request.session.get(…), not a copy of get')
  return host
}

/** The contents, opened where this is the first use. */
function use (session: SessionBase): SessionContents {
  return opened(hostOf(session))
}

/** The contents for a change, of which the host is told. */
function changing (session: SessionBase, key?: string): SessionContents {
  const host = hostOf(session)
  const contents = opened(host)
  host.changing(key)
  return contents
}

function opened (host: SessionHost): SessionContents {
  if (host.contents === undefined) host.open!()
  const contents = host.contents!
  contents.accessed = true
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
  const copy = { ...value } // what is checked is what is stored, whatever a Proxy answers next
  for (const key of Object.keys(copy)) checkKey(key)
  return copy
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
