import cookie from '@fastify/cookie'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { quoteName } from '../path.ts'
import { decorateJSON } from './decorate-json.ts'
import { discard } from './discard.ts'
import { RequestSession } from './request-session.ts'
import { enterSessions, refuseOutside } from './server-sessions.ts'
import { type SessionSite, sizeError } from './session-site.ts'
import { chooseSite, rememberSites, type SessionChoice } from './sites.ts'
import { CookieWriter } from '../cookies/cookie-writer.ts'
import { type ResolvedOptions, resolveOptions } from '../options/resolve.ts'
import type { SessionOptions } from '../options/session-options.ts'
import { SecureCookieSessionInterface } from '../session/cookie-interface.ts'
import { decodeSession, encodeSession } from '../session/encode.ts'
import { SessionCounters, WarningGate } from '../session/counters.ts'
import type { SessionValues } from '../session/members.ts'
import { assignSession, type Session } from '../session/session.ts'
import type { SessionInterface } from '../session/session-interface.ts'
import { isSecret, type Secret } from '../signing/keys.ts'
import { StoredSessionInterface } from '../stores/stored-interface.ts'

/** The options of the plugin: those of one session, of several, or the secret alone. */
export type SessionPluginOptions = SessionOptions<FastifyRequest> | Array<SessionOptions<FastifyRequest>>

declare module 'fastify' {
  interface FastifyInstance {
    /** How sessions are opened and saved; of several sessions, an object by name. */
    sessionInterface: SessionInterface & { readonly serializer: TaggedJSONSerializer } &
      Record<string, SessionInterface>
    /** What has happened to the session since the start; of several sessions, an object by name. */
    sessionCounters: SessionCounters & Record<string, SessionCounters>
    /**
     * A cookie value that holds `data`, permanent where new sessions start so. Throws a `TypeError` for data that
     * cannot be kept, and an error with the code `FSS_ERR_COOKIE_TOO_LARGE` where it is more than `maxCookieSize`.
     */
    encodeSession (data: SessionValues, choice?: SessionChoice): string
    /** The data of a cookie value. Throws `BadData`. */
    decodeSession (cookieValue: string, choice?: SessionChoice): SessionValues
  }
  interface FastifyRequest {
    /** The session; an object assigned to it replaces the data, null ends it. */
    get session (): Session
    set session (value: SessionValues | null)
  }
  interface FastifyContextConfig {
    /**
     * False for a route without a session, for which no store is read: using the session there is an error.
     * `refresh: false` keeps a route from signing a session anew that is only used, as polling should.
     */
    session?: { refresh?: boolean } | false
  }
  interface FastifyRegister<T> {
    /** The secret alone; undefined, as of an environment variable that is not set, fails `ready()`. */
    (plugin: typeof sessionPlugin | Promise<{ default: typeof sessionPlugin }>, secret: Secret | undefined): T
  }
}

const COMMON_HEADER_LIMIT = 8192

/**
 * A request's sessions, each in a property of its own, which is there once it was first fetched. Neither these nor the
 * next are decorators: what Fastify does for one at every request costs more than to add a property.
 */
type Slots = Record<symbol, RequestSession | undefined>

/** The property that leads from a request to its reply. */
const REPLY = Symbol('fastify-signed-session.reply')
type WithReply = Record<typeof REPLY, FastifyReply | undefined>

/** The plugin: `fastify.register(sessionPlugin, { secret })`. Wrong options fail `ready()` with a `TypeError`. */
export const sessionPlugin = fp(register as FastifyPluginAsync, {
  fastify: '5.x',
  name: 'fastify-signed-session'
}) as unknown as FastifyPluginAsync<SessionPluginOptions>

