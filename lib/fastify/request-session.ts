import type { FastifyReply, FastifyRequest } from 'fastify'
import { type BadData, BadSignature, CookieTooLarge, SHOWN_KEYS, SignatureExpired } from '../errors.ts'
import { escapeName } from '../path.ts'
import { cameByHttps } from './https.ts'
import { type HeaderSource, ReplyHeaders } from './reply-headers.ts'
import type { Borrower, SessionContents } from '../session/contents.ts'
import type { CookieWriter } from '../session/cookie-writer.ts'
import type { SessionCounters, WarningGate } from '../session/counters.ts'
import { valuesAfter } from '../session/cookies.ts'
import {
  type DepartingHead, forbidSharing, hasSetCookie, type HeaderBag, type HeadWatcher, isVariedByCookie, replaceSetCookie, varyByCookie, watchHead
} from '../session/headers.ts'
import type { SessionSettings } from '../session/options.ts'
import { contentsOf, type Session, type SessionHost, sessionOn } from '../session/session.ts'
import { checked, openContents, type SaveDecision, type SaveOptions, saveContents, type SessionInterface } from '../session/session-interface.ts'

type Outcome = 'saved' | 'resigned' | 'deleted'

/** The share of `maxCookieSize` from which a cookie is warned of. */
const WARNING_SHARE = 0.75
const BAD_SIGNATURES = 'Session cookies are refused: their signature does not hold. Others in this minute are logged at debug'
const BAD_PAYLOADS = 'Session cookies are refused: their payload cannot be read. Others in this minute are logged at debug'
const LOST = 'The session was changed after its headers were sent, and the change is lost'
const LOST_IN_UPGRADE = 'The session was changed, but the connection was upgraded to a websocket without a response that could set its cookie, and the change is lost'
const AFTER_UPGRADE = 'The session cannot be changed once the connection was upgraded to a websocket: no response follows that could set a cookie. ' +
  'Change it in a request of its own'

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
 * headers, first in `onSend` and again as late as the headers themselves, for what changed since. Its fields are private,
 * since request and response lead to it: inspecting those must neither show the data nor open the session.
 */
