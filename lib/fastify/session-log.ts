import type { FastifyRequest } from 'fastify'
import { type BadData, BadSignature, SHOWN_KEYS, SignatureExpired } from '../errors.ts'
import { escapeName } from '../path.ts'
import type { SessionSite } from './session-site.ts'

const BAD_SIGNATURES = 'Session cookies are refused: their signature does not hold. More of them are logged at debug'
const BAD_PAYLOADS = 'Session cookies are refused: their payload cannot be read. More of them are logged at debug'
const LARGE = 'The session cookie is close to its limit, past which it is an error'

/** Logs a failure. */
export function logFailure ({ settings }: SessionSite, request: FastifyRequest, err: unknown, message: string): void {
  request.log.error({ err, session: settings.name }, message)
}

/** Logs that changes of some keys are lost. */
export function logLost ({ settings }: SessionSite, request: FastifyRequest, keys: string[], message: string): void {
  request.log.error({ session: settings.name, keys: keys.map(escapeName), route: routeOf(request) }, message)
}

/** Logs a warning about the route, once a minute for each message. */
export function warnOfRoute ({ settings, warnings }: SessionSite, request: FastifyRequest, message: string): void {
  const suppressed = warnings.pass(message, settings.now())
  if (suppressed !== undefined) {
    request.log.warn({ session: settings.name, route: routeOf(request), suppressed }, message)
  }
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
  const suppressed = refused instanceof SignatureExpired ? undefined : warnings.pass(code, now())
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

function routeOf (request: FastifyRequest): string {
  const { method, url } = request.routeOptions
  return `${method ?? request.method} ${url ?? 'without a route'}`
}
