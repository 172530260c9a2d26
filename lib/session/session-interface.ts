import { type BadData, BadPayload, type Evidence, SignatureExpired, withoutStacks } from '../errors.ts'
import type { JSONTag, TagClass } from '../json/tag.ts'
import type { RegisterOptions } from '../json/tagged-json.ts'
import { decodePayload, encodePayload, loadText, type TextSerializer } from '../signing/serializer.ts'
import { NO_KEY, type TimedUnsigned, TimestampSigner } from '../signing/signer.ts'
import { SessionContents } from './contents.ts'
import type { SessionSettings } from './options.ts'
import { contentsOf, type Session, sessionOf } from './session.ts'

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

/** Keeps the whole session in a signed cookie: Flask's `SecureCookieSessionInterface`. */
export class SecureCookieSessionInterface extends SessionInterface {
  override readonly serializer: SessionSerializer
  readonly #settings: SessionSettings
  readonly #signer: CookieSigner

  constructor (settings: SessionSettings) {
    super()
    this.#settings = settings
    this.serializer = settings.serializer
    this.#signer = new CookieSigner(settings.keys[0]!, {
      salt: '', fallbacks: settings.keys.slice(1), digest: settings.digest, keyDerivation: 'none', now: settings.now, clockTolerance: 60
    })
  }

  openSession (cookies: readonly string[], refused: (error: BadData) => void): Session {
    const contents = this.openContents(cookies)
    if (contents.refused !== undefined) refused(contents.refused)
    return sessionOf(contents)
  }

  /** What `openSession` gives, for callers that have a session to put it into; it says itself what was refused. */
  openContents (cookies: readonly string[]): SessionContents {
    let candidates = 0
    let present: string | undefined
    let reason: BadData | undefined
    for (const cookie of cookies) {
      if (cookie !== '') present ??= cookie
      if (!this.#signer.hasSignature(cookie) || candidates++ >= MAX_CANDIDATES) continue
      const opened = this.#open(cookie, reason !== undefined)
      if (opened instanceof SessionContents) return opened
      reason ??= opened
    }
    const refused = present === undefined ? undefined : reason ?? this.#signer.refusal(present)
    return new SessionContents({}, { hasCookie: cookies.length > 0, startsPermanent: this.#settings.permanent, refused, dump: this.#dump })
  }

  saveSession (session: Session, options?: SaveOptions): SaveDecision {
    return this.saveContents(contentsOf(session)!, options)
  }

  /** What `saveSession` decides, for callers that have the contents at hand. */
  saveContents (contents: SessionContents, options: SaveOptions = {}): SaveDecision {
    contents.savedRevision = contents.revision
    if (contents.signed?.revision === contents.revision && contents.isAsSigned) return contents.signed.decision as SaveDecision
    if (contents.isEmpty) {
      contents.signed = undefined
      contents.savedText = EMPTY
      return contents.modified && contents.hasCookie ? { action: 'delete', vary: true } : keep(contents)
    }
    const text = this.#textToSign(contents, options)
    if (text === undefined) {
      contents.forgetDecision()
      return keep(contents)
    }
    if (text !== contents.signed?.text) contents.signed = { text, decision: this.#set(text, contents), revision: contents.revision }
    contents.signed.revision = contents.revision
    contents.savedText = text === contents.loaded && !contents.modified ? contents.text : text // one that is only signed anew needs no saving
    return contents.signed.decision as SaveDecision
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

  /** The contents of a cookie, or why it is refused; undefined where its signature does not hold and `isReasonKnown`. */
  #open (cookie: string, isReasonKnown: boolean): SessionContents | BadData | undefined {
    const key = this.#signer.keyOf(cookie)
    if (key === NO_KEY) return isReasonKnown ? undefined : this.#signer.refusal(cookie)
    try {
      const now = this.#signer.now()
      return this.#load(this.#signer.timed(cookie, key, this.#settings.lifetime, now), now)
    } catch (error) {
      return error as BadData
    }
  }

  #load ({ value, key, timestamp }: TimedUnsigned, now: number): SessionContents {
    const { compress, absoluteLifetime } = this.#settings
    const text = decodePayload(value, compress)
    const payload = splitPayload(loadText(this.serializer, text), value)
    const hasNoClock = absoluteLifetime !== undefined && payload.began === undefined
    const { data, id } = payload
    const began = hasNoClock ? timestamp : payload.began
    if (absoluteLifetime !== undefined) this.#checkBegan(now - began!, absoluteLifetime, timestamp, value)
    return new SessionContents(data, {
      isNew: false,
      hasCookie: true,
      id,
      began,
      issuedAt: timestamp,
      age: now - timestamp,
      fromFallback: key > 0,
      startsPermanent: this.#settings.permanent,
      text,
      rewrite: hasNoClock || this.#settings.hasForeignText ? (text) => this.#rewrite(text, id, began) : undefined,
      resignsDump: hasNoClock,
      dump: this.#dump
    })
  }

  #checkBegan (age: number, absoluteLifetime: number, timestamp: number, payload: string): void {
    if (age <= absoluteLifetime) return
    throw new SignatureExpired(`The session began more than ${absoluteLifetime} seconds ago`, {
      payload, dateSigned: new Date(timestamp * 1000)
    })
  }

  /** The payload to sign, or undefined where the cookie can stay as it is. */
  #textToSign (contents: SessionContents, options: SaveOptions): string | undefined {
    if (contents.modified || contents.touched) return this.#dump(contents)
    if (!contents.isUntouched) {
      const text = this.#dump(contents)
      if (!contents.isSaved(text)) return text
    }
    const resigned = contents.fromFallback || (this.#isDue(contents) && (options.refresh ?? true))
    if (!resigned) return undefined
    return contents.resignsDump ? this.#dump(contents) : contents.loaded
  }

  #isDue (contents: SessionContents): boolean {
    const { accessed, issuedAt, age } = contents
    const { refreshAfter, refreshesPermanentOnly } = this.#settings
    const isOld = accessed && issuedAt !== undefined && refreshAfter !== false && age !== undefined && age >= refreshAfter
    return isOld && (!refreshesPermanentOnly || contents.permanent)
  }

  /** The payload of a text as this interface would write it. */
  #rewrite (text: string, id: string | undefined, began: number | undefined): string {
    const { data } = splitPayload(this.serializer.loads(text), text)
    return this.#dump(new SessionContents(data, { id, began }))
  }

  readonly #dump = (contents: SessionContents): string => {
    const { absoluteLifetime, name } = this.#settings
    if (absoluteLifetime !== undefined) contents.began ??= this.#signer.now()
    const { data, id, began } = contents
    const kept: Record<string, unknown> = {}
    if (id !== undefined) kept._id = id
    if (began !== undefined) kept._began = began
    return this.serializer.dumps(id === undefined && began === undefined ? data : { ...data, ...kept }, name)
  }

  #set (text: string, contents: SessionContents): SaveDecision {
    const value = this.#signer.sign(encodePayload(text, this.#settings.compress))
    return { action: 'set', value, expires: this.#expires(contents), vary: true, isResigned: text === contents.loaded }
  }

  #expires (contents: SessionContents): number | undefined {
    return contents.permanent ? this.#signer.now() + Math.min(this.#settings.lifetime, MAX_EXPIRES) : undefined
  }
}

