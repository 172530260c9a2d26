import type { FastifyRequest } from 'fastify'

/** A list of schemes; a websocket over TLS counts as well. */
const SECURE_SCHEME = /(?:^|,)\s*(?:https|wss)\s*(?:,|$)/i
const ON = /^on$/i

/** The headers by which proxies say how a request came to them, and what they hold where that was https. */
const PROXY_HEADERS: ReadonlyArray<[name: string, isHttps: RegExp]> = [
  ['x-forwarded-proto', SECURE_SCHEME],
  ['x-forwarded-protocol', SECURE_SCHEME],
  ['x-url-scheme', SECURE_SCHEME],
  ['cloudfront-forwarded-proto', SECURE_SCHEME],
  ['forwarded', /(?:^|[,;])\s*proto=(?:https|"https")\s*(?:[,;]|$)/i], // RFC 7239, section 4
  ['x-forwarded-ssl', ON],
  ['front-end-https', ON],
  ['x-arr-ssl', /./], // IIS tells of the certificate here, where there is one
  ['cf-visitor', /"scheme"\s*:\s*"https"/]
]

/** Whether a request came by https. A proxy is believed even if it is not trusted, since its word only adds Secure. */
export function cameByHttps ({ protocol, headers }: FastifyRequest): boolean {
  if (protocol === 'https') return true
  for (const [name, isHttps] of PROXY_HEADERS) {
    if (headers[name] !== undefined && isHttps.test(`${headers[name]}`)) return true
  }
  return false
}
