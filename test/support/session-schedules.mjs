import { deepStrictEqual } from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { times } from './effort.mjs'
import { picker } from './picker.mjs'
import { ordersOf } from './orders.mjs'
import { SessionModel } from './session-model.mjs'

/**
 * @typedef {import('./picker.mjs').Pick} Pick
 * @typedef {import('./session-model.mjs').Request} Request
 * @typedef {import('./session-model.mjs').Changes} Changes
 * @typedef {{ statusCode: number, body: string, cookies: Array<{ name: string, value: string }> }} Response
 * @typedef {Request & { release: () => void, response: Promise<Response>, browser: Browser }} Held
 * @typedef {{ session: string | undefined }} Browser
 */

const KEYS = ['a', 'b', 'c']
const STEPS = 14

/**
 * Requests that begin, and end when they are told to. The routes are of applications with `request.session`.
 * @param {any[]} apps
 */
export function heldRequests (apps) {
  /** @type {Map<string, { began: (data: object) => void, changes: Changes, released: Promise<void> }>} */
  const waiting = new Map()
  for (const app of apps) {
    app.get('/', async (/** @type {any} */ { session }) => ({ isNew: session.isNew, data: session.data() }))
    app.post('/:name', async (/** @type {any} */ { session, params: { name } }) => {
      const { began, changes, released } = /** @type {any} */ (waiting.get(name))
      began({ isNew: session.isNew, data: session.data() })
      await released
      change(session, changes)
      return {}
    })
  }

  /** What a request saw when it began, and how to let it end. @param {any} app @param {string} name */
  return async (app, name, /** @type {string | undefined} */ cookie, /** @type {Changes} */ changes) => {
    /** @type {() => void} */
    let release = () => {}
    const released = new Promise((resolve) => { release = () => resolve(undefined) })
    /** @type {Promise<Response>} */
    let response = Promise.resolve(/** @type {any} */ (undefined))
    const saw = await new Promise((resolve) => {
      waiting.set(name, { began: resolve, changes, released })
      response = app.inject({ method: 'POST', url: `/${name}`, headers: headersWith(cookie) })
      response.then(({ body }) => resolve(body)) // where the handler is not reached
    })
    return { saw, release, response }
  }
}

/** @param {string | undefined} cookie */
function headersWith (cookie) {
  return cookie === undefined ? {} : { cookie: `session=${cookie}` }
}

/** @param {any} session @param {Changes} changes */
function change (session, { set, unset, last }) {
  for (const [key, value] of set) session.set(key, value)
  for (const key of unset) session.delete(key)
  if (last === 'touch') session.touch()
  if (last === 'regenerate') session.regenerate(KEYS)
  if (last === 'end') session.delete()
}

/** The id that a signed cookie holds. @param {string} cookie */
function idIn (cookie) {
  return Buffer.from(String(cookie.split('.')[0]), 'base64url').toString()
}

/** One run of chance, with what the model allows so far. */
class Schedule {
  #apps
  #begin
  #pick
  #id
  #models = [new SessionModel()]
  /** Two browsers; what one of them stores must never be seen by the other. @type {Browser[]} */
  #browsers = [{ session: undefined }, { session: undefined }]
  /** The newest cookie of each session by its name. @type {Map<string, string>} */
  #cookies = new Map()
  /** The names of sessions by their ids. @type {Map<string, string>} */
  #names = new Map()
  /** @type {Held[]} */
  #held = []
  #count = 0

  /**
   * @param {any[]} apps
   * @param {ReturnType<typeof heldRequests>} begin
   * @param {number} seed
   */
  constructor (apps, begin, seed) {
    this.#apps = apps
    this.#begin = begin
    this.#pick = picker(seed)
    this.#id = seed
  }

