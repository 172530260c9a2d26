import type { BadData } from '../errors.ts'
import { isUnchanged, type Snapshot, snapshotOf, UNKNOWN } from './snapshot.ts'

/** What is known of a session beside its data; for session interfaces. */
export interface SessionInit {
  /** Default true. */
  isNew?: boolean | undefined
  /** The session's id, where it has one. */
  id?: string | undefined
  /** When it began, in Unix seconds. */
  began?: number | undefined
  /** When its cookie was signed, in Unix seconds. */
  issuedAt?: number | undefined
  /** Whether it becomes permanent with its first key. Default false. */
  startsPermanent?: boolean | undefined
  /** Whether the request carried a cookie of this session's name, valid or not. Default false. */
  hasCookie?: boolean | undefined
}

/** What this package's own interface knows besides. */
export interface ContentsInit extends SessionInit {
  /** The text of the payload that came, by which changes inside stored objects are noticed. */
  text?: string | undefined
  /** How old its signature was when it was opened, in seconds. */
  age?: number | undefined
  /** Why the cookie that came was refused. */
  refused?: BadData | undefined
  /** Whether an older secret signed it, so that it has to be signed anew. Default false. */
  fromFallback?: boolean | undefined
  /** A payload's text as `dump` would write it, where another program may have written it. */
  rewrite?: ((text: string) => string) | undefined
  /** Whether signing anew means to write the payload anew, for something that was not in it. Default false. */
  resignsDump?: boolean | undefined
  /** The payload as text now. Without it what code outside holds counts as changed where its snapshot cannot tell. */
  dump?: ((contents: SessionContents) => string) | undefined
}

/** Is told that code outside came to hold an object of a session, which it may change without a word. */
export interface Borrower {
  lent (): void
}

/** The data of an open session and all that is known about it. */
export class SessionContents {
  data: Record<string, unknown>
  isNew: boolean
  id: string | undefined
  /** The id that it was opened with, whatever has become of it. */
  readonly openedId: string | undefined
  began: number | undefined
  issuedAt: number | undefined
  readonly age: number | undefined
  startsPermanent: boolean
  hasCookie: boolean
  fromFallback: boolean
  refused: BadData | undefined
  /** The payload as it came. */
  readonly loaded: string | undefined
  /** The payload that needs no saving: the one that came, or that of the moment `modified` was set to false. */
  text: string | undefined
  accessed = false
  modified = false
  touched = false
  /** Whether other data was put in the place of all there was, which begins a new session. */
  isReplaced = false
  /** Counts the changes that were announced. */
  revision = 0
  /** The last decision to set the cookie, the payload it signed, and the revision it was made for. */
  signed: { readonly text: string, readonly decision: unknown, revision: number } | undefined
  /** The payload that the last decision leaves with the browser, where there was one. */
  savedText: string | undefined
  /** The revision that the last decision was made for. */
  savedRevision = 0
  readonly resignsDump: boolean
  readonly dump: (contents: SessionContents) => string
  #rewrite: ((text: string) => string) | undefined
  /** The keys whose objects code outside holds and may change without a word, and how those were when they needed no saving. */
  #lent: Map<string, Snapshot> | undefined
  /** How those were when the last decision was made, where that was not to leave the cookie as it is. */
  #decided: ReadonlyMap<string, Snapshot> | undefined
  /** Told when code outside comes to hold an object for the first time. */
  borrower: Borrower | undefined

  constructor (data: Record<string, unknown>, init: ContentsInit) {
    this.data = data
    this.isNew = init.isNew ?? true
    this.id = init.id
    this.openedId = init.id
    this.began = init.began
    this.issuedAt = init.issuedAt
    this.age = init.age
    this.startsPermanent = init.startsPermanent ?? false
    this.hasCookie = init.hasCookie ?? false
    this.fromFallback = init.fromFallback ?? false
    this.refused = init.refused
    this.loaded = init.text
    this.text = init.text
    this.dump = init.dump ?? (() => '')
    this.#rewrite = init.rewrite
    this.resignsDump = init.resignsDump ?? false
  }

