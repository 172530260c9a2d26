import Fastify, { type FastifyServerOptions, type InjectOptions, type LightMyRequestResponse } from 'fastify'
import sessionPlugin, { type SessionOptions } from 'fastify-signed-session'

export const SECRET = 'correct horse battery staple, thrice over'

/** An application with the session and nothing else. */
export async function buildApp (options: Partial<SessionOptions> = {}, server: FastifyServerOptions = {}) {
  const app = Fastify(server)
  await app.register(sessionPlugin, { secret: SECRET, ...options })
  return app
}

export type App = Awaited<ReturnType<typeof buildApp>>

/** Keeps cookies from one request of an application to the next. */
export class Browser {
  readonly cookies: Map<string, string>
  readonly #app: App

  /** With the cookies of another browser it is a second tab of that one. */
  constructor (app: App, cookies = new Map<string, string>()) {
    this.#app = app
    this.cookies = cookies
  }

  get header (): string {
    return Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ')
  }

  get (url: string, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    return this.send({ url, headers })
  }

  post (url: string, payload: object = {}, headers: Record<string, string> = {}): Promise<LightMyRequestResponse> {
    return this.send({ method: 'POST', url, payload, headers })
  }

  async send (sent: InjectOptions): Promise<LightMyRequestResponse> {
    const response = await this.#app.inject({ ...sent, headers: { ...sent.headers, cookie: this.header } })
    for (const { name, value } of response.cookies) {
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    return response
  }
}
