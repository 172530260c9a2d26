import type { FastifyReply, FastifyRequest } from 'fastify'
import { valuesAfter } from '../cookies/cookie-header.ts'
import { type DepartingHead, type HeaderSource, type HeadWatcher, watchHead } from '../cookies/headers.ts'
import { CookieTooLarge } from '../errors.ts'
import type { SessionContents } from '../session/contents.ts'
import type { SaveDecision, SaveOptions } from '../session/decision.ts'
import { checked, openWith, saveWith, sessionGiven } from '../session/interface-calls.ts'
import { contentsOf, type Session, type SessionHost, sessionOn } from '../session/session.ts'
import { LostChanges } from './lost-changes.ts'
import { ReplyHeaders } from './reply-headers.ts'
import { SessionHeaders } from './session-headers.ts'
import { logFailure, reportRefused, warnOfSize } from './session-log.ts'
import type { SessionSite } from './session-site.ts'

/** The share of `maxCookieSize` from which a cookie is warned of. */
const WARNING_SHARE = 0.75
const UNSAVED = 'The session could not be saved'
const AFTER_UPGRADE = 'The session cannot be changed once the connection was upgraded to a websocket: ' +
  'no response follows that could set a cookie. Change it in a request of its own'

/** A failure that was thrown or logged, and after which change. */
interface Failure {
  readonly message: string
  readonly changes: number
}

/**
 * The session of one request. Opens it at the first use, and has it saved twice: in `onSend`, and as late as the headers
 * themselves where something was changed since.
 *
 * | state | meaning |
 * | -- | -- |
 * | `#changes` | counts the changes that the application announced |
 * | `#committed` | the change that the headers speak of; -1 before the first decision |
 * | `#failure` | why the session could not be saved, until it can |
 * | `#unsent` | what the second commit threw, since `writeHead` must not throw for it |
 * | `#hasLeft` | the headers have left |
 *
 * Fields are private and there are no getters: request and response lead here, and to inspect those must neither show
 * the data nor open the session.
 */
export class RequestSession implements SessionHost, SaveOptions, HeadWatcher {
  readonly #site: SessionSite
  readonly #request: FastifyRequest
  readonly #session: Session = sessionOn(this)
  #reply: FastifyReply | undefined
  /** The session that the interface opened; `#session` shows the same contents. */
  #opened: Session | undefined
  #contents: SessionContents | undefined
  readonly #headers: SessionHeaders
  #lost: LostChanges | undefined
  #changes = 0
  #committed = -1
  #failure: Failure | undefined
  #unsent: unknown
  #isErrorReply = false
  #hasLeft = false
  #awaitsClose = false

  constructor (site: SessionSite, request: FastifyRequest) {
    this.#site = site
    this.#request = request
    this.#headers = new SessionHeaders(site, request)
  }

  session (): Session {
    return this.#session
  }

  peek (): SessionContents | undefined {
    return this.#contents
  }

