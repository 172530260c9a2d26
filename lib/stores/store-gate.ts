import { StoreUnavailable } from '../errors.ts'
import type { SessionChanges, SessionStore, StoredSession } from './store.ts'

/** How long a store that failed counts as down, in milliseconds. */
const PAUSE = 1000

/**
 * A store that delays nobody when it hangs. After a failure, or no answer in time, it counts as down for a second: all
 * calls fail at once. Then one call at a time tries it, until one succeeds. A call fails with `StoreUnavailable`.
 */
export class StoreGate {
  readonly #store: SessionStore
  /** In milliseconds. */
  readonly #timeout: number
  /** What failed last; undefined while the store is up. */
  #failure: StoreUnavailable | undefined
  #downUntil = 0
  #isTrying = false

  /** `timeout` in seconds. */
  constructor (store: SessionStore, timeout: number) {
    this.#store = store
    this.#timeout = timeout * 1000
  }

  read (key: string): Promise<StoredSession | 'ended' | undefined> {
    return this.#call(() => this.#store.read(key))
  }

  /**
   * What is created after its time is destroyed again where nobody else can know of it: `isFresh`. A store that refuses
   * may be full, and still serve the sessions that it has: it does not count as down for that.
   */
  create (key: string, session: StoredSession, isFresh: boolean): Promise<'created' | 'exists' | 'ended'> {
    const undo = (answer: unknown): unknown => answer === 'created' && this.#store.destroy(key, undefined)
    return this.#call(() => this.#store.create(key, session), isFresh ? undo : undefined, true)
  }

  update (key: string, changes: SessionChanges): Promise<boolean> {
    return this.#call(() => this.#store.update(key, changes))
  }

  destroy (key: string, until: number | undefined): Promise<boolean> {
    return this.#call(() => this.#store.destroy(key, until))
  }

  list (owner: string): Promise<ReadonlyMap<string, StoredSession>> {
    return this.#call(() => this.#store.list!(owner))
  }

  destroyAll (owner: string, until: number, exceptKeys: readonly string[]): Promise<number> {
    return this.#call(() => this.#store.destroyAll!(owner, until, exceptKeys))
  }

  async #call<Result> (
    run: () => Promise<Result>, late?: (result: Result) => unknown, mayRefuse = false
  ): Promise<Result> {
    const isTrial = this.#enter()
    try {
      const result = await withinTime(run, this.#timeout, late)
      this.#leave(isTrial, undefined)
      return result
    } catch (error) {
      const failure = new StoreUnavailable(error)
      const isDown = error instanceof TimedOut || !mayRefuse
      if (isDown) this.#downUntil = performance.now() + PAUSE
      this.#leave(isTrial, isDown ? failure : this.#failure)
      throw failure
    }
  }

  /** Whether the call is the one that tries a store which was down. Throws where it is down. */
  #enter (): boolean {
    if (this.#failure === undefined) return false
    if (this.#isTrying || performance.now() < this.#downUntil) throw this.#failure
    this.#isTrying = true
    return true
  }

  #leave (isTrial: boolean, failure: StoreUnavailable | undefined): void {
    this.#failure = failure
    if (isTrial) this.#isTrying = false
  }
}

class TimedOut extends Error {}

/** The answer of `run` within `timeout` milliseconds. A later one goes to `late`; what is rejected then is dropped. */
function withinTime<Result> (
  run: () => Promise<Result>, timeout: number, late: (result: Result) => unknown = () => {}
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      reject(new TimedOut(`The store did not answer within ${timeout / 1000} seconds`))
    }, timeout)
    const settle = (result: Result): unknown => {
      clearTimeout(timer)
      return isLate ? late(result) : resolve(result)
    }
    const fail = (error: unknown): void => {
      clearTimeout(timer)
      reject(error)
    }
    try {
      Promise.resolve(run()).then(settle).catch(fail)
    } catch (error) { // of a store that throws instead of rejecting
      fail(error)
    }
  })
}
