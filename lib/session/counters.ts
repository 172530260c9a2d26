/** What has happened to one session since the start; for a metrics plugin to read. */
export class SessionCounters {
  /** Sessions that were opened: where one was used, and with a store for each request with a cookie of its name. */
  opened = 0
  /** Cookies that were found genuine and not too old. */
  verified = 0
  /** Cookies that were genuine, and whose session the store does not have any more. */
  ended = 0
  /** Responses that set the cookie for a change, or since `touch` asked for it. */
  saved = 0
  /** Responses that set the cookie for its age, or since an older secret had signed it. */
  resigned = 0
  /** Responses that deleted the cookie. */
  deleted = 0
  /** Responses without a cookie that was due for its age or its secret, since shared caches may keep the response. */
  skipped = 0
  /** Cookies that were refused, by the code of the error. */
  readonly refused: Record<string, number> = {}

  refuse (code: string): void {
    this.refused[code] = (this.refused[code] ?? 0) + 1
  }
}

/** Lets one warning a code through in a period, and counts the others. */
export class WarningGate {
  readonly #period: number
  readonly #passed = new Map<string, { at: number, suppressed: number }>()

  /** `period` in seconds. */
  constructor (period: number) {
    this.#period = period
  }

  /** Whether this is the first warning of the code since the start. */
  isFirst (code: string): boolean {
    if (this.#passed.has(code)) return false
    this.#passed.set(code, { at: 0, suppressed: 0 })
    return true
  }

  /** How many warnings were held back since the last one, or undefined where this one is too. `now` in seconds. */
  pass (code: string, now: number): number | undefined {
    const last = this.#passed.get(code)
    if (last !== undefined && now - last.at < this.#period && now >= last.at) {
      last.suppressed++
      return undefined
    }
    this.#passed.set(code, { at: now, suppressed: 0 })
    return last?.suppressed ?? 0
  }
}
