import type { BadData } from '../errors.ts'
import {
  anything, type Check, isBoolean, isMethod, isSeconds, isTime, type OptionTable
} from '../option-checks.ts'
import type { CookieOptions } from '../cookies/attributes.ts'
import type { JSONProvider, JSONProviderClass } from '../json/provider.ts'
import type { TagClass } from '../json/tag.ts'
import type { KeyDerivation, Secret } from '../signing/keys.ts'
import { DAY } from '../wire/format.ts'
import { type FormatName, formats } from '../wire/formats.ts'
import { instead } from './foreign-options.ts'
import type { SessionInterface } from '../session/session-interface.ts'
import type { SessionSerializer } from '../session/session-serializer.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { SessionStore } from '../stores/store.ts'

/** The options of one session. All times are in seconds. */
export interface SessionOptions<Request = unknown> {
  /**
   * Signs the cookie. Required: at least 32 bytes, 8 of them distinct; in the formats of other programs a weaker one is
   * warned of instead, since they take any.
   */
  secret: Secret | undefined
  /** Older secrets, at most 8, which verify and never sign. Default none. A session read through one is signed anew. */
  fallbacks?: ReadonlyArray<Secret | undefined> | undefined
  /**
   * The wire format: `default`, or that of an application with the same secret: `flask`, `django` (its engine
   * `signed_cookies`), `starlette` (`SessionMiddleware`, FastAPI's too). The last two hold plain JSON. Default
   * `default`.
   */
  format?: FormatName | undefined
  /** Part of the signing key. Default the empty string; in the formats of other programs, what they use. */
  salt?: string | undefined
  /**
   * The hash of the HMAC. `sha1` only with the formats `flask` and `starlette`, whose default it is; otherwise the
   * default is `sha256`.
   */
  digest?: 'sha1' | 'sha256' | 'sha384' | 'sha512' | undefined
  /**
   * How the signing key is made: `hkdf`. With `format: 'flask'`: `hmac`, the default there, or what the Flask
   * application set instead. With `django` and `starlette`: `django-concat`.
   */
  keyDerivation?: KeyDerivation | undefined
  /** The property of the request. Default `session`. */
  sessionName?: string | undefined
  /** The name of the cookie. Default the session's name; with `format: 'django'` `sessionid`. */
  cookieName?: string | undefined
  /** Attributes of the cookie. Default `{ path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto' }`. */
  cookie?: CookieOptions | undefined
  /**
   * The age in seconds past which the server refuses a session that nobody used: more than 0, `Infinity` for no end.
   * Default 31 days; with the formats `django` and `starlette` 14.
   */
  lifetime?: number | undefined
  /**
   * The same for a permanent session, and how long a browser keeps its cookie (400 days at most): not below `lifetime`.
   * Default `lifetime`. Refused in the formats of other programs, which have one age.
   */
  permanentLifetime?: number | undefined
  /**
   * Whether a new session starts permanent; written only together with something else. Default false. With the formats
   * `django` and `starlette` it says so of every session, and the default is true.
   */
  permanent?: boolean | undefined
  /**
   * The age in seconds from which a session that is used is signed anew, below `lifetime`; false for never. Default a
   * tenth of the session's lifetime; with `format: 'flask'` 0, and for permanent sessions only; with `django` and
   * `starlette` false.
   */
  refreshAfter?: number | false | undefined
  /** The age of the session, in seconds, past which it is refused however lately it was used. Default none. */
  absoluteLifetime?: number | undefined
  /**
   * Nobody but the server can read the cookie: AES-256-CTR, with a key made from the secret (HKDF). Default false.
   * Signed cookies are still read, and replaced by encrypted ones. With false, encrypted cookies are still read, and
   * replaced by signed ones. Does not go with `store` and the formats of other programs.
   */
  encrypt?: boolean | undefined
  /**
   * Write zlib where it makes the cookie shorter, and read it. Default false; with the formats `flask` and `django`
   * true. Refused with `starlette`. With `encrypt`, the length then tells something of the content.
   */
  compress?: boolean | undefined
  /** The most bytes of name, value and attributes; more is an error before anything is sent. Default 4096. */
  maxCookieSize?: number | undefined
  /**
   * Keep shared caches from storing a response that sets or deletes the cookie (RFC 9111, section 5.2.2), and from a
   * response that they may store a cookie that would only be signed anew. Default true.
   */
  cacheControl?: boolean | undefined
  /**
   * Keeps the sessions; the cookie then has only the signed id. Default none: the cookie has the whole session. Does
   * not go with `format`, `encrypt`, `compress`, `sessionInterface` and an infinite `lifetime`.
   */
  store?: SessionStore | undefined
  /**
   * With `store`: the data key that names the user, such as `userId`, by whose value all sessions of a user can be
   * listed and ended: a non-empty string without lone surrogates, a finite number or a bigint, of which the text
   * counts. A session that gets another owner gets a new id. Default none.
   */
  owner?: string | undefined
  /** With `store`: the seconds, below a day, after which a store that does not answer counts as down. Default 2. */
  storeTimeout?: number | undefined
  /** With `store`: the most bytes of keys and values; more is an error before anything is written. Default 262,144. */
  maxSessionSize?: number | undefined
  /** Your own tags, registered ahead of the built-in ones. Default none. */
  tags?: readonly TagClass[] | undefined
  /** Replaces the `TaggedJSONSerializer`. */
  serializer?: SessionSerializer | undefined
  /** Replaces the `SecureCookieSessionInterface`: a class, which is made with the settings, or an instance. */
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

const MAX_FALLBACKS = 8
/** A cookie name is a token (RFC 6265, section 4.1.1, and RFC 9110, section 5.6.2). */
const TOKEN = /^[!#$%&'*+.^`|~\w-]+$/

const isText: Check = [
  (value) => typeof value === 'string' && value.isWellFormed(), 'must be a string, without lone surrogates'
]
export const isToken: Check = [
  (value) => typeof value === 'string' && TOKEN.test(value), 'must be a cookie name: letters, digits and - _ . are safe'
]
const isTags: Check = [
  (value) => Array.isArray(value) && value.every((tag) => typeof tag === 'function'), 'must be a list of tag classes'
]
const isLifetime: Check = [(value) => isTime(value) && value > 0, 'must be a number of seconds, more than 0']

const checks: Record<keyof SessionOptions, Check> = {
  secret: anything,
  fallbacks: [
    (value) => Array.isArray(value) && value.length <= MAX_FALLBACKS,
    `must be a list of at most ${MAX_FALLBACKS} secrets`
  ],
  format: [
    (value) => typeof value === 'string' && Object.hasOwn(formats, value),
    `must be one of ${Object.keys(formats).join(', ')}`
  ],
  salt: isText,
  digest: isText,
  keyDerivation: isText,
  sessionName: [(value) => typeof value === 'string' && value !== '', 'must be the name of a property'],
  cookieName: isToken,
  cookie: [(value) => typeof value === 'object' && value !== null, 'must be an object'],
  lifetime: isLifetime,
  permanentLifetime: isLifetime,
  permanent: isBoolean,
  refreshAfter: [(value) => value === false || isTime(value), 'must be a number of seconds, 0 or more, or false'],
  absoluteLifetime: isSeconds,
  encrypt: isBoolean,
  compress: isBoolean,
  maxCookieSize: [isBytes, 'must be a number of bytes'],
  cacheControl: isBoolean,
  store: [isStore, 'must be a SessionStore, with read, create, update and destroy; ' +
    'fromExpressStore(store) makes one of a store of express-session'],
  owner: [(value) => typeof value === 'string' && value !== '', 'must be the name of a key of the session'],
  storeTimeout: [
    (value) => isTime(value) && value > 0 && value < DAY, 'must be a number of seconds, more than 0 and below a day'
  ],
  maxSessionSize: [isBytes, 'must be a number of bytes'],
  tags: isTags,
  serializer: [(value) => isMethod(value, 'dumps') && isMethod(value, 'loads'), 'must have dumps and loads'],
  sessionInterface: [
    (value) => isInterface(typeof value === 'function' ? value.prototype : value),
    'must be a SessionInterface: a class or an instance with openSession and saveSession'
  ],
  json: [isJSON, 'must be a JSONProvider, or false'],
  debug: isBoolean,
  jsonReplies: isBoolean,
  ambientJson: isBoolean,
  onInvalid: [(value) => typeof value === 'function', 'must be a function']
}

/** The options, and what to do about those of other libraries. */
export const sessionOptions: OptionTable = {
  kind: 'session option',
  checks,
  passed: ['prefix', 'logLevel', 'logSerializers'], // Fastify takes them of every plugin
  instead
}

/** The options that are the registration's rather than a session's. */
const shared = ['json', 'debug', 'jsonReplies', 'ambientJson'] as const

/** Those of the first session. Throws a `TypeError` where another one has any, and where they do not go together. */
export function sharedOptions (sessions: readonly SessionOptions[]): Pick<SessionOptions, typeof shared[number]> {
  const [first, ...others] = sessions
  for (const key of ['jsonReplies', 'ambientJson'] as const) {
    if (first!.json !== false || !first![key]) continue
    throw new TypeError(`The option ${key} needs the JSON that the option json: false leaves out`)
  }
  for (const key of shared) {
    if (others.some((each) => each[key] !== undefined)) {
      throw new TypeError(`The option ${key} is the same for all sessions of a registration; ` +
        'give it with the first one')
    }
  }
  return first!
}

function isBytes (value: unknown): boolean {
  return Number.isInteger(value) && Number(value) > 0
}

function isStore (value: unknown): boolean {
  return ['read', 'create', 'update', 'destroy'].every((name) => isMethod(value, name))
}

function isJSON (value: unknown): boolean {
  return value === false || typeof value === 'function' || (isMethod(value, 'dumps') && isMethod(value, 'loads'))
}

function isInterface (value: unknown): boolean {
  return isMethod(value, 'openSession') && isMethod(value, 'saveSession')
}
