import { BadData, BadSignature, BadTimeSignature, NotSerializable } from '../errors.ts'
import { openCookie } from '../session/codec.ts'
import { formats } from '../session/formats.ts'
import type { SessionSettings } from '../session/options.ts'
import { contentsOf } from '../session/session.ts'
import { SecureCookieSessionInterface } from '../session/session-interface.ts'
import { decodePayload } from '../signing/serializer.ts'
import { readTimestamp, TimestampSigner } from '../signing/signer.ts'

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
  const timestamp = readTimestamp(stamp!)
  if (timestamp === undefined) throw new BadTimeSignature('The timestamp is malformed')
  return { payload, isCompressed: payload.startsWith('.'), timestamp, digest: digests[signature!.length] }
}

/** The format of a cookie by its signature: SHA-1 is Flask's alone. */
export function formatOf ({ digest }: CookieParts): 'default' | 'flask' {
  return digest === formats.flask.digest ? 'flask' : 'default'
}

/**
 * Reads a cookie unverified: signs its payload once more, with the key of `settings`, and has the session interface
 * open that. Throws `BadPayload`.
 */
export function readContent ({ payload, timestamp }: CookieParts, settings: SessionSettings): CookieContent {
  const signer = new TimestampSigner(settings.keys[0]!, {
    salt: '',
    digest: settings.digest,
    keyDerivation: 'none',
    now: () => timestamp
  })
  const sessionInterface = new SecureCookieSessionInterface({ ...settings, now: () => timestamp })
  const session = openCookie(sessionInterface, signer.sign(payload))
  // More can be read than is ever written: deeper values, and keys that change prototypes.
  const weights = attempt(() => sessionInterface.weigh(session), NotSerializable)
  return {
    data: session.data(),
    id: contentsOf(session)!.id,
    began: session.createdAt,
    permanent: contentsOf(session)!.permanent,
    payloadBytes: Buffer.byteLength(decodePayload(payload, true)),
    keyBytes: weights instanceof NotSerializable ? [] : weights,
    unsavable: weights instanceof NotSerializable ? weights.message : undefined
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
