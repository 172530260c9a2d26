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

/** A wire format: what the value of a cookie is, and the rules that belong to it. */
export interface Format extends WireOptions {
  /** Makes the serializer of the text inside. */
  readonly serializer: () => TaggedJSONSerializer
  /** Stands between payload, time stamp and signature. */
  readonly separator: string
  readonly stamp: Stamp
  readonly payload: {
    encode (text: string, compress: boolean): string
    /** Throws `BadPayload`. */
    decode (payload: string, compress: boolean): string
  }
  /** The values that the option `digest` takes. */
  readonly digests: readonly string[]
  /** The values that the option `keyDerivation` takes. */
  readonly keyDerivations: readonly KeyDerivation[]
  /** Whether a secret that is easy to guess is refused, or only warned of. */
  readonly refusesWeakSecrets: boolean
  /** The default of `refreshAfter`; undefined for a tenth of the session's lifetime. */
  readonly refreshAfter: number | undefined
  /** Whether only permanent sessions are signed anew for their age. */
  readonly refreshesPermanentOnly: boolean
  /** Whether another program reads and writes the same cookie. It may spell the same data as another text. */
  readonly isShared: boolean
}
