import type { KeyObject } from 'node:crypto'
import type { BadData } from '../errors.ts'
import {
  anything, type Check, checkOptions, isBoolean, isMethod, isSeconds, isTime, type OptionTable
} from '../option-checks.ts'
import { quoteName } from '../path.ts'
import type { JSONProvider, JSONProviderClass } from '../json/provider.ts'
import type { SerializerFormat } from '../json/dialects.ts'
import type { TagClass } from '../json/tag.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import type { KeyDerivation, Secret } from '../signing/keys.ts'
import { checkedSecrets } from '../signing/secret-rules.ts'
import { systemClock } from '../signing/signer.ts'
import { type CookieAttributes, cookieAttributes, type CookieOptions } from './cookie-attributes.ts'
import { formats, type SessionFormat, sessionKey, type WireFormat } from './formats.ts'
import type { SessionInterface, SessionSerializer } from './session-interface.ts'

/** The options of one session. All times are in seconds. */
export interface SessionOptions<Request = unknown> {
  /**
   * Signs the cookie. Required: at least 32 bytes, 8 of them distinct; with `format: 'flask'` a weaker one is warned of
   * instead, since Flask takes any.
   */
  secret: Secret | undefined
  /** Older secrets, at most 8, which verify and never sign. Default none. A session read through one is signed anew. */
  fallbacks?: ReadonlyArray<Secret | undefined> | undefined
  /** The wire format: `default`, or `flask` for the one of a Flask application with the same secret. Default `default`. */
  format?: SerializerFormat | undefined
  /** Part of the signing key. Default the empty string; with `format: 'flask'` `cookie-session`. */
  salt?: string | undefined
  /** The hash of the HMAC. `sha1` only with `format: 'flask'`, whose default it is; otherwise the default is `sha256`. */
  digest?: 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined
  /** How the signing key is made: `hkdf`; with `format: 'flask'` `hmac`, the default there, or what a Flask application set instead. */
  keyDerivation?: KeyDerivation | undefined
  /** The property of the request. Default `session`. */
  sessionName?: string | undefined
  /** The name of the cookie. Default the session's name. */
  cookieName?: string | undefined
  /** Attributes of the cookie. Default `{ path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' }`. */
  cookie?: CookieOptions | undefined
  /** How long a signature is valid, and the cookie of a permanent session kept, in seconds. Default 31 days. */
  lifetime?: number | undefined
  /** Whether a new session starts permanent; written only together with something else. Default false. */
  permanent?: boolean | undefined
  /**
   * The age in seconds from which a session that is used is signed anew; false for never. Default a tenth of
   * `lifetime`; with `format: 'flask'` 0, and for permanent sessions only.
   */
  refreshAfter?: number | false | undefined
  /** The age of the session, in seconds, past which it is refused however lately it was used. Default none. */
  absoluteLifetime?: number | undefined
  /** Write zlib where it makes the cookie shorter, and read it. Default false; with `format: 'flask'` true. */
  compress?: boolean | undefined
  /** The most bytes of name, value and attributes; more is an error before anything is sent. Default 4096. */
  maxCookieSize?: number | undefined
  /**
   * Keep shared caches from storing a response that sets or deletes the cookie (RFC 9111, section 5.2.2), and from a
   * response that they may store a cookie that would only be signed anew. Default true.
   */
  cacheControl?: boolean | undefined
  /** Tags of the application's own, registered ahead of the built-in ones. Default none. */
  tags?: readonly TagClass[] | undefined
  /** In the place of the `TaggedJSONSerializer`. */
  serializer?: SessionSerializer | undefined
  /** In the place of the `SecureCookieSessionInterface`: an instance, or a class made with the settings. */
  sessionInterface?: SessionInterface | (new (settings: SessionSettings) => SessionInterface) | undefined
  /**
   * A `JSONProvider` class, made with `{ debug }`, or an instance. Default `DefaultJSONProvider`. With false nothing of
   * JSON is added to the instance, its requests and its replies, so that the application can have those names.
   */
  json?: JSONProvider | JSONProviderClass | false | undefined
  /** Indented `jsonify`. Default whether NODE_ENV is `development`. */
  debug?: boolean | undefined
  /**
   * Plain values that handlers return are written by the provider, as `jsonify` writes them, where the route has no
   * response schema for the status. Default false.
   */
  jsonReplies?: boolean | undefined
  /** The functions of `json` use the application's provider inside handlers. Default false. */
  ambientJson?: boolean | undefined
  /**
   * Called once for a cookie that was refused, after the session is settled as an empty one. What it throws or rejects
   * with is logged.
   */
  onInvalid?: ((error: BadData, request: Request) => void | Promise<void>) | undefined
}

