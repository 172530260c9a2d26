import { PythonJSONSerializer } from '../json/python-json.ts'
import { decodePayload, encodePayload, MAX_TIMESTAMP, type Stamp } from '../signing/encoding.ts'
import { DAY, type Format } from './format.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** As Django's `b62_encode` writes it: the number in base 62. */
const base62: Stamp = {
  write (seconds) {
    const rest = Math.floor(seconds / 62)
    return (rest === 0 ? '' : base62.write(rest)) + DIGITS[seconds % 62]!
  },
  read (text) {
    if (!/^[\dA-Za-z]+$/.test(text)) return undefined
    const seconds = [...text].reduce((number, digit) => number * 62 + DIGITS.indexOf(digit), 0)
    return seconds <= MAX_TIMESTAMP ? seconds : undefined
  }
}

/** The session cookie of a Django application with the engine `signed_cookies` and the same secret. */
export const django: Format = {
  salt: 'django.contrib.sessions.backends.signed_cookies',
  digest: 'sha256',
  keyDerivation: 'django-concat',
  compress: true,
  canCompress: true,
  serializer: () => new PythonJSONSerializer(),
  separator: ':',
  stamp: base62,
  payload: { encode: encodePayload, decode: decodePayload },
  emptied: '',
  digests: ['sha256'],
  keyDerivations: ['django-concat'],
  refusesWeakSecrets: false,
  cookieName: 'sessionid',
  lifetime: 14 * DAY, // SESSION_COOKIE_AGE
  keepsPermanent: false,
  refreshAfter: false,
  refreshesPermanentOnly: false,
  isShared: true
}
