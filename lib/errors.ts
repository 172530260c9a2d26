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
 * Signed data that was refused; the base of every such error, as in itsdangerous.
 * Its messages carry neither the data nor a secret. `payload` and `originalError`, which may quote the data,
 * are no properties of the object, so that neither logs nor inspections show them.
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

  get payload (): string | undefined {
    return this.#evidence.payload
  }

  get originalError (): unknown {
    return this.#evidence.originalError
  }

  static {
    this.prototype.name = 'BadData'
  }
}

/**
 * Makes the errors of `run` without a stack, which is by far the dearest part of an error: for cookies, where anybody can
 * have as many refused as they like, and always by the same calls.
 */
export function withoutStacks<Result> (run: () => Result): Result {
  const { stackTraceLimit } = Error
  limitStacks(0)
  try {
    return run()
  } finally {
    limitStacks(stackTraceLimit)
  }
}

function limitStacks (limit: number): void {
  try {
    Error.stackTraceLimit = limit
  } catch {
    // Intrinsics are frozen, so stacks are made.
  }
}

/** The signature does not fit the data, or there is none. */
export class BadSignature extends BadData {
  override readonly code: string = 'FSS_ERR_BAD_SIGNATURE'

  static {
    this.prototype.name = 'BadSignature'
  }
}

/** The signature does not fit timestamped data, or its timestamp is missing or malformed. */
export class BadTimeSignature extends BadSignature {
  override readonly code: string = 'FSS_ERR_BAD_TIME_SIGNATURE'

  static {
    this.prototype.name = 'BadTimeSignature'
  }
}

/** The signature is genuine and too old, or from the future. */
export class SignatureExpired extends BadTimeSignature {
  override readonly code: string = 'FSS_ERR_SIGNATURE_EXPIRED'

  static {
    this.prototype.name = 'SignatureExpired'
  }
}

/** The signature is genuine and the data inside cannot be read. */
export class BadPayload extends BadData {
  override readonly code: string = 'FSS_ERR_BAD_PAYLOAD'

  static {
    this.prototype.name = 'BadPayload'
  }
}

/** A value that cannot be kept, refused when it is written. */
export class NotSerializable extends TypeError {
  readonly code = 'FSS_ERR_NOT_SERIALIZABLE'
  /** Where the value stands, such as `session.cart[2].price`. */
  readonly keyPath: string

  constructor (keyPath: string, reason: string) {
    super(`${keyPath} ${reason}`)
    this.keyPath = keyPath
  }
}

/** A value that `default` of a provider has no form for; where it stands is known to who called that. */
export class HasNoForm extends NotSerializable {
  readonly reason: string

  constructor (reason: string) {
    super('value', reason)
    this.reason = reason
  }
}

/** How many characters of a body an error shows on either side of the place. */
const SHOWN_AROUND = 10

/** Where in a text, in UTF-16 units from 0. */
interface Place {
  readonly text: string
  readonly offset: number
}

/**
 * Text or bytes that are no JSON, or JSON that is not read; Python's name for it. The message says line and column. About
 * the body of a request it also shows a few characters, which are the client's own, and Fastify answers it with 400.
 */
export class JSONDecodeError extends SyntaxError {
  readonly code = 'FSS_ERR_BAD_JSON'
  /** 400 about the body of a request, otherwise undefined: other text is no fault of the client. */
  declare readonly statusCode: number | undefined
  /** Where in the text, in UTF-16 units from 0; undefined where it is not known. */
  declare readonly position: number | undefined
  readonly #reason: string
  readonly #at: Place | undefined

  constructor (reason: string, at?: Place, { isBody = false, ...options }: ErrorOptions & { isBody?: boolean } = {}) {
    super(`The JSON cannot be read: ${reason}${at === undefined ? '' : ` (${describePlace(at, isBody)})`}`, options)
    this.#reason = reason
    this.#at = at
    Object.defineProperty(this, 'position', { value: at?.offset, enumerable: true })
    Object.defineProperty(this, 'statusCode', { value: isBody ? 400 : undefined, enumerable: isBody })
  }

  /** The same about the body of a request. */
  ofBody (): JSONDecodeError {
    return new JSONDecodeError(this.#reason, this.#at, { isBody: true, ...('cause' in this ? { cause: this.cause } : {}) })
  }

  static {
    this.prototype.name = 'JSONDecodeError'
  }
}

/** Line and column count from 1. */
function describePlace ({ text, offset }: Place, isShown: boolean): string {
  const lines = text.slice(0, offset).split('\n')
  const place = `line ${lines.length}, column ${lines.at(-1)!.length + 1}`
  const shown = isShown ? text.slice(Math.max(0, offset - SHOWN_AROUND), offset + SHOWN_AROUND) : ''
  return shown === '' ? place : `${place}, near ${quoteName(shown)}`
}

/** A body that is not declared as JSON, where JSON is asked for. */
export class UnsupportedMediaType extends Error {
  readonly code = 'FSS_ERR_UNSUPPORTED_MEDIA_TYPE'
  /** What Fastify answers. */
  readonly statusCode = 415

  constructor (contentType: string | undefined) {
    super(`The body is not declared as JSON: its Content-Type is ${contentType === undefined ? 'missing' : quoteName(contentType)}; send application/json`)
  }
}

/** How many keys of a large session a message or a log line names. */
export const SHOWN_KEYS = 20

/** A session whose cookie would be longer than browsers keep, refused before anything is sent. */
export class CookieTooLarge extends Error {
  readonly code = 'FSS_ERR_COOKIE_TOO_LARGE'
  /** Bytes of name, value and attributes together. */
  readonly size: number

  constructor (cookieName: string, size: number, limit: number, keys: ReadonlyArray<readonly [key: string, bytes: number]>) {
    super(`The cookie ${quoteName(cookieName)} would take ${size} bytes, more than the ${limit} of maxCookieSize, ` +
      `so it was not sent and the old one stands. Keep less in the session.${describeWeights(keys)}`)
    this.size = size
  }
}

/** What each key takes, largest first; past those that are shown, the number and sum of the others. */
function describeWeights (keys: ReadonlyArray<readonly [key: string, bytes: number]>): string {
  if (keys.length === 0) return ''
  const shown = keys.slice(0, SHOWN_KEYS).map(([key, bytes]) => `${quoteName(key)} ${bytes}`).join(', ')
  const others = keys.slice(SHOWN_KEYS)
  const rest = others.length === 0 ? '' : `, and ${others.length} more keys ${others.reduce((sum, [, bytes]) => sum + bytes, 0)}`
  return ` Bytes of each key: ${shown}${rest}`
}
