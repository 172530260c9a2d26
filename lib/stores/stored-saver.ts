import { SessionTooLarge, StoreUnavailable } from '../errors.ts'
import type { SessionContents } from '../session/contents.ts'
import { DELETE, DROP_ENDED, KEEP_UNUSED, KEEP_USED, type SaveDecision, type SaveOptions } from '../session/decision.ts'
import { actionForBlank, expiryOf, isDue, longestLifetime, refreshAgeOf } from '../session/rules.ts'
import type { SessionSerializer } from '../session/session-serializer.ts'
import type { SessionSettings } from '../session/settings.ts'
import { CLOCK_TOLERANCE } from '../wire/codec.ts'
import { changesBetween, type FieldChanges, type Fields, fieldsOf, sizeOf, textOf, weightsOf } from './fields.ts'
import { ownerText } from './owner.ts'
import type { Expiry } from './store.ts'
import type { StoreGate } from './store-gate.ts'
import type { StoreKeys } from './store-keys.ts'
import type { Kept, StoredState } from './stored-state.ts'

/** What the cookie gets: nothing, its id with a new signature alone, or the id of what was changed. */
type CookieNeed = 'nothing' | 'resign' | 'save'

const TOO_LATE = 'The session is new, ends, or gets another id or signature, so that its cookie has to be sent, ' +
  'and the headers have left. Call session.save() before'

const NOT_NEW = 'The store has a session under an id that was just made'
const ODD_ANSWER = 'The store answered create with something else than created, exists or ended'

/** What is to be written of a session that the store has. */
interface Update {
  readonly kept: Kept
  readonly fields: Fields
  /** What makes of the fields of `kept` these. */
  readonly changes: FieldChanges
  readonly need: CookieNeed
  readonly now: number
}

export interface SaverParts {
  readonly gate: StoreGate
  readonly keys: StoreKeys
  readonly settings: SessionSettings
  readonly serializer: SessionSerializer
  /** The decision to set the cookie of an id. */
  readonly cookieOf: (contents: SessionContents, id: string, isResigned: boolean) => SaveDecision
}

/** Writes sessions into a store: what a request changed, and nothing else. */
export class StoredSaver {
  readonly #parts: SaverParts
  readonly #maxSize: number

  constructor (parts: SaverParts) {
    this.#parts = parts
    this.#maxSize = parts.settings.maxSessionSize
  }

  /** A further save of the session may begin once this one is over. */
  save (contents: SessionContents, state: StoredState, options: SaveOptions): SaveDecision | Promise<SaveDecision> {
    const { kept, isOver } = state
    if (isOver) return KEEP_USED
    if (!contents.accessed) return this.#saveUnused(contents, state)
    if (contents.isBlank && (contents.isReplaced || kept === undefined)) return this.#end(contents, state, options)
    const isSame = kept !== undefined && this.#isSame(contents, kept)
    if (kept?.isStored === true && isSame) return this.#update(contents, state, kept, options)
    if (options.isLate === true) throw new TypeError(TOO_LATE)
    const fields = this.#checkedFields(contents)
    if (kept !== undefined && isSame) return this.#move(contents, state, kept, fields)
    return this.#whileSaved(contents, () => kept === undefined
      ? this.#create(contents, state, fields)
      : this.#renew(contents, state, kept, fields))
  }

  /** What will be in the store once the session of a cookie with data is moved there. */
  unmoved (contents: SessionContents, id: string, issuedAt: number): Kept {
    const createdAt = contents.createdAt!
    const permanent = contents.permanent === true
    return {
      id,
      isStored: false,
      fields: this.#fieldsOf(contents),
      permanent,
      createdAt,
      usedAt: issuedAt,
      expiresAt: this.#expiresAt(createdAt, issuedAt, permanent),
      owner: this.#ownerOf(contents),
      fromCookie: true
    }
  }

  /** The keys whose values are not what the store has. */
  unsavedKeys (contents: SessionContents, { kept, isOver }: StoredState): string[] {
    if (isOver) return []
    const { set, unset } = changesBetween(kept?.fields ?? new Map(), this.#fieldsOf(contents))
    return [...set.keys(), ...unset]
  }

  /**
   * Whether the session goes on under its id. One from a cookie with data that stops being permanent does not: it would
   * expire before the copies of that cookie, which could bring it back.
   */
  #isSame (contents: SessionContents, kept: Kept): boolean {
    const outlivesRecord = kept.fromCookie && kept.permanent && contents.permanent !== true
    return contents.id === kept.id && this.#ownerOf(contents) === kept.owner && !outlivesRecord
  }

  /** Until when a key has to stay ended, so that no copy of a cookie with data brings its session back. */
  get endOfCopies (): number {
    const { settings } = this.#parts
    return Math.ceil(settings.codec.now() + longestLifetime(settings) + CLOCK_TOLERANCE)
  }

