import { PREFIX } from './attributes.ts'

/** What somebody else's line does to the cookie of a session. */
export type Rival = 'ends' | 'sets'

/**
 * What `lines`, the `Set-Cookie` headers of the application, do to the cookie of `line`: the last one that is about the
 * same cookie ends or sets it. Undefined where none is. `url` is the request's; `now` in Unix seconds.
 */
export function rivalOf (lines: readonly string[], line: string, url: string, now: number): Rival | undefined {
  const own = lines.filter((each) =>
    nameOf(each) === nameOf(line) && identityOf(each, url) === identityOf(line, url) && isTaken(each))
  return own.length === 0 ? undefined : isEnd(own.at(-1)!, now) ? 'ends' : 'sets'
}

function nameOf (line: string): string {
  const [pair] = line.split(';', 1)
  return pair!.slice(0, Math.max(pair!.indexOf('='), 0)).trim()
}

/** The attributes by their names in small letters; of two of one name the last counts (RFC 6265, section 5.3). */
function attributesOf (line: string): Map<string, string> {
  return new Map(line.split(';').slice(1).map((attribute): [string, string] => {
    const [name, ...value] = attribute.split('=')
    return [name!.trim().toLowerCase(), value.join('=').trim()]
  }))
}

/**
 * Whether browsers take a line: Secure is demanded by the prefix of the name, by `SameSite=None` and by `Partitioned`
 * (draft-ietf-httpbis-rfc6265bis, section 5.7).
 */
function isTaken (line: string): boolean {
  const attributes = attributesOf(line)
  const prefix = PREFIX.exec(nameOf(line))?.[0].toLowerCase() ?? ''
  const isNone = attributes.get('samesite')?.toLowerCase() === 'none'
  const needsSecure = prefix !== '' || isNone || attributes.has('partitioned')
  return (!needsSecure || attributes.has('secure')) &&
    (!prefix.endsWith('http-') || attributes.has('httponly')) &&
    (!prefix.startsWith('__host-') || attributes.get('path') === '/')
}

/** Of cookies of one name, those with one domain, path and partition are the same (RFC 6265, section 5.3, step 11). */
function identityOf (line: string, url: string): string {
  const attributes = attributesOf(line)
  const domain = (attributes.get('domain') ?? '').toLowerCase().replace(/^\./, '')
  const path = attributes.get('path') ?? ''
  return [domain, path.startsWith('/') ? path : defaultPath(url), attributes.has('partitioned')].join(';')
}

/** The path of a cookie that names none (RFC 6265, section 5.1.4). */
function defaultPath (url: string): string {
  const path = url.split('?', 1)[0]!
  const end = path.lastIndexOf('/')
  return end > 0 ? path.slice(0, end) : '/'
}

/** `Max-Age` has the word over `Expires` (RFC 6265, section 5.3, step 3). */
function isEnd (line: string, now: number): boolean {
  const attributes = attributesOf(line)
  const maxAge = attributes.get('max-age') ?? ''
  if (/^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0
  return Date.parse(attributes.get('expires') ?? '') <= now * 1000
}
