import { rejects } from 'node:assert/strict'
import { sameAs } from './session-visitor.mjs'

/**
 * @typedef {import('./session-visitor.mjs').Handler} Handler
 * @typedef {import('./session-visitor.mjs').Reply} Reply
 * @typedef {import('./session-visitor.mjs').Request} Request
 * @typedef {import('./session-visitor.mjs').Step} Step
 * @typedef {import('./session-visitor.mjs').Visitor} Visitor
 */

export const SECRET = 'correct horse battery staple, thrice over'
export const OTHER_SECRET = 'another one that is long enough, 0123456789'

/** @type {Handler} */
export const data = (session) => session.data()
/** @type {Handler} */
export const setA = (session) => { session.set('a', 1) }
/** @type {Handler} */
export const setB = (session) => { session.set('b', 2) }
/** @type {Handler} */
export const nothing = () => {}

/**
 * A request that fails, in its handler or when its session is saved.
 * @param {Handler} handler @param {RegExp} error @param {Reply} [reply] @returns {Step}
 */
export const fails = (handler, error, reply) => [handler, undefined, { status: 500, cookie: 'none', error, ...reply }]

/** Moves the clock on. @param {number} seconds @returns {Step} */
export const pass = (seconds) => (visitor) => { visitor.now += seconds * 1000 }

/** How far dates are from now, in seconds. @param {Array<Date | undefined>} dates */
export const fromNow = (...dates) => dates.map((date) => date && (date.getTime() - Date.now()) / 1000)

/** Goes on with an application of other options, over the same store. @param {any} options @returns {Step} */
export const restart = (options) => (visitor) => visitor.open(options)

/** An application that does not start. @param {any} options @param {RegExp} message @returns {Step} */
export const refuses = (options, message) => (visitor) => rejects(visitor.open(options), { name: 'TypeError', message })

/** Keeps what a handler gives. @param {string} name @param {Handler} handler @returns {Step} */
export const note = (name, handler) => async (visitor) => { visitor.notes[name] = await visitor.ask(handler) }

/**
 * A handler gives what was noted, or something else.
 * @param {string} name @param {Handler} handler @param {boolean} [isSame] @returns {Step}
 */
export const asNoted = (name, handler, isSame = true) => async (visitor) => {
  sameAs(await visitor.ask(handler) === visitor.notes[name], isSame, name)
}

/** Keeps a copy of the cookie. @type {Step} */
export const copyCookie = (visitor) => { visitor.notes.copy = visitor.cookie }
/** Goes on with that copy. @type {Step} */
export const useCopy = (visitor) => { visitor.cookie = visitor.notes.copy }

/** Some of the counters. @param {object} counts @returns {Step} */
export const counted = (counts) => ({ app: { sessionCounters } }) => {
  const actual = Object.fromEntries(Object.keys(counts).map((name) => [name, sessionCounters[name]]))
  sameAs(actual, counts, 'counters')
}

/**
 * Runs a handler in a hook ahead of the plugin, or in one behind it as the reply is sent.
 * @param {'ahead' | 'late'} when @param {Handler} [handler] none to end that @returns {Step}
 */
export const inHook = (when, handler) => (visitor) => { visitor[when] = handler }
