import type { FastifyRequest, InjectOptions, LightMyRequestResponse } from 'fastify'
import { CookieTooLarge } from '../errors.ts'
import { quoteName } from '../path.ts'
import { CookieJar } from '../cookies/cookie-jar.ts'
import { cookieValues } from '../cookies/headers.ts'
import type { Session } from '../session/session.ts'
import { checked, type SaveDecision } from '../session/decision.ts'
import type { SessionSite } from './session-site.ts'
import { addressOf, redirected, redirectLimit } from './redirects.ts'
import { chooseSite, scopeSites } from './sites.ts'

/** What a `TestClient` uses of an application; every `FastifyInstance` has it. */
export interface TestedApplication {
  ready (): PromiseLike<unknown>
  inject (options: InjectOptions): Promise<LightMyRequestResponse>
}

/** What `inject` takes, and whether redirects are followed. */
export interface TestRequest extends InjectOptions {
  /**
   * Follow redirects as browsers do: after 303, and after 301 and 302 of a POST, by GET, after others with the same
   * method and payload. A redirect to another origin is returned as it is. A number is the most that are followed, true
   * is 20; more are an error. Default false.
   */
  followRedirects?: boolean | number | undefined
}

/** The same without what a shorthand says already. */
export type TestRequestOptions = Omit<TestRequest, 'method' | 'url' | 'path'>

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

  /**
   * As the application's own `inject`, with the cookies sent along and kept, and redirects followed where
   * `followRedirects` says so. Throws a `TypeError` where that is no limit.
   */
  async inject (request: TestRequest | string): Promise<LightMyRequestResponse> {
    const { followRedirects, ...first } = typeof request === 'string' ? { url: request } as TestRequest : request
    const limit = redirectLimit(followRedirects)
    let response = await this.#send(first)
    if (limit === 0) return response
    let next = redirected(first, response)
    for (let followed = 0; next !== undefined; followed++) {
      if (followed === limit) throw tooMany(first, next, limit)
      response = await this.#send(next)
      next = redirected(next, response)
    }
    return response
  }

  /** `inject` by GET. */
  async get (url: string, options?: TestRequestOptions): Promise<LightMyRequestResponse> {
    return await this.inject({ ...options, method: 'GET', url })
  }

  /** `inject` by HEAD. */
  async head (url: string, options?: TestRequestOptions): Promise<LightMyRequestResponse> {
    return await this.inject({ ...options, method: 'HEAD', url })
  }

  /** `inject` by OPTIONS. */
  async options (url: string, options?: TestRequestOptions): Promise<LightMyRequestResponse> {
    return await this.inject({ ...options, method: 'OPTIONS', url })
  }

  /** `inject` by POST, such as `post('/login', { payload: { name: 'Ada' } })`. */
  async post (url: string, options?: TestRequestOptions): Promise<LightMyRequestResponse> {
    return await this.inject({ ...options, method: 'POST', url })
  }

  /** `inject` by PUT. */
  async put (url: string, options?: TestRequestOptions): Promise<LightMyRequestResponse> {
    return await this.inject({ ...options, method: 'PUT', url })
  }

  /** `inject` by PATCH. */
  async patch (url: string, options?: TestRequestOptions): Promise<LightMyRequestResponse> {
    return await this.inject({ ...options, method: 'PATCH', url })
  }

  /** `inject` by DELETE. */
  async delete (url: string, options?: TestRequestOptions): Promise<LightMyRequestResponse> {
    return await this.inject({ ...options, method: 'DELETE', url })
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

  async #send (options: InjectOptions): Promise<LightMyRequestResponse> {
    const { pathname } = addressOf(options)
    const headers = withCookies(options.headers, this.cookies.header(pathname))
    const response = await this.#app.inject({ ...options, headers })
    this.cookies.store([response.headers['set-cookie'] ?? []].flat() as string[], pathname)
    return response
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

function tooMany (first: InjectOptions, next: InjectOptions, limit: number): Error {
  const { method = 'GET' } = first
  const [start, end] = [addressOf(first).pathname, addressOf(next).pathname].map(quoteName)
  return new Error(`${method.toUpperCase()} ${start} was redirected more than ${limit} times, last to ${end}. ` +
    'followRedirects takes a higher number')
}

type Headers = NonNullable<InjectOptions['headers']>

/** The cookies of the request itself go first. */
function withCookies (headers: Headers = {}, cookies: string | undefined): Headers {
  if (cookies === undefined) return headers
  const name = Object.keys(headers).find((each) => each.toLowerCase() === 'cookie') ?? 'cookie'
  const given = headers[name]
  return { ...headers, [name]: given === undefined ? cookies : `${[given].flat().join('; ')}; ${cookies}` }
}
