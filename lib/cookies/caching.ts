import { asList, type Headers, type HeaderValue } from './headers.ts'

/** Fields that speak to some caches only, ahead of `Cache-Control` (RFC 9213, section 2). */
const TARGETED = /(?:^surrogate|(?:^|-)cdn-cache)-control$/i
const PRIVATE = 'private, no-cache="Set-Cookie"'
const KEPT_PRIVATE = /(?:^|,)\s*(?:private|no-store)\s*(?:,|$)/i
const KEPT = /(?:^|,)\s*(?:public|s-maxage|max-age)\s*(?:[=,]|$)/i

/**
 * Whether shared caches may keep the response: one of its fields says `public`, `s-maxage` or `max-age`, and neither
 * `private` nor `no-store` (RFC 9111, section 5.2.2).
 */
export function isShareable (headers: Headers): boolean {
  return isKept(headers.getHeader('cache-control')) || sharingFields(headers).length > 0
}

/**
 * Keeps shared caches from storing the response with its cookie, unless the application has done that. Says whether the
 * application had said that they may store it.
 */
export function forbidSharing (headers: Headers): boolean {
  const present = headers.getHeader('cache-control')
  const targeted = headers.namesLike === undefined ? [] : sharingFields(headers)
  if (targeted.length === 0 && (present === undefined || present === PRIVATE)) {
    if (present === undefined) headers.header('cache-control', PRIVATE)
    return false
  }
  const isShared = isKept(present) || targeted.length > 0
  if (isShared && !isPrivate(present)) headers.header('cache-control', 'private, no-cache')
  for (const name of targeted) headers.header(name, 'private')
  return isShared
}

/** Takes away what `forbidSharing` put where there was nothing, for a response that has no cookie after all. */
export function permitSharing (headers: Headers): void {
  if (headers.getHeader('cache-control') === PRIVATE) headers.removeHeader('cache-control')
}

function sharingFields (headers: Headers): string[] {
  return headers.namesLike?.(TARGETED).filter((name) => isKept(headers.getHeader(name))) ?? []
}

function isKept (value: HeaderValue): boolean {
  return value !== undefined && !isPrivate(value) && KEPT.test(unquoted(value))
}

function isPrivate (value: HeaderValue): boolean {
  return value === PRIVATE || KEPT_PRIVATE.test(unquoted(value))
}

/** The directives without quoted text: `private="Set-Cookie"` is about one field only, and not all caches heed it. */
function unquoted (value: HeaderValue): string {
  return asList(value).join(',').replace(/"[^"]*"/g, '""')
}
