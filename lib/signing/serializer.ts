import { deflateSync, inflateSync } from 'node:zlib'
import { BadData, BadPayload } from '../errors.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { base64urlDecode, base64urlEncode, base64urlToText, utf8ToText } from './encoding.ts'
import type { Secret } from './keys.ts'
import { type AgeLimit, checkedLimit, Signer, type SignerOptions, type TimedUnsigned, TimestampSigner, type TimestampSignerOptions } from './signer.ts'

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

/**
 * Text as base64url, deflated behind a leading dot where asked for and shorter: the payload of itsdangerous' URL-safe
 * serializers. Throws a `TypeError` for lone surrogates, which UTF-8 cannot hold.
 */
export function encodePayload (text: string, compress: boolean): string {
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

/** The value of a text whose signature holds. Throws `BadPayload`, whatever the serializer throws. */
export function loadText (serializer: TextSerializer, text: string): unknown {
  try {
    return serializer.loads(text)
  } catch (originalError) {
    if (originalError instanceof BadData) throw originalError
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
    this.#signer = new Signer(secret, options)
    this.#serializer = options.serializer ?? new TaggedJSONSerializer()
    this.#compress = options.compress ?? false
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

  /** `maxAge` in seconds is the default of the loading methods. Throws a `TypeError` as `Signer` does. */
  constructor (secret: Secret, options: TimestampSignerOptions & PayloadOptions & AgeLimit) {
    this.#signer = new TimestampSigner(secret, options)
    this.#serializer = options.serializer ?? new TaggedJSONSerializer()
    this.#compress = options.compress ?? false
    this.#maxAge = options.maxAge
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
    if (typeof maxAge !== 'number' || Number.isNaN(maxAge)) {
      throw new TypeError('loads needs a maxAge in seconds, in the constructor or in the call; Infinity for none')
    }
    const { value, timestamp }: TimedUnsigned = this.#signer.verify(text, { maxAge })
    return { value: loadText(this.#serializer, decodePayload(value, this.#compress)), dateSigned: new Date(timestamp * 1000) }
  }
}

function inflate (bytes: Buffer, payload: string): Buffer {
  try {
    return inflateSync(bytes, { maxOutputLength: MAX_INFLATED_SIZE })
  } catch (originalError) {
    throw new BadPayload(`The payload is not zlib, or inflates to more than ${MAX_INFLATED_SIZE} bytes`, { payload, originalError })
  }
}
