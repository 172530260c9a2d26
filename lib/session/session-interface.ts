import { type BadData, NotSerializable } from '../errors.ts'
import type { JSONTag, TagClass } from '../json/tag.ts'
import type { RegisterOptions } from '../json/tagged-json.ts'
import { formatPath, formatRoot } from '../path.ts'
import type { TextSerializer } from '../signing/serializer.ts'
import { Candidates, type Opened } from '../wire/codec.ts'
import { type ContentsRules, type KeptBeside, SessionContents } from './contents.ts'
import { DELETE, KEEP_UNUSED, KEEP_USED, type SaveDecision, type SaveOptions } from './decision.ts'
import {
  type Action, actionFor, actionForBlank, cookieAge, expiryOf, isDue, longestLifetime, refusalOf
} from './rules.ts'
import { contentsOf, type Session, sessionOn } from './session.ts'
import type { SessionSettings } from './settings.ts'

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
 *
 * One of your own gets the rules of `lifetime`, `permanent`, `refreshAfter`, `absoluteLifetime` and `fallbacks` by the
 * protected methods. They need the settings: give the option `sessionInterface` the class, not an instance.
 */
export abstract class SessionInterface {
  /** Default false. */
  readonly async: boolean = false
  readonly serializer: SessionSerializer | undefined
  /** The settings of the session. Using them throws a `TypeError` where the interface was made without. */
  protected declare readonly settings: SessionSettings
  /** What all sessions of this interface are held to. */
  protected readonly rules: ContentsRules

  constructor (settings?: SessionSettings) {
    Object.defineProperty(this, 'settings', { value: settings ?? NO_SETTINGS }) // not enumerable, since it holds keys
    this.serializer = settings?.serializer
    const { name = 'session', permanent = false, isShared = false } = settings ?? {}
    this.rules = {
      startsPermanent: permanent,
      allowsMemberNames: isShared,
      checkValue: (key, value) => {
        const reason = this.serializer?.refusalOf?.(value)
        if (reason !== undefined) throw new NotSerializable(formatPath(formatRoot(name), [key]), reason)
      },
      dump: ({ data }) => this.serializer?.dumps(data, name) ?? ''
    }
  }

  /**
   * The session of a request, from the values of every cookie of its name, in the order in which they came. Never
   * throws for a cookie that cannot be trusted: that is a new session, and the reason goes to `refused`.
   */
  abstract openSession (cookies: readonly string[], refused: (error: BadData) => void): Session | Promise<Session>

  /**
   * What is to become of the cookie. It is given the very session that `openSession` returned. Throws for a session
   * that cannot be kept.
   */
  abstract saveSession (session: Session, options?: SaveOptions): SaveDecision | Promise<SaveDecision>

  /**
   * The id that a session was opened with, after `regenerate` and at its end too; undefined for a new one. For a store,
   * which has to drop what it keeps under an id that the session no longer has.
   */
  openedId (session: Session): string | undefined {
    return contentsOf(session)!.origin.id
  }

  /** The bytes that each key takes with its name, largest first; for the message of a cookie that is too large. */
  weigh (_session: Session): Array<[key: string, bytes: number]> {
    return []
  }

  /** The keys whose values are no longer what the last decision was made for. */
  unsavedKeys (_session: Session): string[] {
    return []
  }

  /** The genuine ones among the cookies of a request that are not too old, one after the other. */
  protected candidates (cookies: readonly string[]): Candidates {
    return new Candidates(this.settings.codec, cookies, longestLifetime(this.settings))
  }

  /** The session of a request of whose cookies none was taken. */
  protected newSession (candidates: Candidates, refused: (error: BadData) => void): Session {
    const reason = candidates.refusal()
    if (reason !== undefined) refused(reason)
    const origin = { isNew: true, hasCookie: candidates.count > 0 }
    return sessionOn(new SessionContents({}, origin, {}, this.rules))
  }

  /**
   * The session of a genuine cookie: its data, and what is kept of it beside them. Throws `SignatureExpired` where it
   * is too old, and `BadPayload` where it began after it was signed.
   */
  protected session (data: Record<string, unknown>, cookie: Opened, kept: Partial<KeptBeside> = {}): Session {
    const { settings } = this
    const { issuedAt, now: openedAt, isFromFallback } = cookie
    const { id, permanent, createdAt = this.#beginning(issuedAt) } = kept
    const clocks = { permanent, issuedAt, createdAt }
    const expiresAt = expiryOf(settings, clocks)
    if (openedAt > expiresAt) throw refusalOf(settings, clocks, openedAt, cookie.text)
    const text = this.serializer?.dumps(data, settings.name) // the cookie's may be an id
    const origin = { isNew: false, hasCookie: true, id, text, issuedAt, openedAt, expiresAt, isFromFallback }
    return sessionOn(new SessionContents(data, origin, { id, createdAt, permanent }, this.rules))
  }

  /**
   * What is to be kept of a session beside its data, for `session` to take again. A session that has no id or, with
   * `absoluteLifetime`, no beginning gets them.
   */
  protected keptOf (session: Session): KeptBeside & { id: string } {
    const contents = contentsOf(session)!
    contents.createdAt ??= this.#beginning(this.settings.codec.now())
    const { createdAt, permanent } = contents
    return { id: contents.identify(), createdAt, permanent }
  }

  /** The beginning of a session of which none is known: `seconds`, where the beginning counts. */
  #beginning (seconds: number): number | undefined {
    return this.settings.absoluteLifetime === undefined ? undefined : seconds
  }

  /** What the settings make of a session: `save` where something was changed, `resign` where its signature is old. */
  protected actionFor (session: Session, options: SaveOptions = {}): Action {
    const contents = contentsOf(session)!
    if (contents.isBlank) return actionForBlank(contents)
    return actionFor(contents.changedText() !== undefined, isDue(this.settings, contents, options))
  }

  /** The decision for an action; a cookie that is set holds `text`, signed. */
  protected decisionFor (session: Session, action: Action, text: string): SaveDecision {
    const contents = contentsOf(session)!
    if (action === 'delete') return DELETE
    if (action === 'keep') return contents.accessed ? KEEP_USED : KEEP_UNUSED
    return this.set(contents, text, action === 'resign')
  }

  /** @internal */
  protected set (contents: SessionContents, text: string, isResigned: boolean): SaveDecision {
    const { settings } = this
    const maxAge = contents.permanent === true ? cookieAge(settings, contents, settings.codec.now()) : undefined
    return { action: 'set', value: settings.codec.seal(text), maxAge, vary: true, isResigned }
  }
}

/** For an interface that was given as an instance. */
const NO_SETTINGS = new Proxy({}, {
  get: () => {
    throw new TypeError('The session interface was made without settings: give the option sessionInterface its class')
  }
}) as SessionSettings
