import type { KeyObject } from 'node:crypto'
import type { CookieAttributes } from '../cookies/attributes.ts'
import type { BadData } from '../errors.ts'
import type { TagClass } from '../json/tag.ts'
import type { Codec } from '../wire/codec.ts'
import type { WireOptions } from '../wire/format.ts'
import type { FormatName } from '../wire/formats.ts'
import type { Ages } from './rules.ts'
import type { SessionSerializer } from './session-serializer.ts'

/** The options of one session, checked and complete. Holds keys, and no secret. */
export interface SessionSettings extends WireOptions, Ages {
  readonly format: FormatName
  /** The property of the request. */
  readonly name: string
  readonly cookieName: string
  /** The derived keys; the first one signs. */
  readonly keys: readonly KeyObject[]
  /** Makes the text of a session the value of its cookie, and opens such values. */
  readonly codec: Codec
  /** Whether nobody but the server can read the cookie. */
  readonly encrypt: boolean
  readonly cookie: CookieAttributes
  readonly permanent: boolean
  /** Whether each session says if it is permanent; otherwise all are as `permanent` says. */
  readonly keepsPermanent: boolean
  /** Whether another program reads and writes the same cookie. It may spell the same data as another text. */
  readonly isShared: boolean
  readonly maxCookieSize: number
  readonly cacheControl: boolean
  readonly owner: string | undefined
  readonly storeTimeout: number
  readonly maxSessionSize: number
  readonly serializer: SessionSerializer
  /** Your own tags. */
  readonly tags: readonly TagClass[]
  readonly onInvalid: ((error: BadData, request: never) => unknown) | undefined
  /** What is to be said in the log about the options. */
  readonly warnings: readonly string[]
  /** Unix seconds. */
  readonly now: () => number
}
