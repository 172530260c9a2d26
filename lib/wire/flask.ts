import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { decodePayload, encodePayload, timestamp } from '../signing/encoding.ts'
import { DAY, type Format } from './format.ts'

/** The session cookie of a Flask application with the same secret. */
export const flask: Format = {
  salt: 'cookie-session',
  digest: 'sha1',
  keyDerivation: 'hmac',
  compress: true,
  canCompress: true,
  serializer: () => new TaggedJSONSerializer({ format: 'flask' }),
  separator: '.',
  stamp: timestamp,
  payload: { encode: encodePayload, decode: decodePayload },
  emptied: '',
  digests: ['sha1', 'sha256', 'sha384', 'sha512'],
  keyDerivations: ['hmac', 'django-concat', 'concat', 'none'],
  refusesWeakSecrets: false,
  cookieName: undefined,
  lifetime: 31 * DAY,
  keepsPermanent: true,
  refreshAfter: 0,
  refreshesPermanentOnly: true,
  isShared: true
}
