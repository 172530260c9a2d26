import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import t from 'tap'
import { MemoryStore, SecureCookieSessionInterface, TaggedJSONSerializer } from '../lib/index.ts'
import { sharedOptions } from '../lib/options/session-options.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { Codec } from '../lib/wire/codec.ts'
import { OTHER_SECRET, SECRET } from './support/app.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })

function messageFor (options: unknown): string {
  try {
    resolveOptions(options as never)
    return ''
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`
  }
}

t.test('every default stands', async (t) => {
  const { keys, codec, serializer, now, ...settings } = resolveOptions({ secret: SECRET })
  t.strictSame(settings, {
    salt: '',
    digest: 'sha256',
    keyDerivation: 'hkdf',
    compress: false,
    encrypt: false,
    name: 'session',
    cookieName: 'session',
    cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: 'auto', partitioned: false },
    lifetime: 31 * 24 * 60 * 60,
    permanent: false,
    keepsPermanent: true,
    permanentLifetime: 31 * 24 * 60 * 60,
    refreshAfter: undefined,
    refreshesPermanentOnly: false,
    format: 'default',
    isShared: false,
    tags: [],
    absoluteLifetime: undefined,
    maxCookieSize: 4096,
    cacheControl: true,
    store: undefined,
    owner: undefined,
    storeTimeout: 2,
    maxSessionSize: 262_144,
    sessionInterface: undefined,
    onInvalid: undefined,
    warnings: []
  })
  t.ok(serializer instanceof TaggedJSONSerializer)
  t.ok(codec instanceof Codec)
  t.ok(Math.abs(now() - Date.now() / 1000) < 60)
})

t.test('settings are frozen and show no secret', async (t) => {
  const settings = resolveOptions({ secret: SECRET, fallbacks: [OTHER_SECRET] })
  t.ok(Object.isFrozen(settings))
  t.ok(Object.isFrozen(settings.cookie))
  const shown = inspect(settings, { depth: 9, showHidden: true })
  t.notMatch(shown, SECRET)
  t.notMatch(shown, OTHER_SECRET)
})

t.test('an option that is undefined is its default', async (t) => {
  t.equal(resolveOptions({ secret: SECRET, lifetime: undefined, cookie: { path: undefined } }).cookie.path, '/')
})

t.test('a lifetime without an end is warned of', async (t) => {
  t.match(resolveOptions({ secret: SECRET, lifetime: Infinity }).warnings, [/^The session lifetime is Infinity/])
  t.strictSame(resolveOptions({ secret: SECRET, lifetime: Infinity, absoluteLifetime: 5 }).warnings, [])
})

t.test('the cookie has the session\'s name unless it is given another', async (t) => {
  t.equal(resolveOptions({ secret: SECRET, sessionName: 'admin' }).cookieName, 'admin')
  t.equal(resolveOptions({ secret: SECRET, sessionName: 'admin', cookieName: '__Host-a' }).cookieName, '__Host-a')
})

t.test('a secret may be text, bytes or a key', async (t) => {
  const keys = [SECRET, Buffer.from(SECRET), new Uint8Array(Buffer.from(SECRET)), createSecretKey(Buffer.from(SECRET))]
    .map((secret) => resolveOptions({ secret }).keys[0]!.export().toString('hex'))
  t.equal(new Set(keys).size, 1)
})

t.test('the signing key is bound to cookie name, salt and derivation', async (t) => {
  const keys = [
    {}, { cookieName: 'other' }, { salt: 'other' }, { format: 'flask' },
    { format: 'flask', keyDerivation: 'concat' }, { format: 'flask', digest: 'sha512' }
  ].map((options) =>
    resolveOptions({ secret: SECRET, ...options } as never)
      .keys[0]!.export()
      .toString('hex')
  )
  t.equal(new Set(keys).size, keys.length)
})

const HOW_TO =
  'make one with `node -p "crypto.randomBytes(32).toString(\'base64url\')"` and keep it in the environment as ' +
    'SESSION_SECRET'
const secrets: Array<[secret: unknown, problem: string]> = [
  [undefined, 'is missing'],
  [null, 'is missing'],
  ['', 'is missing'],
  [Buffer.alloc(0), 'is missing'],
  [42, 'must be a string, a Buffer or a KeyObject'],
  [['a', 'b'], 'must be a string, a Buffer or a KeyObject'],
  ['short', 'has 5 bytes where at least 32 are needed'],
  ['x'.repeat(31), 'has 31 bytes where at least 32 are needed'],
  [createSecretKey(randomBytes(16)), 'has 16 bytes where at least 32 are needed'],
  ['abcdefg'.repeat(9), 'has fewer than 8 distinct bytes'],
  ['changeme'.repeat(5), 'is a placeholder or a published example'],
  ['<Change-Me to something that is really random>', 'is a placeholder or a published example'],
  ['replace this by 32 random bytes or more', 'is a placeholder or a published example'],
  [pem, 'is a PEM file, which is not made to be a shared secret'],
  [privateKey, 'is a KeyObject of type private where type secret is needed'],
  ['\ud800'.repeat(40), 'has lone surrogates, which have no UTF-8']
]

t.test('a secret that is missing or easy to guess is refused with how to make one', async (t) => {
  for (const [secret, problem] of secrets) {
    t.equal(messageFor({ secret }), `TypeError: The session secret ${problem}: ${HOW_TO}`)
    t.equal(
      messageFor({ secret: SECRET, fallbacks: [SECRET, secret] }),
      `TypeError: The session secret fallbacks[1] ${problem}: ` +
      (problem === 'is missing' ? 'leave it out where there is no older secret' : HOW_TO))
  }
})

t.test('with format flask the parts are Flask\'s, and a weak secret is warned of', async (t) => {
  const { digest, keyDerivation, salt, compress, refreshAfter, warnings, keys } = resolveOptions({
    secret: 'dev',
    fallbacks: ['x'.repeat(40)],
    format: 'flask'
  })
  t.strictSame(
    { digest, keyDerivation, salt, compress, refreshAfter },
    { digest: 'sha1', keyDerivation: 'hmac', salt: 'cookie-session', compress: true, refreshAfter: 0 }
  )
  t.strictSame(warnings, [
    `The session secret has 3 bytes where at least 32 are needed: ${HOW_TO}`,
    `The session secret fallbacks[0] has fewer than 8 distinct bytes: ${HOW_TO}`
  ])
  t.equal(keys.length, 2)
  t.match(messageFor({ secret: undefined, format: 'flask' }), /is missing/)
  t.match(messageFor({ secret: 5, format: 'flask' }), /must be a string/)
})

const SECURE_ONLY = 'which browsers accept with Secure only'
const ONE_AGE =
  'is not set here: lifetime and permanentLifetime say how long a session holds, ' +
    'and permanent whether its cookie outlives the browser session'
const refusals: Array<[options: object, message: string]> = [
  [{ store: {} }, 'The session option store must be a SessionStore, with read, create, update and destroy; from'],
  [{ sessionStore: {} }, 'The session option "sessionStore" is unknown: use store'],
  [{ owner: 'userId' }, 'The session option owner needs the option store'],
  [{ storeTimeout: 1 }, 'The session option storeTimeout needs the option store'],
  [{ maxSessionSize: 1 }, 'The session option maxSessionSize needs the option store'],
  [{ store: new MemoryStore(), owner: '' }, 'The session option owner must be the name of a key of the session'],
  [{ store: new MemoryStore(), storeTimeout: 0 }, 'The session option storeTimeout must be a number of seconds, more'],
  [{ store: new MemoryStore(), maxSessionSize: 0 }, 'The session option maxSessionSize must be a number of bytes'],
  [{ store: new MemoryStore(), format: 'flask' }, 'The session option format does not go with the option store'],
  [{ encrypt: 1 }, 'The session option encrypt must be true or false'],
  [{ encryptionKey: 'k' }, 'The session option "encryptionKey" is unknown: use encrypt: true, whose key is made from'],
  [
    { store: new MemoryStore(), encrypt: true },
    'The session option encrypt does not go with the option store: its cookie has only the id'
  ],
  [
    { format: 'flask', encrypt: true },
    "The session option encrypt does not go with format: 'flask', since its other program could not read the cookie"
  ],
  [
    { encrypt: true, sessionInterface: new SecureCookieSessionInterface(resolveOptions({ secret: SECRET })) },
    'The session option encrypt does not go with an instance as sessionInterface'
  ],
  [{ store: new MemoryStore(), compress: true }, 'The session option compress does not go with the option store'],
  [
    { store: new MemoryStore(), sessionInterface: SecureCookieSessionInterface },
    'The session option sessionInterface does not go with the option store'
  ],
  [{ store: new MemoryStore(), lifetime: Infinity }, 'The session option lifetime has to be finite with the option st'],
  [
    { store: new MemoryStore(), permanentLifetime: Infinity },
    'The session option lifetime has to be finite with the option store'
  ],
  [
    { store: { read () {}, create () {}, update () {}, destroy () {} }, owner: 'userId' },
    'The session option owner needs a store with list and destroyAll'
  ],
  [{ colour: {} }, 'The session option "colour" is unknown; known are secret, fallbacks, '],
  [{ 'a\nb': 1 }, 'The session option "a\\nb" is unknown'],
  [{ scret: 1 }, 'The session option "scret" is unknown: did you mean secret?'],
  [{ lifeTime: 1 }, 'The session option "lifeTime" is unknown: did you mean lifetime?'],
  [{ cookie_name: 'a' }, 'The session option "cookie_name" is unknown: did you mean cookieName?'],
  [{ fallback: [] }, 'The session option "fallback" is unknown: did you mean fallbacks?'],
  [{ tgas: [] }, 'The session option "tgas" is unknown; known are secret, '],
  [{ maxAge: 60000 }, 'The session option "maxAge" is unknown: use lifetime, in seconds'],
  [{ expires: 1 }, 'The session option "expires" is unknown: use lifetime, in seconds'],
  [{ expiry: 1 }, 'The session option "expiry" is unknown: use lifetime, in seconds'],
  [{ ttl: 1 }, 'The session option "ttl" is unknown: use lifetime, in seconds'],
  [{ rolling: true }, 'The session option "rolling" is unknown: use refreshAfter, '],
  [{ saveUninitialized: false }, 'The session option "saveUninitialized" is unknown: leave it out, since '],
  [{ resave: false }, 'The session option "resave" is unknown: leave it out, since '],
  [{ key: SECRET }, 'The session option "key" is unknown: use secret'],
  [{ keys: [SECRET] }, 'The session option "keys" is unknown: use secret, and fallbacks for the older ones'],
  [{ password: SECRET }, 'The session option "password" is unknown: use secret'],
  [{ name: 'a' }, 'The session option "name" is unknown: use cookieName for the cookie, or sessionName for '],
  [{ genid () {} }, 'The session option "genid" is unknown: leave it out, since '],
  [{ cookieOptions: {} }, 'The session option "cookieOptions" is unknown: use cookie'],
  [{ secure: true }, 'The session option "secure" is unknown: use cookie: { secure }'],
  [{ toString: 1 }, 'The session option "toString" is unknown; known are'],
  [{ fallbacks: 'one' }, 'The session option fallbacks must be a list of at most 8 secrets'],
  [{ fallbacks: Array(9).fill(SECRET) }, 'The session option fallbacks must be a list of at most 8 secrets'],
  [{ format: 'other' }, 'The session option format must be one of default, flask'],
  [{ format: 'toString' }, 'The session option format must be one of default, flask'],
  [{ format: 'flask', digest: 'md5' }, 'The session option digest must be one of sha1, sha256, sha384, sha512'],
  [{ salt: 5 }, 'The session option salt must be a string'],
  [{ salt: '\ud800' }, 'The session option salt must be a string, without lone surrogates'],
  [{ digest: 5 }, 'The session option digest must be a string'],
  [{ digest: 'sha1' }, 'The session option digest must be one of sha256, sha384, sha512'],
  [{ keyDerivation: 'none' }, 'The session option keyDerivation must be one of hkdf'],
  [
    { format: 'flask', keyDerivation: 'hkdf' },
    'The session option keyDerivation must be one of hmac, django-concat, concat, none'
  ],
  [{ sessionName: '' }, 'The session option sessionName must be the name of a property'],
  [{ cookieName: 'a b' }, 'The session option cookieName must be a cookie name: letters, digits and - _ . are safe'],
  [
    { sessionName: 'sitzung ü' },
    'The option cookieName must be a cookie name: letters, digits and - _ . are safe; "sitzung ü", ' +
      'the session\'s name, is none'
  ],
  [{ lifetime: 0 }, 'The session option lifetime must be a number of seconds, more than 0'],
  [{ permanentLifetime: 0 }, 'The session option permanentLifetime must be a number of seconds, more than 0'],
  [{ lifetime: 60, permanentLifetime: 59 }, 'The session option permanentLifetime is below lifetime'],
  [{ format: 'flask', permanentLifetime: 60 }, 'The session option permanentLifetime does not go with this format'],
  [{ lifetime: 60, refreshAfter: 60 }, 'The session option refreshAfter is not below lifetime'],
  [{ lifetime: -1 }, 'The session option lifetime must be a number of seconds, more than 0'],
  [{ lifetime: NaN }, 'The session option lifetime must be a number of seconds, more than 0'],
  [{ lifetime: '1d' }, 'The session option lifetime must be a number of seconds, more than 0'],
  [{ absoluteLifetime: -1 }, 'The session option absoluteLifetime must be a number of seconds, 0 or more'],
  [{ permanent: 1 }, 'The session option permanent must be true or false'],
  [{ refreshAfter: true }, 'The session option refreshAfter must be a number of seconds, 0 or more, or false'],
  [{ compress: 'zlib' }, 'The session option compress must be true or false'],
  [{ maxCookieSize: 0 }, 'The session option maxCookieSize must be a number of bytes'],
  [{ cacheControl: 'no' }, 'The session option cacheControl must be true or false'],
  [{ tags: [{}] }, 'The session option tags must be a list of tag classes'],
  [{ serializer: { dumps () {} } }, 'The session option serializer must have dumps and loads'],
  [{ serializer: null }, 'The session option serializer must have dumps and loads'],
  [{ sessionInterface: {} }, 'The session option sessionInterface must be a SessionInterface'],
  [{ json: {} }, 'The session option json must be a JSONProvider, or false'],
  [{ json: true }, 'The session option json must be a JSONProvider, or false'],
  [{ debug: 1 }, 'The session option debug must be true or false'],
  [{ onInvalid: 'log' }, 'The session option onInvalid must be a function'],
  [{ cookie: true }, 'The session option cookie must be an object'],
  [{ cookie: { maxage: 1 } }, 'The option cookie has an unknown part "maxage"; known are path, domain, '],
  [{ cookie: { maxAge: 1 } }, `The cookie's maxAge ${ONE_AGE}`],
  [{ cookie: { expires: new Date() } }, `The cookie's expires ${ONE_AGE}`],
  [{ cookie: { path: 'app' } }, 'The option cookie.path must be a path that begins with /'],
  [{ cookie: { path: '/a; Secure' } }, 'The option cookie.path must be a path that begins with /'],
  [{ cookie: { domain: 'a b' } }, 'The option cookie.domain must be a host name'],
  [{ cookie: { httpOnly: 1 } }, 'The option cookie.httpOnly must be true or false'],
  [{ cookie: { partitioned: 1 } }, 'The option cookie.partitioned must be true or false'],
  [{ cookie: { secure: 'yes' } }, "The option cookie.secure must be true, false or 'auto'"],
  [{ cookie: { sameSite: 'Lax' } }, "The option cookie.sameSite must be 'lax', 'strict', 'none', true or false"],
  [{ cookie: { priority: 1 } }, "The option cookie.priority must be 'low', 'medium' or 'high'"],
  [{ cookie: { sameSite: 'none', secure: false } }, `secure: false contradicts sameSite: 'none', ${SECURE_ONLY}`],
  [{ cookie: { partitioned: true, secure: false } }, `secure: false contradicts partitioned: true, ${SECURE_ONLY}`],
  [{ cookieName: '__Secure-s', cookie: { secure: false } }, 'secure: false contradicts the cookie name "__Secure-s"'],
  [{ cookieName: '__Host-s', cookie: { secure: false } }, 'secure: false contradicts the cookie name "__Host-s"'],
  [{ cookieName: '__Host-s', cookie: { path: '/app' } }, 'The cookie name "__Host-s" needs the path / and no domain'],
  [{ cookieName: '__host-s', cookie: { domain: 'a.example' } }, 'The cookie name "__host-s" needs the path / and no'],
  [{ cookieName: '__Http-s', cookie: { secure: false } }, 'secure: false contradicts the cookie name "__Http-s"'],
  [{ cookieName: '__http-s', cookie: { httpOnly: false } }, 'httpOnly: false contradicts the cookie name "__http-s"'],
  [{ cookieName: '__Host-Http-s', cookie: { secure: false } }, 'secure: false contradicts the cookie name '],
  [{ cookieName: '__HOST-HTTP-s', cookie: { httpOnly: false } }, 'httpOnly: false contradicts the cookie name '],
  [{ cookieName: '__Host-Http-s', cookie: { path: '/app' } }, 'The cookie name "__Host-Http-s" needs the path / '],
  [{ cookieName: '__Host-Http-s', cookie: { domain: 'a.example' } }, 'The cookie name "__Host-Http-s" needs the path ']
]

t.test('a wrong option is refused in one sentence', async (t) => {
  for (const [options, message] of refusals) {
    const told = messageFor({ secret: SECRET, ...options })
    t.ok(told.startsWith(`TypeError: ${message}`), `${message} — ${told}`)
    t.notOk(told.includes(SECRET))
  }
  t.equal(messageFor(null), 'TypeError: The session options must be an object')
})

t.test('the options that Fastify takes of every plugin are let pass', async (t) => {
  t.doesNotThrow(() => resolveOptions({ secret: SECRET, prefix: '/a', logLevel: 'warn', logSerializers: {} } as never))
})

t.test('without JSON there is none to write replies with, or to have at hand', async (t) => {
  for (const key of ['jsonReplies', 'ambientJson']) {
    t.throws(() => sharedOptions([{ secret: SECRET, json: false, [key]: true }]),
      new TypeError(`The option ${key} needs the JSON that the option json: false leaves out`))
    t.doesNotThrow(() => sharedOptions([{ secret: SECRET, json: false, [key]: false }]))
  }
})

t.test('what is the registration\'s stands with the first session alone', async (t) => {
  const first = { secret: SECRET, debug: true, jsonReplies: true }
  t.equal(sharedOptions([first, { secret: SECRET }]), first)
  for (const given of [{ json: undefined }, { debug: undefined }]) {
    t.doesNotThrow(() => sharedOptions([first, { secret: SECRET, ...given }]))
  }
  for (const [key, value] of Object.entries({ json: {}, debug: false, jsonReplies: false, ambientJson: true })) {
    t.throws(() => sharedOptions([first, { secret: SECRET, [key]: value }]),
      new TypeError(`The option ${key} is the same for all sessions of a registration; give it with the first one`))
  }
})

t.test('options of JSON are true or false', async (t) => {
  for (const key of ['jsonReplies', 'ambientJson']) {
    t.equal(messageFor({ secret: SECRET, [key]: 1 }), `TypeError: The session option ${key} must be true or false`)
  }
})