  async run () {
    for (let step = 0; step < STEPS; step++) {
      if (this.#held.length < 3 && this.#pick(2) === 0) await this.#beginOne()
      else if (this.#held.length > 0) await this.#endSome()
    }
    while (this.#held.length > 0) await this.#endSome()
  }

  /** A request of one of three clients; two of them share a browser. */
  async #beginOne () {
    const client = this.#pick(3)
    const browser = /** @type {Browser} */ (this.#browsers[client >> 1])
    const { session } = browser
    const name = `s${this.#id}-r${this.#count++}`
    const changes = this.#changes()
    const cookie = session && this.#cookies.get(session)
    const { saw, ...held } = await this.#begin(this.#apps[client], name, cookie, changes)
    this.#keep(`what ${name} knows`, (model) => sight(model.open(session)), saw)
    const known = saw.isNew ? undefined : new Map(Object.entries(saw.data))
    this.#held.push({ name, session, known, changes, browser, ...held })
  }

  /** @returns {Changes} */
  #changes () {
    const pick = this.#pick
    const set = KEYS.filter(() => pick(3) === 0)
    const last = /** @type {const} */ ([undefined, undefined, undefined, 'touch', 'regenerate', 'end'])[pick(6)]
    return {
      set: set.map((key) => [key, this.#count * 10 + pick(10)]),
      unset: KEYS.filter((key) => !set.includes(key) && pick(4) === 0),
      ...(last && { last })
    }
  }

  /** Lets up to three requests end at once. Some order of them must explain all answers. */
  async #endSome () {
    const ending = this.#held.splice(0, 1 + this.#pick(this.#held.length))
    for (const { release } of ending) release()
    const responses = await Promise.all(ending.map(({ response }) => response))
    const said = ending.map((held, index) => this.#follow(held, /** @type {Response} */ (responses[index])))
    const orders = ordersOf([...ending.keys()])
    const possible = this.#models.flatMap((model) => orders.map((order) => {
      const copy = model.copy()
      /** @type {string[]} */
      const answers = []
      for (const index of order) answers[index] = copy.finish(/** @type {Held} */ (ending[index]))
      return { copy, answers }
    }))
    this.#models = possible.filter(({ answers }) => isDeepStrictEqual(answers, said)).map(({ copy }) => copy)
    this.#check({ requests: ending, said }, possible.map(({ answers }) => answers))
    await this.#readAll()
  }

  /** Does to the browser what a response says. @param {Held} held @param {Response} response */
  #follow ({ name, browser }, { statusCode, cookies: [cookie] }) {
    if (statusCode !== 200) return `status ${statusCode}`
    if (cookie === undefined) return 'nothing'
    const id = idIn(cookie.value)
    if (cookie.value !== '' && !this.#names.has(id)) this.#names.set(id, name)
    browser.session = cookie.value === '' ? undefined : this.#names.get(id)
    if (browser.session === undefined) return 'deleted'
    this.#cookies.set(browser.session, cookie.value)
    return browser.session
  }

  /** Every session that there ever was, as its newest cookie shows it. */
  async #readAll () {
    const app = this.#apps[this.#pick(3)]
    const names = [...this.#cookies.keys()]
    const seen = await Promise.all(names.map(async (name) => {
      return (await app.inject({ url: '/', headers: headersWith(this.#cookies.get(name)) })).json()
    }))
    this.#keep('what the cookies show', (model) => names.map((name) => sight(model.open(name))), seen)
  }

  /** Keeps the models that agree. @param {string} what @param {(model: SessionModel) => unknown} of @param {any} is */
  #keep (what, of, is) {
    const possible = this.#models.map(of)
    this.#models = this.#models.filter((_, index) => isDeepStrictEqual(possible[index], is))
    this.#check({ what, is }, possible)
  }

  /** @param {object} actual @param {unknown[]} possible */
  #check (actual, possible) {
    const seed = this.#id
    if (this.#models.length === 0) deepStrictEqual({ seed, ...actual }, { seed, ...actual, possible })
  }
}

/** How a session looks to a request. @param {Map<string, number> | undefined} fields */
function sight (fields) {
  return { isNew: fields === undefined, data: Object.fromEntries(fields ?? []) }
}

/**
 * Runs 40 schedules by chance, or 200 where it may take long, against the model, and throws where the applications do
 * otherwise. `SESSION_SEED` in the environment runs the schedule of that seed alone.
 * @param {any[]} apps Three over one store; nothing but sessions is registered yet.
 * @param {number} first The seed of the first schedule; each other is one more.
 */
export async function runSessionSchedules (apps, first) {
  const begin = heldRequests(apps)
  const { SESSION_SEED } = process.env
  const all = Array.from({ length: times(40, 200) }, (_, run) => first + run)
  const seeds = SESSION_SEED === undefined ? all : [Number(SESSION_SEED)]
  for (const seed of seeds) await new Schedule(apps, begin, seed).run()
}
