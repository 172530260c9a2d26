import type { KeyObject } from 'node:crypto'
import { type CookieAttributes, cookieAttributes } from '../cookies/attributes.ts'
import type { BadData } from '../errors.ts'
import { checkOptions } from '../option-checks.ts'
import { quoteName } from '../path.ts'
import type { TagClass } from '../json/tag.ts'
import type { Secret } from '../signing/keys.ts'
import { checkedSecrets } from '../signing/secret-rules.ts'
import { Codec, sessionKey } from '../wire/codec.ts'
import type { Format, WireOptions } from '../wire/format.ts'
import { type FormatName, formats } from '../wire/formats.ts'
import { agesOf } from './age-options.ts'
import { encryptionOptions } from './encryption-options.ts'
import type { Ages } from './rules.ts'
import type { SessionStore } from '../stores/store.ts'
import { storeOptions } from './store-options.ts'
import { isToken, sessionOptions, type SessionOptions } from './options.ts'
import type { SessionSerializer } from './session-interface.ts'

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
  /** Whether another program reads and writes the same cookie. It may spell the same data as another text. */
  readonly isShared: boolean
  readonly maxCookieSize: number
  readonly cacheControl: boolean
  readonly store: SessionStore | undefined
  readonly owner: string | undefined
  readonly storeTimeout: number
  readonly maxSessionSize: number
  readonly serializer: SessionSerializer
  /** Your own tags. */
  readonly tags: readonly TagClass[]
  readonly sessionInterface: SessionOptions['sessionInterface']
  readonly onInvalid: ((error: BadData, request: never) => unknown) | undefined
  /** What is to be said in the log about the options. */
  readonly warnings: readonly string[]
  /** Unix seconds. */
  readonly now: () => number
}

/** The most bytes of a cookie that browsers keep (RFC 6265, section 6.1). */
const BROWSER_LIMIT = 4096
const TOO_MUCH = `The session option maxCookieSize is above ${BROWSER_LIMIT} bytes, ` +
  'past which browsers drop a cookie without a word'

/**
 * The settings for the options; `clock` returns Unix seconds, by default those of the system. Throws a `TypeError` of
 * one sentence for whatever is wrong.
 */
export function resolveOptions (options: SessionOptions, clock?: () => number): SessionSettings {
  checkOptions(options, sessionOptions)
  const { sessionName: name = 'session', cookieName = name, tags = [], maxCookieSize = BROWSER_LIMIT } = options
  checkCookieName(cookieName)
  const { format: formatName = 'default' } = options
  const format: Format = formats[formatName]
  const wire = wireOptions(options, format)
  const warnings: string[] = maxCookieSize > BROWSER_LIMIT ? [TOO_MUCH] : []
  const secrets = secretsOf(options, format, warnings)
  const keys = secrets.map((secret) => sessionKey(secret, cookieName, wire))
  const encryption = encryptionOptions(options, secrets, cookieName, wire)
  return Object.freeze({
    ...wire,
    ...agesOf(options, format, warnings),
    format: formatName,
    name,
    cookieName,
    keys,
    codec: new Codec({ ...wire, ...encryption, format, keys, now: clock }),
    encrypt: encryption.encrypt,
    cookie: Object.freeze(cookieAttributes(cookieName, options.cookie)),
    permanent: options.permanent ?? false,
    isShared: format.isShared,
    maxCookieSize,
    cacheControl: options.cacheControl ?? true,
    ...storeOptions(options, warnings),
    serializer: withTags(options.serializer ?? format.serializer(), tags),
    tags,
    sessionInterface: options.sessionInterface,
    onInvalid: options.onInvalid,
    warnings,
    now: clock ?? (() => Date.now() / 1000)
  })
}

function checkCookieName (cookieName: string): void {
  if (isToken[0](cookieName)) return
  throw new TypeError(`The option cookieName ${isToken[1]}; ${quoteName(cookieName)}, the session's name, is none`)
}

function wireOptions (options: SessionOptions, format: Format): WireOptions {
  const { salt = format.salt, digest = format.digest, compress = format.compress } = options
  const { keyDerivation = format.keyDerivation } = options
  checkOneOf('digest', digest, format.digests)
  checkOneOf('keyDerivation', keyDerivation, format.keyDerivations)
  return { salt, digest, keyDerivation, compress }
}

function checkOneOf (option: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw new TypeError(`The session option ${option} must be one of ${known.join(', ')}`)
}

function secretsOf ({ secret, fallbacks = [] }: SessionOptions, format: Format, warnings: string[]): Secret[] {
  const warn = format.refusesWeakSecrets ? undefined : (message: string): void => { warnings.push(message) }
  return checkedSecrets(secret, fallbacks, 'session secret', warn)
}

/** Registers the tags one after the other at the front, the last one first, so that they stand in the order given. */
function withTags (serializer: SessionSerializer, tags: readonly TagClass[]): SessionSerializer {
  if (tags.length > 0 && serializer.register === undefined) {
    throw new TypeError('The session option tags needs a serializer with register')
  }
  for (const Tag of [...tags].reverse()) serializer.register!(Tag, { index: 0 })
  return serializer
}
