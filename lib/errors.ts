import { quoteName } from './path.ts'

/** What is known about data that was refused; evidence for the code that asked, never for a log. */
export interface Evidence {
  /** The part of the data in question, still unverified unless the error is a `BadPayload` or `SignatureExpired`. */
  payload?: string | undefined
  /** When the data says it was signed. */
  dateSigned?: Date | undefined
  /** What made a payload unreadable. */
  originalError?: unknown
}

/**
 * Signed data that was refused; the base of every such error, as in itsdangerous. Its messages quote neither the data
 * nor a secret. `payload` and `originalError` may quote the data, so logs and inspections do not show them.
 */
export class BadData extends Error {
  /** Stable; one for each class. */
  readonly code: string = 'FSS_ERR_BAD_DATA'
  declare readonly dateSigned: Date | undefined
  readonly #evidence: Evidence

  constructor (message: string, evidence: Evidence = {}) {
    super(message)
    this.#evidence = evidence
    if (evidence.dateSigned !== undefined) this.dateSigned = evidence.dateSigned
  }

  get payload (): string | undefined { return this.#evidence.payload }
  get originalError (): unknown { return this.#evidence.originalError }
}

/** Makes the errors of `run` without a stack, their slowest part: anybody can send any number of bad cookies. */
export function withoutStacks<Result> (run: () => Result): Result {
  const { stackTraceLimit } = Error
  Reflect.set(Error, 'stackTraceLimit', 0) // changes nothing, and does not throw, where intrinsics are frozen
  try {
    return run()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}

/** What V8 says where stack or memory ran out, and the codes that Node has for it. */
const EXHAUSTED = /^(Maximum call stack|Array buffer allocation failed|Invalid string length|(Map|Set) maximum size)/
const EXHAUSTION_CODES = new Set<unknown>(['ERR_MEMORY_ALLOCATION_FAILED', 'ERR_STRING_TOO_LONG', 'ENOMEM'])

/** Whether an error says that memory or stack ran out. The data that is read then is not at fault. */
export function isExhaustion (error: unknown): boolean {
  if (error instanceof RangeError && EXHAUSTED.test(error.message)) return true
  return error instanceof Error && EXHAUSTION_CODES.has((error as { code?: unknown }).code)
}

/** What `look` gives; undefined where it throws, as it may at a Proxy, a getter or a look-alike. */
export function attempt<Result> (look: () => Result): Result | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** The signature does not fit the data, or there is none. */
export class BadSignature extends BadData { override readonly code: string = 'FSS_ERR_BAD_SIGNATURE' }

/** The signature does not fit timestamped data, or its timestamp is missing or malformed. */
export class BadTimeSignature extends BadSignature { override readonly code: string = 'FSS_ERR_BAD_TIME_SIGNATURE' }

/** The signature is genuine and too old, or from the future. */
export class SignatureExpired extends BadTimeSignature { override readonly code: string = 'FSS_ERR_SIGNATURE_EXPIRED' }

/** The signature is genuine and the data inside cannot be read. */
export class BadPayload extends BadData { override readonly code: string = 'FSS_ERR_BAD_PAYLOAD' }

/** The cookie is genuine, and what the store has for it cannot be read. */
export class BadStoredSession extends BadPayload {
  override readonly code: string = 'FSS_ERR_BAD_STORED_SESSION'
}

/** A value that cannot be kept, refused when it is written. */
export class NotSerializable extends TypeError {
  readonly code = 'FSS_ERR_NOT_SERIALIZABLE'
  /** Where the value stands, such as `session.cart[2].price`. */
  readonly keyPath: string
  /** 400 for what a client may have sent and no program would make, such as 700 lists inside each other. */
  declare readonly statusCode?: number

  constructor (keyPath: string, reason: string, statusCode?: number, options?: ErrorOptions) {
    super(`${keyPath} ${reason}`, options)
    this.keyPath = keyPath
    if (statusCode !== undefined) this.statusCode = statusCode
  }
}

/** A key or a whole value that a session cannot take. It may come from a request, so Fastify answers with 400. */
export class InvalidSessionData extends TypeError {
  readonly code = 'FSS_ERR_INVALID_SESSION_DATA'
  readonly statusCode = 400
}

/** A value that `default` of a provider has no form for; where it stands is known to who called that. */
export class HasNoForm extends NotSerializable {
  readonly reason: string

  constructor (reason: string) {
    super('value', reason)
    this.reason = reason
  }
}

/** A request that a page of another origin made a browser send. Fastify answers with 403. */
export class CrossOriginRequest extends Error {
  readonly code = 'FSS_ERR_CROSS_ORIGIN'
  readonly statusCode = 403

  /** `from` says which origin. */
  constructor (method: string, from: string) {
    super(`The ${method} request comes from ${from}, so it was refused. ` +
      'See docs/cross-origin-protection.md for the reason, and for how to allow it')
  }
}

const SHOWN_AROUND = 10 // characters on either side of a place

/** Where in a text, in UTF-16 units from 0. */
interface Place {
  readonly text: string
  readonly offset: number
}

/**
 * Text or bytes that are no JSON, or JSON that is not read; Python's name for it. The message says line and column, and
 * Fastify answers one about a body with 400. Logs and inspections do not show `near` and `originalError`.
 */
export class JSONDecodeError extends SyntaxError {
  readonly code = 'FSS_ERR_BAD_JSON'
  /** 400 about the body of a request, otherwise undefined: other text is no fault of the client. */
  declare readonly statusCode: number | undefined
  /** Where in the text, in UTF-16 units from 0; undefined where it is not known. */
  readonly position: number | undefined
  readonly #made: { reason: string, at: Place | undefined, cause: unknown }

  constructor (reason: string, at?: Place, { isBody = false, cause }: ErrorOptions & { isBody?: boolean } = {}) {
    super(`The JSON cannot be read: ${reason}${at === undefined ? '' : ` (${describePlace(at)})`}`)
    this.#made = { reason, at, cause }
    this.position = at?.offset
    if (isBody) this.statusCode = 400
  }

  /** Up to 20 characters around the place, for the client that sent the body; undefined about other text. */
  get near (): string | undefined {
    const { at } = this.#made
    if (at === undefined || this.statusCode === undefined) return undefined
    return at.text.slice(Math.max(0, at.offset - SHOWN_AROUND), at.offset + SHOWN_AROUND) || undefined
  }

  /** What a provider of the application threw. */
  get originalError (): unknown { return this.#made.cause }

  /** The same about the body of a request. */
  ofBody (): JSONDecodeError {
    const { reason, at, cause } = this.#made
    return new JSONDecodeError(reason, at, { isBody: true, cause })
  }
}

/** Line and column count from 1. */
function describePlace ({ text, offset }: Place): string {
  const lines = text.slice(0, offset).split('\n')
  return `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
}

/** A body that is not read for its media type or coding (RFC 9110, section 15.5.16). Fastify sends the `headers`. */
export class UnsupportedMediaType extends Error {
  readonly code = 'FSS_ERR_UNSUPPORTED_MEDIA_TYPE'
  readonly statusCode = 415
  readonly headers: Readonly<Record<string, string>>

  constructor (message: string, headers: Record<string, string> = {}) {
    super(message)
    this.headers = headers
  }
}

/** How many keys of a large session a message or a log line names. */
export const SHOWN_KEYS = 20

type Weights = ReadonlyArray<readonly [key: string, bytes: number]>

/** A session whose cookie would be longer than browsers keep, refused before anything is sent. */
export class CookieTooLarge extends Error {
  readonly code = 'FSS_ERR_COOKIE_TOO_LARGE'
  /** Bytes of name, value and attributes together. */
  readonly size: number

  constructor (cookieName: string, size: number, limit: number, keys: Weights) {
    super(`The cookie ${quoteName(cookieName)} would take ${size} bytes, more than the ${limit} of maxCookieSize, ` +
      'so it was not sent and the old one stands. ' +
      `Keep less in the session, or use a store (docs/stores.md).${describeWeights(keys)}`)
    this.size = size
  }
}

/** A session that would take more in a store than `maxSessionSize`, refused before anything is written. */
export class SessionTooLarge extends Error {
  readonly code = 'FSS_ERR_SESSION_TOO_LARGE'
  /** Bytes of all keys and values. */
  readonly size: number

  constructor (size: number, limit: number, keys: Weights) {
    super(`The session would take ${size} bytes, more than the ${limit} of maxSessionSize, so it was not saved. ` +
      `Keep less in it.${describeWeights(keys)}`)
    this.size = size
  }
}

/** The store of the sessions failed, or did not answer in time. Fastify answers with 503. */
export class StoreUnavailable extends Error {
  readonly code = 'FSS_ERR_STORE_UNAVAILABLE'
  readonly statusCode = 503
  /** Of the reply: when to try again, in seconds. */
  readonly headers = { 'retry-after': '1' }

  /** Of `reason`, message, code and stack are shown. What else clients add to their errors can hold values. */
  constructor (reason: unknown) {
    super('The session store cannot be reached (docs/stores.md)', { cause: withoutDetails(reason) })
  }
}

function withoutDetails (reason: unknown): Error {
  if (!(reason instanceof Error)) return new Error('The store rejected with something that is no error')
  const { message, stack, code } = reason as NodeJS.ErrnoException
  return Object.defineProperty(Object.assign(new Error(message), code === undefined ? {} : { code }), 'stack', {
    value: stack, writable: true, configurable: true
  })
}

/** The bytes of the largest keys, then the number and the sum of the others. */
function describeWeights (keys: Weights): string {
  if (keys.length === 0) return ''
  const shown = keys.slice(0, SHOWN_KEYS).map(([key, bytes]) => `${quoteName(key)} ${bytes}`)
  const others = keys.slice(SHOWN_KEYS)
  const rest = others.reduce((sum, [, bytes]) => sum + bytes, 0)
  if (others.length > 0) shown.push(`and ${others.length} more keys ${rest}`)
  return ` Bytes of each key: ${shown.join(', ')}`
}

const named = {
  BadData, BadSignature, BadTimeSignature, SignatureExpired, BadPayload, BadStoredSession, JSONDecodeError
}
for (const [name, { prototype }] of Object.entries(named)) prototype.name = name
