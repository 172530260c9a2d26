const attributes = ['domain', 'path', 'httpOnly', 'secure', 'sameSite', 'partitioned', 'priority']

/** The names for which one sentence says what to use here. */
const names: Readonly<Record<string, string>> = {
  'use cookie': 'cookieOptions',
  'use lifetime, in seconds': 'cookieMaxAge duration expires expiresIn expiry idleTimeout maxAge ' +
    'permanentSessionLifetime timeout ttl',
  'use refreshAfter, the age in seconds from which a session that is used is signed anew':
    'activeDuration renew rolling',
  'use refreshAfter: 0 signs a session that is used anew with each response': 'sessionRefreshEachRequest',
  'use secret': 'key password secretKey signatureKey',
  'use secret, and fallbacks for the older ones': 'keys secrets',
  'use fallbacks': 'secretKeyFallbacks',
  'use cookieName for the cookie, or sessionName for the property of the request': 'name',
  'use cookieName': 'sessionCookieName',
  'use sessionName, the property of the request': 'requestKey requestProperty',
  'use digest, the hash of the HMAC': 'algorithm signatureAlgorithm',
  'use secret, digest and keyDerivation, which say how the cookie is signed': 'signer',
  'leave it out, since the cookie is always signed': 'signed',
  'use encrypt: true, whose key is made from secret': 'encryptionAlgorithm encryptionKey',
  'leave it out, since the value of the cookie has no prefix': 'cookiePrefix',
  'leave it out, since a response has one cookie of the name': 'overwrite',
  'leave it out, since a session is saved with the reply': 'autoCommit',
  'leave it out, since a session is saved where it was changed': 'resave',
  'leave it out, since a session is saved once it holds something': 'saveUninitialized storeBlank',
  'leave it out, since request.session = null ends the session': 'unset',
  'leave it out, since trustProxy of Fastify says which proxies are believed': 'proxy',
  'leave it out, since session.id is 128 random bits': 'genid generateId idGenerator customSessionIdGenerator',
  'use store': 'cache sessionStore'
}

/**
 * What to use here for the session options of other libraries: cookie-session, client-sessions, express-session,
 * @fastify/session, @fastify/secure-session, iron-session, hapi's yar, and the configuration of Flask. `max_age` and
 * `MAX_AGE` are found as `maxAge`.
 */
export const instead: Readonly<Record<string, string>> = Object.fromEntries([
  ...attributes.flatMap((name) => [name, `sessionCookie${name}`].map((each) => [each, `use cookie: { ${name} }`])),
  ...Object.entries(names).flatMap(([hint, list]) => list.split(' ').map((name) => [name, hint]))
])