/** The options of one session, checked and complete. Holds keys, and no secret. */
export interface SessionSettings extends WireFormat {
  /** The property of the request. */
  readonly name: string
  readonly cookieName: string
  /** The derived keys; the first one signs. */
  readonly keys: readonly KeyObject[]
  readonly cookie: CookieAttributes
  readonly lifetime: number
  readonly permanent: boolean
  readonly refreshAfter: number | false
  /** Whether only permanent sessions are signed anew for their age. */
  readonly refreshesPermanentOnly: boolean
  /** Whether another program writes the same data as another text. */
  readonly hasForeignText: boolean
  readonly absoluteLifetime: number | undefined
  readonly maxCookieSize: number
  readonly cacheControl: boolean
  readonly serializer: SessionSerializer
  /** The tags of the application's own. */
  readonly tags: readonly TagClass[]
  readonly sessionInterface: SessionOptions['sessionInterface']
  readonly onInvalid: ((error: BadData, request: never) => unknown) | undefined
  /** What is to be said in the log about the options. */
  readonly warnings: readonly string[]
  /** Unix seconds. */
  readonly now: () => number
}

const DAY = 24 * 60 * 60
const DEFAULT_LIFETIME = 31 * DAY
const MAX_FALLBACKS = 8
const ENDLESS = 'The session lifetime is Infinity, so that a copy of a cookie is valid until the secret changes; absoluteLifetime sets an end'
/** A cookie name is a token (RFC 6265, section 4.1.1, and RFC 9110, section 5.6.2). */
const TOKEN = /^[!#$%&'*+.^`|~\w-]+$/

const isText: Check = [
  (value) => typeof value === 'string' && value.isWellFormed(), 'must be a string, without lone surrogates'
]
const isToken: Check = [(value) => typeof value === 'string' && TOKEN.test(value), 'must be a cookie name: letters, digits and - _ . are safe']
const isTags: Check = [(value) => Array.isArray(value) && value.every((tag) => typeof tag === 'function'), 'must be a list of tag classes']

const checks: Record<keyof SessionOptions, Check> = {
  secret: anything,
  fallbacks: [(value) => Array.isArray(value) && value.length <= MAX_FALLBACKS, `must be a list of at most ${MAX_FALLBACKS} secrets`],
  format: [(value) => typeof value === 'string' && Object.hasOwn(formats, value), `must be one of ${Object.keys(formats).join(', ')}`],
  salt: isText,
  digest: isText,
  keyDerivation: isText,
  sessionName: [(value) => typeof value === 'string' && value !== '', 'must be the name of a property'],
  cookieName: isToken,
  cookie: [(value) => typeof value === 'object' && value !== null, 'must be an object'],
  lifetime: isSeconds,
  permanent: isBoolean,
  refreshAfter: [(value) => value === false || isTime(value), 'must be a number of seconds, 0 or more, or false'],
  absoluteLifetime: isSeconds,
  compress: isBoolean,
  maxCookieSize: [(value) => Number.isInteger(value) && value > 0, 'must be a number of bytes'],
  cacheControl: isBoolean,
  tags: isTags,
  serializer: [(value) => isMethod(value, 'dumps') && isMethod(value, 'loads'), 'must have dumps and loads'],
  sessionInterface: [(value) => typeof value === 'function' || (isMethod(value, 'openSession') && isMethod(value, 'saveSession')), 'must be a SessionInterface'],
  json: [isJSON, 'must be a JSONProvider, or false'],
  debug: isBoolean,
  jsonReplies: isBoolean,
  ambientJson: isBoolean,
  onInvalid: [(value) => typeof value === 'function', 'must be a function']
}

const LIFETIME = 'use lifetime, in seconds'
const inCookie = ['domain', 'path', 'httpOnly', 'secure', 'sameSite', 'partitioned', 'priority']

const table: OptionTable = {
  kind: 'session option',
  checks,
  passed: ['prefix', 'logLevel', 'logSerializers'], // Fastify takes them of every plugin
  instead: {
    ...Object.fromEntries(inCookie.map((name) => [name, `use cookie: { ${name} }`])),
    maxAge: LIFETIME,
    expires: LIFETIME,
    expiry: LIFETIME,
    ttl: LIFETIME,
    rolling: 'use refreshAfter, the age in seconds from which a session that is used is signed anew',
    saveUninitialized: 'leave it out, since a session is saved once it holds something',
    resave: 'leave it out, since a session is saved where it was changed',
    key: 'use secret',
    keys: 'use secret, and fallbacks for the older ones',
    password: 'use secret',
    name: 'use cookieName for the cookie, or sessionName for the property of the request',
    genid: 'leave it out, since session.id is 128 random bits',
    cookieOptions: 'use cookie'
  }
}

/** The settings for the options. Throws a `TypeError` of one sentence for whatever is wrong. */
export function resolveOptions (options: SessionOptions): SessionSettings {
  checkOptions(options, table)
  const { sessionName: name = 'session', cookieName = name, lifetime = DEFAULT_LIFETIME, tags = [] } = options
  if (!isToken[0](cookieName)) throw new TypeError(`The option cookieName ${isToken[1]}; ${quoteName(cookieName)}, the session's name, is none`)
  const format = formats[options.format ?? 'default']
  const wire = wireFormat(options, format)
  const warnings = lifetime === Infinity && options.absoluteLifetime === undefined ? [ENDLESS] : []
  return Object.freeze({
    ...wire,
    name,
    cookieName,
    keys: secretsOf(options, format, warnings).map((secret) => sessionKey(secret, cookieName, wire)),
    cookie: Object.freeze(cookieAttributes(cookieName, options.cookie)),
    lifetime,
    permanent: options.permanent ?? false,
    refreshAfter: options.refreshAfter ?? format.refreshAfter(lifetime),
    refreshesPermanentOnly: format.refreshesPermanentOnly,
    hasForeignText: format.hasForeignText,
    absoluteLifetime: options.absoluteLifetime,
    maxCookieSize: options.maxCookieSize ?? 4096,
    cacheControl: options.cacheControl ?? true,
    serializer: withTags(options.serializer ?? new TaggedJSONSerializer({ format: format.serializer }), tags),
    tags,
    sessionInterface: options.sessionInterface,
    onInvalid: options.onInvalid,
    warnings,
    now: systemClock
  })
}

/** The options that are the registration's rather than a session's. */
const shared = ['json', 'debug', 'jsonReplies', 'ambientJson'] as const

/** Those of the first session. Throws a `TypeError` where another one has any, and where they do not go together. */
export function sharedOptions ([first, ...others]: readonly SessionOptions[]): Pick<SessionOptions, typeof shared[number]> {
  for (const key of ['jsonReplies', 'ambientJson'] as const) {
    if (first!.json !== false || !first![key]) continue
    throw new TypeError(`The option ${key} needs the JSON that the option json: false leaves out`)
  }
  for (const key of shared) {
    if (others.some((each) => each[key] !== undefined)) {
      throw new TypeError(`The option ${key} is the same for all sessions of a registration; give it with the first one`)
    }
  }
  return first!
}

function wireFormat (options: SessionOptions, format: SessionFormat): WireFormat {
  const { salt = format.salt, digest = format.digest, keyDerivation = format.keyDerivation, compress = format.compress } = options
  if (!format.digests.includes(digest)) throw new TypeError(`The session option digest must be one of ${format.digests.join(', ')}`)
  if (!format.keyDerivations.includes(keyDerivation)) throw new TypeError(`The session option keyDerivation must be one of ${format.keyDerivations.join(', ')}`)
  return { salt, digest, keyDerivation, compress }
}

function secretsOf ({ secret, fallbacks = [] }: SessionOptions, format: SessionFormat, warnings: string[]): Secret[] {
  const warn = format.refusesWeakSecrets ? undefined : (message: string): void => { warnings.push(message) }
  return checkedSecrets(secret, fallbacks, 'session secret', warn)
}

/** Registers the tags one after the other at the front, the last one first, so that they stand in the order given. */
function withTags (serializer: SessionSerializer, tags: readonly TagClass[]): SessionSerializer {
  if (tags.length > 0 && serializer.register === undefined) throw new TypeError('The session option tags needs a serializer with register')
  for (const Tag of [...tags].reverse()) serializer.register!(Tag, { index: 0 })
  return serializer
}

function isJSON (value: unknown): boolean {
  return value === false || typeof value === 'function' || (isMethod(value, 'dumps') && isMethod(value, 'loads'))
}
