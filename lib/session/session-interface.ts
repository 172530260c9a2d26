import { createHash } from 'node:crypto'
import { BadData, BadPayload, type Evidence, NotSerializable, SignatureExpired, withoutStacks } from '../errors.ts'
import type { JSONTag, TagClass } from '../json/tag.ts'
import type { RegisterOptions } from '../json/tagged-json.ts'
import { formatPath, formatRoot } from '../path.ts'
import { decodePayload, encodePayload, loadText, type TextSerializer } from '../signing/serializer.ts'
import { NO_KEY, type TimedUnsigned, TimestampSigner } from '../signing/signer.ts'
import { type ContentsInit, type ContentsRules, SessionContents } from './contents.ts'
import type { SessionSettings } from './options.ts'
import { contentsOf, openedSession, Session as SessionClass, type Session, sessionOf } from './session.ts'

/** What is to become of the cookie: nothing, a new value, or its end; and whether the response depends on it. */
export type SaveDecision =
  | { readonly action: 'keep' | 'delete', readonly vary: boolean }
  | {
    readonly action: 'set'
    readonly value: string
    /** When the browser drops the cookie, in Unix seconds; undefined for the end of its session. */
    readonly expires: number | undefined
    readonly vary: boolean
    /** Whether only the signature is new. Default false. */
    readonly isResigned?: boolean | undefined
  }

/** What a route says about saving. */
export interface SaveOptions {
  /** Whether a session that was only used may be signed anew once it is old enough. Default true. */
  refresh?: boolean | undefined
}

/** A serializer of sessions; one that takes tags has `register`. */
export interface SessionSerializer extends TextSerializer {
  /** The value as text; `name` begins the path in error messages. */
  dumps (value: unknown, name?: string): string
  readonly tags?: ReadonlyMap<string, JSONTag> | undefined
  /** Why a value, whatever is inside it, can never be kept; undefined where it can be. */
  refusalOf? (value: unknown): string | undefined
  register? (Tag: TagClass, options?: RegisterOptions): void
}

/**
 * Decides how sessions are opened and saved, as Flask's `SessionInterface`; knows no request and writes no header.
 * It is asked when a session is first used. One that sets `async` to true is asked before every handler instead, and
 * may answer with promises.
 */
export abstract class SessionInterface {
  /** Default false. */
  readonly async: boolean = false
  readonly serializer: SessionSerializer | undefined = undefined

  /**
   * The session of a request, from the values of every cookie of its name, in the order in which they came. Never
   * throws for a cookie that cannot be trusted: that is a new session, and the reason goes to `refused`.
   */
  abstract openSession (cookies: readonly string[], refused: (error: BadData) => void): Session | Promise<Session>

  /** What is to become of the cookie. Throws for a session that cannot be kept. */
  abstract saveSession (session: Session, options?: SaveOptions): SaveDecision | Promise<SaveDecision>

  /**
   * The id that a session was opened with, after `regenerate` and at its end too; undefined for a new one. For a store,
   * which has to drop what it keeps under an id that the session no longer has.
   */
  openedId (session: Session): string | undefined {
    return contentsOf(session)!.openedId
  }

  /** The bytes that each key takes with its name, largest first; for the message of a cookie that is too large. */
  weigh (_session: Session): Array<[key: string, bytes: number]> {
    return []
  }

  /** The keys whose values are no longer what the last decision was made for. */
  unsavedKeys (_session: Session): string[] {
    return []
  }
}

/** The most cookies of one name whose signature is looked at. */
const MAX_CANDIDATES = 8
/** The most payloads that are decoded for one request. */
const MAX_DECODED = 2
/** Seconds by which a time may lie in the future, for clocks that differ. */
const CLOCK_TOLERANCE = 60
const MAX_TIMESTAMP = 8.64e12 // the last second of a Date (ECMA-262, section 21.4.1.1)
/** The payload of an empty session, which is never signed. */
const EMPTY = '{}'
/** Browsers keep a cookie no longer (draft-ietf-httpbis-rfc6265bis, section 5.5): 400 days, in seconds. */
const MAX_EXPIRES = 400 * 24 * 60 * 60

