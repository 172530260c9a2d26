import type { InjectOptions, LightMyRequestResponse } from 'fastify'

/** As many as browsers follow (Fetch Standard, section 4.4). */
const BROWSER_LIMIT = 20
const STATUSES = new Set([301, 302, 303, 307, 308])
const OF_CONTENT = /^(?:content-.*|transfer-encoding)$/i

/** How many redirects are followed. Throws a `TypeError` for what is no number of them. */
export function redirectLimit (followRedirects: unknown = false): number {
  if (typeof followRedirects === 'boolean') return followRedirects ? BROWSER_LIMIT : 0
  if (Number.isInteger(followRedirects) && followRedirects as number >= 0) return followRedirects as number
  throw new TypeError('followRedirects must be true, false or a whole number, 0 or more')
}

/**
 * The request that a browser sends next (Fetch Standard, section 4.4). Undefined where the response is no redirect, or
 * one to another origin.
 */
export function redirected (request: InjectOptions, response: LightMyRequestResponse): InjectOptions | undefined {
  const { statusCode, headers: { location } } = response
  if (!STATUSES.has(statusCode) || typeof location !== 'string') return undefined
  const from = addressOf(request)
  const to = new URL(location, from)
  if (to.origin !== from.origin) return undefined
  const { query, path, ...rest } = becomesGet(request, statusCode) ? asGet(request) : request
  return { ...rest, url: to.href.slice(0, to.href.length - to.hash.length) }
}

/** The address of a request. Its host is localhost where its URL has none, whatever the header Host says. */
export function addressOf ({ url, path = '/' }: InjectOptions): URL {
  const target = url ?? path
  if (typeof target === 'string') return new URL(target, 'http://localhost')
  const { protocol = 'http', hostname = 'localhost', port = '', pathname } = target
  return new URL(pathname, `${protocol.replace(/:$/, '')}://${hostname}:${port}`)
}

function becomesGet ({ method = 'GET' }: InjectOptions, statusCode: number): boolean {
  const sent = method.toUpperCase()
  return statusCode === 303 ? sent !== 'HEAD' : statusCode < 303 && sent === 'POST'
}

function asGet ({ payload, body, headers = {}, ...rest }: InjectOptions): InjectOptions {
  const kept = Object.entries(headers).filter(([name]) => !OF_CONTENT.test(name))
  return { ...rest, method: 'GET', headers: Object.fromEntries(kept) }
}
