import type { FastifyReply, FastifyRequest } from 'fastify'
import { forbidSharing, isPrivate, isShareable, permitSharing } from '../cookies/caching.ts'
import type { CookieWriter } from '../cookies/cookie-writer.ts'
import {
  cookiesBeside, type DepartingHead, hasSent, hasSetCookie, type Headers, writeSetCookie
} from '../cookies/headers.ts'
import { type Rival, rivalOf } from '../cookies/rival.ts'
import type { SaveDecision } from '../session/decision.ts'
import { cameByHttps } from './https.ts'
import { warnOfRoute } from './session-log.ts'
import type { SessionSite } from './session-site.ts'

type Outcome = 'saved' | 'resigned' | 'deleted'

/** A `Set-Cookie` line, and what it is for. */
interface Wish {
  readonly line: string
  readonly outcome: Outcome
}

const RIVAL = 'The application sets or clears the cookie of the session itself. ' +
  'Use session.delete() to end a session, and session.set() to change it'
const SHARED = 'A response that shared caches may keep sets the session cookie, so its Cache-Control was made private'

/** Brings the decisions about one session into `Set-Cookie` and `Cache-Control` of its response. */
export class SessionHeaders {
  readonly #site: SessionSite
  readonly #request: FastifyRequest
  #cookie: CookieWriter
  /** What the last decision asks for. */
  #wish: Wish | undefined
  /** Whether the last decision was to set or delete the cookie. */
  hasWish = false
  /** The line of ours that stands in the headers now. */
  #line: string | undefined
  /** Whether there may be something to count or to warn of when the headers have left. */
  isEventful = false
  /** What is to be counted then. */
  #outcome: Outcome | 'skipped' | undefined
  /** What to warn of then. */
  #warning: string | undefined

  constructor (site: SessionSite, request: FastifyRequest) {
    this.#site = site
    this.#request = request
    this.#cookie = site.cookie
  }

  /** Cookie attributes for this response alone. */
  override (options: object): void {
    this.#cookie = this.#cookie.override(options)
  }

  /**
   * Makes a decision the one that the headers follow. Returns the bytes of the cookie; where those are more than
   * `maxCookieSize`, nothing else was done.
   */
  apply (decision: SaveDecision, isReplaced: boolean, headers: Headers): number {
    const wish = decision.action === 'keep' ? undefined : this.#wishFor(decision)
    const size = wish?.line.length ?? 0
    if (size > this.#site.settings.maxCookieSize) return size
    this.#wish = wish
    this.hasWish = wish !== undefined
    if (wish !== undefined || this.#line !== undefined) this.#place(headers, isReplaced)
    return size
  }

  /** Leaves the cookie as it is, where the session could not be saved. */
  giveUp (headers: Headers): void {
    this.#wish = undefined
    this.hasWish = false
    if (this.#line !== undefined) this.#place(headers, false)
  }

  /** Repeats what other code may have changed in the headers since. */
  restore (headers: DepartingHead, isReplaced: boolean): void {
    const { cacheControl } = this.#site.settings
    const isInPlace = this.#line !== undefined && headers.hasOnlyCookie(this.#line)
    if (isInPlace && (!cacheControl || isPrivate(headers))) return
    const value = this.#line === undefined ? undefined : headers.getHeader('set-cookie')
    if (value !== this.#line && !hasSetCookie(value, this.#line!)) this.#line = undefined
    this.#place(headers, isReplaced)
  }

  /** For an error reply that replaces one that shared caches may keep. */
  keepPrivate (headers: Headers): void {
    if (this.#site.settings.cacheControl && isShareable(headers)) forbidSharing(headers)
  }

  /** Whether the headers that left lack the line that stood in those of the reply. */
  isMissingIn (raw: FastifyReply['raw']): boolean {
    return this.#line !== undefined && !hasSent(raw, this.#line)
  }

  /** Counts and warns, once the headers have left. */
  settle (): void {
    if (this.#outcome !== undefined) this.#site.counters[this.#outcome]++
    this.#outcome = undefined
    if (this.#warning !== undefined) warnOfRoute(this.#site, this.#request, this.#warning)
  }

  #wishFor (decision: Exclude<SaveDecision, { action: 'keep' }>): Wish {
    const https = cameByHttps(this.#request)
    if (!https && this.#cookie.isAuto) this.#site.sentInClear?.()
    if (decision.action !== 'set') return { line: this.#cookie.delete(https), outcome: 'deleted' }
    const line = this.#cookie.set(decision.value, decision.maxAge, https)
    return { line, outcome: decision.isResigned === true ? 'resigned' : 'saved' }
  }

  /** Puts the line that is asked for behind all others, or leaves it out where it must not stand. */
  #place (headers: Headers, isReplaced: boolean): void {
    const wish = this.#wish
    this.isEventful = true
    const others = cookiesBeside(headers, this.#line)
    const rival = others.length === 0 ? undefined : this.#rivalAmong(others)
    const isSkipped = this.#site.settings.cacheControl && wish?.outcome === 'resigned' && isShareable(headers)
    const line = isSkipped || (rival !== undefined && this.#yieldsTo(rival, isReplaced)) ? undefined : wish?.line
    if (line !== this.#line || (line !== undefined && rival !== undefined)) writeSetCookie(headers, others, line)
    if (isSkipped && this.#line !== undefined) permitSharing(headers)
    this.#line = line
    this.#outcome = isSkipped ? 'skipped' : line === undefined ? undefined : wish!.outcome
    if (line !== undefined && this.#site.settings.cacheControl && forbidSharing(headers)) this.#warning = SHARED
  }

  #rivalAmong (lines: readonly string[]): Rival | undefined {
    if (this.#wish === undefined) return undefined
    return rivalOf(lines, this.#wish.line, this.#request.originalUrl, this.#site.settings.now())
  }

  /**
   * Whether the application's own line for the same cookie stands instead of ours. A deletion does, whoever wrote it; a
   * value does, unless the session ended or began here.
   */
  #yieldsTo (rival: Rival, isReplaced: boolean): boolean {
    const isEnd = this.#wish?.outcome === 'deleted'
    if (isEnd && rival === 'ends') return false
    this.#warning = RIVAL
    return !isEnd && (rival === 'ends' || !isReplaced)
  }
}
