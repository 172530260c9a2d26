import { createHash } from 'node:crypto'
import { BadData, BadPayload } from '../errors.ts'
import { checkedText } from '../signing/encoding.ts'
import { payloadError } from '../signing/serializer.ts'
import { Candidates, type Codec, type Opened } from '../wire/codec.ts'
import { hasKey, join, type KeptBeside, keysOf, part, splitPayload } from './beside.ts'
import { SessionContents } from './contents.ts'
import { DELETE, DROP_ELSEWHERE, KEEP_UNUSED, KEEP_USED, type SaveDecision, type SaveOptions } from './decision.ts'
import type { Origin } from './origin.ts'
import { idInText } from './session-id.ts'
import { actionFor, actionForBlank, expiryOf, longestLifetime, refusalOf } from './rules.ts'
import { contentsOf, type Session, sessionOn } from './session.ts'
import { SessionInterface } from './session-interface.ts'
import type { SessionSerializer } from './session-serializer.ts'
import type { SessionSettings } from './settings.ts'

/** The payload of an empty session, which is never signed. */
const EMPTY = '{}'

/** Keeps the whole session in a signed cookie: Flask's `SecureCookieSessionInterface`. */
export class SecureCookieSessionInterface extends SessionInterface {
  override readonly serializer: SessionSerializer
  /** Whether every payload says when its session began. */
  readonly #keepsBeginning: boolean
  /** Whether every payload has an id. */
  readonly #keepsIds: boolean
  readonly #maxAge: number
  /** In Unix seconds. */
  readonly #startedAt: number

  constructor (settings: SessionSettings) {
    super(settings)
    this.serializer = settings.serializer
    this.#keepsBeginning = settings.absoluteLifetime !== undefined
    this.#keepsIds = !settings.isShared
    this.#maxAge = longestLifetime(settings)
    this.#startedAt = Math.floor(settings.now())
    this.rules.dump = this.#dump
    this.rules.rewrite = this.#rewrite
    this.rules.deriveId = (cookie) => idFromSignature(cookie, settings.codec)
  }

