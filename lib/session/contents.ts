import { randomBytes } from 'node:crypto'
import { hasKey, type KeptBeside, part, setKey } from './beside.ts'
import type { SaveDecision } from './decision.ts'
import { Held, type Snapshots } from './held.ts'
import type { Origin } from './origin.ts'
import type { Standing } from './rules.ts'

/** What a session belongs to. Has methods instead of getters, since inspecting runs those. */
export interface SessionHost {
  /** The contents, which the first use of a member opens. */
  open (): SessionContents
  /** The contents, or undefined where nothing was used yet. */
  peek (): SessionContents | undefined
  setCookieOptions (options: object): void
  /** Writes the session into its store now. */
  save (): Promise<void>
  /** Reads it from its store again. */
  reload (): Promise<void>
  /** Called before every change; `key` is what changes, undefined for more than one. */
  changing (key: string | undefined): void
}

/** What an interface holds all its sessions to. */
export interface ContentsRules {
  /** Whether a new session, or one that is started anew by `clear` for instance, is permanent. */
  readonly startsPermanent: boolean
  /** Whether all sessions are permanent, or none; undefined where each session says so itself. */
  readonly allPermanent?: boolean | undefined
  /** Whether another program writes the cookie too, and may keep data under names of members. */
  readonly allowsMemberNames: boolean
  /** The key whose value names the owner of the session; `checkValue` looks at every one that it is given. */
  owner?: string | undefined
  /** Throws where the value can never be kept under the key. */
  checkValue: (key: string, value: unknown) => void
  /** The payload as text now; where it is empty, snapshots alone tell what was changed. */
  dump: (contents: SessionContents) => string
  /** The payload that came, as it would be written here; for those that are `isForeign`. */
  rewrite?: (contents: SessionContents) => string
  /** The id of a genuine cookie that has none; for those whose `origin` has the cookie. */
  deriveId?: (cookie: string) => string
}

/** The rules of a session that was made by hand. */
export const NO_RULES: ContentsRules = {
  startsPermanent: false,
  allowsMemberNames: false,
  checkValue: () => {},
  dump: () => ''
}

/** A decision of the interface that keeps sessions in cookies. */
export interface Decided {
  readonly decision: SaveDecision
  /** The payload that it leaves in the browser; undefined for the one that came. */
  readonly text: string | undefined
}

/** What a decision was made for. */
export interface Saved {
  readonly revision: number
  /** How the held objects were; undefined where the cookie was left as it is. */
  readonly snapshots: Snapshots | undefined
}

/**
 * An open session: its data and its state. The members of `Session` work on it. Outside a request it is its own host.
 */
export class SessionContents implements Standing, KeptBeside, SessionHost {
  readonly rules: ContentsRules
  readonly origin: Origin
  /** What is undefined in it is none of its keys. */
  data: Record<string, unknown>
  id: string | undefined
  createdAt: number | undefined
  permanent: boolean | undefined

  /** Flask's `new`: no valid cookie came. */
  readonly isNew: boolean
  /** Flask's: a member was used. */
  accessed = false
  /** Flask's: a member changed something, or somebody said so. Changes inside stored objects do not set it. */
  modified = false
  /** Whether `touch` asked for a new signature. */
  touched = false
  /** Whether it was ended or started anew, so that nothing that came is left. */
  isReplaced = false
  /** Whether it came with a key. */
  readonly cameFilled: boolean
  /** Counts the changes by members. */
  revision = 0
  /** The latest value that a codec made of it. */
  sealed: string | undefined
  /** What the interface decided last. */
  decided: Decided | undefined
  /** How the session was then; undefined where nothing was changed by then. */
  saved: Saved | undefined
  /** Whether what is kept beside the data is among it now, to be written with it. */
  isJoined = false
  /** The objects that code outside holds; undefined where it holds none. */
  held: Held | undefined
  /** Is told when the first of them was read; what is stored is a change, of which the host is told. */
  holder: { holds (): void } | undefined
  /** What the interface that opened it keeps of it, such as the record in a store. */
  attached: object | undefined
  /** The payload that needs no saving: the one that came, or that of the moment `modified` was set to false. */
  #cleanText: string | undefined
  #isForeign: boolean

  constructor (data: Record<string, unknown>, origin: Origin, kept: KeptBeside, rules: ContentsRules) {
    this.rules = rules
    this.origin = origin
    this.data = data
    this.id = kept.id
    this.createdAt = kept.createdAt
    this.isNew = origin.isNew
    this.permanent = kept.permanent ?? (this.isNew ? this.#startingPermanent : undefined)
    this.cameFilled = !this.isBlank
    this.#cleanText = origin.text
    this.#isForeign = origin.isForeign ?? false
  }

  open (): SessionContents {
    return this
  }

  peek (): SessionContents {
    return this
  }

  changing (): void {}

  setCookieOptions (): never {
    throw new TypeError('options() belongs to the session of a request')
  }

  save (): never {
    throw new TypeError('save() belongs to the session of a request')
  }

  reload (): never {
    throw new TypeError('reload() belongs to the session of a request')
  }

  read (key: string): unknown {
    const value = Object.hasOwn(this.data, key) ? this.data[key] : undefined
    if (typeof value === 'object' && value !== null && this.held?.has(key) !== true) this.#holds(key, value)
    return value
  }

  write (key: string, value: unknown): void {
    if (value === undefined) {
      this.remove(key)
      return
    }
    setKey(this.data, key, value)
    if (typeof value === 'object' && value !== null) (this.held ??= new Held()).addStored(key)
    else this.held?.drop(key)
    this.change()
  }

  /** Code outside has read an object, and may change it without a word. */
  #holds (key: string, value: object): void {
    if (this.held === undefined) this.holder?.holds()
    this.held ??= new Held()
    this.held.addRead(key, value)
  }

