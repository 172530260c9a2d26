import { type BadData, BadPayload, SignatureExpired } from '../errors.ts'
import { CLOCK_TOLERANCE, type Outdated } from '../wire/codec.ts'
import type { SaveOptions } from './decision.ts'

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
  /** When it began; undefined where nobody said, which counts as `issuedAt`. */
  readonly createdAt: number | undefined
}

/** What is known of an open session. */
export interface Standing {
  /** Whether no valid cookie came. */
  readonly isNew: boolean
  /** Whether a member of the session was used. */
  readonly accessed: boolean
  /** Whether something was changed by a member. */
  readonly modified: boolean
  /** Whether it came with a key. */
  readonly cameFilled: boolean
  /** Whether nothing that came is left, by `clear` for instance. */
  readonly isReplaced: boolean
  readonly permanent: boolean | undefined
  readonly createdAt: number | undefined
  readonly origin: {
    /** Whether a cookie of this name came, valid or not. */
    readonly hasCookie: boolean
    readonly issuedAt?: number | undefined
    readonly openedAt?: number | undefined
    /** Why it would be made otherwise now; undefined where it would not. */
    readonly outdated?: Outdated | undefined
  }
}

/** What is to become of a session: left as it is, written anew, signed anew, or deleted. */
export type Action = 'keep' | 'save' | 'resign' | 'delete'

/** Browsers keep a cookie no longer (draft-ietf-httpbis-rfc6265bis, section 5.5): 400 days, in seconds. */
export const MAX_COOKIE_AGE = 400 * 24 * 60 * 60

/** The age of a signature past which no session is taken, permanent or not. */
export function longestLifetime ({ lifetime, permanentLifetime }: Ages): number {
  return Math.max(lifetime, permanentLifetime)
}

/** The age of a signature past which a session is refused. */
export function lifetimeOf (ages: Ages, permanent: boolean | undefined): number {
  return permanent === true ? ages.permanentLifetime : ages.lifetime
}

/**
 * The Unix second after which a session is refused unless it is used before; Infinity for never. A session that began
 * after it was signed is refused at any time, since its beginning could put off its end.
 */
export function expiryOf (ages: Ages, { permanent, issuedAt, createdAt = issuedAt }: Clocks): number {
  const lifetime = permanent === true ? ages.permanentLifetime : ages.lifetime
  const { absoluteLifetime } = ages
  if (absoluteLifetime === undefined) return issuedAt + lifetime
  if (createdAt > issuedAt + CLOCK_TOLERANCE) return -Infinity
  return Math.min(issuedAt + lifetime, createdAt + absoluteLifetime)
}

/** The error for a session whose expiry is over at `now`. Its evidence is the payload. */
export function refusalOf (ages: Ages, clocks: Clocks, now: number, payload: string): BadData {
  const { issuedAt, createdAt = issuedAt, permanent } = clocks
  const { absoluteLifetime = Infinity } = ages
  const evidence = { payload, dateSigned: new Date(issuedAt * 1000) }
  if (createdAt > issuedAt + CLOCK_TOLERANCE) return new BadPayload('The session began after it was signed', evidence)
  const reason = now - createdAt > absoluteLifetime
    ? `The session began more than ${absoluteLifetime} seconds ago`
    : `The signature is ${now - issuedAt} seconds old, more than ${lifetimeOf(ages, permanent)}`
  return new SignatureExpired(reason, evidence)
}

/**
 * Whether a session is to be signed anew: its cookie would be made otherwise now, for an older secret for instance, or
 * it is used and old enough. A session that is not used is not.
 */
export function isDue (ages: Ages, standing: Standing, options: SaveOptions): boolean {
  const { accessed, permanent, origin: { outdated, issuedAt, openedAt = 0 } } = standing
  if (outdated !== undefined || issuedAt === undefined || !accessed) return outdated !== undefined
  if (ages.refreshAfter === false || (ages.refreshesPermanentOnly && permanent !== true)) return false
  return openedAt - issuedAt >= refreshAgeOf(ages, permanent) && options.refresh !== false
}

/** The age from which a session that is used is signed anew, where it ever is. */
export function refreshAgeOf (ages: Ages, permanent: boolean | undefined): number {
  const { refreshAfter, lifetime, permanentLifetime } = ages
  if (typeof refreshAfter === 'number') return refreshAfter
  return (permanent === true ? permanentLifetime : lifetime) / 10
}

/** What becomes of a session with data. */
export function actionFor (ages: Ages, standing: Standing, options: SaveOptions, isChanged: boolean): Action {
  return isChanged ? 'save' : isDue(ages, standing, options) ? 'resign' : 'keep'
}

/** What becomes of a session without data: an id, a clock and `permanent` keep none by themselves. */
export function actionForBlank ({ isNew, modified, cameFilled, isReplaced, origin }: Standing): Action {
  return modified && origin.hasCookie && (isNew || cameFilled || isReplaced) ? 'delete' : 'keep'
}

/** The whole seconds for which a browser keeps the cookie of a permanent session that is signed at `now`. */
export function cookieAge (ages: Ages, standing: Pick<Standing, 'createdAt'>, now: number): number {
  const { createdAt = now } = standing
  const { permanentLifetime, absoluteLifetime = Infinity } = ages
  return Math.max(0, Math.floor(Math.min(permanentLifetime, createdAt + absoluteLifetime - now, MAX_COOKIE_AGE)))
}
