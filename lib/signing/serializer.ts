import { deflateSync, inflateSync } from 'node:zlib'
import { BadData, BadPayload, isExhaustion } from '../errors.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { checkOptions, isBoolean, isMethod, isSeconds, type OptionTable } from '../option-checks.ts'
import { base64urlDecode, base64urlEncode, base64urlToText, utf8ToText } from './encoding.ts'
import type { Secret } from './keys.ts'
import {
  type AgeLimit, checkedLimit, insteadOf, Signer, type SignerOptions, signerOptions, type TimedUnsigned,
  TimestampSigner, type TimestampSignerOptions, timestampSignerOptions
} from './signer.ts'

/** Turns a value into text and back. */
export interface TextSerializer {
  dumps (value: unknown): string
  loads (text: string): unknown
}

/** The most bytes that a compressed payload may inflate to. */
export const MAX_INFLATED_SIZE = 256 * 1024

export interface PayloadOptions {
  /** What turns the value into text. Default a `TaggedJSONSerializer`. */
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

/** The options of `URLSafeSerializer`. */
const untimedOptions: OptionTable<keyof SignerOptions | keyof PayloadOptions> = {
  kind: 'URLSafeSerializer option',
  checks: { ...signerOptions.checks, ...payloadChecks },
  instead: insteadOf('use a URLSafeTimedSerializer, which takes maxAge, in seconds')
}

/** The options of `URLSafeTimedSerializer`. */
const timedOptions: OptionTable<keyof TimestampSignerOptions | keyof PayloadOptions | keyof AgeLimit> = {
  kind: 'URLSafeTimedSerializer option',
  checks: { ...timestampSignerOptions.checks, ...payloadChecks, maxAge: isSeconds },
  instead: insteadOf('use maxAge, in seconds')
}

/**
 * Text as base64url, deflated behind a leading dot where asked for and shorter: the payload of itsdangerous' URL-safe
 * serializers. Throws a `TypeError` for lone surrogates, which UTF-8 cannot hold.
 */
export function encodePayload (text: string, compress: boolean): string {
  if (typeof text !== 'string') throw new TypeError('The dumps of the serializer gave no text')
  if (!text.isWellFormed()) throw new TypeError('The serializer gave text with a lone surrogate, which has no UTF-8')
  if (!compress) return base64urlEncode(text)
  const plain = Buffer.from(text)
  const deflated = deflateSync(plain)
  const shorter = deflated.length < plain.length - 1 && plain.length <= MAX_INFLATED_SIZE
  return shorter ? '.' + base64urlEncode(deflated) : base64urlEncode(plain)
}

/** The text of a payload. Throws `BadPayload`. */
export function decodePayload (payload: string, compress: boolean): string {
  const text = payload.startsWith('.') ? inflatedText(payload, compress) : base64urlToText(payload)
  if (text === undefined) throw badPayload('not base64url', payload)
  if (text === null) throw badPayload('not UTF-8', payload)
  return text
}

/** As itsdangerous has it, with an error as the cause. */
function badPayload (what: string, payload: string): BadPayload {
  return new BadPayload(`The payload is ${what}`, { payload, originalError: new TypeError(`The text is ${what}`) })
}

function inflatedText (payload: string, compress: boolean): string | null | undefined {
  if (!compress) throw new BadPayload('The payload is compressed, and compress is off', { payload })
  const bytes = base64urlDecode(payload.slice(1))
  return bytes && utf8ToText(inflate(bytes, payload))
}

/**
 * The value of a text whose signature holds. Throws `BadPayload` for whatever the serializer throws, unless memory or
 * stack ran out: that is thrown as it is.
 */
export function loadText (serializer: TextSerializer, text: string): unknown {
  try {
    return serializer.loads(text)
  } catch (originalError) {
    if (originalError instanceof BadData || isExhaustion(originalError)) throw originalError
    throw new BadPayload('The payload cannot be read', { payload: text, originalError })
  }
}

/**
 * Values as signed, URL-safe text without an expiry. With `digest: 'sha1', keyDerivation: 'django-concat',
 * compress: true` and a JSON serializer it is itsdangerous' `URLSafeSerializer`.
 */
export class URLSafeSerializer {
  readonly #signer: Signer
  readonly #serializer: TextSerializer
  readonly #compress: boolean

  /** Throws a `TypeError` as `Signer` does. */
  constructor (secret: Secret, options: SignerOptions & PayloadOptions) {
    checkOptions(options, untimedOptions)
    const { serializer = new TaggedJSONSerializer(), compress = false, ...signing } = options
    this.#signer = new Signer(secret, signing)
    this.#serializer = serializer
    this.#compress = compress
  }

  /** Throws a `TypeError` with the path of a value that cannot be kept. */
  dumps (value: unknown): string {
    return this.#signer.sign(encodePayload(this.#serializer.dumps(value), this.#compress))
  }

  /** Throws `BadSignature` or `BadPayload`. */
  loads (text: string): unknown {
    return loadText(this.#serializer, decodePayload(this.#signer.unsign(text), this.#compress))
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
  readonly #serializer: TextSerializer
  readonly #compress: boolean
  readonly #maxAge: number | undefined

  /**
   * `maxAge` in seconds, 0 or more, is the default of the loading methods; Infinity for no end. Throws a `TypeError` as
   * `Signer` does.
   */
  constructor (secret: Secret, options: TimestampSignerOptions & PayloadOptions & AgeLimit) {
    checkOptions(options, timedOptions)
    const { serializer = new TaggedJSONSerializer(), compress = false, maxAge, ...signing } = options
    this.#signer = new TimestampSigner(secret, signing)
    this.#serializer = serializer
    this.#compress = compress
    this.#maxAge = maxAge
  }

  /** Throws a `TypeError` with the path of a value that cannot be kept. */
  dumps (value: unknown): string {
    return this.#signer.sign(encodePayload(this.#serializer.dumps(value), this.#compress))
  }

  /**
   * Throws `BadSignature`, `SignatureExpired` or `BadPayload`, and a `TypeError` where neither the call nor the
   * constructor said a `maxAge`: a token without an end has to be asked for, with `Infinity`.
   */
  loads (text: string, limit: AgeLimit = {}): unknown {
    return this.loadsWithTimestamp(text, limit).value
  }

  /** As `loads`, together with the time of signing. */
  loadsWithTimestamp (text: string, limit: AgeLimit = {}): Timestamped {
    const { maxAge = this.#maxAge } = checkedLimit(limit)
    if (maxAge === undefined) {
      throw new TypeError('loads needs a maxAge in seconds, in the constructor or in the call; Infinity for none')
    }
    const { value, timestamp }: TimedUnsigned = this.#signer.verify(text, { maxAge })
    return { value: loadText(this.#serializer, decodePayload(value, this.#compress)), dateSigned: new Date(timestamp * 1000) }
  }
}

/** For data that is no zlib, is cut short, needs a dictionary, or inflates to too much. */
const DATA_FAULTS = new Set<unknown>(['Z_DATA_ERROR', 'Z_BUF_ERROR', 'Z_NEED_DICT', 'ERR_BUFFER_TOO_LARGE'])

/** Throws `BadPayload` for data at fault, and what else fails, for want of memory say, as it is. */
function inflate (bytes: Buffer, payload: string): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_INFLATED_SIZE })
  } catch (originalError) {
    if (!DATA_FAULTS.has((originalError as { code?: unknown }).code)) throw originalError
    const message = `The payload is not zlib, or inflates to more than ${MAX_INFLATED_SIZE} bytes`
    throw new BadPayload(message, { payload, originalError })
  }
}
