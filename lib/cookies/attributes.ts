import { quoteName } from '../path.ts'

/** Cookie attributes that one response may set otherwise than the registration says. */
export interface ResponseCookieOptions {
  sameSite?: 'lax' | 'strict' | 'none' | boolean | undefined
  secure?: boolean | 'auto' | undefined
  httpOnly?: boolean | undefined
  priority?: 'low' | 'medium' | 'high' | undefined
}

/** Attributes of the session cookie (RFC 6265 and its successor draft-ietf-httpbis-rfc6265bis). */
export interface CookieOptions extends ResponseCookieOptions {
  /** Default `/`. */
  path?: string | undefined
  /** Default none: the cookie goes to the host that set it and no other. */
  domain?: string | undefined
  /** A cookie jar of its own for each top-level site (CHIPS). Implies Secure. Default false. */
  partitioned?: boolean | undefined
}

/** The attributes as they are written, complete but for the expiry. */
export interface CookieAttributes {
  readonly path: string
  readonly domain?: string
  readonly httpOnly: boolean
  readonly sameSite: 'lax' | 'strict' | 'none' | boolean
  readonly secure: boolean | 'auto'
  readonly partitioned: boolean
  readonly priority?: 'low' | 'medium' | 'high'
}

type Check = [holds: (value: unknown) => boolean, rule: string]

const isOneOf = (...known: unknown[]) => (value: unknown): boolean => known.includes(value)

const isBoolean = isOneOf(true, false)
const checks: Record<keyof CookieOptions, Check> = {
  path: [
    (value) => typeof value === 'string' && /^\/[\x20-\x3a\x3c-\x7e]*$/.test(value), 'must be a path that begins with /'
  ],
  domain: [(value) => typeof value === 'string' && /^\.?[\w-]+(\.[\w-]+)*$/.test(value), 'must be a host name'],
  httpOnly: [isBoolean, 'must be true or false'],
  partitioned: [isBoolean, 'must be true or false'],
  secure: [isOneOf(true, false, 'auto'), "must be true, false or 'auto'"],
  sameSite: [isOneOf('lax', 'strict', 'none', true, false), "must be 'lax', 'strict', 'none', true or false"],
  priority: [isOneOf('low', 'medium', 'high'), "must be 'low', 'medium' or 'high'"]
}

const ONE_AGE = 'is not set here: lifetime and permanentLifetime say how long a session holds, ' +
  'and permanent whether its cookie outlives the browser session'
const perResponse = ['sameSite', 'secure', 'httpOnly', 'priority'] as const
const fixed = ['domain', 'path', 'partitioned'] as const

const DEFAULTS: CookieAttributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto', partitioned: false }

/** The attributes for a cookie name. Throws a `TypeError` for a wrong or contradictory option. */
export function cookieAttributes (cookieName: string, options: CookieOptions = {}): CookieAttributes {
  const given = defined(options)
  for (const key of Object.keys(given)) {
    refuseAge(key)
    if (!Object.hasOwn(checks, key)) {
      const known = Object.keys(checks).join(', ')
      throw new TypeError(`The option cookie has an unknown part ${quoteName(key)}; known are ${known}`)
    }
    check(key as keyof CookieOptions, given[key as keyof CookieOptions], 'The option cookie.')
  }
  return complete(cookieName, { ...DEFAULTS, ...given })
}

/**
 * The attributes with what one response says otherwise. Unknown options are ignored; those that a deletion could not
 * match throw a `TypeError`.
 */
export function overrideAttributes (
  cookieName: string, attributes: CookieAttributes, options: object
): CookieAttributes {
  const given = defined(options) as Record<string, unknown>
  for (const key of Object.keys(given)) refuseAge(key)
  for (const key of fixed) {
    if (Object.hasOwn(given, key) && spelled(key, given[key]) !== spelled(key, attributes[key])) {
      throw new TypeError(`The cookie's ${key} cannot differ in one response, since its deletion would not match; ` +
        'set it at registration')
    }
  }
  const overrides: Record<string, unknown> = {}
  for (const key of perResponse) {
    if (!Object.hasOwn(given, key)) continue
    check(key, given[key], 'The cookie option ')
    overrides[key] = given[key]
  }
  return complete(cookieName, { ...attributes, ...overrides })
}

/** A host name in the one spelling that browsers compare, an empty one as none (RFC 6265, section 5.2.3). */
function spelled (key: string, value: unknown): unknown {
  return key === 'domain' && typeof value === 'string' ? value.toLowerCase().replace(/^\./, '') || undefined : value
}

function complete (cookieName: string, attributes: CookieAttributes): CookieAttributes {
  const reason = reasonForSecure(cookieName, attributes)
  if (reason === undefined) return attributes
  if (attributes.secure === false) throw new TypeError(`secure: false contradicts ${reason}`)
  return { ...attributes, secure: true }
}

/**
 * What browsers demand of a name by its prefix, in whatever capitals (draft-ietf-httpbis-rfc6265bis, section 4.1.3, and
 * for the two that end in `Http-` draft-ietf-httpbis-layered-cookies).
 */
export const PREFIX = /^__(?:Secure|Host-Http|Host|Http)-/i

function reasonForSecure (cookieName: string, attributes: CookieAttributes): string | undefined {
  const prefix = PREFIX.exec(cookieName)?.[0].toLowerCase()
  if (prefix !== undefined) {
    checkPrefix(cookieName, prefix, attributes)
    return `the cookie name ${quoteName(cookieName)}`
  }
  if (attributes.sameSite === 'none') return "sameSite: 'none', which browsers accept with Secure only"
  if (attributes.partitioned) return 'partitioned: true, which browsers accept with Secure only'
}

function checkPrefix (cookieName: string, prefix: string, { path, domain, httpOnly }: CookieAttributes): void {
  if (prefix.startsWith('__host-') && (path !== '/' || domain !== undefined)) {
    throw new TypeError(`The cookie name ${quoteName(cookieName)} needs the path / and no domain`)
  }
  if (prefix.endsWith('http-') && !httpOnly) {
    throw new TypeError(`httpOnly: false contradicts the cookie name ${quoteName(cookieName)}`)
  }
}

function refuseAge (key: string): void {
  if (key === 'maxAge' || key === 'expires') throw new TypeError(`The cookie's ${key} ${ONE_AGE}`)
}

function check (key: keyof CookieOptions, value: unknown, what: string): void {
  const [holds, rule] = checks[key]
  if (!holds(value)) throw new TypeError(`${what}${key} ${rule}`)
}

/** Without the properties that are undefined, which mean the default. */
function defined<Options extends object> (
  options: Options
): { [Key in keyof Options]: Exclude<Options[Key], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}
