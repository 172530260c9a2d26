import { type BadData, NotSerializable } from '../errors.ts'
import { formatPath, formatRoot } from '../path.ts'
import { Candidates, type Opened } from '../wire/codec.ts'
import { checkKept, type KeptBeside, NOTHING_BESIDE } from './beside.ts'
import { type ContentsRules, SessionContents } from './contents.ts'
import { DELETE, KEEP_UNUSED, KEEP_USED, type SaveDecision, type SaveOptions } from './decision.ts'
import { decodeLater, encodeLater } from './encode.ts'
import type { SessionData, SessionKey, SessionValues } from './members.ts'
import type { Origin } from './origin.ts'
import {
  type Action, actionFor, actionForBlank, cookieAge, expiryOf, longestLifetime, refusalOf
} from './rules.ts'
import { contentsOf, type Session, sessionOn } from './session.ts'
import type { SessionSerializer } from './session-serializer.ts'
import type { SessionSettings } from './settings.ts'

/** Who owns a session: what the data key that the option `owner` names holds. */
export type SessionOwner = string | number | bigint

export interface ListOptions<Data extends object = SessionData> {
  /** The session of the request, which is marked in the list. Default none. */
  current?: Session | undefined
  /** The keys of the sessions whose values are to be read. Default none. */
  data?: ReadonlyArray<SessionKey<Data>> | undefined
}

/** A session in the list of an owner's. */
export interface ListedSession<Data extends object = SessionData> {
  /** Names the session for `end`; no cookie can be made of it. */
  readonly key: string
  readonly createdAt: Date
  /** When it was saved or touched last; sessions that are used are touched once in `refreshAfter`. */
  readonly lastUsedAt: Date
  readonly expiresAt: Date
  readonly isCurrent: boolean
  readonly data: Readonly<SessionValues<Data>>
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
  /** Whether an asynchronous one answers at once where no cookie came, so that it need not be asked. Default false. */
  readonly opensEmptyAtOnce: boolean = false
  /** Whether a session can be saved when the headers have left, by `session.save()`. Default false. */
  readonly savesAnytime: boolean = false
  readonly serializer: SessionSerializer | undefined
  /** The settings of the session. Using them throws a `TypeError` where the interface was made without. */
  protected declare readonly settings: SessionSettings
  /** What all sessions of this interface are held to. */
  protected readonly rules: ContentsRules

  constructor (settings?: SessionSettings) {
    Object.defineProperty(this, 'settings', { value: settings ?? NO_SETTINGS }) // not enumerable, since it holds keys
    this.serializer = settings?.serializer
    const { name = 'session', permanent = false, keepsPermanent = true, isShared = false } = settings ?? {}
    this.rules = {
      startsPermanent: permanent && keepsPermanent,
      allPermanent: keepsPermanent ? undefined : permanent,
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

  /**
   * The session as its store has it now. What was changed since it was opened or saved is dropped. Throws a `TypeError`
   * without a store, as `list`, `end` and `endAll` do.
   */
  reloadSession (_session: Session): Promise<Session> {
    throw new TypeError('session.reload() is for sessions in a store: one in a cookie is what the request brought, ' +
      'and is saved with the reply')
  }

  /**
   * A cookie value for a session of `data`, which the store keeps from then on. Rejects as saving a session does.
   * Throws a `TypeError` where the interface is not asynchronous, as `decode` does.
   */
  encode (data: Record<string, unknown>): Promise<string> {
    if (!this.async) throw needsStore('encode', 'app.encodeSession()')
    return encodeLater(this, data)
  }

  /** The data of the session that a cookie value opens. Rejects with `BadData`. */
  decode (cookieValue: string): Promise<Record<string, unknown>> {
    if (!this.async) throw needsStore('decode', 'app.decodeSession()')
    return decodeLater(this, cookieValue)
  }

  /** The sessions of an owner, the one used last first. Throws a `TypeError` without the option `owner`. */
  list<Data extends object = SessionData> (
    _owner: SessionOwner, _options?: ListOptions<Data>
  ): Promise<Array<ListedSession<Data>>> {
    throw needsStore('list')
  }

  /** Ends the session of a `key` that `list` gave, if it is `owner`'s. Says whether it did. */
  end (_key: string, _choice: { owner: SessionOwner }): Promise<boolean> {
    throw needsStore('end')
  }

  /**
   * Ends all sessions of an owner that exist when it runs, but for that of a request: the one that it came with, and
   * the one that it leaves with. Says how many it ended.
   */
  endAll (_owner: SessionOwner, _options?: { except?: Session | undefined }): Promise<number> {
    throw needsStore('endAll')
  }

  /** The genuine ones among the cookies of a request that are not too old, one after the other. */
  protected candidates (cookies: readonly string[]): Candidates {
    return new Candidates(this.settings.codec, cookies, longestLifetime(this.settings))
  }

  /**
   * The session of a request of whose cookies none was taken. `isEnded` says that one was genuine and its session is no
   * more.
   */
  protected newSession (
    candidates: Candidates, refused: (error: BadData) => void, came: Pick<Origin, 'isEnded' | 'isElsewhere'> = {}
  ): Session {
    const reason = candidates.refusal()
    if (reason !== undefined) refused(reason)
    const { isEnded, isElsewhere } = came
    const origin = { isNew: true, hasCookie: candidates.count > 0, isEnded, isElsewhere }
    return sessionOn(new SessionContents({}, origin, NOTHING_BESIDE, this.rules))
  }

  /**
   * The session of a genuine cookie: its data, and what is kept of it beside them. Throws `SignatureExpired` where it
   * is too old, `BadPayload` where it began after it was signed, and a `TypeError` where `kept` has other types.
   */
  protected session (data: Record<string, unknown>, cookie: Opened, kept: Partial<KeptBeside> = {}): Session {
    checkKept(kept)
    const text = this.serializer?.dumps(data, this.settings.name)
    return this.sessionOf(data, cookie, { ...NOTHING_BESIDE, ...kept }, { text })
  }

  /** @internal */
  protected sessionOf (
    data: Record<string, unknown>, cookie: Opened, kept: KeptBeside, came: Pick<Origin, 'text' | 'isForeign'>
  ): Session {
    const { settings } = this
    const { issuedAt, now: openedAt, outdated } = cookie
    const { id, permanent, createdAt = this.#beginning(issuedAt) } = kept
    const known = { id, createdAt, permanent, issuedAt }
    const expiresAt = expiryOf(settings, known)
    if (openedAt > expiresAt) throw refusalOf(settings, known, openedAt, cookie.text)
    const { text, isForeign } = came
    const origin = { isNew: false, hasCookie: true, id, text, isForeign, issuedAt, openedAt, expiresAt, outdated }
    return sessionOn(new SessionContents(data, origin, known, this.rules))
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
    return actionFor(this.settings, contents, options, contents.changedText() !== undefined)
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
    const maxAge = contents.isPermanent ? cookieAge(settings, contents, settings.codec.now()) : undefined
    contents.sealed = settings.codec.seal(text)
    return { action: 'set', value: contents.sealed, maxAge, vary: true, isResigned }
  }
}

function needsStore (what: string, instead?: string): TypeError {
  const hint = instead === undefined ? '' : `; for one in a cookie, use ${instead}`
  return new TypeError(`${what} is for sessions in a store, which the option store sets${hint}`)
}

/** For an interface that was given as an instance. */
const NO_SETTINGS = new Proxy({}, {
  get: () => {
    throw new TypeError('The session interface was made without settings: give the option sessionInterface its class')
  }
}) as SessionSettings
