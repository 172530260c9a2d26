import { types } from 'node:util'
import { BadData, BadSignature, BadTimeSignature, SignatureExpired } from '../errors.ts'
import { anything, checkOptions, isSeconds, type OptionTable } from '../option-checks.ts'
import { MAX_TIMESTAMP, type Stamp, timestamp as bigEndian, utf8ToText } from './encoding.ts'
import { checkDigest, deriveKey, type KeyDerivation, type Secret } from './keys.ts'
import { Mac } from './mac.ts'
import { checkedSecrets } from './secret-rules.ts'

export interface SignerOptions {
  /** Keeps the signatures of one use from passing for those of another. Required; not a secret. */
  salt: string | Uint8Array
  /** Older secrets: they verify and never sign. Default none. */
  fallbacks?: readonly Secret[] | undefined
  /** The hash of the HMAC, by its OpenSSL name. Default `sha256`; itsdangerous' own is `sha1`. */
  digest?: string | undefined
  /** Default `hkdf`; itsdangerous' own is `django-concat`. */
  keyDerivation?: KeyDerivation | undefined
  /** Stands between value and signature; needs a character that base64url does not have. Default `.`. */
  sep?: string | undefined
}

export interface TimestampSignerOptions extends SignerOptions {
  /** The current time in Unix seconds; a fraction is dropped. Default the system clock. */
  now?: (() => number) | undefined
  /** Seconds by which a stamp may lie in the future, for clocks that differ. Default 0, as in itsdangerous. */
  clockTolerance?: number | undefined
}

export interface AgeLimit {
  /**
   * Seconds; a signature exactly this old is still valid. With `Infinity` every age is valid, but a time that is more
   * than `clockTolerance` ahead is not. Without it the time does not count at all, as in itsdangerous.
   */
  maxAge?: number | undefined
}

/** What to do in place of options that other libraries have; `forAge` in place of those that limit an age. */
export function insteadOf (forAge: string): Record<string, string> {
  const ages = ['maxAge', 'expiresIn', 'expires', 'expiry', 'ttl'].map((name) => [name, forAge])
  const digests = ['algorithm', 'digestMethod', 'digest_method'].map((name) => [name, 'use digest'])
  return Object.fromEntries([...ages, ...digests])
}

const isSeparator = (value: unknown): boolean =>
  typeof value === 'string' && !/^[\w=-]*$/.test(value) && value.isWellFormed()

const UNSIGN = 'an age is limited in reading, by unsign(signed, { maxAge }) of a TimestampSigner'

export const signerOptions: OptionTable<keyof SignerOptions> = {
  kind: 'Signer option',
  checks: {
    salt: anything,
    fallbacks: [Array.isArray, 'must be a list of secrets'],
    digest: anything,
    keyDerivation: anything,
    sep: [isSeparator, 'must hold a character that base64url does not use, and no lone surrogate']
  },
  instead: insteadOf(UNSIGN)
}

export const timestampSignerOptions: OptionTable<keyof TimestampSignerOptions> = {
  kind: 'TimestampSigner option',
  checks: {
    ...signerOptions.checks,
    now: [(value) => typeof value === 'function', 'must be a function that returns Unix seconds'],
    clockTolerance: isSeconds
  },
  instead: insteadOf(UNSIGN)
}

/** What `keyOf` answers where no key signed a text. */
const NO_KEY = -1
/** What it answers where no separator stands where that of a signature would. */
export const NOT_SIGNED = -2

const MISMATCH = 'The signature does not match'

export interface Unsigned {
  value: string
  /** Which secret signed it: 0 the current one, n the nth fallback. */
  key: number
}

export interface TimedUnsigned extends Unsigned {
  /** When it was signed, in Unix seconds. */
  timestamp: number
}

/**
 * Signs text with an HMAC. Writes what itsdangerous' `Signer` does with the same secret, salt, separator, digest and
 * key derivation. Reading is stricter: one spelling of a signature is accepted, where itsdangerous takes several.
 */