class CookieSigner extends TimestampSigner {
  /** A cookie value is ASCII (RFC 6265, section 4.1.1); no HMAC is made of another, which was never signed here. */
  override keyOf (signed: string): number {
    return Buffer.byteLength(signed) === signed.length ? super.keyOf(signed) : NO_KEY
  }

  protected override failure<Failure extends BadData> (Class: new (message: string, evidence: Evidence) => Failure, message: string, evidence: Evidence): Failure {
    return withoutStacks(() => super.failure(Class, message, evidence))
  }
}

// What the interface below gives without a session around the contents, which a request has already.
let openOurs: (ours: SecureCookieSessionInterface, cookies: readonly string[]) => SessionContents
let saveOurs: (ours: SecureCookieSessionInterface, contents: SessionContents, options: SaveOptions) => SaveDecision

/** Keeps the whole session in a signed cookie: Flask's `SecureCookieSessionInterface`. */
export class SecureCookieSessionInterface extends SessionInterface {
  override readonly serializer: SessionSerializer
  readonly #settings: SessionSettings
  readonly #signer: CookieSigner
  readonly #rules: ContentsRules

  constructor (settings: SessionSettings) {
    super()
    this.#settings = settings
    this.#rules = {
      startsPermanent: settings.permanent,
      allowsMemberNames: settings.hasForeignText,
      checkValue: this.#checkValue,
      dump: this.#dump
    }
    this.serializer = settings.serializer
    this.#signer = new CookieSigner(settings.keys[0]!, {
      salt: '', fallbacks: settings.keys.slice(1), digest: settings.digest, keyDerivation: 'none', now: settings.now, clockTolerance: CLOCK_TOLERANCE
    })
  }

  openSession (cookies: readonly string[], refused: (error: BadData) => void): Session {
    const contents = this.#openContents(cookies)
    if (contents.refused !== undefined) refused(contents.refused)
    return sessionOf(contents)
  }

  saveSession (session: Session, options?: SaveOptions): SaveDecision {
    return this.#saveContents(contentsOf(session)!, options)
  }

  /** A cookie that was refused for its age may stand ahead of a fresh one of another path, so that the search goes on. */
  #openContents (cookies: readonly string[]): SessionContents {
    const tried: string[] = []
    const reading: Reading = { decoded: 0, reason: undefined }
    for (const cookie of cookies) {
      if (!this.#signer.hasSignature(cookie) || tried.includes(cookie)) continue
      if (tried.push(cookie) > MAX_CANDIDATES || reading.decoded === MAX_DECODED) break
      const opened = this.#open(cookie, reading)
      if (opened !== undefined) return opened
    }
    const present = cookies.find((cookie) => cookie !== '')
    const refused = present === undefined ? undefined : reading.reason ?? this.#signer.refusal(present)
    return new SessionContents({}, { hasCookie: cookies.length > 0, refused }, this.#rules)
  }

  #saveContents (contents: SessionContents, options: SaveOptions = {}): SaveDecision {
    contents.savedRevision = contents.revision
    if (contents.isBlank) {
      contents.savedText = EMPTY
      return contents.isEnded ? DELETE : keep(contents)
    }
    const changed = this.#changedText(contents)
    const text = changed ?? this.#textToResign(contents, options)
    if (text === undefined) {
      contents.forgetDecision()
      return keep(contents)
    }
    contents.savedText = changed ?? contents.text // a session that is only signed anew needs no saving
    return this.#signed(text, contents, changed === undefined)
  }

  /** The decision to set the cookie, the last one where that says the same. */
  #signed (text: string, contents: SessionContents, isResigned: boolean): SaveDecision {
    const { signed } = contents
    if (signed?.text === text && signed.isResigned === isResigned) return signed.decision as SaveDecision
    const decision = this.#set(text, contents, isResigned)
    contents.signed = { text, isResigned, decision }
    return decision
  }

  override weigh (session: Session): Array<[key: string, bytes: number]> {
    const { data } = contentsOf(session)!
    return Object.keys(data)
      .map((key): [string, number] => [key, Buffer.byteLength(this.serializer.dumps({ [key]: data[key] })) - EMPTY.length])
      .sort(([, a], [, b]) => b - a)
  }

  override unsavedKeys (session: Session): string[] {
    const contents = contentsOf(session)!
    const text = contents.savedText ?? contents.text
    const isSaved = contents.revision === contents.savedRevision && contents.isAsDecided
    if (isSaved || text === undefined || text === this.#dump(contents)) return []
    const { data } = contents
    const { data: saved } = splitPayload(this.serializer.loads(text), text)
    return [...new Set([...Object.keys(data), ...Object.keys(saved)])].filter((key) =>
      Object.hasOwn(data, key) !== Object.hasOwn(saved, key) || this.serializer.dumps(data[key]) !== this.serializer.dumps(saved[key]))
  }

  /** The contents of a cookie, or undefined where it is refused; the first reason is kept. */
  #open (cookie: string, reading: Reading): SessionContents | undefined {
    const key = this.#signer.keyOf(cookie)
    if (key === NO_KEY) {
      reading.reason ??= this.#signer.refusal(cookie)
      return undefined
    }
    try {
      const now = this.#signer.now()
      const unsigned = this.#signer.timed(cookie, key, this.#settings.lifetime, now)
      reading.decoded++
      return this.#load(unsigned, now, cookie)
    } catch (error) {
      if (!(error instanceof BadData)) throw error
      reading.reason ??= error
      return undefined
    }
  }

  #load ({ value, key, timestamp }: TimedUnsigned, now: number, cookie: string): SessionContents {
    const { compress, absoluteLifetime, hasForeignText } = this.#settings
    const text = decodePayload(value, compress)
    const { data, id, began, permanent } = splitPayload(loadText(this.serializer, text), value)
    if (absoluteLifetime !== undefined) checkBeginning(data, began, absoluteLifetime, timestamp, now, value)
    const lacksClock = absoluteLifetime !== undefined && began === undefined
    const lacksId = !hasForeignText && id === undefined
    const start = lacksClock ? timestamp : began
    const derivedId = id === undefined ? () => idFromSignature(cookie) : undefined
    const isRewritten = lacksClock || lacksId || hasForeignText
    return new SessionContents(data, {
      isNew: false,
      hasCookie: true,
      id,
      derivedId,
      began: start,
      permanent,
      issuedAt: timestamp,
      age: now - timestamp,
      fromFallback: key > 0,
      text,
      rewrite: isRewritten ? (text) => this.#rewrite(text, { id, derivedId, began: start, permanent }) : undefined,
      resignsDump: lacksClock || lacksId
    }, this.#rules)
  }

  /** The payload to sign for a change, or undefined where there is none. */
  #changedText (contents: SessionContents): string | undefined {
    const isAnnounced = contents.modified || contents.touched
    if (!isAnnounced && contents.isUntouched) return undefined
    const text = this.#dump(contents)
    return isAnnounced || !contents.isSaved(text) ? text : undefined
  }

  /** The payload to sign anew for the age or the key of its signature, or undefined where the cookie can stay as it is. */
  #textToResign (contents: SessionContents, { refresh = true }: SaveOptions): string | undefined {
    if (!contents.fromFallback && !(this.#isDue(contents) && refresh)) return undefined
    return contents.resignsDump ? this.#dump(contents) : contents.loaded
  }

  #isDue (contents: SessionContents): boolean {
    const { accessed, issuedAt, age } = contents
    const { refreshAfter, refreshesPermanentOnly } = this.#settings
    const isOld = accessed && issuedAt !== undefined && refreshAfter !== false && age !== undefined && age >= refreshAfter
    return isOld && (!refreshesPermanentOnly || contents.permanent === true)
  }

  /** The payload of a text as this interface would write it. */
  #rewrite (text: string, known: ContentsInit): string {
    const { data } = splitPayload(this.serializer.loads(text), text)
    return this.#dump(new SessionContents(data, known))
  }

  /** Refuses at once what can never be kept, where the stack shows who stored it. */
  readonly #checkValue = (key: string, value: unknown): void => {
    const reason = this.serializer.refusalOf?.(value)
    if (reason !== undefined) throw new NotSerializable(formatPath(formatRoot(this.#settings.name), [key]), reason)
  }

  /** The data, and what is kept beside it, which joins it while it is written: a copy would cost as much as its text. */
  readonly #dump = (contents: SessionContents): string => {
    const { absoluteLifetime, hasForeignText, name } = this.#settings
    const { data } = contents
    if (absoluteLifetime !== undefined) contents.began ??= this.#signer.now()
    if (!hasForeignText && !Object.hasOwn(data, '_id')) contents.identify()
    const { id, began, permanent } = contents
    if (id !== undefined) data._id = id
    if (began !== undefined) data._began = began
    if (permanent !== undefined) data._permanent = permanent
    try {
      return this.serializer.dumps(data, name)
    } finally {
      if (permanent !== undefined) delete data._permanent
      if (began !== undefined) delete data._began
      if (id !== undefined) delete data._id
    }
  }

  #set (text: string, contents: SessionContents, isResigned: boolean): SaveDecision {
    const value = this.#signer.sign(encodePayload(text, this.#settings.compress))
    return { action: 'set', value, expires: this.#expires(contents), vary: true, isResigned }
  }

  #expires (contents: SessionContents): number | undefined {
    return contents.permanent ? this.#signer.now() + Math.min(this.#settings.lifetime, MAX_EXPIRES) : undefined
  }

  static {
    openOurs = (ours, cookies) => ours.#openContents(cookies)
    saveOurs = (ours, contents, options) => ours.#saveContents(contents, options)
  }
}