export class RequestSession implements SessionHost, SaveOptions, HeadWatcher, Borrower {
  readonly #session: Session = sessionOn(this)
  #contents: SessionContents | undefined
  readonly #site: SessionSite
  readonly #request: FastifyRequest
  #reply: FastifyReply | undefined
  #cookie: CookieWriter
  /** The `Set-Cookie` line that stands in the headers now. */
  #line: string | undefined
  /** What that line is there for. */
  #outcome: Outcome | undefined
  #varies = false
  /** The last decision of the interface. */
  #decision: SaveDecision | undefined
  /** The revision of the contents that the headers speak of. */
  #committed = -1
  /** What was thrown or logged last, and of which revision, so that it need not be logged again. */
  #failure: { readonly message: string, readonly revision: number } | undefined
  /** Why the second commit could not change the headers. */
  #unsent: unknown
  #isErrorReply = false

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
    watchHead(reply.raw, this)
    if (isUpgrade(this.#request)) reply.raw.once('close', () => { this.#checkUpgraded() })
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
    this.#opened(contentsOf(await this.#site.sessionInterface.openSession(this.#cookies(), (error) => { refused = error }))!)
    this.#committed = this.#contents!.revision
    if (refused !== undefined) this.#report(refused)
  }

  #opened (contents: SessionContents): void {
    this.#contents = contents
    this.#site.counters.opened++
    if (!contents.isNew) this.#site.counters.verified++
    if (this.#reply?.raw.headersSent) this.#watchUnsaved(contents)
  }

  /** What the route's config says; looked up only when a session is old enough to be signed anew. */
  get refresh (): boolean {
    return this.#request.routeOptions.config.session?.refresh ?? true
  }

  setCookieOptions (options: object): void {
    this.#cookie = this.#cookie.override(options)
  }

  changing (key: string | undefined): void {
    if (this.#reply?.raw.headersSent) this.#logLost(key === undefined ? [] : [key])
    else if (this.#reply?.sent && isUpgrade(this.#request)) throw new Error(AFTER_UPGRADE)
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
    const wasChanged = this.#forgetMissing(head)
    if (wasChanged || contents.revision !== this.#committed || !contents.isAsDecided) this.#saveLate(head, contents.revision)
  }

  left (): void {
    const contents = this.#contents
    if (contents === undefined) return
    if (this.#unsent !== undefined) this.#log(this.#unsent, 'The session could not be saved')
    if (this.#outcome !== undefined) this.#site.counters[this.#outcome]++
    this.#outcome = undefined
    if (this.#failure === undefined) this.#watchUnsaved(contents)
  }

  /** Objects that code outside holds, now or later, may be changed when the headers have left. */
  #watchUnsaved (contents: SessionContents): void {
    if (contents.isLent) this.lent()
    else contents.borrower = this
  }

  lent (): void {
    this.#reply!.raw.once('close', () => { this.#checkUnsaved() })
  }

  /** Other code may have taken our headers away since the first commit. Says whether it did. */
  #forgetMissing (head: DepartingHead): boolean {
    const lacksVary = this.#varies && !isVariedByCookie(head.peek('vary'))
    const lacksLine = this.#line !== undefined && !hasSetCookie(head.peek('set-cookie'), this.#line)
    if (lacksVary) this.#varies = false
    if (lacksLine) this.#line = undefined
    return lacksVary || lacksLine
  }

  #saveLate (headers: HeaderSource, revision: number): void {
    this.#unsent = undefined
    if (this.#site.sessionInterface.async) {
      if (revision !== this.#committed) this.#logLost([])
      return
    }
    const decision = this.#save() as SaveDecision | Error
    try {
      const failure = decision instanceof Error ? decision : this.#apply(decision, headers)
      if (failure !== undefined) this.#giveUp(failure, headers)
    } catch (error) {
      this.#committed = -1 // writeHead will refuse the application's headers too, as a rule, and there may be another one
      this.#unsent = error
    }
  }

  /** What the interface decides, or the error it throws. */
  #save (): SaveDecision | Error | Promise<SaveDecision | Error> {
    const { sessionInterface } = this.#site
    try {
      if (sessionInterface.async) return this.#saveAsync()
      const decision = saveContents(sessionInterface, this.#session, this.#contents!, this)
      this.#committed = this.#contents!.revision
      return this.#decide(decision)
    } catch (error) {
      return asError(error)
    }
  }

  async #saveAsync (): Promise<SaveDecision | Error> {
    try {
      const decision = this.#site.sessionInterface.saveSession(this.#session, this)
      this.#committed = this.#contents!.revision
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
    const { settings } = this.#site
    const line = this.#lineFor(decision)
    if (line !== undefined && line.length > settings.maxCookieSize) {
      return new CookieTooLarge(settings.cookieName, line.length, settings.maxCookieSize, this.#site.sessionInterface.weigh(this.#session))
    }
    this.#failure = undefined
    if (line !== undefined && line.length >= WARNING_SHARE * settings.maxCookieSize) this.#warnOfSize(line.length)
    if (decision.vary && !this.#varies) {
      varyByCookie(headers.bag())
      this.#varies = true
    }
    if (line !== this.#line) this.#put(line, headers.bag(), outcomeOf(decision))
  }

  #put (line: string | undefined, headers: HeaderBag, outcome: Outcome | undefined): void {
    replaceSetCookie(headers, this.#line, line)
    this.#line = line
    this.#outcome = outcome
    if (line !== undefined && this.#site.settings.cacheControl) forbidSharing(headers)
  }

  #lineFor (decision: SaveDecision): string | undefined {
    if (decision.action === 'keep') return undefined
    const https = cameByHttps(this.#request)
    if (!https && this.#cookie.isAuto) this.#site.sentInClear()
    return decision.action === 'set' ? this.#cookie.set(decision.value, decision.expires, https) : this.#cookie.delete(https)
  }

  #warnOfSize (size: number): void {
    const { settings: { name, maxCookieSize, now }, sessionInterface, warnings } = this.#site
    const suppressed = warnings.pass('size', now())
    if (suppressed === undefined) return
    const bytes = Object.fromEntries(sessionInterface.weigh(this.#session).slice(0, SHOWN_KEYS).map(([key, size]) => [escapeName(key), size]))
    this.#request.log.warn({ session: name, size, maxCookieSize, bytes, suppressed }, 'The session cookie is close to its limit, past which it is an error')
  }

  #giveUp (failure: Error, headers: HeaderSource): void {
    if (this.#isNews(failure)) this.#log(failure, 'The session could not be saved')
    if (!this.#varies) varyByCookie(headers.bag())
    this.#varies = true
    if (this.#line !== undefined) this.#put(undefined, headers.bag(), undefined)
  }

  /** Whether a failure was neither thrown nor logged before, or concerns more changes than it did then. */
  #isNews ({ message }: Error): boolean {
    const { revision } = this.#contents!
    const isKnown = this.#failure?.message === message && this.#failure.revision === revision
    this.#failure = { message, revision }
    return !isKnown
  }

  /** When the reply is over: whether objects of the session were changed after the headers had left. */
  #checkUnsaved (message = LOST): void {
    try {
      const keys = this.#site.sessionInterface.unsavedKeys(this.#session)
      if (keys.length > 0) this.#logLost(keys, message)
    } catch (error) {
      this.#log(error, message)
    }
  }

  /** When an upgraded connection is over: no reply took along what a hook or a stored object had changed. */
  #checkUpgraded (): void {
    const contents = this.#contents
    if (contents === undefined || this.#reply!.raw.headersSent) return
    if (contents.isNew && contents.modified) this.#logLost(this.#session.keys(), LOST_IN_UPGRADE)
    else this.#checkUnsaved(LOST_IN_UPGRADE)
  }

  #report (refused: BadData): void {
    const { onInvalid, name, now } = this.#site.settings
    const { code } = refused
    this.#site.counters.refuse(code)
    this.#request.log.debug({ code, session: name }, 'A session cookie was refused')
    const suppressed = refused instanceof SignatureExpired ? undefined : this.#site.warnings.pass(code, now())
    if (suppressed !== undefined) {
      this.#request.log.warn({ code, session: name, suppressed }, refused instanceof BadSignature ? BAD_SIGNATURES : BAD_PAYLOADS)
    }
    if (onInvalid === undefined) return
    const failed = (error: unknown): void => { this.#log(error, 'onInvalid failed') }
    try {
      Promise.resolve(onInvalid(refused, this.#request as never)).catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  #logLost (keys: string[], message = LOST): void {
    const { method, url } = this.#request.routeOptions
    this.#request.log.error({ session: this.#site.settings.name, keys: keys.map(escapeName), route: `${method ?? this.#request.method} ${url ?? 'without a route'}` }, message)
  }

  #log (error: unknown, message: string): void {
    this.#request.log.error({ err: error, session: this.#site.settings.name }, message)
  }

  #cookies (): string[] {
    return valuesAfter(this.#request.headers.cookie, this.#site.cookieStart)
  }
}

function outcomeOf (decision: SaveDecision): Outcome | undefined {
  if (decision.action !== 'set') return decision.action === 'delete' ? 'deleted' : undefined
  return decision.isResigned === true ? 'resigned' : 'saved'
}

/** Whether the server handed the connection to its `upgrade` listeners; @fastify/websocket tells it by `ws`, of injected ones too. */
function isUpgrade (request: FastifyRequest): boolean {
  return (request.raw as { upgrade?: boolean }).upgrade === true || (request as { ws?: unknown }).ws === true
}

function asError (error: unknown): Error {
  return error instanceof Error ? error : new Error('The session interface threw something that is no error')
}
