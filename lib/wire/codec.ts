import { createSecretKey, type KeyObject } from 'node:crypto'
import { BadData, BadPayload, BadSignature, withoutStacks } from '../errors.ts'
import { isEncrypted, type Stamp } from '../signing/encoding.ts'
import { Cipher } from '../signing/encryption.ts'
import { deriveKey, hkdfKey, type Secret } from '../signing/keys.ts'
import { NOT_SIGNED, TimestampSigner } from '../signing/signer.ts'
import type { Format, WireOptions } from './format.ts'

/** Seconds by which a time stamp may lie in the future, for clocks that differ. */
export const CLOCK_TOLERANCE = 60

/**
 * Why a genuine cookie would be made otherwise now: an older secret signed it, it was signed and not encrypted, or it
 * was encrypted and the option is off.
 */
export type Outdated = 'fallback' | 'signed' | 'encrypted'

/** What a genuine cookie holds. */
export interface Opened {
  readonly text: string
  /** When it was signed, in Unix seconds. */
  readonly issuedAt: number
  /** When it was opened, in Unix seconds. */
  readonly now: number
  readonly outdated: Outdated | undefined
  /** The value that was opened. */
  readonly cookie: string
}

export interface CodecOptions extends WireOptions {
  readonly format: Format
  /** The first one signs, the others verify. */
  readonly keys: readonly KeyObject[]
  /** Whether cookies are encrypted. */
  readonly encrypt: boolean
  /** One for each of `keys`; none where the format has no encrypted cookies. */
  readonly encryptionKeys: readonly KeyObject[]
  /** Unix seconds; undefined for the system clock. */
  readonly now: (() => number) | undefined
}

class CookieSigner extends TimestampSigner {
  protected override readonly stamp: Stamp

  constructor ({ format, keys: [key, ...fallbacks], digest, now }: CodecOptions) {
    const { separator: sep } = format
    super(key!, { salt: '', fallbacks, digest, keyDerivation: 'none', sep, now, clockTolerance: CLOCK_TOLERANCE })
    this.stamp = format.stamp
  }

  protected override failure<Failure> (make: () => Failure): Failure { return withoutStacks(make) }

  protected override refused (signed: string, key: number): BadSignature {
    return key === NOT_SIGNED ? UNSIGNED : this.refusal(signed)
  }
}

/** Makes text the value of a cookie, and such a value text again. */
export class Codec {
  readonly #signer: CookieSigner
  readonly #payload: Format['payload']
  readonly #compress: boolean
  /** Stands between payload, time stamp and signature. */
  readonly separator: string
  /** The value of a cookie that is deleted. */
  readonly emptied: string
  readonly #encrypt: boolean
  /** Undefined where no encrypted cookie is read. */
  readonly #cipher: Cipher | undefined

  constructor (options: CodecOptions) {
    const { separator, emptied } = options.format
    this.separator = separator
    this.emptied = emptied
    this.#signer = new CookieSigner(options)
    this.#payload = options.format.payload
    this.#compress = options.compress
    this.#encrypt = options.encrypt
    this.#cipher = options.encryptionKeys.length > 0 ? new Cipher(options.encryptionKeys) : undefined
  }

  /** The current time in whole Unix seconds. */
  now (): number {
    return this.#signer.now()
  }

  /** The value of a cookie that holds `text`. Throws a `TypeError` for text that has no UTF-8. */
  seal (text: string): string {
    const compress = this.#compress
    const payload = this.#encrypt ? this.#cipher!.encrypt(text, compress) : this.#payload.encode(text, compress)
    return this.#signer.signText(payload)
  }

