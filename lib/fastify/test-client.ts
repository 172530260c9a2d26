import type { FastifyRequest, InjectOptions, LightMyRequestResponse } from 'fastify'
import { CookieTooLarge } from '../errors.ts'
import { CookieJar } from '../cookies/cookie-jar.ts'
import { cookieValues } from '../cookies/headers.ts'
import type { Session } from '../session/session.ts'
import { checked, type SaveDecision } from '../session/decision.ts'
import type { SessionSite } from './session-site.ts'
import { chooseSite, scopeSites } from './sites.ts'

/** What a `TestClient` uses of an application; every `FastifyInstance` has it. */
export interface TestedApplication {
  ready (): PromiseLike<unknown>
  inject (options: InjectOptions): Promise<LightMyRequestResponse>
}

/** The session that requests have under a name, as it is typed there. */
export type NamedSession<Name extends string> = Name extends keyof FastifyRequest
  ? FastifyRequest[Name] extends Session<infer Data> ? Session<Data> : Session
  : Session

/** The data of that session. */
export type NamedSessionData<Name extends string> = ReturnType<NamedSession<Name>['data']>

/** Which of several sessions. */
export interface NamedSessionChoice<Name extends string> {
  /** Default the only one, or `session`. */
  name?: Name | undefined
}

/**
 * A browser for tests, in the spirit of Flask's test client: sends requests by `inject`, keeps the cookies that come
 * back, and opens the session that is among them. For an application whose plugin is registered in a scope, take the
 * instance of that scope.
 */
export class TestClient {
  /** The cookies, as a browser would keep them for one host. */
  readonly cookies = new CookieJar()
  readonly #app: TestedApplication

  constructor (app: TestedApplication) {
    this.#app = app
  }

  /** As the application's own `inject`, with the cookies sent along and kept. Redirects are not followed. */
  async inject (request: InjectOptions | string): Promise<LightMyRequestResponse> {
    const options = typeof request === 'string' ? { url: request } : request
    const path = pathOf(options)
    const headers = withCookies(options.headers, this.cookies.header(path))
    const response = await this.#app.inject({ ...options, headers })
    this.cookies.store([response.headers['set-cookie'] ?? []].flat() as string[], path)
    return response
  }

  /**
   * Opens the session as a request would, calls `change` with it, and keeps the cookie that a response would have set.
   * `change` may be asynchronous. Returns what it returns. Where it throws, nothing is changed. Throws what saving
   * throws, and a `TypeError` where there is no such session. `session.options()` needs a request, so it throws.
   */
  async sessionTransaction<Result, Name extends string = 'session'> (
    change: (session: NamedSession<Name>) => Result, choice?: NamedSessionChoice<Name>
  ): Promise<Awaited<Result>> {
    const { site, session } = await this.#open(choice)
    const result = await change(session as NamedSession<Name>)
    const decision = checked(await site.sessionInterface.saveSession(session))
    if (decision.action !== 'keep') this.cookies.store([lineFor(site, decision, session)])
    return result
  }

  /** The data of the session as a request would see it: of a cookie that is refused, none. */
  async session<Name extends string = 'session'> (choice?: NamedSessionChoice<Name>): Promise<NamedSessionData<Name>> {
    const { session } = await this.#open(choice)
    return session.data() as NamedSessionData<Name>
  }

  async #open (choice?: NamedSessionChoice<string>): Promise<{ site: SessionSite, session: Session }> {
    if (scopeSites.of(this.#app) === undefined) await this.#app.ready()
    const site = chooseSite(scopeSites.of(this.#app), choice)
    const { cookieName, cookie } = site.settings
    const values = cookieValues(this.cookies.header(cookie.path), cookieName)
    return { site, session: await site.sessionInterface.openSession(values, () => {}) }
  }
}

/** A `TestClient` with no cookies yet. */
export function testClient (app: TestedApplication): TestClient {
  return new TestClient(app)
}

/** The `Set-Cookie` line of a response. */
function lineFor (site: SessionSite, decision: SaveDecision, session: Session): string {
  const { settings, sessionInterface, cookie } = site
  if (decision.action !== 'set') return cookie.delete(false)
  const line = cookie.set(decision.value, decision.maxAge, false)
  if (line.length <= settings.maxCookieSize) return line
  throw new CookieTooLarge(settings.cookieName, line.length, settings.maxCookieSize, sessionInterface.weigh(session))
}

function pathOf ({ url, path = '/' }: InjectOptions): string {
  const target = url ?? path
  return new URL(typeof target === 'string' ? target : target.pathname, 'http://localhost').pathname
}

type Headers = NonNullable<InjectOptions['headers']>

/** The cookies of the request itself go first. */
function withCookies (headers: Headers = {}, cookies: string | undefined): Headers {
  if (cookies === undefined) return headers
  const name = Object.keys(headers).find((each) => each.toLowerCase() === 'cookie') ?? 'cookie'
  const given = headers[name]
  return { ...headers, [name]: given === undefined ? cookies : `${[given].flat().join('; ')}; ${cookies}` }
}