  /** Names the reply that carries the session's cookie, and has its headers watched. */
  bind (reply: FastifyReply): void {
    if (this.#reply !== undefined) return
    this.#reply = reply
    if (!watchHead(reply.raw, this) || isUpgrade(this.#request)) this.#awaitClose()
  }

  open (): SessionContents {
    if (this.#contents !== undefined) return this.#contents
    const { sessionInterface } = this.#site
    if (sessionInterface.async) {
      throw new Error('The session is not open: its interface is asynchronous and opens it in onRequest')
    }
    let refused
    const session = openWith(sessionInterface, this.#cookies(), (error) => { refused = error })
    const contents = this.#adopt(session)
    if (refused !== undefined) reportRefused(this.#site, this.#request, refused)
    return contents
  }

  /** For an asynchronous interface, before the handler. */
  async openAsync (): Promise<void> {
    let refused
    const session = await this.#site.sessionInterface.openSession(this.#cookies(), (error) => { refused = error })
    this.#adopt(sessionGiven(session))
    this.#committed = this.#changes
    if (refused !== undefined) reportRefused(this.#site, this.#request, refused)
  }

  #adopt (session: Session): SessionContents {
    const contents = contentsOf(session)!
    this.#opened = session
    this.#contents = contents
    this.#site.counters.opened++
    if (!contents.isNew) this.#site.counters.verified++
    this.#hasLeft = this.#reply?.raw.headersSent ?? false
    if (this.#hasLeft) this.#watchHeld(contents)
    return contents
  }

  /** What the route's config says; looked up only when a session is old enough to be signed anew. */
  get refresh (): boolean {
    return this.#request.routeOptions.config.session?.refresh ?? true
  }

  setCookieOptions (options: object): void {
    this.#headers.override(options)
  }

  changing (key: string | undefined): void {
    if (this.#reply?.raw.headersSent) {
      this.#logMissed()
      this.#lostChanges().logLate(key, () => this.#session.keys())
    } else if (this.#reply?.sent && isUpgrade(this.#request)) throw new Error(AFTER_UPGRADE)
    this.#changes++
  }

  /** From now on the reply is one about an error, and a failure of the session must not hide it. */
  expectErrorReply (): void {
    this.#isErrorReply = true
  }

  /**
   * The first commit, in `onSend`. Throws what the session interface throws, so that the application's error handler
   * answers; during an error reply that is logged instead, and the reply goes without the cookie.
   */
  commit (reply: FastifyReply): void {
    if (this.#contents === undefined) return
    const headers = new ReplyHeaders(reply)
    this.#throwOrGiveUp(this.#save(headers), headers)
  }

  /** The same for an asynchronous interface. */
  async commitAsync (reply: FastifyReply): Promise<void> {
    if (this.#contents === undefined) return
    const headers = new ReplyHeaders(reply)
    this.#throwOrGiveUp(await this.#saveAsync(headers), headers)
  }

  #throwOrGiveUp (failure: Error | undefined, headers: HeaderSource): void {
    if (failure === undefined) return
    if (this.#isErrorReply) return this.#giveUp(failure, headers)
    this.#isNews(failure)
    throw failure
  }

  /** The second commit, in `writeHead`, which must neither throw nor wait. */
  leaving (head: DepartingHead): void {
    const contents = this.#contents
    if (contents === undefined) return
    this.#unsent = undefined
    try {
      this.#headers.restore(head, contents.isReplaced)
      if (this.#failure !== undefined) this.#headers.keepPrivate(head)
      if (this.#site.sessionInterface.async || (this.#changes === this.#committed && contents.isHeldAsSaved)) return
      const failure = this.#save(head)
      if (failure !== undefined) this.#giveUp(failure, head)
    } catch (error) {
      this.#committed = -1 // as a rule writeHead refuses the application's headers too, and may be called again
      this.#unsent = error
    }
  }

  left (): void {
    const contents = this.#contents
    if (contents === undefined) return
    if (this.#unsent !== undefined) logFailure(this.#site, this.#request, this.#unsent, UNSAVED)
    this.#headers.settle()
    if (!this.#logMissed() && this.#failure === undefined) this.#watchHeld(contents)
  }

  /** Saves the session and brings the decision into the headers. Returns the error where that fails. */
  #save (headers: HeaderSource): Error | undefined {
    try {
      this.#committed = this.#changes
      return this.#apply(saveWith(this.#site.sessionInterface, this.#opened!, this), headers)
    } catch (error) {
      return asError(error)
    }
  }

  async #saveAsync (headers: HeaderSource): Promise<Error | undefined> {
    try {
      this.#committed = this.#changes
      return this.#apply(checked(await this.#site.sessionInterface.saveSession(this.#opened!, this)), headers)
    } catch (error) {
      return asError(error)
    }
  }

  #apply (decision: SaveDecision, headers: HeaderSource): Error | undefined {
    const contents = this.#contents!
    const { settings: { cookieName, maxCookieSize } } = this.#site
    contents.remember(decision)
    const size = this.#headers.apply(decision, contents.isReplaced, headers)
    if (size > maxCookieSize) return new CookieTooLarge(cookieName, size, maxCookieSize, this.#weigh())
    this.#failure = undefined
    if (size >= WARNING_SHARE * maxCookieSize) warnOfSize(this.#site, this.#request, size, () => this.#weigh())
  }

  #weigh (): Array<[string, number]> {
    return this.#site.sessionInterface.weigh(this.#opened!)
  }

  #giveUp (failure: Error, headers: HeaderSource): void {
    if (this.#isNews(failure)) logFailure(this.#site, this.#request, failure, UNSAVED)
    this.#headers.giveUp(headers)
  }

  /** Whether a failure was neither thrown nor logged before, or concerns more changes than it did then. */
  #isNews ({ message }: Error): boolean {
    const known = this.#failure
    this.#failure = { message, changes: this.#changes }
    return known?.message !== message || known.changes !== this.#changes
  }

  /** Logs what was changed between the last commit and the headers. Says whether there was something. */
  #logMissed (): boolean {
    const isKnown = this.#hasLeft || this.#failure !== undefined || this.#unsent !== undefined
    const isMissed = !isKnown && this.#changes !== Math.max(this.#committed, 0)
    this.#hasLeft = true
    if (isMissed) this.#lostChanges().check(() => this.#unsavedKeys(), true)
    return isMissed
  }

  /** Objects that code outside holds, now or later, may be changed when the headers have left. */
  #watchHeld (contents: SessionContents): void {
    if (contents.isHeld) this.#awaitClose()
    else contents.onHeld = () => { this.#awaitClose() }
  }

  #awaitClose (): void {
    if (this.#awaitsClose) return
    this.#awaitsClose = true
    this.#reply!.raw.once('close', () => { this.#closed() })
  }

  /** When the reply is over: whether something was changed that its headers do not say. */
  #closed (): void {
    if (this.#contents === undefined || this.#failure !== undefined) return
    const keys = (): string[] => this.#unsavedKeys()
    if (!this.#reply!.raw.headersSent) {
      if (isUpgrade(this.#request)) this.#lostChanges().checkUpgrade(keys)
    } else if (!this.#logMissed()) this.#lostChanges().check(keys, false)
  }

  #unsavedKeys (): string[] {
    const { isNew, modified } = this.#contents!
    const isUnknown = isNew && modified && !this.#headers.hasWish
    return isUnknown ? this.#session.keys() : this.#site.sessionInterface.unsavedKeys(this.#opened!)
  }

  #lostChanges (): LostChanges {
    this.#lost ??= new LostChanges(this.#site, this.#request)
    return this.#lost
  }

  #cookies (): string[] {
    return valuesAfter(this.#request.headers.cookie, this.#site.cookieStart)
  }
}

/** Whether the server handed the connection to its `upgrade` listeners; @fastify/websocket marks injected ones by `ws`. */
function isUpgrade (request: FastifyRequest): boolean {
  return (request.raw as { upgrade?: boolean }).upgrade === true || (request as { ws?: unknown }).ws === true
}

function asError (error: unknown): Error {
  return error instanceof Error ? error : new Error('The session interface threw something that is no error')
}
