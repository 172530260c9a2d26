import type { FastifyReply, FastifyRequest } from 'fastify'
import { type BadData, BadSignature, CookieTooLarge, SHOWN_KEYS, SignatureExpired } from '../errors.ts'
import { escapeName } from '../path.ts'
import { cameByHttps } from './https.ts'
import { ReplyHeaders } from './reply-headers.ts'
import { forbidSharing, isShareable, permitSharing } from '../session/caching.ts'
import type { Borrower, SessionContents } from '../session/contents.ts'
import type { CookieWriter } from '../session/cookie-writer.ts'
import type { SessionCounters, WarningGate } from '../session/counters.ts'
import { valuesAfter } from '../session/cookies.ts'
import {
  type DepartingHead, hasSetCookie, type HeaderSource, type HeadWatcher, isVariedByCookie, varyByCookie, watchHead,
  writeSetCookie
} from '../session/headers.ts'
import type { SessionSettings } from '../session/options.ts'
import { openedSession, type Session, type SessionHost, sessionOn } from '../session/session.ts'
import {
  checked, contentsGiven, openContents, type SaveDecision, type SaveOptions, saveContents, type SessionInterface
} from '../session/session-interface.ts'
import { type Rival, rivalOf } from '../session/set-cookie.ts'

type Outcome = 'saved' | 'resigned' | 'deleted'

/** A `Set-Cookie` line, and what it is for. */
interface Wish {
  readonly line: string
  readonly outcome: Outcome
}

/** The share of `maxCookieSize` from which a cookie is warned of. */
const WARNING_SHARE = 0.75
const BAD_SIGNATURES = 'Session cookies are refused: their signature does not hold. More of them are logged at debug'
const BAD_PAYLOADS = 'Session cookies are refused: their payload cannot be read. More of them are logged at debug'
const LOST = 'The session was changed after its headers were sent, and the change is lost'
const LOST_IN_UPGRADE = 'The session was changed, but the connection was upgraded to a websocket without a response that could set its cookie, and the change is lost'
const RIVAL = 'The application sets or clears the cookie of the session itself. ' +
  'Use session.delete() to end a session, and session.set() to change it'
const SHARED = 'A response that shared caches may keep sets the session cookie, so its Cache-Control was made private'
const AFTER_UPGRADE = 'The session cannot be changed once the connection was upgraded to a websocket: no response follows that could set a cookie. ' +
  'Change it in a request of its own'

const NONE: readonly string[] = []

/** What all requests of one registered session share. */
export interface SessionSite {
  readonly settings: SessionSettings
  readonly sessionInterface: SessionInterface
  /** The cookie's name and `=`, by which it is found. */
  readonly cookieStart: string
  readonly cookie: CookieWriter
  readonly counters: SessionCounters
  readonly warnings: WarningGate
  /** Told when the cookie goes out without Secure. */
  readonly sentInClear: () => void
}

/**
 * The session of one request: opens it at the first use, and brings what the session interface decides into the
 * headers, first in `onSend` and again as late as the headers themselves, for what changed since. Its fields are
 * private, since request and response lead to it: inspecting those must neither show the data nor open the session.
 */
export class RequestSession implements SessionHost, SaveOptions, HeadWatcher, Borrower {
  readonly #session: Session = sessionOn(this)
  #contents: SessionContents | undefined
  readonly #site: SessionSite
  readonly #request: FastifyRequest
  #reply: FastifyReply | undefined
  #cookie: CookieWriter
  /** What the last decision asks for. */
  #wish: Wish | undefined
  /** The line of ours that stands in the headers now. */
  #line: string | undefined
  /** What is to be counted when the headers have left. */
  #outcome: Outcome | 'skipped' | undefined
  #varies = false
  /** What to warn of when the headers have left. */
  #warning: string | undefined
  /** The last decision of the interface. */
  #decision: SaveDecision | undefined
  /** Counts the changes that the application announced; those that an interface makes need no saving. */
  #changes = 0
  /** The changes that the headers speak of. */
  #committed = -1
  /** What was thrown or logged last, and after which change, so that it need not be logged again. */
  #failure: { readonly message: string, readonly changes: number } | undefined
  /** Why the second commit could not change the headers. */
  #unsent: unknown
  #isErrorReply = false
  #hasLeft = false
  /** The keys whose changes were logged as lost. */
  #lostKeys: readonly string[] = NONE
  #awaitsClose = false