  openSession (cookies: readonly string[], refused: (error: BadData) => void): Session {
    const candidates = new Candidates(this.settings.codec, cookies, this.#maxAge)
    let isElsewhere: boolean | undefined
    for (let cookie = candidates.next(); cookie !== undefined; cookie = candidates.next()) {
      try {
        return this.#open(cookie, this.serializer.loads(cookie.text))
      } catch (error) {
        const reason = payloadError(error, cookie.text)
        if (!(reason instanceof BadData)) throw reason
        if (this.#keepsIds && idInText(cookie.text) !== undefined) isElsewhere ??= this.#isSince(cookie)
        else candidates.refuse(reason)
      }
    }
    return this.newSession(candidates, refused, { isElsewhere })
  }

  /**
   * Whether a cookie that has only an id was signed since this process was started, and so by one that runs beside it
   * and has a store. An older one is from before the option `store` was taken away.
   */
  #isSince ({ issuedAt }: Opened): boolean {
    return issuedAt >= this.#startedAt
  }

  saveSession (session: Session, options: SaveOptions = {}): SaveDecision {
    const contents = contentsOf(session)!
    const { isBlank, decided } = contents
    const changed = isBlank ? undefined : contents.changedText(this.#dump)
    if (changed !== undefined && changed === decided?.text) return decided.decision
    const action = isBlank
      ? actionForBlank(contents)
      : actionFor(this.settings, contents, options, changed !== undefined)
    if (action !== 'keep' && contents.origin.isElsewhere === true) return DROP_ELSEWHERE
    const decision = action === 'save' || action === 'resign'
      ? this.set(contents, changed ?? this.#textToResign(contents), changed === undefined)
      : action === 'delete' ? DELETE : contents.accessed ? KEEP_USED : KEEP_UNUSED
    const text = isBlank ? EMPTY : changed
    contents.decided = text === undefined ? undefined : { decision, text }
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
    const { data: saved } = splitPayload(this.serializer.loads(text), text, this.settings)
    const isOther = (key: string): boolean => hasKey(data, key) !== hasKey(saved, key) ||
      this.serializer.dumps(data[key]) !== this.serializer.dumps(saved[key])
    return [...new Set([...keysOf(data), ...keysOf(saved)])].filter(isOther)
  }

  /** The session of a genuine cookie, whose payload was read. Throws `BadData`. */
  #open (cookie: Opened, payload: unknown): Session {
    const { text, issuedAt, now: openedAt, outdated } = cookie
    const { data, id, createdAt: began, permanent } = splitPayload(payload, text, this.settings)
    const lacksBeginning = this.#keepsBeginning && began === undefined
    if (lacksBeginning && hasKey(data, '_began')) {
      throw new BadPayload('The session began at a time that is none', { payload: text })
    }
    const createdAt = lacksBeginning ? issuedAt : began
    const isIncomplete = lacksBeginning || (this.#keepsIds && id === undefined)
    const kept = { id, createdAt, permanent, issuedAt }
    const expiresAt = expiryOf(this.settings, kept)
    if (openedAt > expiresAt) throw refusalOf(this.settings, kept, openedAt, text)
    const origin: Origin = {
      isNew: false,
      hasCookie: true,
      id,
      cookie: cookie.cookie,
      text,
      issuedAt,
      openedAt,
      expiresAt,
      outdated,
      isForeign: isIncomplete || !this.#keepsIds,
      isIncomplete
    }
    return sessionOn(new SessionContents(data, origin, kept, this.rules))
  }

  /** The payload of a cookie that is signed anew. One that lacks its id or its beginning gets them. */
  #textToResign (contents: SessionContents): string {
    const { isIncomplete, text } = contents.origin
    return isIncomplete === true ? this.#rewrite(contents) : text!
  }

  /** The data, and what is kept beside it. */
  readonly #dump = (contents: SessionContents): string => {
    const { data } = contents
    if (this.#keepsBeginning) contents.createdAt ??= this.settings.codec.now()
    if (this.#keepsIds && contents.id === undefined && !hasKey(data, '_id')) contents.identify()
    return dumpsJoined(this.serializer, contents, this.settings.name)
  }

  /** The payload that came, as it would be written here. */
  readonly #rewrite = ({ origin }: SessionContents): string => {
    const text = origin.text!
    const { data, id, createdAt, permanent } = splitPayload(this.serializer.loads(text), text, this.settings)
    const beginning = this.#keepsBeginning ? createdAt ?? origin.issuedAt : createdAt
    return this.#dump(new SessionContents(data, origin, { id, createdAt: beginning, permanent }, this.rules))
  }
}

/** The bytes that each key takes with its name, largest first. */
export function weights (
  data: Record<string, unknown>, serializer: SessionSerializer
): Array<[key: string, bytes: number]> {
  const bytesOf = (key: string): number => Buffer.byteLength(serializer.dumps({ [key]: data[key] })) - EMPTY.length
  return keysOf(data).map((key): [string, number] => [key, bytesOf(key)]).sort(([, a], [, b]) => b - a)
}

/** An id for a genuine cookie that has none: the first 128 bits of a hash of its signature. */
export function idFromSignature (cookie: string, { separator }: Codec): string {
  const signature = cookie.slice(cookie.lastIndexOf(separator) + 1)
  return createHash('sha256').update(signature).digest().toString('base64url', 0, 16)
}

/** The text of data and of what is kept beside it. `name` is the serializer's. */
function dumpsJoined (serializer: SessionSerializer, contents: SessionContents, name: string): string {
  const { data, id, createdAt, permanent } = contents
  const kept: KeptBeside = { id, createdAt, permanent } // a getter may change those of the contents meanwhile
  contents.isJoined = true
  join(data, kept)
  try {
    const text = serializer.dumps(data, name)
    return typeof text === 'string' ? text : checkedText(text)
  } finally {
    contents.isJoined = false
    part(data, kept)
  }
}