  /** Whether `text` is the payload that needs no saving. */
  isSaved (text: string | undefined): boolean {
    if (text === this.text || this.text === undefined || this.#rewrite === undefined) return text === this.text
    this.text = this.#rewrite(this.text)
    this.#rewrite = undefined
    return text === this.text
  }

  read (key: string): unknown {
    const value = Object.hasOwn(this.data, key) ? this.data[key] : undefined
    if (typeof value === 'object' && value !== null && this.#lent?.has(key) !== true) this.#lend(key, snapshotOf(value))
    return value
  }

  /** Whether code outside holds an object of the data. */
  get isLent (): boolean {
    return this.#lent !== undefined
  }

  /** Whether every object that code outside holds is as it was when it needed no saving. May say no where it is. */
  get isUntouched (): boolean {
    return this.#isAs(undefined)
  }

  /** Whether all of them are as the last decision found them. May say no where they are. */
  get isAsDecided (): boolean {
    return this.#isAs(this.#decided)
  }

  /** Whether all of them are as they were signed. May say no where they are, and does where nobody told of the decision. */
  get isAsSigned (): boolean {
    return this.#lent === undefined || (this.#decided !== undefined && this.isAsDecided)
  }

  #isAs (newer: ReadonlyMap<string, Snapshot> | undefined): boolean {
    if (this.#lent === undefined) return true
    for (const [key, older] of this.#lent) if (!isUnchanged(this.data[key], newer?.get(key) ?? older)) return false
    return true
  }

  /** What code outside holds needs no saving as it is now; it must have been written as text before. */
  settle (): void {
    this.#lent = this.#snapshots()
    this.#decided = undefined
  }

  /** A decision was made for what code outside holds as it is now. */
  decide (): void {
    this.#decided = this.#snapshots()
  }

  /** The last decision is to leave the cookie as it is. */
  forgetDecision (): void {
    this.signed = undefined
    this.savedText = undefined
    this.#decided = undefined
  }

  #snapshots (): Map<string, Snapshot> | undefined {
    return this.#lent && new Map([...this.#lent.keys()].map((key) => [key, snapshotOf(this.data[key])]))
  }

  #lend (key: string, snapshot: Snapshot): void {
    if (this.#lent === undefined) {
      this.#lent = new Map()
      this.borrower?.lent()
    }
    this.#lent.set(key, snapshot)
  }

  write (key: string, value: unknown): void {
    if (value === undefined) {
      this.remove(key)
      return
    }
    if (this.startsPermanent && this.isBlank) this.data._permanent = true
    if (Object.hasOwn(this.data, key)) this.data[key] = value
    else Object.defineProperty(this.data, key, { value, writable: true, enumerable: true, configurable: true })
    if (typeof value === 'object' && value !== null) this.#lend(key, UNKNOWN)
    else this.#lent?.delete(key)
    this.change()
  }

  remove (key: string): boolean {
    if (!Object.hasOwn(this.data, key)) return false
    this.change()
    this.#lent?.delete(key)
    return delete this.data[key]
  }

  /** Puts other data in the place of all there was; the id and the clock end with it. */
  replace (data: Record<string, unknown>): void {
    this.isReplaced = true
    this.data = {}
    this.#lent?.clear()
    this.id = undefined
    this.began = undefined
    this.issuedAt = undefined
    this.change()
    for (const key of Object.keys(data)) this.write(key, data[key])
  }

  change (): void {
    this.modified = true
    this.revision++
  }

  get isBlank (): boolean {
    for (const key in this.data) if (Object.hasOwn(this.data, key)) return false
    return true
  }

  /** Whether there is nothing to keep. */
  get isEmpty (): boolean {
    return this.id === undefined && this.isBlank
  }

  get permanent (): boolean {
    return Object.hasOwn(this.data, '_permanent') ? Boolean(this.data._permanent) : this.startsPermanent && this.isBlank
  }
}
