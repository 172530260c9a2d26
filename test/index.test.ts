import t from 'tap'
import * as names from '../lib/index.ts'

t.test('the package exports its public names and nothing else', async (t) => {
  t.strictSame(Object.keys(names).sort(), [
    'BadData', 'BadPayload', 'BadSignature', 'BadTimeSignature', 'DefaultJSONProvider', 'JSONDecodeError',
    'JSONProvider', 'JSONTag', 'Markup', 'MemoryStore', 'PostgresStore', 'RedisStore', 'SQLiteStore',
    'SecureCookieSessionInterface', 'Session', 'SessionInterface', 'SignatureExpired', 'Signer',
    'StoredSessionInterface', 'TagBigInt', 'TagBytes', 'TagDateTime', 'TagDict', 'TagHTTPDate', 'TagMap', 'TagMarkup',
    'TagNumber', 'TagSet', 'TagTuple', 'TagURL', 'TagUUID', 'TagUint8Array', 'TagUndefined', 'TaggedJSONSerializer',
    'TimestampSigner', 'Tuple', 'URLSafeSerializer', 'URLSafeTimedSerializer', 'UUID', 'crossOriginProtection',
    'default', 'fromExpressStore', 'json', 'jsonBodies', 'jsonErrorHandler', 'jsonNotFoundHandler', 'sessionPlugin'
  ])
})
