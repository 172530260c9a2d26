import type { PythonJSONSerializer } from '../json/python-json.ts'
import type { TaggedJSONSerializer } from '../json/tagged-json.ts'
import type { KeyDerivation } from '../signing/keys.ts'
import type { Stamp } from '../signing/encoding.ts'

/** The parts of a wire format that the options of a session may replace, by the names of those options. */
export interface WireOptions {
  readonly salt: string
  readonly digest: string
  readonly keyDerivation: KeyDerivation
  readonly compress: boolean
}

/** In seconds. */
export const DAY = 24 * 60 * 60

/** A wire format: what the value of a cookie is, and the rules that belong to it. */
export interface Format extends WireOptions {
  /** Makes the serializer of the text inside. */
  readonly serializer: () => TaggedJSONSerializer | PythonJSONSerializer
  /** Stands between payload, time stamp and signature. */
  readonly separator: string
  readonly stamp: Stamp
  readonly payload: {
    encode (text: string, compress: boolean): string
    /** `payload` is ASCII. Throws `BadPayload`. */
    decode (payload: string, compress: boolean): string
  }
  /** Whether a payload may be compressed. */
  readonly canCompress: boolean
  /** The value of a cookie that is deleted. */
  readonly emptied: string
  /** The values that the option `digest` takes. */
  readonly digests: readonly string[]
  /** The values that the option `keyDerivation` takes. */
  readonly keyDerivations: readonly KeyDerivation[]
  /** Whether a secret that is easy to guess is refused, or only warned of. */
  readonly refusesWeakSecrets: boolean
  /** The default name of the cookie; undefined for the name of the session. */
  readonly cookieName: string | undefined
  /** The default of `lifetime`, in seconds. */
  readonly lifetime: number
  /** Whether a payload says if its session is permanent; otherwise all are, unless the option `permanent` is false. */
  readonly keepsPermanent: boolean
  /** The default of `refreshAfter`; undefined for a tenth of the session's lifetime, false for never. */
  readonly refreshAfter: number | false | undefined
  /** Whether only permanent sessions are signed anew for their age. */
  readonly refreshesPermanentOnly: boolean
  /** Whether another program reads and writes the same cookie. It may spell the same data as another text. */
  readonly isShared: boolean
}
