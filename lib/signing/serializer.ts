import { BadData, BadPayload, isExhaustion } from '../errors.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { checkOptions, isBoolean, isMethod, isSeconds, type OptionTable } from '../option-checks.ts'
import type { Secret } from './keys.ts'
import { decodePayload, encodePayload } from './encoding.ts'
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
}

const payloadChecks: OptionTable<keyof PayloadOptions>['checks'] = {
  serializer: [(value) => isMethod(value, 'dumps') && isMethod(value, 'loads'), 'must have dumps and loads'],
  compress: isBoolean
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
function payloadsOf ({ serializer = new TaggedJSONSerializer(), compress = false }: PayloadOptions): TextSerializer {
  return {
    dumps: (value) => encodePayload(serializer.dumps(value), compress),
    loads (payload) {
      const text = decodePayload(payload, compress)
      try {
        return serializer.loads(text)
      } catch (error) {
        throw payloadError(error, text)
      }
    }
  }
}

/**
 * Values as signed, URL-safe text without an expiry. With `digest: 'sha1', keyDerivation: 'django-concat',
 * compress: true` and a JSON serializer it is itsdangerous' `URLSafeSerializer`.
 */
export class URLSafeSerializer {
  readonly #signer: Signer
  readonly #payloads: TextSerializer

  /** Throws a `TypeError` as `Signer` does. */
  constructor (secret: Secret, options: SignerOptions & PayloadOptions) {
    checkOptions(options, untimedOptions)
    const { serializer, compress, ...signing } = options
    this.#signer = new Signer(secret, signing)
    this.#payloads = payloadsOf({ serializer, compress })
  }

  /** Throws a `TypeError` with the path of a value that cannot be kept. */
  dumps (value: unknown): string { return this.#signer.sign(this.#payloads.dumps(value)) }

  /** Throws `BadSignature` or `BadPayload`. */
  loads (text: string): unknown { return this.#payloads.loads(this.#signer.unsign(text)) }
}

export interface Timestamped {
  value: unknown
  /** When it was signed. */
  dateSigned: Date
}

/** Values as signed, URL-safe text that expires: for password resets, mail confirmations, invitations. */
export class URLSafeTimedSerializer {
  readonly #signer: TimestampSigner
  readonly #payloads: TextSerializer
  readonly #maxAge: number | undefined

  /** `maxAge` in seconds is the default of the loading methods; Infinity for no end. Throws as `Signer` does. */
  constructor (secret: Secret, options: TimestampSignerOptions & PayloadOptions & AgeLimit) {
    checkOptions(options, timedOptions)
    const { serializer, compress, maxAge, ...signing } = options
    this.#signer = new TimestampSigner(secret, signing)
    this.#payloads = payloadsOf({ serializer, compress })
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
    const { value, timestamp } = this.#signer.verify(text, { maxAge })
    return { value: this.#payloads.loads(value), dateSigned: new Date(timestamp * 1000) }
  }
}
