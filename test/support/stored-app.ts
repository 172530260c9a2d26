import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Test } from 'tap'
import type { SessionOptions } from '../../lib/options/session-options.ts'
import { buildApp, cookieFrom, type LogLine, setCookies } from './app.ts'
import { door, WatchedStore } from './watched-store.ts'

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown
type Response = Awaited<ReturnType<FastifyInstance['inject']>>

/** What most tests ask for. */
const ROUTES: Record<string, Handler> = {
  '/idle': async () => 'idle',
  '/show': async ({ session }) => ({ ...session.data(), isNew: session.isNew }),
  '/set': async ({ session, query }) => { session.update(query as Record<string, string>) },
  '/drop': async ({ session, query }) => { for (const key of Object.keys(query as object)) session.delete(key) },
  '/logout': async ({ session }) => { session.delete() },
  '/regenerate': async ({ session }) => { session.regenerate(['a']) },
  '/permanent': async ({ session }) => { session.permanent = true },
  '/touch': async ({ session }) => { session.touch() }
}

export interface StoredApp {
  readonly app: FastifyInstance
  readonly logs: LogLine[]
  readonly store: WatchedStore
}

/** An application whose sessions are in a store, with some routes, until the test ends. */
export async function storedApp (
  t: Test, options: Partial<SessionOptions<FastifyRequest>> = {}, routes: Record<string, Handler> = {}
): Promise<StoredApp> {
  const store = options.store instanceof WatchedStore ? options.store : new WatchedStore()
  const { app, logs } = await buildApp({ store, ...options })
  addRoutes(app, routes)
  t.teardown(() => app.close())
  return { app, logs, store }
}

export function addRoutes (app: FastifyInstance, routes: Record<string, Handler> = {}): void {
  for (const [url, handler] of Object.entries({ ...ROUTES, ...routes })) app.get(url, handler)
}

/** A browser with one cookie. */
export class Browser {
  readonly #app: FastifyInstance
  cookie: string | undefined

  constructor (app: FastifyInstance, cookie?: string) {
    this.#app = app
    this.cookie = cookie
  }

  async send (url: string): Promise<Response> {
    const { cookie } = this
    const response = await this.#app.inject({ url, headers: cookie === undefined ? {} : { cookie } })
    if (setCookies(response.headers).length > 0) this.cookie = cookieFrom(response.headers)
    return response
  }

  /** What the session holds. */
  async show (): Promise<Record<string, unknown>> {
    return (await this.send('/show')).json()
  }
}

/** A handler that uses the session, then waits, then goes on; and the two doors for that. */
export function slowly (then: Handler): { handler: Handler, entered: Promise<void>, goOn: () => void } {
  const entrance = door()
  const exit = door()
  const handler: Handler = async (request, reply) => {
    request.session.keys()
    entrance.open()
    await exit.opened
    return await then(request, reply)
  }
  return { handler, entered: entrance.opened, goOn: exit.open }
}
