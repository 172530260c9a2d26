import { createSecretKey } from 'node:crypto'
import { BadData, BadPayload, isExhaustion } from '../errors.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { checkOptions, isBoolean, isMethod, isSeconds, type OptionTable } from '../option-checks.ts'
import { decodePayload, encodePayload, isASCII, isEncrypted, refusePayload } from './encoding.ts'
import { Cipher } from './encryption.ts'
import { hkdfKey, type Secret } from './keys.ts'
import type { AgeLimit, SignerOptions, TimestampSignerOptions } from './signer.ts'
import { checkedLimit, insteadOf, Signer, signerOptions, TimestampSigner, timestampSignerOptions } from './signer.ts'

/** Turns a value into text and back. */
export interface TextSerializer {
  dumps (value: unknown): string
  loads (text: string): unknown
}

export interface PayloadOptions {
  /** Turns the value into text. Default a `TaggedJSONSerializer`. */
  serializer?: TextSerializer | undefined
  /**
   * Write zlib where that is shorter, and read it. Default false. A reader with it off refuses compressed payloads;
   * one with it on inflates them only after the signature holds, up to 256 KiB.
   */
  compress?: boolean | undefined
  /**
   * Nobody without the secret can read the value: AES-256-CTR, with a key made from the secret and the salt (HKDF).
   * Default false. Needs the `keyDerivation` `hkdf`. A reader with it on refuses tokens that are not encrypted, and one
   * with it off those that are, with `BadPayload`: a token from before the option was changed does not hold. The length
   * of a token tells that of its text; with `compress` it also tells something of the content.
   */
  encrypt?: boolean | undefined
}

const payloadChecks: OptionTable<keyof PayloadOptions>['checks'] = {
  serializer: [(value) => isMethod(value, 'dumps') && isMethod(value, 'loads'), 'must have dumps and loads'],
  compress: isBoolean,
  encrypt: isBoolean
}

const untimedOptions: OptionTable<keyof SignerOptions | keyof PayloadOptions> = {
  kind: 'URLSafeSerializer option',
  checks: { ...signerOptions.checks, ...payloadChecks },
  instead: insteadOf('use a URLSafeTimedSerializer, which takes maxAge, in seconds')
}

const timedOptions: OptionTable<keyof TimestampSignerOptions | keyof PayloadOptions | keyof AgeLimit> = {
  kind: 'URLSafeTimedSerializer option',
  checks: { ...timestampSignerOptions.checks, ...payloadChecks, maxAge: isSeconds },
  instead: insteadOf('use maxAge, in seconds')
}

/** The error for what a serializer threw: `BadPayload`, unless memory or stack ran out. */
export function payloadError (originalError: unknown, payload: string): unknown {
  if (originalError instanceof BadData || isExhaustion(originalError)) return originalError
  return new BadPayload('The payload cannot be read', { payload, originalError })
}

/** Values as payloads, and payloads as values. */
class Payloads {
  readonly #serializer: TextSerializer
  readonly #compress: boolean
  readonly #cipher: Cipher | undefined

  /** Throws a `TypeError` for `encrypt` with another key derivation than `hkdf`. The rest was checked by the signer. */
  constructor (secret: Secret, options: SignerOptions & PayloadOptions) {
    const { serializer = new TaggedJSONSerializer(), compress = false, encrypt = false } = options
    this.#serializer = serializer
    this.#compress = compress
    this.#cipher = encrypt ? cipherFor(secret, options) : undefined
  }

  dumps (value: unknown): string {
    const text = this.#serializer.dumps(value)
    return this.#cipher?.encrypt(text, this.#compress) ?? encodePayload(text, this.#compress)
  }

  /** The value of a payload that the key with this index signed. Throws `BadPayload`. */
  loads (payload: string, key: number): unknown {
    const text = this.#textOf(payload, key)
    try {
      return this.#serializer.loads(text)
    } catch (error) {
      throw payloadError(error, text)
    }
  }

