import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { attempt } from '../errors.ts'
import { isMethod } from '../option-checks.ts'

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
 * one to another origin or to what is no URL. Throws a `TypeError` where a stream would have to be sent again.
 */
export function redirected (request: InjectOptions, response: LightMyRequestResponse): InjectOptions | undefined {
  const { statusCode, headers: { location } } = response
  if (!STATUSES.has(statusCode) || typeof location !== 'string') return undefined
  const from = addressOf(request)
  const to = attempt(() => new URL(location, from))
  if (to?.origin !== from.origin) return undefined
  const { query, path, ...rest } = becomesGet(request, statusCode) ? asGet(request) : repeatable(request)
  return { ...rest, url: to.href.slice(0, to.href.length - to.hash.length) }
}

/** The address of a request. Its host is that of the URL, or of the header Host, or localhost. */
export function addressOf ({ url, path = '/', headers = {} }: InjectOptions): URL {
  const target = url ?? path
  const host = Object.entries(headers).find(([name]) => name.toLowerCase() === 'host')?.[1]
  const base = attempt(() => new URL(`http://${host ?? 'localhost'}`)) ?? 'http://localhost'
  if (typeof target === 'string') return new URL(target, base)
  const { protocol = 'http', hostname = 'localhost', port = '', pathname } = target
  return new URL(pathname, `${protocol.replace(/:$/, '')}://${hostname}:${port}`)
}

function becomesGet ({ method = 'GET' }: InjectOptions, statusCode: number): boolean {
  const sent = method.toUpperCase()
  return statusCode === 303 ? sent !== 'HEAD' : statusCode < 303 && sent === 'POST'
}

/** The request as it is. Throws a `TypeError` for a payload that is gone once it was sent. */
function repeatable (request: InjectOptions): InjectOptions {
  const { payload = request.body } = request
  if (!isMethod(payload, 'pipe') && !isMethod(payload, 'getReader')) return request
  throw new TypeError('A redirect asks for the payload once more, and a stream is sent only once: ' +
    'give followRedirects: false, or the payload as a string or a Buffer')
}

function asGet ({ payload, body, headers = {}, ...rest }: InjectOptions): InjectOptions {
  const kept = Object.entries(headers).filter(([name]) => !OF_CONTENT.test(name))
  return { ...rest, method: 'GET', headers: Object.fromEntries(kept) }
}
