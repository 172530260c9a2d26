import { deepStrictEqual, match } from 'node:assert/strict'
import { inspect } from 'node:util'
import { SECRET } from './session-steps.mjs'

/**
 * @typedef {'set' | 'deleted' | 'none'} CookieFact what a response did to the cookie of the session
 * @typedef {{ status?: number, cookie?: CookieFact, line?: RegExp, vary?: string | undefined,
 *   cacheControl?: string | undefined, error?: RegExp, logged?: RegExp }} Reply what a response has to be like
 * @typedef {(session: any, request: any, reply: any) => any} Handler
 * @typedef {[handler: Handler, gives?: unknown, reply?: Reply | CookieFact, url?: string]} Request
 * @typedef {Request | ((visitor: Visitor) => unknown)} Step a request with what its handler gives, or something else
 * @typedef {{ title: string, options?: any, steps: Step[] }} Case
 * @typedef {{ name: string, isStored: boolean, open: () => object }} Kind where sessions are kept; `open` gives options
 * @typedef {Record<string, any>} Product `fastify`, and what the package exports
 */

const START = Date.UTC(2030, 0, 1)

/** Routes by what their config says of the session. */
const routes = { '/': {}, '/polling': { session: { refresh: false } }, '/none': { session: false } }

/** A browser that sends requests, each with the handler that is to answer it. */
export class Visitor {
  /** @type {Kind} */
  kind
  /** @type {Product} */
  product
  /** @type {any} */
  app
  /** The value of the session's cookie. @type {string | undefined} */
  cookie
  /** What the clock says, in milliseconds. */
  now = START
  /** What is remembered from one step to another. @type {Record<string, any>} */
  notes = {}
  /** What the last request logged. @type {string[]} */
  logs = []
  /** Runs in a hook ahead of the plugin's. @type {Handler | undefined} */
  ahead
  /** Runs in an `onSend` hook behind the plugin's. @type {Handler | undefined} */
  late
  /** @type {object} */
  #where
  /** @type {Handler} */
  #handler = () => undefined
  /** What the handler gave. @type {unknown} */
  #given
  /** What the handler is about to give. @type {Promise<unknown> | undefined} */
  #answering

  /** @param {Kind} kind @param {Product} product */
  constructor (kind, product) {
    this.kind = kind
    this.product = product
    this.#where = kind.open()
  }

  /** Goes on with another application over the same store. @param {any} [options] for a list, several sessions */
  async open (options = {}) {
    const { fastify, sessionPlugin } = this.product
    const stream = { write: (/** @type {string} */ line) => { this.logs.push(line) } }
    const app = fastify({ logger: { level: 'debug', stream } })
    app.addHook('onRequest', async (/** @type {any} */ request) => this.ahead?.(request.session, request, undefined))
    const complete = (/** @type {object} */ each) => ({ secret: SECRET, ...this.#where, ...each })
    await app.register(sessionPlugin, Array.isArray(options) ? options.map(complete) : complete(options))
    app.addHook('onSend', async (/** @type {any} */ request, /** @type {any} */ reply) => {
      this.late?.(request.session, request, reply)
    })
    const answer = (/** @type {any} */ request, /** @type {any} */ reply) => {
      this.#answering = this.#answer(request, reply)
      return this.#answering
    }
    for (const [url, config] of Object.entries(routes)) app.get(url, { config }, answer)
    app.setNotFoundHandler((/** @type {any} */ request, /** @type {any} */ reply) => answer(request, reply.code(404)))
    this.app = app
  }

  /** A handler may return the reply, where it sent something of its own. @param {any} request @param {any} reply */
  async #answer (request, reply) {
    const session = request.routeOptions.config.session === false ? undefined : request.session
    const given = await this.#handler(session, request, reply)
    if (given === reply) return reply
    this.#given = given
    return {}
  }

  /** Sends a request and checks what came of it. @param {Request} request */
  async visit ([handler, gives, expected, url]) {
    const facts = await this.#send(handler, url)
    checkReply(typeof expected === 'string' ? { cookie: expected } : expected, facts)
    sameAs(this.#given, gives, String(handler))
  }

  /** Sends a request, and gives what its handler gave. @param {Handler} handler @param {string} [url] */
  async ask (handler, url) {
    checkReply({}, await this.#send(handler, url))
    return /** @type {any} */ (this.#given)
  }

  /** @param {Handler} handler */
  async #send (handler, url = '/') {
    this.#handler = handler
    this.#given = undefined
    this.#answering = undefined
    this.logs = []
    const headers = this.cookie === undefined ? {} : { cookie: `session=${this.cookie}` }
    const response = await this.app.inject({ url, headers })
    await Promise.allSettled([this.#answering]) // a handler that hijacked its reply may still save the session
    await new Promise((resolve) => { setImmediate(resolve) }) // what is lost is logged when the response is over
    const line = [response.headers['set-cookie'] ?? []].flat().find((each) => each.startsWith('session='))
    const value = line?.slice(line.indexOf('=') + 1, line.indexOf(';'))
    if (value !== undefined) this.cookie = value === '' ? undefined : value
    const { vary, 'cache-control': cacheControl } = response.headers
    return {
      status: response.statusCode,
      cookie: value === undefined ? 'none' : value === '' ? 'deleted' : 'set',
      line,
      vary,
      cacheControl,
      error: response.statusCode < 400 ? '' : response.body,
      logged: this.logs.join('')
    }
  }
}

/**
 * Throws where a value is not another one, class and contents.
 * @param {unknown} actual @param {unknown} expected @param {string} what
 */
export function sameAs (actual, expected, what) {
  deepStrictEqual({ what, value: actual }, { what, value: expected })
  const [one, other] = [actual, expected].map((each) => inspect(each, { depth: 9, sorted: true }))
  deepStrictEqual(one, other, what)
}

/** @param {Reply | undefined} expected @param {any} facts */
function checkReply (expected, facts) {
  for (const [name, fact] of Object.entries({ status: 200, ...expected })) {
    if (fact instanceof RegExp) match(String(facts[name]), fact)
    else deepStrictEqual({ ...facts, [name]: facts[name] }, { ...facts, [name]: fact })
  }
}

/**
 * Runs a case with the sessions of a kind. The clock stands, but for what `pass` says.
 * @param {Case} tried
 * @param {Kind} kind
 * @param {Product} product
 */
export async function runCase ({ options, steps }, kind, product) {
  const { now } = Date
  const visitor = new Visitor(kind, product)
  Date.now = () => visitor.now
  try {
    await visitor.open(options)
    for (const step of steps) await (Array.isArray(step) ? visitor.visit(step) : step(visitor))
  } finally {
    Date.now = now
  }
}