export class Signer {
  readonly sep: string
  readonly #macs: readonly Mac[]
  /** @internal The characters of a separator and a signature. */
  protected readonly tail: number

  /** Throws a `TypeError` for a missing secret, with `hkdf` one easy to guess, and for a wrong or unknown option. */
  constructor (secret: Secret, options: SignerOptions) {
    checkOptions(options, signerOptions)
    const { salt, fallbacks = [], digest = 'sha256', keyDerivation = 'hkdf', sep = '.' } = options
    const hasSalt = typeof salt === 'string' || types.isUint8Array(salt)
    if (!hasSalt) throw new TypeError('A signer needs a salt: text or bytes')
    checkDigest(digest)
    this.sep = sep
    const warn = keyDerivation === 'hkdf' ? undefined : (): void => {} // itsdangerous takes any secret
    this.#macs = checkedSecrets(secret, fallbacks, 'secret', warn)
      .map((each) => new Mac(digest, deriveKey(each, salt, keyDerivation, digest)))
    this.tail = sep.length + this.#macs[0]!.length
  }

  /** `value`, the separator and the signature. Throws a `TypeError` for what is not text, or not UTF-8. */
  sign (value: string | Uint8Array): string { return this.signText(asText(value)) }

  /** @internal The same for text that is known to have UTF-8. */
  signText (text: string): string { return text + this.sep + this.#macs[0]!.sign(text) }

  /** The value of `signed`. Throws `BadSignature`. */
  unsign (signed: string): string { return this.verify(signed).value }

  /** Whether `unsign` would return. */
  validate (signed: string): boolean { return this.keyOf(signed) >= 0 }

  /** The value of `signed` and which key signed it. Throws `BadSignature`. */
  verify (signed: string): Unsigned {
    const key = this.keyOf(signed)
    if (key < 0) throw this.refusal(signed)
    return { value: signed.slice(0, signed.length - this.tail), key }
  }

  /** @internal Which key signed a text, of any age: 0 the current one, n the nth fallback; less for none. */
  keyOf (signed: string): number {
    const end = typeof signed === 'string' ? signed.length - this.tail : -1
    // A signature has one length, and no separator inside.
    if (end < 0 || !signed.startsWith(this.sep, end)) return NOT_SIGNED
    for (let key = 0; key < this.#macs.length; key++) if (this.#macs[key]!.verify(signed, end)) return key
    return NO_KEY
  }

  /** @internal The error where `keyOf` answered that no key signed a text. */
  protected refused (signed: string, _key: number): BadSignature { return this.refusal(signed) }

  /** @internal The error for a text whose signature does not hold. */
  refusal (signed: string): BadSignature {
    const end = typeof signed === 'string' ? signed.lastIndexOf(this.sep) : -1
    if (end === -1) return this.failure(() => new BadSignature('There is no signature', { payload: signed }))
    return this.mismatch(signed.slice(0, end))
  }

  /** @internal Makes every error about data that is refused. */
  protected failure<Failure> (make: () => Failure): Failure { return make() }

  /** @internal */
  protected mismatch (value: string): BadSignature {
    return this.failure(() => new BadSignature(MISMATCH, { payload: value }))
  }
}

/** Signs text together with the time, as itsdangerous' `TimestampSigner` does. */
export class TimestampSigner extends Signer {
  readonly #now: (() => number) | undefined
  readonly #clockTolerance: number
  /** @internal */
  protected readonly stamp: Stamp = bigEndian
  /** The last time that was written, and its text. */
  #stamped = -1
  #stamp = ''

  /** Throws a `TypeError` as `Signer` does. */
  constructor (secret: Secret, options: TimestampSignerOptions) {
    checkOptions(options, timestampSignerOptions)
    const { now, clockTolerance = 0, ...signing } = options
    super(secret, signing)
    this.#now = now
    this.#clockTolerance = clockTolerance
  }

  /** @internal */
  override signText (text: string): string {
    const now = this.now()
    if (now !== this.#stamped) {
      this.#stamped = now
      this.#stamp = this.stamp.write(now)
    }
    return super.signText(text + this.sep + this.#stamp)
  }

  /** The value of `signed`. Throws `BadSignature`, `BadTimeSignature` or `SignatureExpired`. */
  override unsign (signed: string, limit?: AgeLimit): string { return this.verify(signed, limit).value }

  override validate (signed: string, limit: AgeLimit = {}): boolean {
    const { maxAge } = checkedLimit(limit)
    return !(this.opened(signed, maxAge, this.now()) instanceof BadData)
  }

  override verify (signed: string, limit: AgeLimit = {}): TimedUnsigned {
    const { maxAge } = checkedLimit(limit)
    const opened = this.opened(signed, maxAge, this.now())
    if (opened instanceof BadData) throw opened
    return opened
  }

  /** @internal What `verify` gives at the time `now`, or the error that it throws. */
  opened (signed: string, maxAge: number | undefined, now: number): TimedUnsigned | BadSignature {
    const key = this.keyOf(signed)
    if (key < 0) return this.refused(signed, key)
    const end = signed.length - this.tail
    const at = end < this.sep.length ? -1 : signed.lastIndexOf(this.sep, end - this.sep.length)
    if (at === -1) return this.#unstamped('missing', signed.slice(0, end))
    const value = signed.slice(0, at)
    const timestamp = this.stamp.read(signed.slice(at + this.sep.length, end))
    if (timestamp === undefined) return this.#unstamped('malformed', value)
    const age = now - timestamp
    const isFresh = maxAge === undefined || (maxAge >= 0 && age <= maxAge && age >= -this.#clockTolerance)
    return isFresh ? { value, key, timestamp } : this.#expired(value, timestamp, age, maxAge)
  }

  /** The signer's time, in whole Unix seconds. Throws a `TypeError` where its clock gives none that a Date can hold. */
  now (): number {
    const now = Math.floor(this.#now === undefined ? Date.now() / 1000 : this.#now())
    if (!(now >= 0 && now <= MAX_TIMESTAMP)) throw new TypeError('now must return Unix seconds')
    return now
  }

  /** @internal */
  protected override mismatch (stamped: string): BadSignature {
    const end = stamped.lastIndexOf(this.sep)
    if (end === -1) return super.mismatch(stamped)
    const timestamp = this.stamp.read(stamped.slice(end + this.sep.length))
    const dateSigned = timestamp === undefined ? undefined : new Date(timestamp * 1000)
    return this.failure(() => new BadTimeSignature(MISMATCH, { payload: stamped.slice(0, end), dateSigned }))
  }

  #unstamped (how: string, payload: string): BadTimeSignature {
    return this.failure(() => new BadTimeSignature(`The timestamp is ${how}`, { payload }))
  }

  #expired (payload: string, timestamp: number, age: number, maxAge: number): SignatureExpired {
    const message = age < 0
      ? `The signature is from ${-age} seconds in the future`
      : `The signature is ${age} seconds old, more than ${maxAge}`
    return this.failure(() => new SignatureExpired(message, { payload, dateSigned: new Date(timestamp * 1000) }))
  }
}

/** Throws a `TypeError` for what is no limit, a bare number or `{ max_age }` say, since it would limit nothing. */
export function checkedLimit (limit: AgeLimit): AgeLimit {
  const isObject = typeof limit === 'object' && limit !== null
  if (isObject && Object.keys(limit).every((key) => key === 'maxAge') && isAge(limit.maxAge)) return limit
  throw new TypeError('The limit is given as { maxAge }, a number of seconds')
}

const isAge = (value: unknown): boolean => value === undefined || (typeof value === 'number' && !Number.isNaN(value))

function asText (value: string | Uint8Array): string {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) {
    throw new TypeError('Only text can be signed, as a string or as UTF-8')
  }
  const text = typeof value === 'string' ? value : utf8ToText(value)
  if (text?.isWellFormed()) return text
  const why = text === null ? 'The bytes are not UTF-8' : 'Text with lone surrogates cannot be signed: it has no UTF-8'
  throw new TypeError(why)
}