  constructor (site: SessionSite, request: FastifyRequest) {
    this.#site = site
    this.#request = request
    this.#cookie = site.cookie
  }

  get session (): Session {
    return this.#session
  }

  /** Undefined as long as nobody used the session. */
  get contents (): SessionContents | undefined {
    return this.#contents
  }

  /** Names the reply that carries the session's cookie, and has its headers watched. */
  bind (reply: FastifyReply): void {
    if (this.#reply !== undefined) return
    this.#reply = reply
    if (!watchHead(reply.raw, this) || isUpgrade(this.#request)) this.lent()
  }

  open (): void {
    const { sessionInterface } = this.#site
    if (sessionInterface.async) throw new Error('The session is not open: its interface is asynchronous and opens it in onRequest')
    const contents = openContents(sessionInterface, this.#cookies())
    this.#opened(contents)
    if (contents.refused !== undefined) this.#report(contents.refused)
  }

  /** For an asynchronous interface, before the handler. */
  async openAsync (): Promise<void> {
    let refused: BadData | undefined
    const session = await this.#site.sessionInterface.openSession(this.#cookies(), (error) => { refused = error })
    this.#opened(contentsGiven(session))
    this.#committed = this.#changes
    if (refused !== undefined) this.#report(refused)
  }

  #opened (contents: SessionContents): void {
    this.#contents = contents
    this.#site.counters.opened++
    if (!contents.isNew) this.#site.counters.verified++
    this.#hasLeft = this.#reply?.raw.headersSent ?? false
    if (this.#hasLeft) this.#watchUnsaved(contents)
  }

  /** What the route's config says; looked up only when a session is old enough to be signed anew. */
  get refresh (): boolean {
    return this.#request.routeOptions.config.session?.refresh ?? true
  }

  setCookieOptions (options: object): void {
    this.#cookie = this.#cookie.override(options)
  }

  changing (key: string | undefined): void {
    if (this.#reply?.raw.headersSent) {
      this.#logMissed()
      this.#logLost(key === undefined ? [] : [key])
      this.#lostKeys = [...this.#lostKeys, ...(key === undefined ? this.#session.keys() : [key])]
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
    this.#attempt(new ReplyHeaders(reply), this.#save() as SaveDecision | Error)
  }

  /** The same for an asynchronous interface. */
  async commitAsync (reply: FastifyReply): Promise<void> {
    if (this.#contents === undefined) return
    const decision = await this.#save()
    this.#attempt(new ReplyHeaders(reply), decision)
  }

  #attempt (headers: HeaderSource, decision: SaveDecision | Error): void {
    const failure = decision instanceof Error ? decision : this.#apply(decision, headers)
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
      this.#restore(head)
      this.#keepErrorPrivate(head)
      if (this.#site.sessionInterface.async) return
      if (this.#changes !== this.#committed || !contents.isAsDecided) this.#saveLate(head)
    } catch (error) {
      this.#committed = -1 // as a rule writeHead refuses the application's headers too, and may be called again
      this.#unsent = error
    }
  }

  left (): void {
    const contents = this.#contents
    if (contents === undefined) return
    if (this.#unsent !== undefined) this.#log(this.#unsent, 'The session could not be saved')
    if (this.#outcome !== undefined) this.#site.counters[this.#outcome]++
    this.#outcome = undefined
    if (this.#warning !== undefined) this.#warn(this.#warning)
    if (!this.#logMissed() && this.#failure === undefined) this.#watchUnsaved(contents)
  }

  /** Logs what was changed between the last commit and the headers. Says whether there was something. */
  #logMissed (): boolean {
    const isKnown = this.#hasLeft || this.#failure !== undefined || this.#unsent !== undefined
    const isMissed = !isKnown && this.#changes !== Math.max(this.#committed, 0)
    this.#hasLeft = true
    if (isMissed) this.#checkUnsaved(LOST, true)
    return isMissed
  }

  /** Objects that code outside holds, now or later, may be changed when the headers have left. */
  #watchUnsaved (contents: SessionContents): void {
    if (contents.isLent) this.lent()
    else contents.borrower = this
  }

  lent (): void {
    if (this.#awaitsClose) return
    this.#awaitsClose = true
    this.#reply!.raw.once('close', () => { this.#closed() })
  }

  /** Other code may have changed the headers since the first commit. */
  #restore (head: DepartingHead): void {
    if (this.#varies && !isVariedByCookie(head.peek('vary'))) varyByCookie(head.bag())
    if (this.#line !== undefined && !hasSetCookie(head.peek('set-cookie'), this.#line)) this.#line = undefined
    if (this.#wish !== undefined) this.#place(head)
  }

  /** What the application said of the reply that could not be saved is not true of the error that leaves instead. */
  #keepErrorPrivate (headers: HeaderSource): void {
    if (this.#failure === undefined || !this.#site.settings.cacheControl) return
    if (isShareable(headers)) forbidSharing(headers)
  }

  #saveLate (headers: HeaderSource): void {
    const decision = this.#save() as SaveDecision | Error
    const failure = decision instanceof Error ? decision : this.#apply(decision, headers)
    if (failure !== undefined) this.#giveUp(failure, headers)
  }

  /** What the interface decides, or the error it throws. */
  #save (): SaveDecision | Error | Promise<SaveDecision | Error> {
    const { sessionInterface } = this.#site
    try {
      if (sessionInterface.async) return this.#saveAsync()
      this.#committed = this.#changes
      const decision = saveContents(sessionInterface, this.#contents!, this)
      return this.#decide(decision)
    } catch (error) {
      return asError(error)
    }
  }

  async #saveAsync (): Promise<SaveDecision | Error> {
    try {
      this.#committed = this.#changes
      const decision = this.#site.sessionInterface.saveSession(openedSession(this.#contents!), this)
      return checked(await decision)
    } catch (error) {
      return asError(error)
    }
  }

  #decide (decision: SaveDecision): SaveDecision {
    if (decision.action !== 'keep' && decision !== this.#decision) this.#contents!.decide()
    this.#decision = decision
    return decision
  }

  /** Brings a decision into the headers. Returns the error where the cookie is too large. */
  #apply (decision: SaveDecision, headers: HeaderSource): Error | undefined {
    const { settings: { cookieName, maxCookieSize }, sessionInterface } = this.#site
    const wish = this.#wishFor(decision)
    const size = wish?.line.length ?? 0
    if (size > maxCookieSize) {
      const keys = sessionInterface.weigh(openedSession(this.#contents!))
      return new CookieTooLarge(cookieName, size, maxCookieSize, keys)
    }
    this.#failure = undefined
    if (size >= WARNING_SHARE * maxCookieSize) this.#warnOfSize(size)
    if (decision.vary && !this.#varies) {
      varyByCookie(headers.bag())
      this.#varies = true
    }
    this.#wish = wish
    this.#place(headers)
  }

  #wishFor (decision: SaveDecision): Wish | undefined {
    if (decision.action === 'keep') return undefined
    const https = cameByHttps(this.#request)
    if (!https && this.#cookie.isAuto) this.#site.sentInClear()
    if (decision.action !== 'set') return { line: this.#cookie.delete(https), outcome: 'deleted' }
    const line = this.#cookie.set(decision.value, decision.expires, https)
    return { line, outcome: decision.isResigned === true ? 'resigned' : 'saved' }
  }

  /** Puts the line that is asked for behind all others, or leaves it out where it must not stand. */
  #place (headers: HeaderSource): void {
    if (this.#wish === undefined && this.#line === undefined) return
    const { cacheControl } = this.#site.settings
    const others = headers.cookiesBeside(this.#line)
    const rival = this.#rivalAmong(others)
    const isSkipped = cacheControl && this.#wish?.outcome === 'resigned' && isShareable(headers)
    const line = isSkipped || this.#yieldsTo(rival) ? undefined : this.#wish?.line
    if (line !== this.#line || (line !== undefined && rival !== undefined)) writeSetCookie(headers.bag(), others, line)
    if (isSkipped && this.#line !== undefined) permitSharing(headers)
    this.#line = line
    this.#outcome = isSkipped ? 'skipped' : line === undefined ? undefined : this.#wish!.outcome
    if (line !== undefined && cacheControl && forbidSharing(headers)) this.#warning = SHARED
  }

  #rivalAmong (lines: readonly string[]): Rival | undefined {
    if (this.#wish === undefined || lines.length === 0) return undefined
    return rivalOf(lines, this.#wish.line, this.#request.originalUrl, this.#site.settings.now())
  }

  /**
   * Whether a line of the application's own for the same cookie stands instead of ours. A deletion does, whoever wrote
   * it; a value of the application's does, unless the session ended or began here.
   */
  #yieldsTo (rival: Rival | undefined): boolean {
    const isEnd = this.#wish?.outcome === 'deleted'
    if (rival === undefined || (isEnd && rival === 'ends')) return false
    this.#warning = RIVAL
    return !isEnd && (rival === 'ends' || !this.#contents!.isReplaced)
  }

  #warnOfSize (size: number): void {
    const { settings: { name, maxCookieSize, now }, sessionInterface, warnings } = this.#site
    const suppressed = warnings.pass('size', now())
    if (suppressed === undefined) return
    const largest = sessionInterface.weigh(openedSession(this.#contents!)).slice(0, SHOWN_KEYS)
    const bytes = Object.fromEntries(largest.map(([key, size]) => [escapeName(key), size]))
    this.#request.log.warn({ session: name, size, maxCookieSize, bytes, suppressed }, 'The session cookie is close to its limit, past which it is an error')
  }

  #giveUp (failure: Error, headers: HeaderSource): void {
    if (this.#isNews(failure)) this.#log(failure, 'The session could not be saved')
    if (!this.#varies) varyByCookie(headers.bag())
    this.#varies = true
    this.#wish = undefined
    this.#place(headers)
  }

  /** Whether a failure was neither thrown nor logged before, or concerns more changes than it did then. */
  #isNews ({ message }: Error): boolean {
    const changes = this.#changes
    const isKnown = this.#failure?.message === message && this.#failure.changes === changes
    this.#failure = { message, changes }
    return !isKnown
  }

  /** When the reply is over: whether something was changed that its headers do not say. */
  #closed (): void {
    if (this.#contents === undefined || this.#failure !== undefined) return
    if (this.#reply!.raw.headersSent) {
      if (!this.#logMissed()) this.#checkUnsaved(LOST)
    } else if (isUpgrade(this.#request)) this.#checkUnsaved(LOST_IN_UPGRADE)
  }

  #checkUnsaved (message: string, isLost = false): void {
    try {
      const keys = this.#unsavedKeys().filter((key) => !this.#lostKeys.includes(key))
      if (isLost || keys.length > 0) this.#logLost(keys, message)
      this.#lostKeys = [...this.#lostKeys, ...keys]
    } catch (error) {
      this.#log(error, message)
    }
  }

  #unsavedKeys (): string[] {
    const { isNew, modified } = this.#contents!
    const isUnknown = isNew && modified && this.#wish === undefined
    return isUnknown ? this.#session.keys() : this.#site.sessionInterface.unsavedKeys(openedSession(this.#contents!))
  }

  #report (refused: BadData): void {
    const { onInvalid, name, now } = this.#site.settings
    const { code } = refused
    this.#site.counters.refuse(code)
    this.#request.log.debug({ code, session: name }, 'A session cookie was refused')
    const suppressed = refused instanceof SignatureExpired ? undefined : this.#site.warnings.pass(code, now())
    const message = refused instanceof BadSignature ? BAD_SIGNATURES : BAD_PAYLOADS
    if (suppressed !== undefined) this.#request.log.warn({ code, session: name, suppressed }, message)
    if (onInvalid === undefined) return
    const failed = (error: unknown): void => { this.#log(error, 'onInvalid failed') }
    try {
      Promise.resolve(onInvalid(refused, this.#request as never)).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #logLost (keys: string[], message = LOST): void {
    const { name: session } = this.#site.settings
    this.#request.log.error({ session, keys: keys.map(escapeName), route: this.#route }, message)
  }

  /** Logs a warning about the route, once a minute for each message. */
  #warn (message: string): void {
    const { settings: { name, now }, warnings } = this.#site
    const suppressed = warnings.pass(message, now())
    if (suppressed !== undefined) this.#request.log.warn({ session: name, route: this.#route, suppressed }, message)
  }

  get #route (): string {
    const { method, url } = this.#request.routeOptions
    return `${method ?? this.#request.method} ${url ?? 'without a route'}`
  }

  #log (error: unknown, message: string): void {
    this.#request.log.error({ err: error, session: this.#site.settings.name }, message)
  }

  #cookies (): string[] {
    return valuesAfter(this.#request.headers.cookie, this.#site.cookieStart)
  }
}

/** Whether the server handed the connection to its `upgrade` listeners; @fastify/websocket tells it by `ws`, of injected ones too. */
function isUpgrade (request: FastifyRequest): boolean {
  return (request.raw as { upgrade?: boolean }).upgrade === true || (request as { ws?: unknown }).ws === true
}

function asError (error: unknown): Error {
  return error instanceof Error ? error : new Error('The session interface threw something that is no error')
}
