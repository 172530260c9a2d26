import type { FastifyRequest } from 'fastify'
import { logFailure, logLost } from './session-log.ts'
import type { SessionSite } from './session-site.ts'

const LOST = 'The session was changed after its headers were sent, and the change is lost'
const LATE = 'The session was changed while it was saved or later, so that the change may be lost'
const LOST_IN_UPGRADE = 'The session was changed, but the connection was upgraded to a websocket without a response ' +
  'that could set its cookie, and the change is lost'

/** Logs the changes of one session that its response does not carry, each once. */
export class LostChanges {
  readonly #site: SessionSite
  readonly #request: FastifyRequest
  /** The keys whose changes were logged. */
  #logged: readonly string[] = []

  constructor (site: SessionSite, request: FastifyRequest) {
    this.#site = site
    this.#request = request
  }

  /** A change that is announced after the headers left. `keys` are all that may be affected. */
  logLate (key: string | undefined, keys: () => string[]): void {
    logLost(this.#site, this.#request, key === undefined ? [] : [key], LOST)
    this.#logged = [...this.#logged, ...(key === undefined ? keys() : [key])]
  }

  /** Looks for changes that were not saved; where one is known to be, it is logged even if no key tells. */
  check (unsavedKeys: () => string[], isKnown: boolean): void {
    this.#check(unsavedKeys, isKnown, isKnown && this.#site.sessionInterface.async ? LATE : LOST)
  }

  checkUpgrade (unsavedKeys: () => string[]): void {
    this.#check(unsavedKeys, false, LOST_IN_UPGRADE)
  }

  #check (unsavedKeys: () => string[], isKnown: boolean, message: string): void {
    try {
      const keys = unsavedKeys().filter((key) => !this.#logged.includes(key))
      if (isKnown || keys.length > 0) logLost(this.#site, this.#request, keys, message)
      this.#logged = [...this.#logged, ...keys]
    } catch (error) {
      logFailure(this.#site, this.#request, error, message)
    }
  }
}