  /**
   * What a cookie holds that is no older than `maxAge` seconds, undefined for any age; or the reason why it is refused,
   * which is not thrown, since anybody can send as many of such cookies as they like: `UNSIGNED` where it has not the
   * form of a signed one.
   */
  open (cookie: string, maxAge: number | undefined): Opened | BadData {
    // A cookie value is ASCII (RFC 6265, section 4.1.1). Any other text was never signed here.
    if (Buffer.byteLength(cookie) !== cookie.length) return this.#signer.refusal(cookie)
    const now = this.#signer.now()
    const opened = this.#signer.opened(cookie, maxAge, now)
    if (opened instanceof BadData) return opened
    const { value: payload, key, timestamp: issuedAt } = opened
    const encrypted = isEncrypted(payload)
    const changed = encrypted ? 'encrypted' : 'signed'
    const outdated = encrypted !== this.#encrypt ? changed : key > 0 ? 'fallback' : undefined
    try {
      const text = encrypted && this.#cipher !== undefined
        ? this.#cipher.decrypt(payload, key, this.#compress)
        : this.#payload.decode(payload, this.#compress)
      return { text, issuedAt, now, outdated, cookie }
    } catch (error) {
      if (error instanceof BadData) return error
      throw error
    }
  }

  /** The error for a cookie that was not signed here. */
  refusal (cookie: string): BadData {
    return this.#signer.refusal(cookie)
  }
}

/** The one refusal of whatever has not the form of a signed cookie. */
const UNSIGNED = new BadSignature('There is no signature')

/** The most cookies of one name whose signature is looked at. */
const MAX_TRIED = 8
/** The most payloads that are decoded for one request. */
const MAX_DECODED = 2

/**
 * The genuine ones among the cookies of one name. A browser sends several where paths or domains differ, and a stale
 * one may stand ahead of the one that counts.
 */
export class Candidates {
  readonly #codec: Codec
  readonly #cookies: readonly string[]
  readonly #maxAge: number
  #at = 0
  #tried = 0
  #decoded = 0
  #reason: BadData | undefined
  /** Whether `next` returned one. */
  #hasGenuine = false

  /** `cookies` in the order in which they came; those signed more than `maxAge` seconds ago are passed over. */
  constructor (codec: Codec, cookies: readonly string[], maxAge: number) {
    this.#codec = codec
    this.#cookies = cookies
    this.#maxAge = maxAge
  }

  /** How many cookies came, genuine or not. */
  get count (): number {
    return this.#cookies.length
  }

  /** The next genuine one; undefined where there is no further, or too many were tried. */
  next (): Opened | undefined {
    while (this.#at < this.#cookies.length && this.#tried < MAX_TRIED && this.#decoded < MAX_DECODED) {
      const at = this.#at++
      const cookie = this.#cookies[at]!
      if (at > 0 && this.#cookies.indexOf(cookie) < at) continue
      const opened = this.#codec.open(cookie, this.#maxAge)
      if (opened === UNSIGNED) continue
      this.#tried++
      const isRefused = opened instanceof BadData
      if (!isRefused || opened instanceof BadPayload) this.#decoded++
      if (isRefused) this.refuse(opened)
      else {
        this.#hasGenuine = true
        return opened
      }
    }
  }

  /** Keeps why one was refused that was opened; the first reason counts. */
  refuse (reason: BadData): void {
    this.#reason ??= reason
  }

  /**
   * Why none was taken; undefined where there was none but emptied ones, and for genuine ones that were passed over
   * without a reason.
   */
  refusal (): BadData | undefined {
    if (this.#reason !== undefined || this.#hasGenuine) return this.#reason
    const present = this.#cookies.find((cookie) => cookie !== '' && cookie !== this.#codec.emptied)
    return present === undefined ? undefined : this.#codec.refusal(present)
  }
}

/**
 * The key that signs the cookies of a session. With `hkdf` it is bound to its purpose, the cookie's name and the salt,
 * so that nothing else that the same secret signs passes for this cookie.
 */
export function sessionKey (secret: Secret, cookieName: string, wire: WireOptions): KeyObject {
  const { salt, digest, keyDerivation } = wire
  return createSecretKey(keyDerivation === 'hkdf'
    ? hkdfKey(secret, 'session', cookieName, salt)
    : deriveKey(secret, salt, keyDerivation, digest))
}

/** The key that encrypts them; it differs from the one that signs, and from those of all other cookies. */
export function sessionEncryptionKey (secret: Secret, cookieName: string, salt: string): KeyObject {
  return createSecretKey(hkdfKey(secret, 'session-encryption', cookieName, salt))
}
