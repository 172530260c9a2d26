/** What is to become of the cookie: nothing, a new value, or its end; and whether the response depends on it. */
export type SaveDecision =
  | {
    readonly action: 'keep' | 'delete'
    readonly vary: boolean
    /**
     * Why changes are not saved, where that is meant: another request `ended` the session meanwhile, or it is kept
     * `elsewhere`, in a store that this process does not use.
     */
    readonly dropped?: 'ended' | 'elsewhere' | undefined
  }
  | {
    readonly action: 'set'
    readonly value: string
    /** The whole seconds for which the browser keeps the cookie; undefined for the end of its session. */
    readonly maxAge: number | undefined
    readonly vary: boolean
    /** Whether only the signature is new. Default false. */
    readonly isResigned?: boolean | undefined
  }

/** What a route says about saving. */
export interface SaveOptions {
  /** Whether a session that was only used may be signed anew once it is old enough. Default true. */
  refresh?: boolean | undefined
  /** Whether the headers have left, so that no cookie can follow. Default false. */
  isLate?: boolean | undefined
}

export const DELETE: SaveDecision = Object.freeze({ action: 'delete', vary: true })
export const KEEP_USED: SaveDecision = Object.freeze({ action: 'keep', vary: true })
export const KEEP_UNUSED: SaveDecision = Object.freeze({ action: 'keep', vary: false })
export const DROP_ENDED: SaveDecision = Object.freeze({ action: 'keep', vary: true, dropped: 'ended' })
export const DROP_ELSEWHERE: SaveDecision = Object.freeze({ action: 'keep', vary: true, dropped: 'elsewhere' })

/** What a cookie value may hold (RFC 6265, section 4.1.1). */
const COOKIE_VALUE = /^[!#-+\--:<-[\]-~]*$/

/**
 * A copy of what an interface decided, so that what was checked is what is written. Throws a `TypeError` for what is no
 * decision, a promise for instance, and for a value that could bring attributes of its own. `sealed` is a value that a
 * codec made, whose characters are known: to look at them takes a twentieth of what a session adds to a write.
 */
export function checked (decision: SaveDecision | Promise<SaveDecision>, sealed?: string): SaveDecision {
  if (decision instanceof Promise) throw brokenPromise(decision)
  const { action, vary, value, maxAge, isResigned, dropped } = (decision ?? {}) as Partial<Record<string, unknown>>
  if (action === 'keep' && (dropped === 'ended' || dropped === 'elsewhere')) return { action, vary: true, dropped }
  if (action === 'keep' || action === 'delete') return { action, vary: Boolean(vary) }
  if (action !== 'set') throw new TypeError('The session interface gave no decision to keep, set or delete')
  if (typeof value !== 'string' || (value !== sealed && !COOKIE_VALUE.test(value))) {
    throw new TypeError('The session interface gave a cookie value with characters that a cookie cannot hold ' +
      '(RFC 6265, section 4.1.1)')
  }
  if (maxAge !== undefined && !isWholeSeconds(maxAge)) {
    throw new TypeError('The session interface gave a maxAge that is no whole number of seconds')
  }
  return { action, value, maxAge, vary: Boolean(vary), isResigned: Boolean(isResigned) }
}

function isWholeSeconds (value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** The error for an interface that answers with a promise and is not declared asynchronous. */
export function brokenPromise (promise: Promise<unknown>): TypeError {
  promise.catch(() => {})
  return new TypeError('The session interface returned a promise: it has to declare async = true')
}
