import { BadData, BadSignature, BadTimeSignature, NotSerializable } from '../errors.ts'
import { SecureCookieSessionInterface, splitPayload, weights } from '../session/cookie-interface.ts'
import { openCookie } from '../session/encode.ts'
import type { SessionSettings } from '../session/settings.ts'
import { payloadError, type TextSerializer } from '../signing/serializer.ts'
import { type FormatName, formats } from '../wire/formats.ts'

/** What a cookie says, whether or not it may be believed. */
export interface CookieContent {
  readonly data: Record<string, unknown>
  readonly id: string | undefined
  readonly began: Date | undefined
  /** Undefined where the cookie does not say. */
  readonly permanent: boolean | undefined
  /** Bytes of the text of the payload. */
  readonly payloadBytes: number
  /** Bytes of the text of each value, largest first. */
  readonly keyBytes: ReadonlyArray<readonly [key: string, bytes: number]>
  /** Why an application that reads the data cannot save them again, where it cannot. Then there are no `keyBytes`. */
  readonly unsavable: string | undefined
}

/** The parts of a cookie as they stand in it. */
export interface CookieParts {
  readonly payload: string
  readonly isCompressed: boolean
  /** In Unix seconds. */
  readonly timestamp: number
  /** By the length of the signature; undefined where no digest has it. */
  readonly digest: string | undefined
}

const digests: Readonly<Record<number, string>> = { 27: 'sha1', 43: 'sha256', 64: 'sha384', 86: 'sha512' }

/** Takes a cookie apart without believing it. Throws `BadData` for what does not have the form of a signed cookie. */
export function splitCookie (value: string): CookieParts {
  const [, payload, stamp, signature] = /^(\.?[\w-]*)\.([\w-]*)\.([\w-]+)$/.exec(value) ?? []
  if (payload === undefined) {
    throw new BadSignature('The cookie does not have the form of a signed one, payload.timestamp.signature')
  }
  const timestamp = formats.default.stamp.read(stamp!)
  if (timestamp === undefined) throw new BadTimeSignature('The timestamp is malformed')
  return { payload, isCompressed: payload.startsWith('.'), timestamp, digest: digests[signature!.length] }
}

/** The format of a cookie by its signature: SHA-1 is Flask's alone. */
export function formatOf ({ digest }: CookieParts): FormatName {
  return digest === formats.flask.digest ? 'flask' : 'default'
}

/** Reads a cookie, whether its signature holds or not. Throws `BadPayload`. */
export function readContent ({ payload }: CookieParts, { format, serializer }: SessionSettings): CookieContent {
  const text = formats[format].payload.decode(payload, true)
  const { data, id, createdAt, permanent } = splitPayload(loaded(serializer, text), text)
  // More can be read than is ever written: deeper values, and keys that change prototypes.
  const weighed = attempt(() => weights(data, serializer), NotSerializable)
  return {
    data,
    id,
    began: createdAt === undefined ? undefined : new Date(createdAt * 1000),
    permanent,
    payloadBytes: Buffer.byteLength(text),
    keyBytes: weighed instanceof NotSerializable ? [] : weighed,
    unsavable: weighed instanceof NotSerializable ? weighed.message : undefined
  }
}

function loaded (serializer: TextSerializer, text: string): unknown {
  try {
    return serializer.loads(text)
  } catch (error) {
    throw payloadError(error, text)
  }
}

/** Why a cookie does not verify with these settings, or undefined where it does. */
export function refusalOf (value: string, settings: SessionSettings): BadData | undefined {
  const opened = attempt(() => openCookie(new SecureCookieSessionInterface(settings), value))
  return opened instanceof BadData ? opened : undefined
}

/** What `action` returns, or the error by which it refuses what it was given. */
export function attempt<Result> (action: () => Result): Result | BadData
export function attempt<Result, Refusal> (action: () => Result, kind: new (...args: never) => Refusal): Result | Refusal
export function attempt (action: () => unknown, kind: Function = BadData): unknown {
  try {
    return action()
  } catch (error) {
    if (error instanceof kind) return error
    throw error
  }
}
