import { createHash } from 'node:crypto'
import { BadData, BadPayload } from '../errors.ts'
import { loadText } from '../signing/serializer.ts'
import type { Opened } from '../wire/codec.ts'
import { SessionContents } from './contents.ts'
import type { SaveDecision, SaveOptions } from './decision.ts'
import type { SessionSettings } from './settings.ts'
import type { Origin } from './origin.ts'
import { joined, splitPayload } from './payload.ts'
import { type Action, actionFor } from './saving.ts'
import { contentsOf, type Session, sessionOf } from './session.ts'
import { SessionInterface, type SessionSerializer } from './session-interface.ts'

/** The payload of an empty session, which is never signed. */
const EMPTY = '{}'

/** Keeps the whole session in a signed cookie: Flask's `SecureCookieSessionInterface`. */
export class SecureCookieSessionInterface extends SessionInterface {
  override readonly serializer: SessionSerializer
  /** Whether every payload says when its session began. */
  readonly #keepsBeginning: boolean
  /** Whether every payload has an id. */
  readonly #keepsIds: boolean

  constructor (settings: SessionSettings) {
    super(settings)
    this.serializer = settings.serializer
    this.#keepsBeginning = settings.absoluteLifetime !== undefined
    this.#keepsIds = !settings.isShared
    this.rules.dump = this.#dump
    this.rules.rewrite = this.#rewrite
  }

  openSession (cookies: readonly string[], refused: (error: BadData) => void): Session {
    const candidates = this.candidates(cookies)
    for (let cookie = candidates.next(); cookie !== undefined; cookie = candidates.next()) {
      try {
        return this.#load(cookie)
      } catch (error) {
        if (!(error instanceof BadData)) throw error
        candidates.refuse(error)
      }
    }
    return this.newSession(candidates, refused)
  }

  saveSession (session: Session, options: SaveOptions = {}): SaveDecision {
    const contents = contentsOf(session)!
    const changed = contents.isBlank ? undefined : contents.changedText(this.#dump)
    const { decided } = contents
    if (changed !== undefined && changed === decided?.text) return decided.decision
    const action = actionFor(contents, changed !== undefined, this.isDue(contents, options))
    const decision = this.decisionFor(session, action, changed ?? this.#textToResign(contents, action))
    contents.decided = { decision, text: contents.isBlank ? EMPTY : changed }
    return decision
  }

  override weigh (session: Session): Array<[key: string, bytes: number]> {
    return weights(contentsOf(session)!.data, this.serializer)
  }

  override unsavedKeys (session: Session): string[] {
    const contents = contentsOf(session)!
    const text = contents.sentText
    if (contents.isAsSaved || text === undefined || text === this.#dump(contents)) return []
    const { data } = contents
    const { data: saved } = splitPayload(this.serializer.loads(text), text)
    const isOther = (key: string): boolean => Object.hasOwn(data, key) !== Object.hasOwn(saved, key) ||
      this.serializer.dumps(data[key]) !== this.serializer.dumps(saved[key])
    return [...new Set([...Object.keys(data), ...Object.keys(saved)])].filter(isOther)
  }

  /** The session of a genuine cookie. Throws `BadData`. */
  #load (cookie: Opened): Session {
    const { text, issuedAt, now: openedAt, isFromFallback } = cookie
    const payload = splitPayload(loadText(this.serializer, text), text)
    const { data, id, createdAt: began, permanent } = payload
    if (this.#keepsBeginning && Object.hasOwn(data, '_began')) {
      throw new BadPayload('The session began at a time that is none', { payload: text })
    }
    const isIncomplete = (this.#keepsBeginning && began === undefined) || (this.#keepsIds && id === undefined)
    const kept = { id, createdAt: this.#beginningOf(began, issuedAt), permanent }
    const origin: Origin = {
      isNew: false,
      hasCookie: true,
      id,
      deriveId: id === undefined ? () => idFromSignature(cookie.cookie) : undefined,
      text,
      issuedAt,
      openedAt,
      expiresAt: this.checkedExpiry(cookie, kept),
      isFromFallback,
      isForeign: isIncomplete || !this.#keepsIds,
      isIncomplete
    }
    return sessionOf(new SessionContents(data, origin, kept, this.rules))
  }

  /** The payload of a cookie that is signed anew; one that lacks its id or its beginning gets them. */
  #textToResign (contents: SessionContents, action: Action): string {
    const { origin } = contents
    return action === 'resign' && origin.isIncomplete === true ? this.#dump(contents) : origin.text ?? EMPTY
  }

  /** The data, and what is kept beside it. */
  readonly #dump = (contents: SessionContents): string => {
    const { data } = contents
    if (this.#keepsBeginning) contents.createdAt ??= this.settings.codec.now()
    if (this.#keepsIds && !Object.hasOwn(data, '_id')) contents.identify()
    return joined(data, contents, (all) => this.serializer.dumps(all, this.settings.name))
  }

  /** The payload that came, as it would be written here. */
  readonly #rewrite = (contents: SessionContents): string | undefined => {
    const { origin } = contents
    if (origin.text === undefined) return undefined
    const { data, id, createdAt, permanent } = splitPayload(this.serializer.loads(origin.text), origin.text)
    const kept = { id, createdAt: this.#beginningOf(createdAt, origin.issuedAt), permanent }
    return this.#dump(new SessionContents(data, origin, kept, this.rules))
  }

  /** A session that does not say when it began, began when its cookie was signed. */
  #beginningOf (createdAt: number | undefined, issuedAt: number | undefined): number | undefined {
    return this.#keepsBeginning ? createdAt ?? issuedAt : createdAt
  }
}

/** The bytes that each key takes with its name, largest first. */
export function weights (data: Record<string, unknown>, serializer: SessionSerializer): Array<[key: string, bytes: number]> {
  const bytesOf = (key: string): number => Buffer.byteLength(serializer.dumps({ [key]: data[key] })) - EMPTY.length
  return Object.keys(data).map((key): [string, number] => [key, bytesOf(key)]).sort(([, a], [, b]) => b - a)
}

/** An id for a genuine cookie that has none: the first 128 bits of a hash of its signature. */
function idFromSignature (cookie: string): string {
  const signature = cookie.slice(cookie.lastIndexOf('.') + 1)
  return createHash('sha256').update(signature).digest().toString('base64url', 0, 16)
}