  /** Nothing is written for a session that nobody used; at most its cookie is signed by the new secret. */
  #saveUnused (contents: SessionContents, state: StoredState): SaveDecision {
    if (contents.origin.outdated === undefined || state.kept?.isStored !== true) return KEEP_UNUSED
    return this.#decide(contents, state, 'resign')
  }

  #end (contents: SessionContents, state: StoredState, { isLate }: SaveOptions): SaveDecision | Promise<SaveDecision> {
    const { kept, decision } = state
    const isEndedBefore = kept === undefined && contents.origin.isEnded === true
    const isLeft = isEndedBefore || actionForBlank(contents) === 'keep'
    if (isLeft && decision?.action !== 'set') return decision ?? KEEP_USED
    if (isLate === true) throw new TypeError(TOO_LATE)
    if (kept !== undefined) return this.#whileSaved(contents, () => this.#endStored(state, kept))
    contents.settle()
    return this.#ended(state)
  }

  /** Only a request that ends the session itself deletes the cookie: the browser may have a newer one. */
  async #endStored (state: StoredState, kept: Kept): Promise<SaveDecision> {
    return await this.#endRecord(kept) ? this.#ended(state) : this.#drop(state, false)
  }

  #ended (state: StoredState): SaveDecision {
    state.kept = undefined
    state.decision = DELETE
    return DELETE
  }

  /** Says whether this call did, and no other request before. */
  async #endRecord (kept: Kept): Promise<boolean> {
    const isThere = kept.isStored || await this.#insertAsItCame(kept)
    return isThere && await this.#destroy(kept)
  }

  async #create (contents: SessionContents, state: StoredState, fields: Fields): Promise<SaveDecision> {
    const kept = await this.#insert(contents, fields, contents.identify(), false)
    if (typeof kept === 'string') throw new StoreUnavailable(new Error(NOT_NEW))
    state.kept = kept
    return this.#decide(contents, state, 'save')
  }

  /**
   * Writes a session of a cookie with data into the store. Where another request was first, what this one changed joins
   * what is there.
   */
  #move (contents: SessionContents, state: StoredState, kept: Kept, fields: Fields): Promise<SaveDecision> {
    const changes = changesBetween(kept.fields, fields)
    const need = hasChanges(changes) || contents.touched ? 'save' : 'resign'
    return this.#whileSaved(contents, async () => {
      const moved = await this.#insert(contents, fields, kept.id, true)
      if (moved === 'ended') return this.#drop(state, need === 'save')
      if (moved === 'exists') return this.#write(contents, state, { kept, fields, changes, need, now: this.#now() })
      state.kept = moved
      return this.#decide(contents, state, need)
    })
  }

  /** Ends the record of the session and makes one under a new id. */
  async #renew (contents: SessionContents, state: StoredState, kept: Kept, fields: Fields): Promise<SaveDecision> {
    if (!await this.#endRecord(kept)) return this.#drop(state, true)
    state.isOver = true // unless the next one succeeds
    if (contents.id === kept.id) contents.renew()
    const decision = await this.#create(contents, state, fields)
    state.isOver = false
    return decision
  }

  /** So that the store can tell whether a session that is still whole in its cookie was ended. */
  async #insertAsItCame (kept: Kept): Promise<boolean> {
    const { gate, keys } = this.#parts
    return await gate.create(keys.ofId(kept.id), kept, false) !== 'ended'
  }

  #update (
    contents: SessionContents, state: StoredState, kept: Kept, options: SaveOptions
  ): SaveDecision | Promise<SaveDecision> {
    const isMarked = contents.touched || (contents.permanent === true) !== kept.permanent
    if (isMarked && options.isLate === true) throw new TypeError(TOO_LATE)
    const isOld = options.isLate !== true && state.decision === undefined &&
      isDue(this.#parts.settings, contents, options)
    const changed = this.#changedFields(contents)
    if (changed === undefined && !isMarked && !isOld) return state.decision ?? KEEP_USED
    const fields = changed ?? kept.fields
    const need = isMarked ? 'save' : isOld ? 'resign' : 'nothing'
    const update: Update = { kept, fields, changes: changesBetween(kept.fields, fields), need, now: this.#now() }
    const isWritten = isMarked || hasChanges(update.changes) || (isOld && this.#needsTouch(contents, update))
    if (!isWritten) return this.#decide(contents, state, need)
    return this.#whileSaved(contents, () => this.#write(contents, state, update))
  }

  /** Merges what was changed into the record. */
  async #write (contents: SessionContents, state: StoredState, update: Update): Promise<SaveDecision> {
    const { gate, keys } = this.#parts
    const { kept, fields, changes, need, now } = update
    const permanent = contents.permanent === true
    const expiresAt = this.#expiry(contents, update, state.issuedAt)
    const { set, unset } = changes
    const isUpdated = await gate.update(keys.ofId(kept.id), {
      set, unset, usedAt: now, expiresAt, permanent: permanent === kept.permanent ? undefined : permanent
    })
    if (!isUpdated) return this.#drop(state, hasChanges(changes))
    const expires = permanent ? expiresAt.permanent : expiresAt.otherwise
    const { id, createdAt, owner, fromCookie } = kept
    state.kept = {
      id, isStored: true, fields, permanent, createdAt, usedAt: now, expiresAt: expires, owner, fromCookie
    }
    return this.#decide(contents, state, need)
  }

  async #insert (
    contents: SessionContents, fields: Fields, id: string, fromCookie: boolean
  ): Promise<Kept | 'exists' | 'ended'> {
    const { gate, keys } = this.#parts
    const usedAt = this.#now()
    const createdAt = contents.createdAt ??= usedAt
    const permanent = contents.permanent === true
    const expiresAt = this.#expiresAt(createdAt, usedAt, permanent)
    const owner = this.#ownerOf(contents)
    const record = { fields, permanent, createdAt, usedAt, expiresAt, owner, fromCookie }
    const answer = await gate.create(keys.ofId(id), record, !fromCookie)
    if (answer === 'created') return { ...record, id, isStored: true }
    if (answer === 'exists' || answer === 'ended') return answer
    throw new StoreUnavailable(new Error(ODD_ANSWER))
  }

  /** Says whether it was there. */
  #destroy ({ id, fromCookie }: Kept): Promise<boolean> {
    const { gate, keys } = this.#parts
    return gate.destroy(keys.ofId(id), fromCookie ? this.endOfCopies : undefined)
  }

  /** Another request ended the session: what this one changed is dropped, and the cookie left alone. */
  #drop (state: StoredState, isChanged: boolean): SaveDecision {
    state.isOver = true
    state.decision = undefined
    return isChanged ? DROP_ENDED : KEEP_USED
  }

  #decide (contents: SessionContents, state: StoredState, need: CookieNeed): SaveDecision {
    if (need === 'nothing') return state.decision ?? KEEP_USED
    const isResigned = need === 'resign' && state.decision === undefined
    state.issuedAt = this.#now()
    state.decision = this.#parts.cookieOf(contents, state.kept!.id, isResigned)
    return state.decision
  }

  /** Counts the session as saved while it is written, so that changes in the meantime are seen as such. */
  async #whileSaved<Result> (contents: SessionContents, write: () => Promise<Result>): Promise<Result> {
    const { touched } = contents
    contents.settle()
    try {
      return await write()
    } catch (error) {
      contents.modified = true
      contents.touched ||= touched
      throw error
    }
  }

  /** The fields of a session in which something may have changed; undefined where nothing has. */
  #changedFields (contents: SessionContents): Fields | undefined {
    const isAnnounced = contents.modified || contents.touched
    if (!isAnnounced && contents.isUntouched) return undefined
    const fields = this.#checkedFields(contents)
    return isAnnounced || !contents.isClean(textOf(fields)) ? fields : undefined
  }

  #checkedFields (contents: SessionContents): Fields {
    const fields = this.#fieldsOf(contents)
    const size = sizeOf(fields)
    if (size > this.#maxSize) throw new SessionTooLarge(size, this.#maxSize, weightsOf(fields))
    return fields
  }

  #fieldsOf ({ data }: SessionContents): Fields {
    const { serializer, settings } = this.#parts
    return fieldsOf(data, serializer, settings.name)
  }

  #ownerOf ({ data }: SessionContents): string | null {
    const { keys, settings } = this.#parts
    const name = settings.owner === undefined ? undefined : ownerText(data[settings.owner])
    return name === undefined ? null : keys.ofOwner(name)
  }

  /** Whether a session that was only used has to be touched; at most once in `refreshAfter`, whoever did so. */
  #needsTouch (contents: SessionContents, { kept, now }: Update): boolean {
    const age = refreshAgeOf(this.#parts.settings, contents.permanent)
    const expiresAt = this.#expiresAt(contents.createdAt, now, kept.permanent)
    return now - kept.usedAt >= age || expiresAt - kept.expiresAt >= age
  }

  /** When the record is to expire: with the cookie that opens it, of which there may be a newer one than came here. */
  #expiry ({ createdAt }: SessionContents, { kept, need, now }: Update, issuedAt: number): Expiry {
    const at = (permanent: boolean): number => {
      const expiresAt = this.#expiresAt(createdAt, need === 'nothing' ? issuedAt : now, permanent)
      return permanent === kept.permanent ? Math.max(expiresAt, kept.expiresAt) : expiresAt
    }
    return { permanent: at(true), otherwise: at(false) }
  }

  /** The first whole second in which a session is no more. */
  #expiresAt (createdAt: number | undefined, issuedAt: number, permanent: boolean): number {
    return Math.floor(expiryOf(this.#parts.settings, { createdAt, issuedAt, permanent })) + 1
  }

  #now (): number {
    return this.#parts.settings.codec.now()
  }
}

function hasChanges ({ set, unset }: FieldChanges): boolean {
  return set.size > 0 || unset.length > 0
}
