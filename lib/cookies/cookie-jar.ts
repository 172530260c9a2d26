/** A cookie as a browser keeps it. */
interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly path: string
  /** In Unix milliseconds. */
  readonly expires: number
}

/**
 * The cookies of a browser that knows one host: those that responses set, by name and path, until they expire or are
 * deleted (RFC 6265, section 5.3). Secure cookies are kept and sent, as browsers do for localhost. Domain and SameSite
 * are ignored, since every request is from the host to itself.
 */
export class CookieJar {
  readonly #cookies = new Map<string, StoredCookie>()

  /** Takes in the `Set-Cookie` lines of a response to a request for `path`. */
  store (lines: readonly string[], path = '/'): void {
    for (const line of lines) this.#keep(parseSetCookie(line, path))
  }

  /** The `Cookie` header of a request for `path`, or undefined where there is nothing to send. */
  header (path = '/'): string | undefined {
    const sent = this.#current().filter((cookie) => matchesPath(path, cookie.path))
    sent.sort((a, b) => b.path.length - a.path.length) // RFC 6265, section 5.4
    return sent.map(({ name, value }) => `${name}=${value}`).join('; ') || undefined
  }

  /** The value of a cookie, on whatever path. */
  get (name: string): string | undefined {
    return this.#current().find((cookie) => cookie.name === name)?.value
  }

  /** Puts a cookie in, for every path and without an end. */
  set (name: string, value: string): void {
    this.#keep({ name, value, path: '/', expires: Infinity })
  }

  /** Takes a cookie out, on every path, and says whether it was there. */
  delete (name: string): boolean {
    const found = this.#current().filter((cookie) => cookie.name === name)
    return found.filter((cookie) => this.#cookies.delete(keyOf(cookie))).length > 0
  }

  clear (): void {
    this.#cookies.clear()
  }

  #current (): StoredCookie[] {
    const now = Date.now()
    return [...this.#cookies.values()].filter(({ expires }) => expires > now)
  }

  #keep (cookie: StoredCookie): void {
    if (cookie.expires > Date.now()) this.#cookies.set(keyOf(cookie), cookie)
    else this.#cookies.delete(keyOf(cookie))
  }
}

function keyOf ({ name, path }: StoredCookie): string {
  return `${name};${path}`
}

/** RFC 6265, section 5.2; but text without a `=` is a name here. */
function parseSetCookie (line: string, requestPath: string): StoredCookie {
  const [pair, ...parts] = line.split(';')
  const [name, value] = splitPair(pair!)
  const attributes = new Map(parts.map(splitPair).map(([key, text]) => [key.toLowerCase(), text]))
  const path = attributes.get('path')
  return { name, value, path: path?.startsWith('/') ? path : defaultPath(requestPath), expires: expiryOf(attributes) }
}

function splitPair (text: string): [name: string, value: string] {
  const end = text.indexOf('=')
  return end === -1 ? [text.trim(), ''] : [text.slice(0, end).trim(), text.slice(end + 1).trim()]
}

/** Max-Age goes before Expires. */
function expiryOf (attributes: ReadonlyMap<string, string>): number {
  const maxAge = attributes.get('max-age') ?? ''
  if (/^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0 ? -Infinity : Date.now() + Number(maxAge) * 1000
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? Infinity : expires
}

/** RFC 6265, section 5.1.4. */
function defaultPath (requestPath: string): string {
  return requestPath.slice(0, requestPath.lastIndexOf('/')) || '/'
}

function matchesPath (requestPath: string, cookiePath: string): boolean {
  return requestPath === cookiePath || requestPath.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}
