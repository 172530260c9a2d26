import type { FastifyReply, FastifyRequest } from 'fastify'
import {
  type DepartingHead, type Headers, type HeadWatcher, valuesAfter, varyByCookie, watchHead
} from '../cookies/headers.ts'
import { type BadData, StoreUnavailable } from '../errors.ts'
import type { Saved, SessionContents, SessionHost } from '../session/contents.ts'
import {
  checked, KEEP_UNUSED, KEEP_USED, type SaveDecision, type SaveOptions
} from '../session/decision.ts'
import { contentsGiven, type Session, sessionOn } from '../session/session.ts'
import { LostChanges } from './lost-changes.ts'
import { Turns } from './turns.ts'
import { SessionHeaders } from './session-headers.ts'
import { logFailure, logUnavailable, reportDropped, reportRefused, warnOfReadable, warnOfSize } from './session-log.ts'
import { type SessionSite, sizeError } from './session-site.ts'

/** The share of `maxCookieSize` from which a cookie is warned of. */
const WARNING_SHARE = 0.75
const UNSAVED = 'The session could not be saved'
const NOT_OPEN = 'The session is not open: its interface is asynchronous and opens it in onRequest. ' +
  'Register the plugin ahead of the hook that uses it'
const OFF = 'This route has no session: its config says session: false'
const SAVED_WITH_REPLY = 'session.save() is for sessions in a store: one in a cookie is saved with the reply'
const AFTER_UPGRADE = 'The session cannot be changed once the connection was upgraded to a websocket: ' +
  'no response follows that could set a cookie. Change it in a request of its own'

/** A failure that was thrown or logged, and after which change. */
interface Failure {
  readonly message: string
  readonly changes: number
}

/**
 * The session of one request. Opens it at the first use, and has it saved twice: in `onSend`, and as late as the
 * headers themselves where something was changed since.
 *
 * | state | meaning |
 * | -- | -- |
 * | `#changes` | counts the changes that the application announced |
 * | `#committed` | the change that the headers speak of; -1 before the first decision |
 * | `#failure` | why the session could not be saved, until it can |
 * | `#unavailable` | why the session could not be opened; using it throws this |
 * | `#unsent` | what the second commit threw, since `writeHead` must not throw for it |
 * | `#varies` | the response was said to depend on the cookie |
 * | `#isSeen` | `writeHead` told of the headers as they left; other code may send them past it |
 * | `#hasLeft` | the headers have left |
 * | `#isClosed` | the response is over |
 *
 * Fields are private and there are no getters: request and response lead here, and to inspect those must neither show
 * the data nor open the session.
 */
export class RequestSession implements SessionHost, SaveOptions, HeadWatcher {
  readonly #site: SessionSite
  readonly #request: FastifyRequest
  #reply: FastifyReply | undefined
  #session: Session | undefined
  /** The session that the interface opened; `#session` shows the same contents. */
  #opened: Session | undefined
  #contents: SessionContents | undefined
  #headers: SessionHeaders | undefined
  #lost: LostChanges | undefined
  /** What `save` and `reload` have under way. */
  #turns: Turns | undefined
  #changes = 0
  #committed = -1
  #failure: Failure | undefined
  #unavailable: StoreUnavailable | undefined
  #unsent: unknown
  #isWatching = false
  #awaitsClose = false
  #isErrorReply = false
  #varies = false
  #isSeen = false
  #hasLeft = false
  #isClosed = false

  constructor (site: SessionSite, request: FastifyRequest, reply: FastifyReply | undefined) {
    this.#site = site
    this.#request = request
    this.#reply = reply
  }