  remove (key: string): boolean {
    if (!hasKey(this.data, key)) return false
    this.change()
    this.held?.drop(key)
    return delete this.data[key]
  }

  /**
   * Goes on with a copy of the data alone, for a getter or tag that uses the session while it is written: the text is
   * made of the data as it was, and shows what is kept beside it to nobody.
   */
  part (): void {
    this.isJoined = false
    this.data = { ...this.data }
    part(this.data, this)
  }

  /** Puts other data in place of all there was; the id, the clocks and `permanent` end with it. */
  replace (data: Record<string, unknown>): void {
    this.data = {}
    this.held?.clear()
    this.isReplaced = true
    this.id = undefined
    this.createdAt = undefined
    this.permanent = this.#startingPermanent
    this.change()
    for (const key of Object.keys(data)) this.write(key, data[key])
  }

  change (): void {
    this.modified = true
    this.revision++
  }

  /** The changes so far need no saving. Throws what writing the session throws, and then they are still to be saved. */
  discardChanges (): void {
    this.#cleanText = this.rules.dump(this)
    this.#isForeign = false
    this.held?.settle(this.data)
    this.touched = false
    this.modified = false
  }

  /** All is saved as it is, by an interface that keeps what it saved and tells `rewrite`. */
  settle (): void {
    this.held?.settle(this.data)
    this.touched = false
    this.modified = false
    this.#cleanText = undefined
    this.#isForeign = true
  }

  /** Starts a new id and a new clock, and keeps the data. */
  renew (): void {
    this.isReplaced = true
    this.id = undefined
    this.createdAt = undefined
  }

  /** Whether the cookie outlives the browser session. */
  get isPermanent (): boolean {
    return this.rules.allPermanent ?? this.permanent ?? false
  }

  get isBlank (): boolean {
    const { data } = this
    for (const key in data) if (data[key] !== undefined && Object.hasOwn(data, key)) return false
    return true
  }

  /** The id, which is made where there is none yet. */
  identify (): string {
    const { cookie } = this.origin
    this.id ??= cookie === undefined || this.isReplaced
      ? randomBytes(16).toString('base64url')
      : this.rules.deriveId!(cookie)
    return this.id
  }

  /** The payload to save, as `dump` writes it, or undefined where nothing was changed. */
  changedText (dump = this.rules.dump): string | undefined {
    const isAnnounced = this.modified || this.touched
    if (!isAnnounced && (this.held === undefined || this.held.isAs(this.data))) return undefined
    const text = dump(this)
    return isAnnounced || !this.isClean(text) ? text : undefined
  }

  /** Whether `text` is the payload that needs no saving. */
  isClean (text: string | undefined): boolean {
    if (text === this.#cleanText || !this.#isForeign) return text === this.#cleanText
    this.#cleanText = this.rules.rewrite!(this)
    this.#isForeign = false
    return text === this.#cleanText
  }

  /** Whether every held object is as it was when it needed no saving. May say no where it is. */
  get isUntouched (): boolean {
    return this.held?.isAs(this.data) ?? true
  }

  /** Whether every held object is as the last decision found it. May say no where it is. */
  get isHeldAsSaved (): boolean {
    return this.held?.isAs(this.data, this.saved?.snapshots) ?? true
  }

  /** Whether nothing was changed since the last decision. May say no where nothing was. */
  get isAsSaved (): boolean {
    return this.revision === (this.saved?.revision ?? 0) && this.isHeldAsSaved
  }

  /** How the session is now, for `saved`. */
  get present (): Saved {
    return { revision: this.revision, snapshots: this.held?.snapshots(this.data) }
  }

  /** Remembers what a decision was made for: the session as it is, or as it was when an interface began to save it. */
  remember ({ action }: SaveDecision, saved?: Saved): void {
    this.saved = action === 'keep'
      ? { revision: saved?.revision ?? this.revision, snapshots: undefined }
      : saved ?? this.present
  }

  /** Forgets the last decision, since it did not reach the browser. */
  forgetDecision (): void {
    this.decided = undefined
    this.saved = undefined
  }

  /** The payload that the browser has by the last decision. */
  get sentText (): string | undefined {
    return this.decided?.text ?? this.#cleanText
  }

  get #startingPermanent (): true | undefined {
    return this.rules.startsPermanent || undefined
  }
}
