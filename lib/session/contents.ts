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
  /** Whether an older secret signed it, so that it has to be signed anew. Default false. */
  fromFallback?: boolean | undefined
  /** A payload's text as `dump` would write it, where another program may have written it. */
  rewrite?: ((text: string) => string) | undefined
  /** Whether signing anew means to write the payload anew, for something that was not in it. Default false. */
  resignsDump?: boolean | undefined
  /** The payload as text now. Without it an object that code outside holds counts as changed. */
  dump?: ((contents: SessionContents) => string) | undefined
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
  startsPermanent: boolean
  hasCookie: boolean
  fromFallback: boolean
  /** The payload as it came. */
  readonly loaded: string | undefined
  /** The payload that needs no saving: the one that came, or that of the moment `modified` was set to false. */
  text: string | undefined
  accessed = false
  modified = false
  touched = false
  /** Whether code outside holds an object of the data, and may change it without a word. */
  shared = false
  /** Counts the changes that were announced. */
  revision = 0
  /** The last decision to set the cookie, and the payload it signed. */
  signed: { readonly text: string, readonly decision: unknown } | undefined
  /** The payload that the last decision leaves with the browser, where there was one. */
  savedText: string | undefined
  readonly resignsDump: boolean
  readonly dump: (contents: SessionContents) => string
  #rewrite: ((text: string) => string) | undefined

  constructor (data: Record<string, unknown>, init: ContentsInit) {
    this.data = data
    this.isNew = init.isNew ?? true
    this.id = init.id
    this.openedId = init.id
    this.began = init.began
    this.issuedAt = init.issuedAt
    this.startsPermanent = init.startsPermanent ?? false
    this.hasCookie = init.hasCookie ?? false
    this.fromFallback = init.fromFallback ?? false
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
    this.share(value)
    return value
  }

  /** Takes note of a value that code outside holds from now on: objects are looked at again when the session is saved. */
  share (value: unknown): void {
    if (typeof value === 'object' && value !== null) this.shared = true
  }

  write (key: string, value: unknown): void {
    if (value === undefined) {
      this.remove(key)
      return
    }
    if (this.startsPermanent && this.isBlank) this.data._permanent = true
    Object.defineProperty(this.data, key, { value, writable: true, enumerable: true, configurable: true })
    this.share(value)
    this.change()
  }

  remove (key: string): boolean {
    if (!Object.hasOwn(this.data, key)) return false
    this.change()
    return delete this.data[key]
  }

  /** Puts other data in the place of all there was; the id and the clock end with it. */
  replace (data: Record<string, unknown>): void {
    this.data = {}
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