  /** The session. Its headers are watched from the first time on that it is fetched. */
  session (): Session {
    if (this.#session === undefined) {
      if (this.#reply !== undefined) this.#watch(this.#reply)
      this.#session = sessionOn(this)
    }
    return this.#session
  }

  peek (): SessionContents | undefined {
    return this.#contents
  }

  /** Names the reply, for a session that was fetched before the plugin knew of one. */
  bind (reply: FastifyReply): void {
    if (this.#reply !== undefined) return
    this.#reply = reply
    if (this.#session !== undefined) this.#watch(reply)
  }

  open (): SessionContents {
    if (this.#contents !== undefined) return this.#contents
    const { sessionInterface, cookieStart } = this.#site
    const { routeOptions, headers } = this.#request
    if (routeOptions.config.session === false) throw new Error(OFF)
    const cookies = valuesAfter(headers.cookie, cookieStart)
    if (sessionInterface.async) this.#checkNeedsNoWait(cookies)
    let refused: BadData | undefined
    const opened = sessionInterface.openSession(cookies, (error) => { refused = error })
    const contents = contentsGiven(opened)
    this.#opens(contents, opened as Session, refused)
    if (this.#reply?.raw.headersSent === true) this.#hasLeft = true // nothing that is changed from now on is saved
    return contents
  }

  /** An asynchronous interface can open a session at its first use only where no cookie came. */
  #checkNeedsNoWait (cookies: readonly string[]): void {
    if (this.#unavailable !== undefined) throw this.#unavailable
    if (cookies.length > 0 || !this.#site.sessionInterface.opensEmptyAtOnce) throw new Error(NOT_OPEN)
  }

  /** For an asynchronous interface, before the handler. Answers with nothing where there is nothing to wait for. */
  openEarly (): Promise<void> | void {
    const { sessionInterface, cookieStart } = this.#site
    const cookies = valuesAfter(this.#request.headers.cookie, cookieStart)
    const needsNoWait = cookies.length === 0 && sessionInterface.opensEmptyAtOnce
    if (needsNoWait || this.#request.routeOptions.config.session === false) return
    let refused: BadData | undefined
    const opened = sessionInterface.openSession(cookies, (error) => { refused = error })
    if (opened instanceof Promise) return this.#opensLater(opened, () => refused)
    this.#opens(contentsGiven(opened), opened, refused)
  }

  async #opensLater (opening: Promise<Session>, refused: () => BadData | undefined): Promise<void> {
    try {
      const opened = await opening
      this.#opens(contentsGiven(opened), opened, refused())
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error
      this.#unavailable = error
      logUnavailable(this.#site, this.#request, error)
    }
  }

  #opens (contents: SessionContents, opened: Session, refused: BadData | undefined): void {
    this.#opened = opened
    this.#contents = contents
    contents.holder = this
    if (contents.held !== undefined) this.#awaitClose()
    const { counters } = this.#site
    counters.opened++
    if (!contents.isNew) counters.verified++
    if (contents.origin.isEnded === true) counters.ended++
    if (contents.origin.outdated === 'encrypted') warnOfReadable(this.#site, this.#request)
    if (refused !== undefined) reportRefused(this.#site, this.#request, refused)
  }

  /** Watches the headers leave, once. */
  #watch (reply: FastifyReply): void {
    if (this.#isWatching) return
    this.#isWatching = true
    watchHead(reply.raw, this)
    const mayDiffer = this.#changes > 0 || this.#contents?.held !== undefined // by a hook ahead of the plugin's
    if (mayDiffer || this.#site.sessionInterface.async) this.#awaitClose()
  }

  /** What the route's config says; looked up only when a session is old enough to be signed anew. */
  get refresh (): boolean {
    const { session } = this.#request.routeOptions.config
    return session === undefined || session === false || session.refresh !== false
  }

  /** Writes the changes so far. Throws a `TypeError` where the session is saved with the reply alone. */
  save (): Promise<void> {
    if (!this.#site.sessionInterface.savesAnytime) throw new TypeError(SAVED_WITH_REPLY)
    return this.#inTurn(() => this.#saveNow())
  }

  #inTurn (task: () => Promise<void>): Promise<void> {
    this.#turns ??= new Turns()
    return this.#turns.take(task)
  }

  async #saveNow (): Promise<void> {
    const failure = await this.#saveAsync(this.#isOver() ? undefined : this.#reply)
    if (failure !== undefined) throw failure
  }

  /** Whether no header can follow. */
  #isOver (): boolean {
    const reply = this.#reply
    return reply?.raw.headersSent === true || (reply?.sent === true && isUpgrade(this.#request))
  }

  reload (): Promise<void> {
    this.open()
    return this.#inTurn(() => this.#reloadNow())
  }

  #reloadNow (): Promise<void> {
    const reloading = this.#site.sessionInterface.reloadSession(this.#opened!)
    return reloading.then((session) => {
      const contents = contentsGiven(session)
      contents.accessed = true
      this.#opened = session
      this.#contents = contents
      contents.holder = this
      this.#committed = this.#changes
      if (contents.origin.isEnded === true) this.#site.counters.ended++
    })
  }

  setCookieOptions (options: object): void {
    this.#head().override(options)
  }

  changing (key: string | undefined): void {
    if (this.#isOver()) this.#changesLate(key)
    if (this.#changes++ === 0) this.#awaitClose()
  }

  /** Called when an object of the session was read, which may change from then on without a word. */
  holds (): void {
    this.#awaitClose()
  }

  /** From now on there is something to look at when the response is over. */
  #awaitClose (): void {
    if (this.#awaitsClose || this.#reply === undefined) return
    this.#awaitsClose = true
    const { raw } = this.#reply
    raw.on('close', () => { this.#closed() })
    if (raw.writableEnded || raw.destroyed) process.nextTick(() => { this.#closed() }) // it may have been closed before
  }

  /** A change that no cookie can tell of any more. */
  #changesLate (key: string | undefined): void {
    const { raw } = this.#reply!
    if (this.#site.sessionInterface.savesAnytime) {
      if (this.#isClosed) setImmediate(() => { this.#checkAll() })
    } else if (raw.headersSent) {
      this.#logMissed()
      this.#lostChanges().logLate(key, () => this.session().keys())
    } else throw new Error(AFTER_UPGRADE)
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
    const failure = this.#save(reply)
    if (failure !== undefined) this.#throwOrGiveUp(failure, reply)
  }

  /** The same for an asynchronous interface. */
  async commitAsync (reply: FastifyReply): Promise<void> {
    if (this.#contents === undefined) return
    await this.#turns?.take(async () => {}) // what nobody waited for is over first
    const failure = await this.#saveAsync(reply)
    if (failure !== undefined) this.#throwOrGiveUp(failure, reply)
  }

  #throwOrGiveUp (failure: Error, headers: Headers): void {
    if (this.#isErrorReply) return this.#giveUp(failure, headers)
    this.#isNews(failure)
    throw failure
  }

  /** The second commit, in `writeHead`, which must neither throw nor wait. */
  leaving (head: DepartingHead): boolean {
    const contents = this.#contents
    this.#isSeen = true
    if (contents === undefined) return false
    this.#unsent = undefined
    try {
      if (this.#varies && !head.isVaried) varyByCookie(head)
      if (this.#headers?.hasWish === true) this.#headers.restore(head, contents.isReplaced)
      if (this.#failure !== undefined) this.#head().keepPrivate(head)
      const isCommitted = this.#changes === this.#committed && (contents.held === undefined || contents.isHeldAsSaved)
      if (!isCommitted && !this.#site.sessionInterface.async) {
        head.takeOver() // throws for headers that cannot be sent, which is no failure of the session
        const failure = this.#save(head)
        if (failure !== undefined) this.#giveUp(failure, head)
      }
    } catch (error) {
      this.#committed = -1 // as a rule writeHead refuses the application's headers too, and may be called again
      this.#unsent = error
    }
    return this.#unsent !== undefined || this.#changes > 0 || this.#headers?.isEventful === true
  }

  left (): void {
    if (this.#unsent !== undefined) logFailure(this.#site, this.#request, this.#unsent, UNSAVED)
    if (this.#headers?.isEventful === true) this.#headers.settle()
    if (this.#changes === this.#committed) this.#hasLeft = true
    else if (!this.#site.sessionInterface.savesAnytime) this.#logMissed()
  }

  /** Brings a decision into the headers, by default that of the interface now. Returns the error where that fails. */
  #save (headers: Headers, decided?: SaveDecision, present?: Saved): Error | undefined {
    try {
      if (decided === undefined) this.#committed = this.#changes
      const given = decided ?? this.#site.sessionInterface.saveSession(this.#opened!, this)
      const contents = this.#contents!
      const decision = given === KEEP_USED || given === KEEP_UNUSED ? given : checked(given, contents.sealed)
      const isUnchanged = contents.revision === 0 && contents.saved === undefined
      if (decision.action !== 'keep' || !isUnchanged) contents.remember(decision, present)
      if ('dropped' in decision) reportDropped(this.#site, this.#request, decision)
      if (decision.vary && !this.#varies) varyByCookie(headers)
      this.#varies ||= decision.vary
      if (decision.action !== 'keep') {
        this.#awaitClose()
        this.#headers ??= new SessionHeaders(this.#site, this.#request)
      }
      const size = this.#headers?.apply(decision, contents.isReplaced, headers) ?? 0
      if (size >= WARNING_SHARE * this.#site.settings.maxCookieSize) return this.#checkSize(size)
      this.#failure = undefined
    } catch (error) {
      return asError(error)
    }
  }

  /** The same for an asynchronous interface. Without headers, since they have left, no cookie follows. */
  async #saveAsync (headers: Headers | undefined): Promise<Error | undefined> {
    try {
      this.#committed = this.#changes
      const options = headers === undefined ? { refresh: false, isLate: true } : this
      const contents = this.#contents!
      const { present } = contents
      const decision = checked(await this.#site.sessionInterface.saveSession(this.#opened!, options), contents.sealed)
      if (decision.action !== 'keep' && this.#reply !== undefined) this.#watch(this.#reply) // it may not have been used
      if (headers !== undefined) return this.#save(headers, decision, present)
      this.#contents!.remember(decision, present)
      reportDropped(this.#site, this.#request, decision)
    } catch (error) {
      return asError(error)
    }
  }

  #checkSize (size: number): Error | undefined {
    const error = sizeError(this.#site, this.#opened!, size)
    if (error !== undefined) return error
    this.#failure = undefined
    warnOfSize(this.#site, this.#request, size, () => this.#site.sessionInterface.weigh(this.#opened!))
  }

  #head (): SessionHeaders {
    this.#headers ??= new SessionHeaders(this.#site, this.#request)
    return this.#headers
  }

  #giveUp (failure: Error, headers: Headers): void {
    if (this.#isNews(failure)) logFailure(this.#site, this.#request, failure, UNSAVED)
    if (!this.#varies) varyByCookie(headers)
    this.#varies = true
    this.#headers?.giveUp(headers)
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

  /** The response is over. Other listeners of that may still change the objects that they hold. */
  #closed (): void {
    this.#isClosed = true
    if (this.#contents === undefined || this.#failure !== undefined) return
    const isPlain = this.#isSeen && this.#contents.held === undefined
    if (!isPlain || this.#changes !== this.#committed) process.nextTick(() => { this.#checkAll() })
  }

  /** Whether something was changed that the headers do not say. */
  #checkAll (): void {
    const { raw } = this.#reply!
    const keys = (): string[] => this.#unsavedKeys()
    if (!raw.headersSent) {
      if (isUpgrade(this.#request) && !this.#isSaved()) this.#lostChanges().checkUpgrade(keys)
      return
    }
    if (!this.#isSeen) this.#leftUnseen(raw)
    if (!this.#isSaved() && !this.#logMissed()) this.#lostChanges().check(keys, false)
  }

  #isSaved (): boolean {
    return this.#changes === this.#committed && this.#contents!.isAsSaved
  }

  /** The headers left past `writeHead`. They may have the cookie of the first commit all the same. */
  #leftUnseen (raw: FastifyReply['raw']): void {
    if (this.#headers?.isMissingIn(raw) !== true) return this.#headers?.settle()
    this.#headers = undefined
    this.#committed = -1
    this.#contents!.forgetDecision()
  }

  #unsavedKeys (): string[] {
    const { isNew, modified } = this.#contents!
    const isUnknown = isNew && modified && this.#headers?.hasWish !== true
    return isUnknown ? this.session().keys() : this.#site.sessionInterface.unsavedKeys(this.#opened!)
  }

  #lostChanges (): LostChanges {
    this.#lost ??= new LostChanges(this.#site, this.#request)
    return this.#lost
  }
}

/**
 * Whether the server handed the connection to its `upgrade` listeners; @fastify/websocket marks injected ones by `ws`.
 */
function isUpgrade (request: FastifyRequest): boolean {
  return (request.raw as { upgrade?: boolean }).upgrade === true || (request as { ws?: unknown }).ws === true
}

function asError (error: unknown): Error {
  return error instanceof Error ? error : new Error('The session interface threw something that is no error')
}
