import type { FastifyRequest } from 'fastify'
import { type BadData, BadSignature, BadStoredSession, SHOWN_KEYS, SignatureExpired } from '../errors.ts'
import { escapeName } from '../path.ts'
import type { SaveDecision } from '../session/decision.ts'
import type { SessionSite } from './session-site.ts'

const BAD_SIGNATURES = 'Session cookies are refused: their signature does not hold. More of them are logged at debug'
const BAD_PAYLOADS = 'Session cookies are refused: their payload cannot be read. More of them are logged at debug'
const UNREADABLE = 'What the store has of a session cannot be read, so the session counts as ended'
const ENDED = 'The session was ended meanwhile, so what this request changed is not saved'
const ELSEWHERE = 'The session is kept in a store, which this process was started without, ' +
  'so it is empty here and what was changed is not saved'
const READABLE = 'Encrypted session cookies are replaced by signed ones, which their owners can read: ' +
  'the option encrypt is off'
const LARGE = 'The session cookie is close to its limit, past which it is an error'

/** Logs a failure. */
export function logFailure ({ settings }: SessionSite, request: FastifyRequest, err: unknown, message: string): void {
  request.log.error({ err, session: settings.name }, message)
}

/** Logs that changes of some keys are lost. */
export function logLost ({ settings }: SessionSite, request: FastifyRequest, keys: string[], message: string): void {
  request.log.error({ session: settings.name, keys: keys.map(escapeName), route: routeOf(request) }, message)
}

/** Logs, once a minute, that the store cannot be reached. */
export function logUnavailable ({ settings, warnings }: SessionSite, request: FastifyRequest, err: Error): void {
  const suppressed = warnings.pass(err.message, settings.now())
  if (suppressed !== undefined) request.log.error({ err, session: settings.name, suppressed }, err.message)
}

/** Logs why an interface meant not to save what was changed. */
export function reportDropped (site: SessionSite, request: FastifyRequest, decision: SaveDecision): void {
  if (decision.action !== 'keep' || decision.dropped === undefined) return
  if (decision.dropped === 'elsewhere') warnOfRoute(site, request, ELSEWHERE)
  else request.log.info({ session: site.settings.name, route: routeOf(request) }, ENDED)
}

/** Logs a warning about the route, once a minute for each message. */
export function warnOfRoute ({ settings, warnings }: SessionSite, request: FastifyRequest, message: string): void {
  const suppressed = warnings.pass(message, settings.now())
  if (suppressed !== undefined) {
    request.log.warn({ session: settings.name, route: routeOf(request), suppressed }, message)
  }
}

/** Logs, once, that what was encrypted is from now on readable. In a store it is not. */
export function warnOfReadable ({ settings, warnings }: SessionSite, request: FastifyRequest): void {
  if (settings.store !== undefined || !warnings.isFirst(READABLE)) return
  request.log.warn({ session: settings.name }, READABLE)
}

/** Logs, once a minute, that a cookie nearly takes what browsers keep; `weigh` gives the bytes of each key. */
export function warnOfSize (
  { settings, warnings }: SessionSite, request: FastifyRequest, size: number, weigh: () => Array<[string, number]>
): void {
  const { name: session, maxCookieSize, now } = settings
  const suppressed = warnings.pass('size', now())
  if (suppressed === undefined) return
  const bytes = Object.fromEntries(weigh().slice(0, SHOWN_KEYS).map(([key, size]) => [escapeName(key), size]))
  request.log.warn({ session, size, maxCookieSize, bytes, suppressed }, LARGE)
}

/** Counts and logs a cookie that was refused, and tells the application. */
export function reportRefused (site: SessionSite, request: FastifyRequest, refused: BadData): void {
  const { settings: { onInvalid, name: session, now }, counters, warnings } = site
  const { code } = refused
  counters.refuse(code)
  request.log.debug({ code, session }, 'A session cookie was refused')
  if (refused instanceof BadStoredSession) logFailure(site, request, refused, UNREADABLE)
  const isLogged = refused instanceof SignatureExpired || refused instanceof BadStoredSession
  const suppressed = isLogged ? undefined : warnings.pass(code, now())
  const message = refused instanceof BadSignature ? BAD_SIGNATURES : BAD_PAYLOADS
  if (suppressed !== undefined) request.log.warn({ code, session, suppressed }, message)
  if (onInvalid === undefined) return
  const failed = (error: unknown): void => { logFailure(site, request, error, 'onInvalid failed') }
  try {
    Promise.resolve(onInvalid(refused, request as never)).catch(failed)
  } catch (error) {
    failed(error)
  }
}

/** The method and the pattern of the route, for a log. */
export function routeOf (request: FastifyRequest): string {
  const { method, url } = request.routeOptions
  return `${method ?? request.method} ${url ?? 'without a route'}`
}