  #textOf (payload: string, key: number): string {
    if (isEncrypted(payload) !== (this.#cipher !== undefined)) {
      const is = isEncrypted(payload) ? 'encrypted, and encrypt is off' : 'not encrypted, and encrypt is on'
      throw new BadPayload(`The payload is ${is}`, { payload })
    }
    if (!isASCII(payload)) refusePayload(undefined, payload)
    return this.#cipher?.decrypt(payload, key, this.#compress) ?? decodePayload(payload, this.#compress)
  }
}

function cipherFor (secret: Secret, { salt, fallbacks = [], keyDerivation = 'hkdf' }: SignerOptions): Cipher {
  if (keyDerivation !== 'hkdf') throw new TypeError('encrypt needs the keyDerivation hkdf, which is the default')
  const keys = [secret, ...fallbacks].map((each) => hkdfKey(each, 'token-encryption', '', salt))
  return new Cipher(keys.map((key) => createSecretKey(key)))
}

/**
 * Values as signed, URL-safe text without an expiry. With `digest: 'sha1', keyDerivation: 'django-concat',
 * compress: true` and a JSON serializer it is itsdangerous' `URLSafeSerializer`.
 */
export class URLSafeSerializer {
  readonly #signer: Signer
  readonly #payloads: Payloads

  /** Throws a `TypeError` as `Signer` does. */
  constructor (secret: Secret, options: SignerOptions & PayloadOptions) {
    checkOptions(options, untimedOptions)
    const { serializer, compress, encrypt, ...signing } = options
    this.#signer = new Signer(secret, signing)
    this.#payloads = new Payloads(secret, options)
  }

  /** Throws a `TypeError` with the path of a value that cannot be kept. */
  dumps (value: unknown): string { return this.#signer.sign(this.#payloads.dumps(value)) }

  /** Throws `BadSignature` or `BadPayload`. */
  loads (text: string): unknown {
    const { value, key } = this.#signer.verify(text)
    return this.#payloads.loads(value, key)
  }
}

export interface Timestamped {
  value: unknown
  /** When it was signed. */
  dateSigned: Date
}

/** Values as signed, URL-safe text that expires: for password resets, mail confirmations, invitations. */
export class URLSafeTimedSerializer {
  readonly #signer: TimestampSigner
  readonly #payloads: Payloads
  readonly #maxAge: number | undefined

  /** `maxAge` in seconds is the default of the loading methods; Infinity for no end. Throws as `Signer` does. */
  constructor (secret: Secret, options: TimestampSignerOptions & PayloadOptions & AgeLimit) {
    checkOptions(options, timedOptions)
    const { serializer, compress, encrypt, maxAge, ...signing } = options
    this.#signer = new TimestampSigner(secret, signing)
    this.#payloads = new Payloads(secret, options)
    this.#maxAge = maxAge
  }

  /** Throws a `TypeError` with the path of a value that cannot be kept. */
  dumps (value: unknown): string { return this.#signer.sign(this.#payloads.dumps(value)) }

  /** Throws `BadSignature`, `SignatureExpired`, `BadPayload`, and a `TypeError` where no `maxAge` was given at all. */
  loads (text: string, limit: AgeLimit = {}): unknown { return this.loadsWithTimestamp(text, limit).value }

  /** As `loads`, together with the time of signing. */
  loadsWithTimestamp (text: string, limit: AgeLimit = {}): Timestamped {
    const { maxAge = this.#maxAge } = checkedLimit(limit)
    if (maxAge === undefined) {
      throw new TypeError('loads needs a maxAge in seconds, in the constructor or in the call; Infinity for none')
    }
    const { value, key, timestamp } = this.#signer.verify(text, { maxAge })
    return { value: this.#payloads.loads(value, key), dateSigned: new Date(timestamp * 1000) }
  }
}