function keep ({ accessed }: SessionContents): SaveDecision {
  return accessed ? KEEP_USED : KEEP_UNUSED
}

const KEEP_USED: SaveDecision = Object.freeze({ action: 'keep', vary: true })
const KEEP_UNUSED: SaveDecision = Object.freeze({ action: 'keep', vary: false })

interface Payload {
  data: Record<string, unknown>
  id?: string | undefined
  began?: number | undefined
}

/** Another program may keep something else under our two names; that is data, and stays where it is. */
function splitPayload (value: unknown, payload: string): Payload {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new BadPayload('The payload is not that of a session', { payload })
  }
  const data = value as Record<string, unknown>
  return { data, id: take(data, '_id', isId), began: take(data, '_began', isTime) }
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

function isTime (value: unknown): value is number {
  return Number.isSafeInteger(value)
}

/** The contents of the session that an interface opens. One that is not declared asynchronous must not answer with a promise. */
export function openContents (sessionInterface: SessionInterface, cookies: readonly string[]): SessionContents {
  if (sessionInterface.openSession === SecureCookieSessionInterface.prototype.openSession) {
    return (sessionInterface as SecureCookieSessionInterface).openContents(cookies)
  }
  let refused: BadData | undefined
  const contents = contentsOf(settled(sessionInterface.openSession(cookies, (error) => { refused = error })))!
  contents.refused = refused
  return contents
}

/** What an interface decides about a session. One that is not declared asynchronous must not answer with a promise. */
export function saveContents (sessionInterface: SessionInterface, session: Session, contents: SessionContents, options: SaveOptions): SaveDecision {
  return sessionInterface.saveSession === SecureCookieSessionInterface.prototype.saveSession
    ? (sessionInterface as SecureCookieSessionInterface).saveContents(contents, options)
    : checked(settled(sessionInterface.saveSession(session, options)))
}

const COOKIE_VALUE = /^[!#-+\--:<-[\]-~]*$/

/** Our own values are base64url with dots; those of another interface may be anything, and must not bring attributes with them. */
export function checked (decision: SaveDecision): SaveDecision {
  const action = decision?.action
  if (action !== 'keep' && action !== 'set' && action !== 'delete') throw new TypeError('The session interface gave no decision to keep, set or delete')
  if (action === 'set' && (typeof decision.value !== 'string' || !COOKIE_VALUE.test(decision.value))) {
    throw new TypeError('The session interface gave a cookie value with characters that a cookie cannot hold (RFC 6265, section 4.1.1)')
  }
  return decision
}

/** What an interface that is not declared asynchronous returned at once. */
export function settled<Result> (result: Result | Promise<Result>): Result {
  if (!(result instanceof Promise)) return result
  result.catch(() => {})
  throw new TypeError('The session interface returned a promise: it has to declare async = true')
}
