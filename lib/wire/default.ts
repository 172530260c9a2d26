import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { decodePayload, encodePayload, timestamp } from '../signing/encoding.ts'
import { DAY, type Format } from './format.ts'

/** Every value that JavaScript can tell apart, under a key of its own for each purpose and cookie. */
export const defaultFormat: Format = {
  salt: '',
  digest: 'sha256',
  keyDerivation: 'hkdf',
  compress: false,
  canCompress: true,
  serializer: () => new TaggedJSONSerializer(),
  separator: '.',
  stamp: timestamp,
  payload: { encode: encodePayload, decode: decodePayload },
  emptied: '',
  digests: ['sha256', 'sha384', 'sha512'],
  keyDerivations: ['hkdf'],
  refusesWeakSecrets: true,
  cookieName: undefined,
  lifetime: 31 * DAY,
  keepsPermanent: true,
  refreshAfter: undefined,
  refreshesPermanentOnly: false,
  isShared: false
}