function keep ({ accessed }: SessionContents): SaveDecision {
  return accessed ? KEEP_USED : KEEP_UNUSED
}

const DELETE: SaveDecision = Object.freeze({ action: 'delete', vary: true })
const KEEP_USED: SaveDecision = Object.freeze({ action: 'keep', vary: true })
const KEEP_UNUSED: SaveDecision = Object.freeze({ action: 'keep', vary: false })

/** What has become of the cookies of a request so far. */
interface Reading {
  /** How many payloads were decoded. */
  decoded: number
  /** Why the first cookie was refused. */
  reason: BadData | undefined
}

interface Payload {
  readonly data: Record<string, unknown>
  readonly id: string | undefined
  readonly began: number | undefined
  readonly permanent: boolean | undefined
}

/** Another program may keep something else under our three names; that is data, and stays where it is. */
function splitPayload (value: unknown, payload: string): Payload {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new BadPayload('The payload is not that of a session', { payload })
  }
  const data = value as Record<string, unknown>
  return {
    data,
    id: take(data, '_id', isId),
    began: take(data, '_began', isTime),
    permanent: take(data, '_permanent', isBoolean)
  }
}

function take<Kind> (data: Record<string, unknown>, key: string, is: (value: unknown) => value is Kind): Kind | undefined {
  if (!Object.hasOwn(data, key)) return undefined
  const value = data[key]
  if (!is(value)) return undefined
  delete data[key]
  return value
}

