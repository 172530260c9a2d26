/** How long sessions live, in seconds. */
export interface Ages {
  readonly lifetime: number
  readonly permanentLifetime: number
  readonly absoluteLifetime: number | undefined
  /** Undefined for a tenth of the lifetime that holds, false for never. */
  readonly refreshAfter: number | false | undefined
  readonly refreshesPermanentOnly: boolean
}

/** What the age of a session depends on. Times are in Unix seconds. */
export interface Clocks {
  readonly permanent: boolean | undefined
  /** When its cookie was signed. */
  readonly issuedAt: number
  /** When it began; counts where `absoluteLifetime` is on. */
  readonly createdAt: number | undefined
}

/** Browsers keep a cookie no longer (draft-ietf-httpbis-rfc6265bis, section 5.5): 400 days, in seconds. */
export const MAX_COOKIE_AGE = 400 * 24 * 60 * 60

/** The age of a signature, in seconds, past which no session is taken, permanent or not. */
export function longestLifetime ({ lifetime, permanentLifetime }: Ages): number {
  return Math.max(lifetime, permanentLifetime)
}

/** The age of a signature, in seconds, past which a session is refused. */
export function lifetimeOf (ages: Ages, { permanent }: Pick<Clocks, 'permanent'>): number {
  return permanent === true ? ages.permanentLifetime : ages.lifetime
}

/** The Unix second after which the session is refused unless it is used before; Infinity for never. */
export function expiryOf (ages: Ages, clocks: Clocks): number {
  const unused = clocks.issuedAt + lifetimeOf(ages, clocks)
  const { absoluteLifetime } = ages
  return absoluteLifetime === undefined ? unused : Math.min(unused, beginningOf(clocks) + absoluteLifetime)
}

/** Whether a session that is used is signed anew for its age at a time in Unix seconds. */
export function isDue (ages: Ages, clocks: Clocks, now: number): boolean {
  if (ages.refreshAfter === false || (ages.refreshesPermanentOnly && clocks.permanent !== true)) return false
  return now - clocks.issuedAt >= (ages.refreshAfter ?? lifetimeOf(ages, clocks) / 10)
}

/**
 * The seconds for which a browser keeps a cookie that is signed at `now`; undefined for the end of its session, as it is
 * for one that is not permanent.
 */
export function cookieAge (ages: Ages, { permanent, createdAt = Infinity }: Partial<Clocks>, now: number): number | undefined {
  if (permanent !== true) return undefined
  const { permanentLifetime, absoluteLifetime = Infinity } = ages
  return Math.max(0, Math.floor(Math.min(permanentLifetime, createdAt + absoluteLifetime - now, MAX_COOKIE_AGE)))
}

/** A session that does not say when it began, began when its cookie was signed. */
export function beginningOf ({ createdAt, issuedAt }: Clocks): number {
  return createdAt ?? issuedAt
}
