import { asList, type Headers, type HeaderValue } from './headers.ts'

/** How `Cache-Control`, or a field that some caches heed instead, permits and forbids to keep a response. */
interface CacheField {
  readonly name: RegExp
  readonly permits: RegExp
  readonly forbids: RegExp
  /** The value that forbids it. */
  readonly closed: string
}

const PRIVATE = 'private, no-cache="Set-Cookie"'
/** RFC 9111, section 5.2.2. */
const DIRECTIVES = {
  permits: /(?:^|,)\s*(?:public|s-maxage|max-age)\s*(?:[=,]|$)/i,
  forbids: /(?:^|,)\s*(?:private|no-store)\s*(?:,|$)/i
}
const CACHE_CONTROL: CacheField = { name: /^cache-control$/i, ...DIRECTIVES, closed: 'private, no-cache' }
/** RFC 9213, section 2: a cache that heeds such a field looks neither at `Cache-Control` nor at `Expires`. */
const CDN: CacheField = { name: /(?:^akamai|(?:^|-)cdn)-cache-control$/i, ...DIRECTIVES, closed: 'private' }
const TARGETED: readonly CacheField[] = [
  CDN,
  // The W3C's Edge Architecture, section 2.3, which knows no private.
  { name: /^surrogate-control$/i, ...DIRECTIVES, closed: 'no-store' },
  // Akamai's
  {
    name: /^edge-control$/i,
    permits: /(?:^|,)\s*(?:(?:cache-maxage|max-age)\s*=|!no-store\s*(?:,|$))/i,
    forbids: /(?:^|,)\s*(?:no-store|bypass-cache)\s*(?:,|$)/i,
    closed: 'no-store'
  },
  // nginx's: seconds, or a time behind @
  { name: /^x-accel-expires$/i, permits: /^\s*(?:@|0*[1-9])/, forbids: /^\s*$/, closed: '0' }
]
const ANY_TARGETED = new RegExp(TARGETED.map(({ name }) => name.source).join('|'), 'i')
const NO_CACHE = /(?:^|,)\s*no-cache\s*(?:,|$)/i

const NONE: readonly never[] = []

/** A field of a response. */
interface Found {
  readonly field: CacheField
  readonly name: string
  readonly value: HeaderValue
}

/**
 * Whether shared caches may keep the response: a field permits it, or `Expires` is a time to come and `Cache-Control`
 * does not forbid it (RFC 9111, section 3).
 */
export function isShareable (headers: Headers): boolean {
  return isPermitted(headers) || targetedFields(headers).some(permits)
}

/**
 * Keeps shared caches from storing the response with its cookie, unless the application has done that. Says whether the
 * application had said that they may store it.
 */
export function forbidSharing (headers: Headers): boolean {
  const targeted = targetedFields(headers)
  const saysNothing = targeted === NONE && headers.getHeader('cache-control') === undefined &&
    headers.getHeader('expires') === undefined
  if (saysNothing) {
    headers.header('cache-control', PRIVATE)
    return false
  }
  const isPublic = isPermitted(headers)
  const isShared = isPublic || targeted.some(permits)
  if (isPublic && isFuture(headers.getHeader('expires'))) headers.header('expires', '0')
  closeControl(headers, isShared)
  for (const each of targeted) if (permits(each) || isHiding(each)) headers.header(each.name, each.field.closed)
  return isShared
}

/** Whether the response is as `forbidSharing` leaves one of which the application said nothing. */
export function isPrivate (headers: Headers): boolean {
  return headers.getHeader('cache-control') === PRIVATE && targetedFields(headers) === NONE
}

/** Takes away what `forbidSharing` put where there was nothing, for a response that has no cookie after all. */
export function permitSharing (headers: Headers): void {
  if (headers.getHeader('cache-control') === PRIVATE) headers.removeHeader('cache-control')
}

/**
 * Has `Cache-Control` forbid it. Where that says nothing of it, shared caches may keep the response by its status or
 * its Last-Modified (RFC 9111, section 4.2.2).
 */
function closeControl (headers: Headers, isShared: boolean): void {
  const value = headers.getHeader('cache-control')
  if (value === PRIVATE || forbids(CACHE_CONTROL, value)) return
  if (isShared) headers.header('cache-control', CACHE_CONTROL.closed)
  else if (value === undefined) headers.header('cache-control', PRIVATE)
  else if (!NO_CACHE.test(unquoted(value))) headers.header('cache-control', `${asList(value).join(', ')}, private`)
}

function targetedFields (headers: Headers): readonly Found[] {
  const names = headers.namesLike?.(ANY_TARGETED)
  if (names === undefined || names.length === 0) return NONE
  return names.map((name) => {
    const field = TARGETED.find((each) => each.name.test(name))!
    return { field, name, value: headers.getHeader(name) }
  })
}

/** Whether all caches may keep it, by `Cache-Control` or by `Expires`. */
function isPermitted (headers: Headers): boolean {
  const value = headers.getHeader('cache-control')
  if (value === PRIVATE || forbids(CACHE_CONTROL, value)) return false
  return permits({ field: CACHE_CONTROL, value }) || isFuture(headers.getHeader('expires'))
}

function permits ({ field, value }: Omit<Found, 'name'>): boolean {
  return value !== undefined && !forbids(field, value) && field.permits.test(unquoted(value))
}

function forbids (field: CacheField, value: HeaderValue): boolean {
  return value !== undefined && field.forbids.test(unquoted(value))
}

/** Whether a field hides a `Cache-Control` that forbids it, and says nothing of it by itself. */
function isHiding ({ field, value }: Found): boolean {
  return field === CDN && value !== '' && !forbids(field, value) && !NO_CACHE.test(unquoted(value))
}

/** What is no date has expired (RFC 9111, section 5.3). */
function isFuture (value: HeaderValue): boolean {
  if (value === undefined) return false
  const text = asList(value).join()
  return /^[a-z]/i.test(text) && Date.parse(text) > Date.now()
}

/** The directives without quoted text: `private="Set-Cookie"` is about one field only, and not all caches heed it. */
function unquoted (value: HeaderValue): string {
  return asList(value).join(',').replace(/"[^"]*"/g, '""')
}
