import type { FastifyInstance, FastifyPluginAsync, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { attempt, CrossOriginRequest } from '../errors.ts'
import { checkOptions, isBoolean, type OptionTable } from '../option-checks.ts'
import { escapeName, quoteName } from '../path.ts'
import { WarningGate } from '../session/counters.ts'
import { routeOf } from './session-log.ts'

export interface CrossOriginProtectionOptions {
  /**
   * Origins whose pages may send requests here, each `scheme://host[:port]` as a browser writes it in the header
   * `Origin`. Default none: only this server's own.
   */
  trustedOrigins?: readonly string[] | undefined
  /** Log a warning, once a minute for each route, instead of refusing. Default false. */
  report?: boolean | undefined
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** `allow` for a route that takes requests from pages of every origin. */
    crossOrigin?: 'allow'
  }
}

/** What leads to a refusal. */
interface Refusal {
  readonly origin: string | undefined
  readonly site: string | undefined
}

const table: OptionTable<keyof CrossOriginProtectionOptions> = {
  kind: 'crossOriginProtection option',
  checks: { trustedOrigins: [Array.isArray, 'must be a list of origins'], report: isBoolean },
  passed: ['prefix', 'logLevel', 'logSerializers'] // Fastify takes them of every plugin
}

/**
 * Refuses requests that a page of another origin made a browser send (cross-site request forgery), by an error with the
 * status 403 and the code `FSS_ERR_CROSS_ORIGIN`. The rules are those of `http.CrossOriginProtection` in Go. Covers the
 * routes of the scope in which it is registered. Wrong options fail `ready()` with a `TypeError`, and so does a route
 * whose `crossOrigin` is not `allow`.
 */
export const crossOriginProtection = fp(register, {
  fastify: '5.x',
  name: 'fastify-signed-session.cross-origin-protection'
}) as unknown as FastifyPluginAsync<CrossOriginProtectionOptions>

async function register (fastify: FastifyInstance, options: CrossOriginProtectionOptions): Promise<void> {
  checkOptions(options, table)
  const { trustedOrigins = [], report = false } = options
  for (const origin of trustedOrigins) checkOrigin(origin)
  const trusted = new Set(trustedOrigins)
  const act = report ? reporter() : refuse
  fastify.addHook('onRoute', checkRoute)
  fastify.addHook('onRequest', (request, _reply, done) => {
    const refusal = refusalOf(request, trusted)
    if (refusal === undefined || request.routeOptions.config.crossOrigin === 'allow') done()
    else done(act(request, refusal))
  })
}

/** Throws a `TypeError` for a route whose `crossOrigin` is not `allow`, as one with a typing mistake. */
function checkRoute ({ config, method, url }: RouteOptions): void {
  const given: unknown = config?.crossOrigin
  if (given === undefined || given === 'allow') return
  throw new TypeError(`The config crossOrigin of the route ${method} ${quoteName(url)} must be 'allow', or left out`)
}

/** Why a request is refused, or undefined. */
function refusalOf (request: FastifyRequest, trusted: ReadonlySet<string>): Refusal | undefined {
  if (isSafe(request)) return undefined
  const { origin, 'sec-fetch-site': site } = request.headers as Record<string, string | undefined>
  if (site === 'same-origin' || site === 'none') return undefined
  // No browser, or one of before 2020 in a request that it does not send the Origin with.
  if (!site && !origin) return undefined
  if (origin && (trusted.has(origin) || (!site && isOwn(origin, request.host)))) return undefined
  return { origin, site }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
const WEBSOCKET = /(?:^|,)\s*websocket\s*(?:,|$)/i

/** Whether a request asks for nothing but an answer (RFC 9110, section 9.2.1). A websocket can ask for more. */
function isSafe ({ method, headers: { upgrade } }: FastifyRequest): boolean {
  return SAFE_METHODS.has(method) && (upgrade === undefined || !WEBSOCKET.test(upgrade))
}

const WEB = /^https?:$/

/** Whether an origin is that of a host, by name and port. The scheme a proxy may have changed. */
function isOwn (origin: string, host: string): boolean {
  const url = attempt(() => new URL(origin))
  if (url === undefined || !WEB.test(url.protocol)) return false
  return attempt(() => new URL(`${url.protocol}//${host}`))?.host === url.host
}

function refuse ({ method }: FastifyRequest, { origin, site }: Refusal): CrossOriginRequest {
  const from = origin ? `the origin ${quoteName(origin)}` : 'an origin that the browser does not name'
  return new CrossOriginRequest(method, site ? `${from}, which is ${quoteName(site)} here` : from)
}

/** Logs what `refuse` would refuse. */
function reporter (): (request: FastifyRequest, refusal: Refusal) => undefined {
  const warnings = new WarningGate(60)
  return (request, { origin = '', site = '' }) => {
    const route = routeOf(request)
    const suppressed = warnings.pass(route, Date.now() / 1000)
    if (suppressed === undefined) return
    const headers = { origin: escapeName(origin), site: escapeName(site), host: escapeName(request.host) }
    request.log.warn({ method: request.method, route, ...headers, suppressed }, REPORTED)
  }
}

const REPORTED = 'A request of another origin passed, which crossOriginProtection refuses without its option report'

const ANY_ORIGIN = /^[a-z][a-z\d+.-]*:\/\/[!-~]+$/
const BEYOND_HOST = /[*/?#@\\]/

/** Throws a `TypeError` for what no browser sends as an Origin, and for `null`, which every page can send. */
function checkOrigin (given: unknown): void {
  const written = typeof given === 'string' ? asBrowsersWrite(given) : undefined
  if (written !== undefined && written === given) return
  const what = typeof given === 'string' ? quoteName(given) : `an entry of type ${typeof given}`
  const expected = written === undefined ? 'scheme://host or scheme://host:port' : quoteName(written)
  throw new TypeError(`The ${table.kind} trustedOrigins has ${what}, which is no origin to trust: expected ${expected}`)
}

/** The origin that a text means: of http and https that of its URL, of others the text. Undefined where it is none. */
function asBrowsersWrite (text: string): string | undefined {
  const url = attempt(() => new URL(text))
  if (url === undefined || url.host.includes('*')) return undefined
  if (WEB.test(url.protocol)) return url.origin
  return ANY_ORIGIN.test(text) && !BEYOND_HOST.test(text.slice(text.indexOf('://') + 3)) ? text : undefined
}
