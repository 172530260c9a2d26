import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'
import type { Mail } from '../../examples/accounts/links.ts'
import { build, type Settings } from '../../examples/accounts/app.ts'
import { testClient } from '../../lib/testing.ts'
import { SECRET } from './app.ts'
import { WatchedStore } from './watched-store.ts'

export const PASSWORD = 'a long enough password'
export const NEW_PASSWORD = 'another long password'

/** The application for one test, with every mail that it sent. */
export class Site {
  readonly app: FastifyInstance
  readonly store: WatchedStore
  readonly mails: Mail[]

  constructor (app: FastifyInstance, store: WatchedStore, mails: Mail[]) {
    this.app = app
    this.store = store
    this.mails = mails
  }

  /** Somebody with a browser of their own. */
  visitor (email = 'ada@example.org'): Person {
    return new Person(this, email)
  }

  /** The same with an account, signed in. */
  async member (email?: string): Promise<Person> {
    const person = this.visitor(email)
    await person.register()
    await person.choose()
    await person.signIn()
    return person
  }
}

export async function openSite (t: Test, settings: Partial<Settings> = {}): Promise<Site> {
  const mails: Mail[] = []
  const store = new WatchedStore()
  const origin = 'http://localhost'
  const send = (mail: Mail): void => { mails.push(mail) }
  const app = await build({ secret: SECRET, store, origin, send, cost: 4, ...settings })
  t.teardown(() => app.close())
  return new Site(app, store, mails)
}

type Form = Record<string, string>

export class Person {
  readonly client
  readonly #site: Site
  readonly #email: string
  /** Sent with every request. */
  headers: Record<string, string> = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' }

  constructor (site: Site, email: string) {
    this.client = testClient(site.app)
    this.#site = site
    this.#email = email
  }

  async get (url: string): Promise<LightMyRequestResponse> {
    return await this.client.inject({ url, headers: this.headers })
  }

  async post (url: string, form: Form = {}): Promise<LightMyRequestResponse> {
    const headers = { ...this.headers, 'content-type': 'application/x-www-form-urlencoded' }
    return await this.client.inject({ method: 'POST', url, payload: new URLSearchParams(form).toString(), headers })
  }

  register (): Promise<LightMyRequestResponse> {
    return this.post('/register', { email: this.#email })
  }

  /** Uses a link of a mail. */
  choose (password = PASSWORD, token = this.lastToken()): Promise<LightMyRequestResponse> {
    return this.post('/reset', { token, password })
  }

  signIn (form: Form = {}): Promise<LightMyRequestResponse> {
    return this.post('/sign-in', { email: this.#email, current: PASSWORD, ...form })
  }

  changePassword (form: Form = {}): Promise<LightMyRequestResponse> {
    return this.post('/password', { current: PASSWORD, password: NEW_PASSWORD, ...form })
  }

  forget (): Promise<LightMyRequestResponse> {
    return this.post('/forgot', { email: this.#email })
  }

  /** Of the last mail to this person. */
  lastToken (): string {
    return new URL(this.#site.mails.findLast(({ to }) => to === this.#email)!.url).searchParams.get('token')!
  }

  async isSignedIn (): Promise<boolean> {
    return (await this.get('/')).body.includes(`<dd>${this.#email}</dd>`)
  }

  get cookie (): string | undefined {
    return this.client.cookies.get('session')
  }

  /** Another browser with the cookie that this one has now: of a thief, or of an attacker who plants it. */
  copy (): Person {
    const copy = new Person(this.#site, this.#email)
    if (this.cookie !== undefined) copy.client.cookies.set('session', this.cookie)
    return copy
  }

  /** The keys of the devices that can be ended. */
  async deviceKeys (): Promise<string[]> {
    return [...(await this.get('/devices')).body.matchAll(/\/devices\/([\w-]+)\/end/g)]
      .map(([, key]) => key!)
      .filter((key) => key !== 'end-others')
  }
}

/** The text between tags. */
export function flashesOf (body: string): string[] {
  return [...body.matchAll(/role="status">([^<]*)</g)].map(([, text]) => text!)
}