async function register (fastify: FastifyInstance, given: SessionPluginOptions | Secret): Promise<void> {
  const options = asList(given)
  const settings = options.map((each) => resolveOptions(each))
  const together = enterSessions(fastify, settings)
  await loadCookieSerializer()
  const warnings = [...settings.flatMap((each) => each.warnings), ...headerWarnings(together)]
  for (const warning of warnings) fastify.log.warn(warning)
  const sites = settings.map((each) => siteFor(fastify, each))
  const slots = sites.map((site) => decorateRequest(fastify, site))
  addHooks(fastify, sites, slots)
  rememberSites(fastify, sites)
  decorateInstance(fastify, sites)
  decorateJSON(fastify, options)
}

function asList (given: SessionPluginOptions | Secret): SessionOptions[] {
  if (Array.isArray(given)) {
    if (given.length === 0) throw new TypeError('The list of sessions is empty')
    return [...given] as SessionOptions[] // so that a hole is seen as undefined
  }
  return [isSecret(given) ? { secret: given } : given as SessionOptions]
}

/** What browsers send back has to fit the limits that servers set for all headers together. */
function headerWarnings (settings: readonly ResolvedOptions[]): string[] {
  const total = settings.reduce((sum, { maxCookieSize }) => sum + maxCookieSize, 0)
  if (total <= COMMON_HEADER_LIMIT) return []
  return [`The sessions together could take ${total} bytes of cookies, more than the ${COMMON_HEADER_LIMIT} ` +
    'that many servers and proxies accept; lower maxCookieSize']
}

/**
 * The serializer of @fastify/cookie works once its plugin has run, on whatever instance. It runs on one that forgets
 * all it is told, so that the application's own registration of that plugin, or of another copy of it, is left alone.
 */
async function loadCookieSerializer (): Promise<void> {
  const forget = (): void => {}
  const instance = { decorate: forget, decorateRequest: forget, decorateReply: forget, addHook: forget }
  await cookie(instance as unknown as FastifyInstance, { hook: false } as object)
}

function siteFor (fastify: FastifyInstance, settings: ResolvedOptions): SessionSite {
  let isTold = process.env.NODE_ENV !== 'production'
  const sentInClear = (): void => {
    if (!isTold) warnOfClear(fastify, settings)
    isTold = true
  }
  return {
    settings,
    sessionInterface: interfaceFor(settings),
    cookieStart: `${settings.cookieName}=`,
    cookie: checkedWriter(settings),
    counters: new SessionCounters(),
    warnings: new WarningGate(60),
    sentInClear: isTold ? undefined : sentInClear
  }
}

/** The serializer has rules of its own for attributes; better that they fail now than at every response. */
function checkedWriter ({ cookieName, cookie: attributes, codec }: ResolvedOptions): CookieWriter {
  const writer = new CookieWriter(cookieName, attributes, codec.emptied)
  try {
    writer.set('', undefined, true)
  } catch (error) {
    throw new TypeError(`The option cookie is refused by the serializer: ${(error as Error).message}`)
  }
  return writer
}

function warnOfClear (fastify: FastifyInstance, { cookieName }: ResolvedOptions): void {
  fastify.log.warn(`The cookie ${quoteName(cookieName)} is sent without Secure, ` +
    'since a request came over plain http. Behind a proxy that ends TLS, set trustProxy, ' +
    'or have it send X-Forwarded-Proto')
}

function interfaceFor (settings: ResolvedOptions): SessionInterface {
  const Default = settings.store === undefined ? SecureCookieSessionInterface : StoredSessionInterface
  const { sessionInterface: Given = Default } = settings
  return typeof Given === 'function' ? new Given(settings) : Given
}

/** Decorates the request with a session, and returns the property that holds what stands behind it. */
function decorateRequest (fastify: FastifyInstance, site: SessionSite): symbol {
  const slot = Symbol(`fastify-signed-session.${site.settings.name}`)
  fastify.decorateRequest(site.settings.name as 'session', {
    getter () {
      const slots = this as unknown as Slots
      return (slots[slot] ??= new RequestSession(site, this, this[REPLY])).session()
    },
    setter (value: unknown) { assignSession(this[site.settings.name as 'session'], value) }
  } as never)
  refuseOutside(fastify, site.settings.name)
  return slot
}

