import { createCipheriv } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { SessionOptions } from '../../lib/options/session-options.ts'
import { resolveOptions } from '../../lib/options/resolve.ts'
import { Codec, sessionEncryptionKey } from '../../lib/wire/codec.ts'
import { type FormatName, formats } from '../../lib/wire/formats.ts'
import { SECRET } from './app.ts'

export type Kind = FormatName | 'encrypted'
export type CookieOptions = Partial<SessionOptions<FastifyRequest>>

/** What makes a cookie with the data in it: each wire format, and encryption. All cookies are named `session`. */
export const cookieKinds: Array<{ kind: Kind, options: Pick<CookieOptions, 'format' | 'cookieName' | 'encrypt'> }> = [
  ...(Object.keys(formats) as FormatName[]).map((format) =>
    ({ kind: format, options: { format, cookieName: 'session' } })),
  { kind: 'encrypted', options: { encrypt: true } }
]

/** The formats of other programs. */
export const sharedFormats = (Object.keys(formats) as FormatName[]).filter((name) => formats[name].isShared)

/** Whether a kind has plain JSON, without tags. */
export const isPlain = (kind: Kind): boolean => kind === 'django' || kind === 'starlette'

/** Signs any payload as the session of these options would. */
export function forge (options: CookieOptions, payload: string, now?: () => number): string {
  const { format, salt, digest, keyDerivation, keys } = resolveOptions({ secret: SECRET, ...options } as SessionOptions)
  const asIs = { ...formats[format], payload: { encode: (text: string) => text, decode: (text: string) => text } }
  const wire = { salt, digest, keyDerivation, compress: false, format: asIs }
  return new Codec({ ...wire, keys, encrypt: false, encryptionKeys: [], now }).seal(payload)
}

/** The payload of any bytes: as they are, or of bytes that pass for deflated ones. */
export function payloadOf (
  { format, encrypt, secret = SECRET }: CookieOptions, content: string | Uint8Array, isDeflated = false
): string {
  const bytes = Buffer.from(content as string)
  const mark = isDeflated ? '.' : ''
  if (encrypt !== true) return mark + bytes.toString(format === 'starlette' ? 'base64' : 'base64url')
  const nonce = Buffer.alloc(16, 'nonce')
  const key = sessionEncryptionKey(secret, 'session', '')
  const encrypted = createCipheriv('aes-256-ctr', key, nonce).update(bytes)
  return `~${mark}${Buffer.concat([nonce, encrypted]).toString('base64url')}`
}
