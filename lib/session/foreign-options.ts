const LIFETIME = 'use lifetime, in seconds'
const REFRESH = 'use refreshAfter, the age in seconds from which a session that is used is signed anew'
const KEYS = 'use secret, and fallbacks for the older ones'
const PROPERTY = 'use sessionName, the property of the request'
const RANDOM_ID = 'leave it out, since session.id is 128 random bits'
const BY_CHANGE = 'leave it out, since a session is saved where it was changed'
const BY_CONTENT = 'leave it out, since a session is saved once it holds something'
const NOT_ENCRYPTED = 'leave it out, since the cookie is signed and not encrypted'
const STORE = 'use sessionInterface, which can keep sessions in a store'

const attributes = ['domain', 'path', 'httpOnly', 'secure', 'sameSite', 'partitioned', 'priority']

/**
 * What to use here for the session options of other libraries: cookie-session, client-sessions, express-session,
 * @fastify/session, @fastify/secure-session, iron-session, hapi's yar, and the configuration of Flask. `max_age` and
 * `MAX_AGE` are found as `maxAge`.
 */
export const instead: Readonly<Record<string, string>> = {
  ...Object.fromEntries(attributes.flatMap((name) => [name, `sessionCookie${name}`].map(
    (foreign) => [foreign, `use cookie: { ${name} }`]
  ))),
  cookieOptions: 'use cookie',
  cookieMaxAge: LIFETIME,
  duration: LIFETIME,
  expires: LIFETIME,
  expiresIn: LIFETIME,
  expiry: LIFETIME,
  idleTimeout: LIFETIME,
  maxAge: LIFETIME,
  permanentSessionLifetime: LIFETIME,
  timeout: LIFETIME,
  ttl: LIFETIME,
  activeDuration: REFRESH,
  renew: REFRESH,
  rolling: REFRESH,
  sessionRefreshEachRequest: 'use refreshAfter: 0 signs a session that is used anew with each response',
  key: 'use secret',
  password: 'use secret',
  secretKey: 'use secret',
  signatureKey: 'use secret',
  keys: KEYS,
  secrets: KEYS,
  secretKeyFallbacks: 'use fallbacks',
  name: 'use cookieName for the cookie, or sessionName for the property of the request',
  sessionCookieName: 'use cookieName',
  requestKey: PROPERTY,
  requestProperty: PROPERTY,
  algorithm: 'use digest, the hash of the HMAC',
  signatureAlgorithm: 'use digest, the hash of the HMAC',
  signer: 'use secret, digest and keyDerivation, which say how the cookie is signed',
  signed: 'leave it out, since the cookie is always signed',
  encryptionAlgorithm: NOT_ENCRYPTED,
  encryptionKey: NOT_ENCRYPTED,
  cookiePrefix: 'leave it out, since the value of the cookie has no prefix',
  overwrite: 'leave it out, since a response has one cookie of the name',
  autoCommit: 'leave it out, since a session is saved with the reply',
  resave: BY_CHANGE,
  saveUninitialized: BY_CONTENT,
  storeBlank: BY_CONTENT,
  unset: 'leave it out, since request.session = null ends the session',
  proxy: 'leave it out, since trustProxy of Fastify says which proxies are believed',
  genid: RANDOM_ID,
  generateId: RANDOM_ID,
  idGenerator: RANDOM_ID,
  customSessionIdGenerator: RANDOM_ID,
  cache: STORE,
  sessionStore: STORE,
  store: STORE
}