/** The same for hooks. */
function slotOf (site: SessionSite, request: FastifyRequest, slot: symbol): RequestSession {
  const slots = request as unknown as Slots & WithReply
  return (slots[slot] ??= new RequestSession(site, request, slots[REPLY])) as RequestSession
}

function addHooks (fastify: FastifyInstance, sites: readonly SessionSite[], slots: readonly symbol[]): void {
  const [first, ...others] = slots as [symbol, ...symbol[]]
  fastify.addHook('onRequest', (request, reply, done) => {
    (request as unknown as WithReply)[REPLY] = reply
    ;(request as unknown as Slots)[first]?.bind(reply)
    if (others.length > 0) for (const slot of others) (request as unknown as Slots)[slot]?.bind(reply)
    done()
  })
  sites.forEach((site, index) => {
    if (site.sessionInterface.async) addAsyncHooks(fastify, site, slots[index]!)
    else addSyncHooks(fastify, slots[index]!)
  })
  fastify.addHook('onError', (request, _reply, _error, done) => {
    sites.forEach((site, index) => {
      slotOf(site, request, slots[index]!).expectErrorReply()
    })
    done()
  })
}

function addSyncHooks (fastify: FastifyInstance, slot: symbol): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    try {
      (request as unknown as Slots)[slot]?.commit(reply)
    } catch (error) {
      discard(payload)
      done(error as Error)
      return
    }
    done(null, payload)
  })
}

function addAsyncHooks (fastify: FastifyInstance, site: SessionSite, slot: symbol): void {
  const { opensEmptyAtOnce } = site.sessionInterface
  fastify.addHook('onRequest', (request, _reply, done) => {
    const mayWait = request.headers.cookie !== undefined || !opensEmptyAtOnce
    const opening = mayWait ? slotOf(site, request, slot).openEarly() : undefined
    if (opening === undefined) done()
    else opening.then(() => { done() }, done)
  })
  fastify.addHook('onSend', async (request, reply, payload) => {
    try {
      await (request as unknown as Slots)[slot]?.commitAsync(reply)
    } catch (error) {
      discard(payload)
      throw error
    }
    return payload
  })
}

function decorateInstance (fastify: FastifyInstance, sites: readonly SessionSite[]): void {
  const choose = (choice?: SessionChoice): SessionSite => {
    const chosen = chooseSite(sites, choice)
    if (chosen.sessionInterface.async) {
      throw new TypeError('The session interface is asynchronous: use sessionInterface.encode or .decode of this ' +
        'instance, which return promises')
    }
    return chosen
  }
  fastify.decorate('sessionInterface', oneOrByName(sites, ({ sessionInterface }) => sessionInterface) as never)
  fastify.decorate('sessionCounters', oneOrByName(sites, ({ counters }) => counters) as never)
  fastify.decorate('encodeSession', (data: Record<string, unknown>, choice?: SessionChoice) =>
    encodeWithin(choose(choice), data))
  fastify.decorate('decodeSession', (value: string, choice?: SessionChoice) =>
    decodeSession(choose(choice).sessionInterface, value))
}

/** What there is of the only session, or of several by their names. */
function oneOrByName (sites: readonly SessionSite[], what: (site: SessionSite) => unknown): unknown {
  if (sites.length === 1) return what(sites[0]!)
  return Object.fromEntries(sites.map((site) => [site.settings.name, what(site)]))
}

/** Held to `maxCookieSize` as over https, where the cookie is longer by its Secure. */
function encodeWithin (site: SessionSite, data: Record<string, unknown>): string {
  const { session, value, maxAge } = encodeSession(site.sessionInterface, data)
  const error = sizeError(site, session, site.cookie.set(value, maxAge, true).length)
  if (error !== undefined) throw error
  return value
}
