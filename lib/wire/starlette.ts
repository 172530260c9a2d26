import { BadPayload } from '../errors.ts'
import { decodeBase64, encodeBase64 } from '../json/bytes.ts'
import { PythonJSONSerializer } from '../json/python-json.ts'
import { packText, timestamp, unpackText } from '../signing/encoding.ts'
import { DAY, type Format } from './format.ts'

/** Standard base64 with padding (RFC 4648, section 4), never compressed. */
const payload: Format['payload'] = {
  encode: (text) => encodeBase64(packText(text, false).bytes),
  decode (payload) {
    const bytes = decodeBase64(payload)
    if (bytes === undefined) throw new BadPayload('The payload is not base64', { payload })
    return unpackText({ bytes, isDeflated: false }, false, payload)
  }
}

/** The session cookie of Starlette's and FastAPI's `SessionMiddleware` with the same secret. */
export const starlette: Format = {
  salt: 'itsdangerous.Signer',
  digest: 'sha1',
  keyDerivation: 'django-concat',
  compress: false,
  canCompress: false,
  serializer: () => new PythonJSONSerializer([', ', ': ']),
  separator: '.',
  stamp: timestamp,
  payload,
  emptied: 'null',
  digests: ['sha1'],
  keyDerivations: ['django-concat'],
  refusesWeakSecrets: false,
  cookieName: undefined,
  lifetime: 14 * DAY, // max_age
  keepsPermanent: false,
  refreshAfter: false,
  refreshesPermanentOnly: false,
  isShared: true
}