/** As `session.id` makes them. */
function isId (value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value)
}

/** Whole Unix seconds that a Date can hold. */
function isTime (value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(Number(value)) <= MAX_TIMESTAMP
}

function isBoolean (value: unknown): value is boolean {
  return typeof value === 'boolean'
}

/** An id for a genuine cookie that has none: the first 128 bits of a hash of its signature. */
function idFromSignature (cookie: string): string {
  const signature = cookie.slice(cookie.lastIndexOf('.') + 1)
  return createHash('sha256').update(signature).digest().toString('base64url', 0, 16)
}

/** Throws `BadData` for a session that began too long ago, or at no time that there can be. */
function checkBeginning (
  data: object, began: number | undefined, absoluteLifetime: number, timestamp: number, now: number, payload: string
): void {
  if (Object.hasOwn(data, '_began')) throw new BadPayload('The session began at a time that is none', { payload })
  const start = began ?? timestamp
  const evidence = { payload, dateSigned: new Date(timestamp * 1000) }
  if (start > timestamp + CLOCK_TOLERANCE) throw new BadPayload('The session began after it was signed', evidence)
  if (now - start <= absoluteLifetime) return
  throw new SignatureExpired(`The session began more than ${absoluteLifetime} seconds ago`, evidence)
}

/** The contents of the session that an interface opens. An interface that is not asynchronous must not answer with a promise. */
export function openContents (sessionInterface: SessionInterface, cookies: readonly string[]): SessionContents {
  if (sessionInterface.openSession === SecureCookieSessionInterface.prototype.openSession) {
    return openOurs(sessionInterface as SecureCookieSessionInterface, cookies)
  }
  let refused: BadData | undefined
  const contents = contentsGiven(settled(sessionInterface.openSession(cookies, (error) => { refused = error })))
  contents.refused = refused
  return contents
}

