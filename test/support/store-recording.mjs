import { deepStrictEqual } from 'node:assert/strict'

/**
 * What a store asked of a client, and what a real database answered.
 * @typedef {{ method: string, args: unknown[], answer?: unknown, error?: string }} Call
 * @typedef {Record<string, (...args: any[]) => any>} Client
 */

/** A client that does as another, and a list of the calls it gets.
 * @template {Client} C
 * @param {any} client
 * @param {string[]} methods
 * @param {(answer: any) => unknown} [shown] What of an answer is written down.
 */
export function record (client, methods, shown = (answer) => answer) {
  /** @type {Call[]} */
  const calls = []
  const recorded = methods.map((method) => [method, (/** @type {unknown[]} */ ...args) => {
    /** @type {Call} */
    const call = { method, args: JSON.parse(JSON.stringify(args)) }
    calls.push(call)
    return note(call, () => client[method](...args), shown)
  }])
  return { client: /** @type {C} */ (Object.fromEntries(recorded)), calls }
}

/** Writes down the answer of a call, which may be a promise.
 * @param {Call} call
 * @param {() => any} run
 * @param {(answer: any) => unknown} shown
 */
function note (call, run, shown) {
  const keep = (/** @type {unknown} */ answer) => {
    call.answer = JSON.parse(JSON.stringify(shown(answer) ?? null))
    return answer
  }
  const fail = (/** @type {Error} */ error) => {
    call.error = error.message
    throw error
  }
  const answer = run()
  return typeof answer?.then === 'function' ? answer.then(keep, fail) : keep(answer)
}

/** A client that answers what was recorded, and refuses calls that were not.
 * @template {Client} C
 * @param {Call[]} calls
 * @param {{ isSync?: boolean }} [options]
 */
export function replay (calls, { isSync = false } = {}) {
  const left = [...calls]
  const answerTo = (/** @type {string} */ method) => (/** @type {unknown[]} */ ...args) => {
    const { answer, error, ...call } = left.shift() ?? { method: 'nothing more', args: [] }
    deepStrictEqual({ method, args: JSON.parse(JSON.stringify(args)) }, call, 'Other calls than recorded: record anew')
    if (error !== undefined) throw new Error(error)
    return answer
  }
  const methods = [...new Set(calls.map(({ method }) => method))].map((method) => {
    const answer = answerTo(method)
    return [method, isSync ? answer : async (/** @type {unknown[]} */ ...args) => answer(...args)]
  })
  return { client: /** @type {C} */ (Object.fromEntries(methods)), left }
}

/** What a store uses of SQLite, as two functions and back: `record` and `replay` know no statements.
 * @param {any} database
 */
export function flat (database) {
  return {
    all: (/** @type {string} */ statement, /** @type {object} */ values) => database.prepare(statement).all(values),
    run: (/** @type {string} */ statement) => { database.prepare(statement).run() }
  }
}

/** @param {Client} functions */
export function databaseOf ({ all, run }) {
  return {
    prepare: (/** @type {string} */ statement) => ({
      all: (/** @type {object} */ values) => all?.(statement, values),
      run: () => run?.(statement)
    })
  }
}
