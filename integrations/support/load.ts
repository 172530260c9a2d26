import { setTimeout as wait } from 'node:timers/promises'
import { type App, Browser } from './app.js'

/** What a load came to. */
export interface Figures {
  /** Answers of the route without a session. */
  plain: number
  /** Changes that were saved, and reads that were answered. */
  saved: number
  read: number
  /** Answers with the status 503. */
  unavailable: number
  /** What must never be, as sentences. */
  faults: string[]
}

/** A user who counts in the session, reads it and asks for what needs none, over and over. */
class User {
  readonly figures: Figures
  readonly #browser: Browser
  readonly #name: string
  /** The last count that was saved, and the last that was tried. */
  #saved = 0
  #tried = 0

  constructor (app: App, name: string, figures: Figures) {
    this.#browser = new Browser(app)
    this.#name = name
    this.figures = figures
  }

  async signIn (): Promise<void> {
    await this.#browser.post(`/login/${this.#name}`)
  }

  async round (): Promise<void> {
    await this.#plain()
    await this.#count()
    await this.#read()
    await wait(1)
  }

  async #plain (): Promise<void> {
    const { statusCode } = await this.#browser.get('/plain')
    this.figures.plain++
    if (statusCode !== 200) this.#fault(`a plain request got ${statusCode}`)
  }

  async #count (): Promise<void> {
    const { statusCode, cookies } = await this.#browser.post(`/count/${++this.#tried}`)
    if (cookies.length > 0) this.#fault('a change of a key touched the cookie')
    if (!this.#isServed(statusCode)) return
    this.#saved = this.#tried
    this.figures.saved++
  }

  async #read (): Promise<void> {
    const { statusCode, cookies, json } = await this.#browser.get('/')
    if (cookies.length > 0) this.#fault('a read touched the cookie')
    if (!this.#isServed(statusCode)) return
    this.figures.read++
    const { userId, count = 0 } = json()
    if (userId === undefined) this.#fault('a session is lost')
    else if (userId !== this.#name) this.#fault('the session of somebody else was read')
    else if (count < this.#saved || count > this.#tried) this.#fault('what was saved is lost')
  }

  #isServed (statusCode: number): boolean {
    if (statusCode === 503) this.figures.unavailable++
    else if (statusCode !== 200) this.#fault(`a request that uses the session got ${statusCode}`)
    return statusCode === 200
  }

  #fault (sentence: string): void {
    this.figures.faults.push(sentence)
  }
}

/** Load of several users, until it is stopped. */
export class Load {
  readonly figures: Figures = { plain: 0, saved: 0, read: 0, unavailable: 0, faults: [] }
  readonly #users: User[]
  #isRunning = true
  #ended: Promise<unknown> = Promise.resolve()

  constructor (app: App, users: number) {
    this.#users = Array.from({ length: users }, (_, index) => new User(app, `user ${index}`, this.figures))
  }

  async start (): Promise<void> {
    await Promise.all(this.#users.map((user) => user.signIn()))
    this.#ended = Promise.all(this.#users.map(async (user) => { while (this.#isRunning) await user.round() }))
  }

  /** Waits until there are as many more of something. */
  async more (what: Exclude<keyof Figures, 'faults'>, count: number): Promise<void> {
    const enough = this.figures[what] + count
    while (this.figures[what] < enough) await wait(5)
  }

  async stop (): Promise<Figures> {
    this.#isRunning = false
    await this.#ended
    return this.figures
  }
}
