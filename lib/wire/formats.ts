import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { decodePayload, encodePayload } from '../signing/encoding.ts'
import { timestamp } from '../signing/encoding.ts'
import type { Format } from './format.ts'

const payload = { encode: encodePayload, decode: decodePayload }

/** Every value that JavaScript can tell apart, under a key of its own for each purpose and cookie. */
const defaultFormat: Format = {
  salt: '',
  digest: 'sha256',
  keyDerivation: 'hkdf',
  compress: false,
  serializer: () => new TaggedJSONSerializer(),
  separator: '.',
  stamp: timestamp,
  payload,
  digests: ['sha256', 'sha384', 'sha512'],
  keyDerivations: ['hkdf'],
  refusesWeakSecrets: true,
  refreshAfter: undefined,
  refreshesPermanentOnly: false,
  isShared: false
}

/** The session cookie of a Flask application with the same secret. */
const flask: Format = {
  salt: 'cookie-session',
  digest: 'sha1',
  keyDerivation: 'hmac',
  compress: true,
  serializer: () => new TaggedJSONSerializer({ format: 'flask' }),
  separator: '.',
  stamp: timestamp,
  payload,
  digests: ['sha1', 'sha256', 'sha384', 'sha512'],
  keyDerivations: ['hmac', 'django-concat', 'concat', 'none'],
  refusesWeakSecrets: false,
  refreshAfter: 0,
  refreshesPermanentOnly: true,
  isShared: true
}

/** The wire formats by the name that the option `format` gives them. */
export const formats = { default: defaultFormat, flask } satisfies Record<string, Format>

export type FormatName = keyof typeof formats
