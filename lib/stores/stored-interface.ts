import { BadData, BadStoredSession, isExhaustion } from '../errors.ts'
import { formatPath, formatRoot } from '../path.ts'
import { NOTHING_BESIDE, type SessionPayload, splitPayload } from '../session/beside.ts'
import { SessionContents } from '../session/contents.ts'
import { idFromSignature } from '../session/cookie-interface.ts'
import type { SaveDecision, SaveOptions } from '../session/decision.ts'
import type { SessionData, SessionValues } from '../session/members.ts'
import { contentsGiven, contentsOf, type Session, sessionOn } from '../session/session.ts'
import { idInText, textOfId } from '../session/session-id.ts'
import {
  type ListedSession, type ListOptions, SessionInterface, type SessionOwner
} from '../session/session-interface.ts'
import type { SessionSerializer } from '../session/session-serializer.ts'
import type { SessionSettings } from '../session/settings.ts'
import { payloadError } from '../signing/serializer.ts'
import type { Candidates, Opened } from '../wire/codec.ts'
import { dataOf, fieldsOf, textOf } from './fields.ts'
import { checkedOwner, checkSessionOwner } from './owner.ts'
import type { SessionStore, StoredSession } from './store.ts'
import { StoreGate } from './store-gate.ts'
import { isStoreKey, StoreKeys } from './store-keys.ts'
import { StoredSaver } from './stored-saver.ts'
import type { StoredState } from './stored-state.ts'

/** Of a session whose text is not that of its cookie. */
const FOREIGN = { text: undefined, isForeign: true }

/** The settings of sessions that may be in a store. */
export interface StoredSettings extends SessionSettings {
  readonly store: SessionStore | undefined
}

/** Keeps sessions in a store. The cookie holds the signed id, and nothing else. */
export class StoredSessionInterface extends SessionInterface {
  override readonly async = true
  override readonly opensEmptyAtOnce = true
  override readonly savesAnytime = true
  override readonly serializer: SessionSerializer
  readonly #gate: StoreGate
  readonly #keys: StoreKeys
  readonly #saver: StoredSaver