/** The contents of what an interface opened. Throws a `TypeError` where that is no session. */
export function contentsGiven (session: unknown): SessionContents {
  if (session instanceof SessionClass) return contentsOf(session as Session)!
  throw new TypeError('The session interface opened no session: openSession must return one, as new Session(data) makes it')
}

/** What an interface decides about a session that it opened. It must not answer with a promise, unless it is asynchronous. */
export function saveContents (sessionInterface: SessionInterface, contents: SessionContents, options: SaveOptions): SaveDecision {
  if (sessionInterface.saveSession === SecureCookieSessionInterface.prototype.saveSession) {
    return saveOurs(sessionInterface as SecureCookieSessionInterface, contents, options)
  }
  return checked(settled(sessionInterface.saveSession(openedSession(contents), options)))
}

const COOKIE_VALUE = /^[!#-+\--:<-[\]-~]*$/

/**
 * A copy of what an interface decided, so that what was checked is what is written. Throws a `TypeError` for what is no
 * decision, and for a value that could bring attributes of its own.
 */
export function checked (decision: SaveDecision): SaveDecision {
  const { action, vary, value, expires, isResigned } = (decision ?? {}) as Partial<Record<string, unknown>>
  if (action === 'keep' || action === 'delete') return { action, vary: Boolean(vary) }
  if (action !== 'set') throw new TypeError('The session interface gave no decision to keep, set or delete')
  if (typeof value !== 'string' || !COOKIE_VALUE.test(value)) {
    throw new TypeError('The session interface gave a cookie value with characters that a cookie cannot hold (RFC 6265, section 4.1.1)')
  }
  if (expires !== undefined && !isExpiry(expires)) throw new TypeError('The session interface gave an expires that is not in Unix seconds')
  return { action, value, expires, vary: Boolean(vary), isResigned: Boolean(isResigned) }
}

/** `Set-Cookie` has four digits for the year (RFC 6265, section 4.1.1). */
function isExpiry (expires: unknown): expires is number {
  return typeof expires === 'number' && expires >= 0 && expires < END_OF_YEARS
}

const END_OF_YEARS = Date.UTC(10_000, 0) / 1000

/** What an interface that is not declared asynchronous returned at once. */
export function settled<Result> (result: Result | Promise<Result>): Result {
  if (!(result instanceof Promise)) return result
  result.catch(() => {})
  throw new TypeError('The session interface returned a promise: it has to declare async = true')
}
