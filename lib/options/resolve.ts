import { cookieAttributes } from '../cookies/attributes.ts'
import { checkOptions } from '../option-checks.ts'
import { quoteName } from '../path.ts'
import type { TagClass } from '../json/tag.ts'
import type { SessionSerializer } from '../session/session-serializer.ts'
import type { Secret } from '../signing/keys.ts'
import { checkedSecrets } from '../signing/secret-rules.ts'
import type { StoredSettings } from '../stores/stored-interface.ts'
import { Codec, sessionKey } from '../wire/codec.ts'
import type { Format, WireOptions } from '../wire/format.ts'
import { formats } from '../wire/formats.ts'
import { agesOf } from './age-options.ts'
import { encryptionOptions } from './encryption-options.ts'
import { isToken, sessionOptions, type SessionOptions } from './session-options.ts'
import { storeOptions } from './store-options.ts'

/** The settings of one session, and what keeps it. */
export interface ResolvedOptions extends StoredSettings {
  readonly sessionInterface: SessionOptions['sessionInterface']
}

/** The most bytes of a cookie that browsers keep (RFC 6265, section 6.1). */
const BROWSER_LIMIT = 4096
const TOO_MUCH = `The session option maxCookieSize is above ${BROWSER_LIMIT} bytes, ` +
  'past which browsers drop a cookie without a word'

/**
 * The settings for the options; `clock` returns Unix seconds, by default those of the system. Throws a `TypeError` of
 * one sentence for whatever is wrong.
 */
export function resolveOptions (options: SessionOptions, clock?: () => number): ResolvedOptions {
  checkOptions(options, sessionOptions)
  const { sessionName: name = 'session', format: formatName = 'default', maxCookieSize = BROWSER_LIMIT } = options
  const format: Format = formats[formatName]
  const { cookieName = format.cookieName ?? name, tags = [] } = options
  checkCookieName(cookieName)
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
    permanent: options.permanent ?? !format.keepsPermanent,
    keepsPermanent: format.keepsPermanent,
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
  if (compress && !format.canCompress) {
    throw new TypeError('The session option compress does not go with this format, whose payload is never compressed')
  }
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
    throw new TypeError('The session option tags needs a serializer with register, which is that of the formats ' +
      'default and flask: plain JSON has no tags')
  }
  for (const Tag of [...tags].reverse()) serializer.register!(Tag, { index: 0 })
  return serializer
}