  /** Throws a `TypeError` for settings without a store. */
  constructor (settings: StoredSettings) {
    super(settings)
    const { store, storeTimeout, serializer } = settings
    if (store === undefined) throw new TypeError('StoredSessionInterface needs the option store')
    this.serializer = serializer
    this.#gate = new StoreGate(store, storeTimeout)
    this.#keys = new StoreKeys(settings)
    this.#saver = new StoredSaver({
      gate: this.#gate,
      keys: this.#keys,
      settings,
      serializer,
      cookieOf: (contents, id, isResigned) => this.set(contents, textOfId(id), isResigned)
    })
    this.#setRules()
  }

  openSession (cookies: readonly string[], refused: (error: BadData) => void): Session | Promise<Session> {
    const candidates = this.candidates(cookies)
    const cookie = candidates.next()
    return cookie === undefined ? this.newSession(candidates, refused) : this.#find(candidates, cookie, refused)
  }

  saveSession (session: Session, options: SaveOptions = {}): SaveDecision | Promise<SaveDecision> {
    const contents = contentsOf(session)!
    return this.#saver.save(contents, this.#stateOf(contents), options)
  }

  override unsavedKeys (session: Session): string[] {
    const contents = contentsOf(session)!
    return contents.isAsSaved ? [] : this.#saver.unsavedKeys(contents, this.#stateOf(contents))
  }

  override async reloadSession (session: Session): Promise<Session> {
    const contents = contentsOf(session)!
    const state = this.#stateOf(contents)
    const { kept, issuedAt } = state
    const found = kept === undefined ? undefined : await this.#read(kept.id)
    if (kept?.isStored === false && found === undefined) return session // its cookie has it still
    if (kept === undefined || typeof found !== 'object') {
      const origin = { isNew: true, hasCookie: true, isEnded: true }
      return sessionOn(new SessionContents({}, origin, NOTHING_BESIDE, this.rules))
    }
    const { openedAt = issuedAt, outdated } = contents.origin
    const cookie = { text: textOfId(kept.id), issuedAt, now: openedAt, outdated, cookie: '' }
    const reloaded = this.#opened(found, kept.id, cookie)
    this.#stateOf(contentsOf(reloaded)!).decision = state.decision
    return reloaded
  }

  override async list<Data extends object = SessionData> (
    owner: SessionOwner, { current, data = [] }: ListOptions<Data> = {}
  ): Promise<Array<ListedSession<Data>>> {
    const sessions = await this.#gate.list(this.#ownerKey(owner, 'list'))
    const currentKeys = current === undefined ? [] : this.#keysOf(current)
    return Array.from(sessions)
      .flatMap(([key, record]) => this.#listed<Data>(key, record, currentKeys.includes(key), data))
      .sort((one, other) => other.lastUsedAt.getTime() - one.lastUsedAt.getTime())
  }

  override async end (key: string, { owner }: { owner: SessionOwner }): Promise<boolean> {
    const ownerKey = this.#ownerKey(owner, 'end')
    const found = isStoreKey(key) ? await this.#gate.read(key) : undefined
    if (typeof found !== 'object' || found?.owner !== ownerKey) return false
    return await this.#gate.destroy(key, found.fromCookie ? this.#saver.endOfCopies : undefined)
  }

  override async endAll (owner: SessionOwner, { except }: { except?: Session | undefined } = {}): Promise<number> {
    const exceptKeys = except === undefined ? [] : this.#keysOf(except)
    return await this.#gate.destroyAll(this.#ownerKey(owner, 'endAll'), this.#saver.endOfCopies, exceptKeys)
  }

  #setRules (): void {
    const { rules, serializer, settings: { name, owner } } = this
    const { checkValue } = rules
    rules.owner = owner
    rules.checkValue = (key, value) => {
      if (key === owner) checkSessionOwner(value, formatPath(formatRoot(name), [key]))
      checkValue(key, value)
    }
    rules.dump = ({ data }) => textOf(fieldsOf(data, serializer, name))
    rules.rewrite = (contents) => textOf(this.#stateOf(contents).kept?.fields ?? new Map())
  }

  /** The session of the first cookie that the store has one for. */
  async #find (candidates: Candidates, first: Opened, refused: (error: BadData) => void): Promise<Session> {
    let isEnded = false
    for (let cookie: Opened | undefined = first; cookie !== undefined; cookie = candidates.next()) {
      try {
        const session = await this.#open(cookie)
        if (session !== undefined) return session
        isEnded = true
      } catch (error) {
        if (!(error instanceof BadData)) throw error
        candidates.refuse(error)
        isEnded ||= error instanceof BadStoredSession
      }
    }
    return this.newSession(candidates, refused, { isEnded })
  }

  /** The session of a genuine cookie; undefined where it has ended. Rejects with `BadData`. */
  async #open (cookie: Opened): Promise<Session | undefined> {
    const id = idInText(cookie.text)
    if (id === undefined) return await this.#openWithData(cookie)
    const found = await this.#read(id)
    return typeof found === 'object' ? this.#opened(found, id, cookie) : undefined
  }

  /** The same for a cookie from before there was a store: its own data are the session until it is moved there. */
  async #openWithData (cookie: Opened): Promise<Session | undefined> {
    const { data, id: own, createdAt, permanent } = this.#payloadOf(cookie)
    const id = own ?? idFromSignature(cookie.cookie, this.settings.codec)
    const session = this.sessionOf(data, cookie, { id, createdAt, permanent }, FOREIGN)
    const found = await this.#read(id)
    if (found === 'ended') return undefined
    if (found !== undefined) return this.#opened(found, id, cookie)
    const contents = contentsOf(session)!
    contents.createdAt ??= cookie.issuedAt
    this.#stateOf(contents).kept = this.#saver.unmoved(contents, id, cookie.issuedAt)
    return session
  }

  #payloadOf ({ text }: Opened): SessionPayload {
    try {
      return splitPayload(this.serializer.loads(text), text, this.settings)
    } catch (error) {
      throw payloadError(error, text)
    }
  }

  /** What the store has for an id. Rejects with `BadStoredSession` for what is no session. */
  async #read (id: string): Promise<StoredSession | 'ended' | undefined> {
    const found = await this.#gate.read(this.#keys.ofId(id))
    if (found === undefined || found === 'ended' || isRecord(found)) return found
    throw new BadStoredSession('The store has something that is no session')
  }

  /** The session of a record. Throws `BadData`. */
  #opened (record: StoredSession, id: string, cookie: Opened): Session {
    const { fields, permanent, createdAt, usedAt, expiresAt, owner, fromCookie } = record
    const session = this.sessionOf(this.#dataOf(record), cookie, { id, createdAt, permanent }, FOREIGN)
    const kept = { id, isStored: true, fields, permanent, createdAt, usedAt, expiresAt, owner, fromCookie }
    this.#stateOf(contentsOf(session)!).kept = kept
    return session
  }

  #dataOf ({ fields }: StoredSession): Record<string, unknown> {
    try {
      return dataOf(fields, this.serializer)
    } catch (error) {
      if (isExhaustion(error)) throw error
      throw new BadStoredSession('What the store has of the session cannot be read', { originalError: error })
    }
  }

  /** The data of a record; undefined for one that cannot be read, which counts as ended. */
  #readable (record: StoredSession): Record<string, unknown> | undefined {
    try {
      return isRecord(record) ? this.#dataOf(record) : undefined
    } catch (error) {
      if (error instanceof BadStoredSession) return undefined
      throw error
    }
  }

  #stateOf (contents: SessionContents): StoredState {
    if (contents.attached !== undefined) return contents.attached as StoredState
    const issuedAt = contents.origin.issuedAt ?? this.settings.codec.now()
    const state = { kept: undefined, decision: undefined, issuedAt, isOver: false }
    contents.attached = state
    return state
  }

  /** The keys of a request's session: the one it came with, and the one it will have. */
  #keysOf (session: Session): string[] {
    const contents = contentsGiven(session)
    const ids = [contents.origin.id, this.#stateOf(contents).kept?.id, contents.identify()]
    return ids.filter((id) => id !== undefined).map((id) => this.#keys.ofId(id))
  }

  #ownerKey (owner: SessionOwner, method: string): string {
    if (this.settings.owner === undefined) throw new TypeError(`${method} needs the session option owner`)
    return this.#keys.ofOwner(checkedOwner(owner, `The owner for ${method}`))
  }

  /** The entry of a list; none for a session that cannot be read. */
  #listed<Data extends object> (
    key: string, record: StoredSession, isCurrent: boolean, asked: readonly string[]
  ): Array<ListedSession<Data>> {
    const data = this.#readable(record)
    if (data === undefined) return []
    const { createdAt, usedAt, expiresAt } = record
    return [{
      key,
      createdAt: new Date(createdAt * 1000),
      lastUsedAt: new Date(usedAt * 1000),
      expiresAt: new Date(expiresAt * 1000),
      isCurrent,
      data: Object.fromEntries(Object.entries(data).filter(([name]) => asked.includes(name))) as SessionValues<Data>
    }]
  }
}

/** Whether a store gave what a session is; its rows can be edited by hand. */
function isRecord (found: Partial<StoredSession> | null): found is StoredSession {
  const { fields, permanent, createdAt, usedAt, expiresAt, owner, fromCookie } = found ?? {}
  return fields instanceof Map && hasTexts(fields) && [createdAt, usedAt, expiresAt].every(Number.isSafeInteger) &&
    (owner === null || typeof owner === 'string') && typeof permanent === 'boolean' && typeof fromCookie === 'boolean'
}

function hasTexts (fields: ReadonlyMap<unknown, unknown>): boolean {
  for (const [key, text] of fields) if (typeof key !== 'string' || typeof text !== 'string') return false
  return true
}
