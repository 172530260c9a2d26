import { syncBuiltinESMExports } from 'node:module'
import zlib, { deflateRawSync, deflateSync, gzipSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { BadPayload } from '../lib/errors.ts'
import { decodePayload, encodePayload, MAX_INFLATED_SIZE } from '../lib/signing/encoding.ts'
import { type TextSerializer, URLSafeSerializer, URLSafeTimedSerializer } from '../lib/signing/serializer.ts'
import { Signer, TimestampSigner } from '../lib/signing/signer.ts'
import { FLASK, recorded, signing, toValue, type Vector, vectors } from './support/vectors.ts'

const RUNS = { seed: 20261122, numRuns: 300 }
const SECRET = 'a secret for tokens, which hkdf takes, 2b7d'
const OLD_SECRET = 'the secret before it, which hkdf takes, 58c0'
const SALT = 'test.tokens'
const NOW = 1_700_000_000

/** Signs text as it is, so that what is inside plays no part. */
const asIs: TextSerializer = { dumps: (text) => text as string, loads: (text) => text }

const FLASK_ERRORS = ['SignatureExpired', 'BadTimeSignature', 'BadSignature', 'BadPayload']
const ANOTHER_ERROR = 'another error'

const oneSpelling = 'Flask takes several spellings of a signature, we take one'
const noJunk = 'Flask skips junk and padding, we refuse them'
const textAtFault = 'the text is what Flask cannot read, and reading it is for the serializer'

/** Where we differ from Flask on purpose, and what happens here instead. */
const differences: Record<string, { ours: string, why: string }> = {
  'sign-033': { ours: '{"1":1,"a":2}', why: 'in JavaScript all keys are text, so any can be sorted' },
  'unsign-039': { ours: 'BadTimeSignature', why: oneSpelling },
  'unsign-041': { ours: 'BadTimeSignature', why: oneSpelling },
  'unsign-042': { ours: 'BadTimeSignature', why: oneSpelling },
  'unsign-044': { ours: 'BadTimeSignature', why: oneSpelling },
  'unsign-045': { ours: 'BadTimeSignature', why: oneSpelling },
  'unsign-049': { ours: 'BadTimeSignature', why: noJunk },
  'unsign-053': {
    ours: 'BadTimeSignature',
    why: 'a timestamp past what a Date holds is malformed, not an OverflowError'
  },
  'unsign-054': { ours: 'SignatureExpired', why: 'the year 10000 is an ordinary year of a Date, and in the future' },
  'unsign-056': { ours: `${NOW} `, why: textAtFault },
  'unsign-059': { ours: `${NOW} hello`, why: textAtFault },
  'unsign-062': { ours: `${NOW} \ufeff{}`, why: textAtFault },
  'unsign-064': { ours: `${NOW} {"u":{" u":"xyz"}}`, why: textAtFault },
  'unsign-065': { ours: 'BadPayload', why: noJunk },
  'unsign-066': { ours: 'BadPayload', why: noJunk },
  'unsign-075': { ours: `${NOW} `, why: textAtFault },
  'unsign-076': { ours: 'BadPayload', why: noJunk }
}

function agree (t: Test, { id, description }: Vector<'sign' | 'unsign'>, ours: string, flasks: string): void {
  const difference = differences[id]
  t.equal(ours, difference?.ours ?? flasks, `${id}: ${description}`)
  if (difference !== undefined) t.not(ours, flasks, `${id} differs: ${difference.why}`)
}

function flaskSerializer ({ input }: Vector<'sign' | 'unsign'>, clockTolerance = 0): URLSafeTimedSerializer {
  const [secret, options] = signing(input, FLASK)
  const now = (): number => input.time
  return new URLSafeTimedSerializer(secret, { ...options, compress: true, serializer: asIs, now, clockTolerance })
}

/** What `act` returns, or the name of its error as Flask would have it. */
function outcome (act: () => string): string {
  try {
    return act()
  } catch (error) {
    return errorName((error as Error).name)
  }
}

function errorName (name: string): string {
  return FLASK_ERRORS.includes(name) ? name : ANOTHER_ERROR
}

/** The text inside a token, read without this package. */
function textInside (token: string): string {
  const [, dot, payload] = /^(\.?)([^.]*)/.exec(token)!
  const bytes = Buffer.from(payload!, 'base64url')
  return (dot === '.' ? inflateSync(bytes) : bytes).toString()
}

t.test('the same text is signed as Flask signs it', async (t) => {
  const cases = vectors('sign')
  t.equal(cases.length, recorded.sign)
  for (const each of cases) {
    const { input, expected } = each
    if (!expected.ok) {
      agree(
        t,
        each,
        outcome(() => textInside(flaskSerializer(each).dumps(JSON.stringify(toValue(input.value))))),
        ANOTHER_ERROR
      )
      continue
    }
    const token = flaskSerializer(each).dumps(expected.text)
    // Another zlib writes other bytes, or as many more that compressing does not pay.
    if (expected.compare === 'exact') agree(t, each, token, expected.cookie)
    else agree(t, each, textInside(token), expected.text)
    t.equal(flaskSerializer(each).loads(expected.cookie, { maxAge: 0 }), expected.text, each.id)
  }
})

t.test('what Flask reads is read alike and what it refuses is refused alike', async (t) => {
  const cases = vectors('unsign')
  t.equal(cases.length, recorded.unsign)
  for (const each of cases) {
    const { input, expected } = each
    const ours = outcome(() => {
      const tolerance = input.max_age === null ? Infinity : 0
      const serializer = flaskSerializer(each, tolerance)
      const { value, dateSigned } = serializer.loadsWithTimestamp(input.cookie, { maxAge: input.max_age ?? Infinity })
      return `${dateSigned.getTime() / 1000} ${value}`
    })
    agree(
      t,
      each,
      ours,
      expected.ok ? `${expected.timestamp} ${JSON.stringify(toValue(expected.value))}` : errorName(expected.error)
    )
  }
})

t.test('every difference from Flask is one of a recorded case', async (t) => {
  const ids = [...vectors('sign'), ...vectors('unsign')].map(({ id }) => id)
  t.strictSame(Object.keys(differences).filter((id) => !ids.includes(id)), [])
})

t.test('a payload is the base64url of UTF-8 text', async (t) => {
  t.equal(encodePayload('{"a":"é😀"}', false), 'eyJhIjoiw6nwn5iAIn0')
  t.equal(decodePayload('eyJhIjoiw6nwn5iAIn0', false), '{"a":"é😀"}')
  t.equal(encodePayload('', false), '')
  t.equal(decodePayload('', false), '')
  t.equal(decodePayload('77u_e30', false), '\ufeff{}', 'a byte order mark is text')
})

t.test('any text comes back from its payload', async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 50 }), fc.boolean(), (part, times, compress) => {
    const text = part.repeat(times)
    const payload = encodePayload(text, compress)
    return (
      /^\.?[\w-]*$/.test(payload) &&
        decodePayload(payload, compress) === text &&
        decodePayload(payload, true) === text
    )
  }),
  RUNS
  )
})

t.test('a payload is compressed where that saves the dot and a byte more', async (t) => {
  const lengths = Array.from({ length: 60 }, (_, length) => length)
  const saved = lengths.map((length) => length - deflateSync('a'.repeat(length)).length)
  t.ok([0, 1, 2].every((bytes) => saved.includes(bytes)), 'lengths at the border')
  for (const length of lengths) {
    t.equal(encodePayload('a'.repeat(length), true).startsWith('.'), saved[length]! > 1, `${length} bytes`)
  }
  t.notMatch(encodePayload('a'.repeat(1000), false), /^\./)
})

t.test('text as long as may be inflated is compressed, longer text is not', async (t) => {
  const longest = 'a'.repeat(MAX_INFLATED_SIZE)
  const longer = longest + 'a'
  t.match(encodePayload(longest, true), /^\./)
  t.notMatch(encodePayload(longer, true), /^\./)
  for (const text of [longest, longer]) t.ok(decodePayload(encodePayload(text, true), true) === text)
})

const deflated = deflateSync('{"a":1}')
const compressed = (bytes: Uint8Array) => '.' + Buffer.from(bytes).toString('base64url')

const unreadable: Array<[why: string, payload: string]> = [
  ['one character', 'A'],
  ['padding', 'Zg=='],
  ['junk', 'Zm9v!!!!'],
  ['a look-alike outside Latin-1', 'Zm9\u0141'],
  ['a look-alike behind the dot', compressed(deflated) + '\u0141'],
  ['a dot inside', 'eyJhIj.oxfQ'],
  ['two leading dots', '.' + compressed(deflated)],
  ['not UTF-8', 'Iv8i'],
  ['surrogates as UTF-8', 'Iu2ggCI'],
  ['nothing behind the dot', '.'],
  ['padding behind the dot', compressed(deflated) + '='],
  ['not zlib', '.Z2FyYmFnZQ'],
  ['raw deflate', compressed(deflateRawSync('{"a":1}'))],
  ['gzip', compressed(gzipSync('{"a":1}'))],
  ['zlib with a dictionary', compressed(deflateSync('{"a":1}', { dictionary: Buffer.from('"a":') }))],
  ['zlib cut short', compressed(deflated.subarray(0, -1))],
  ['zlib with a wrong checksum', compressed(Buffer.concat([deflated.subarray(0, -4), Buffer.alloc(4)]))],
  ['zlib of what is not UTF-8', compressed(deflateSync(Uint8Array.of(0x22, 0xff, 0x22)))],
  ['zlib of one byte too many', compressed(deflateSync('a'.repeat(MAX_INFLATED_SIZE + 1)))],
  ['zlib of far too much', compressed(deflateSync(Buffer.alloc(64 * MAX_INFLATED_SIZE)))]
]

for (const [why, payload] of unreadable) {
  t.test(`a genuine token with an unreadable payload is a BadPayload: ${why}`, async (t) => {
    const options = { salt: SALT, compress: true, serializer: asIs }
    const signed = new Signer(SECRET, { salt: SALT }).sign(payload)
    const signedNow = new TimestampSigner(SECRET, { salt: SALT }).sign(payload)
    const tokens = [
      () => new URLSafeSerializer(SECRET, options).loads(signed),
      () => new URLSafeTimedSerializer(SECRET, { ...options, maxAge: 10 }).loads(signedNow)
    ]
    for (const load of tokens) {
      const error = badPayload(load)
      t.equal(error.payload, payload)
      t.ok(error.originalError instanceof Error)
      t.match(error.message, /^The payload [\w ,-]+$/)
    }
  })
}

function badPayload (act: () => unknown): BadPayload {
  try {
    act()
  } catch (error) {
    if (error instanceof BadPayload) return error
    throw error
  }
  throw new Error('nothing was refused')
}

t.test('a payload is looked at only where the signature holds', async (t) => {
  const bomb = compressed(deflateSync(Buffer.alloc(2 * MAX_INFLATED_SIZE)))
  const options = { salt: SALT, compress: true }
  const timedOptions = { ...options, maxAge: 10 }
  const forged = new Signer(OLD_SECRET, { salt: SALT }).sign(bomb)
  const forgedNow = new TimestampSigner(OLD_SECRET, { salt: SALT }).sign(bomb)
  t.throws(() => new URLSafeSerializer(SECRET, options).loads(forged), { name: 'BadSignature' })
  t.throws(() => new URLSafeTimedSerializer(SECRET, timedOptions).loads(forgedNow), { name: 'BadTimeSignature' })
})

function untimed (options: object = {}): URLSafeSerializer {
  return new URLSafeSerializer(SECRET, { salt: SALT, ...options })
}

function timed (options: object = {}, now = NOW): URLSafeTimedSerializer {
  return new URLSafeTimedSerializer(SECRET, { salt: SALT, now: () => now, maxAge: 60, ...options })
}

t.test('tokens keep the types of their values and are safe in a URL', async (t) => {
  const value = {
    id: 42,
    name: 'é😀 &?=',
    at: new Date(NOW * 1000),
    tags: new Set(['a']),
    big: 2n ** 70n,
    list: [1, null, undefined]
  }
  for (const token of [untimed(), untimed({ compress: true }), timed(), timed({ compress: true })]) {
    const text = token.dumps(value)
    t.strictSame(token.loads(text), value)
    t.equal(encodeURIComponent(text), text)
  }
})

t.test('a value that cannot be kept is refused with its path', async (t) => {
  for (const each of [untimed(), timed()]) {
    t.throws(() => each.dumps({ user: { greet: () => 'hi' } }), { name: 'TypeError', message: /^value\.user\.greet / })
  }
})

t.test('a token is a signed payload, with the time where it is timed', async (t) => {
  t.equal(untimed({ serializer: asIs }).dumps('text'), new Signer(SECRET, { salt: SALT }).sign('dGV4dA'))
  const signer = new TimestampSigner(SECRET, { salt: SALT, now: () => NOW })
  t.equal(timed({ serializer: asIs }).dumps('text'), signer.sign('dGV4dA'))
})

t.test('a reader with compress off refuses what one with it on wrote, one with it on reads both', async (t) => {
  const text = 'a'.repeat(200)
  for (const make of [untimed, timed]) {
    const plain = make({ compress: false })
    const packed = make({ compress: true })
    t.equal(packed.loads(plain.dumps(text)), text)
    t.equal(packed.loads(packed.dumps(text)), text)
    t.ok(packed.dumps(text).length < plain.dumps(text).length)
    t.equal(make().dumps(text), plain.dumps(text), 'off is the default')
    t.equal(badPayload(() => plain.loads(packed.dumps(text))).originalError, undefined)
  }
})

t.test('a reader with fallbacks reads older tokens and writes new ones', async (t) => {
  const timedOptions = { salt: SALT, now: () => NOW, maxAge: 60 }
  const kinds = [[URLSafeSerializer, { salt: SALT }], [URLSafeTimedSerializer, timedOptions]] as const
  for (const [Kind, options] of kinds) {
    const old = new Kind(OLD_SECRET, options).dumps('value')
    const rotated = new Kind(SECRET, { ...options, fallbacks: [OLD_SECRET + ', older', OLD_SECRET] })
    t.equal(rotated.loads(old), 'value')
    t.equal(rotated.dumps('value'), new Kind(SECRET, options).dumps('value'))
    t.throws(() => new Kind(SECRET, options).loads(old), { name: /^Bad(Time)?Signature$/ })
  }
})

const tokenKinds = {
  untimed: (secret: string, options: object) => new URLSafeSerializer(secret, { salt: SALT, ...options }),
  timed: (secret: string, options: object) => new URLSafeTimedSerializer(secret, { salt: SALT, maxAge: 60, ...options })
}

for (const [kind, make] of Object.entries(tokenKinds)) {
  t.test(`an ${kind} token that is encrypted shows nothing of its value, and comes back`, async (t) => {
    const value = { user: 42, when: new Date(5) }
    const token = make(SECRET, { encrypt: true }).dumps(value)
    t.match(token, /^~[\w.-]+$/, 'safe in a URL (RFC 3986, section 2.3)')
    t.equal(encodeURIComponent(token), token)
    t.notMatch(Buffer.from(token.slice(1).split('.')[0]!, 'base64url').toString('latin1'), 'user')
    t.strictSame(make(SECRET, { encrypt: true }).loads(token), value)
    const rotated = make(SECRET, { encrypt: true, fallbacks: [OLD_SECRET] })
    t.strictSame(rotated.loads(make(OLD_SECRET, { encrypt: true }).dumps(value)), value, 'of an older secret')
    const long = make(SECRET, { encrypt: true, compress: true }).dumps('x'.repeat(500))
    t.match(long, /^~\./)
    t.equal(make(SECRET, { encrypt: true, compress: true }).loads(long), 'x'.repeat(500))
  })

  t.test(`an ${kind} token is refused where it is encrypted and should not be, or the other way round`, async (t) => {
    const [encrypted, plain] = [make(SECRET, { encrypt: true }), make(SECRET, { encrypt: false })]
    t.throws(() => encrypted.loads(plain.dumps(1)), {
      code: 'FSS_ERR_BAD_PAYLOAD', message: 'The payload is not encrypted, and encrypt is on'
    })
    t.throws(() => plain.loads(encrypted.dumps(1)), {
      code: 'FSS_ERR_BAD_PAYLOAD', message: 'The payload is encrypted, and encrypt is off'
    })
    t.throws(() => encrypted.loads(make(SECRET, { encrypt: true, salt: 'other' }).dumps(1)), {
      code: /^FSS_ERR_BAD_(TIME_)?SIGNATURE$/
    })
  })

  t.test(`an ${kind} token is encrypted with hkdf alone`, async (t) => {
    const message = 'encrypt needs the keyDerivation hkdf, which is the default'
    t.throws(() => make(SECRET, { encrypt: true, keyDerivation: 'hmac' }), new TypeError(message))
    t.throws(() => make(SECRET, { encrypt: 1 }), { message: / encrypt must be true or false$/ })
    t.doesNotThrow(() => make(SECRET, { encrypt: false, keyDerivation: 'hmac' }))
    t.doesNotThrow(() => make(SECRET, { encrypt: true, keyDerivation: 'hkdf' }))
  })
}

t.test('a serializer that gives no text is told so', async (t) => {
  for (const given of [Buffer.from('x'), 5, undefined, Promise.resolve('x')]) {
    const serializer = { dumps: () => given as never, loads: String }
    for (const make of [untimed, timed]) {
      t.throws(() => make({ serializer }).dumps(1), { message: 'The dumps of the serializer gave no text' })
    }
  }
})

t.test('text of a serializer that has lone surrogates is refused, since it would not come back', async (t) => {
  const refusal = { name: 'TypeError', message: 'The serializer gave text with a lone surrogate, which has no UTF-8' }
  for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800', `${'é'.repeat(20_000)}\ud83d`]) {
    for (const compress of [false, true]) {
      for (const make of [untimed, timed]) t.throws(() => make({ serializer: asIs, compress }).dumps(text), refusal)
    }
  }
  const token = untimed({ serializer: asIs })
  for (const text of ['', '\ud83d\ude00', '\ufffd', '\u0000']) t.equal(token.loads(token.dumps(text)), text)
})

const KNOWN = 'salt, fallbacks, digest, keyDerivation, sep, serializer, compress'
const SECONDS = 'must be a number of seconds, 0 or more'
type Kind = typeof URLSafeSerializer | typeof URLSafeTimedSerializer
const wrongOptions: Array<[Kind: Kind, options: object, problem: string]> = [
  [URLSafeSerializer, { maxAge: 60 }, '"maxAge" is unknown: use a URLSafeTimedSerializer, which takes ' +
    'maxAge, in seconds'],
  [URLSafeSerializer, { now: () => NOW }, `"now" is unknown; known are ${KNOWN}`],
  [URLSafeSerializer, { serialiser: asIs }, '"serialiser" is unknown: did you mean serializer?'],
  [URLSafeSerializer, { serializer: { dumps: String } }, 'serializer must have dumps and loads'],
  [URLSafeSerializer, { compress: 'zlib' }, 'compress must be true or false'],
  [URLSafeTimedSerializer, { expiresIn: '1h' }, '"expiresIn" is unknown: use maxAge, in seconds'],
  [URLSafeTimedSerializer, { max_age: 60 }, '"max_age" is unknown: did you mean maxAge?'],
  [URLSafeTimedSerializer, { maxAge: '1h' }, `maxAge ${SECONDS}`],
  [URLSafeTimedSerializer, { maxAge: NaN }, `maxAge ${SECONDS}`],
  [URLSafeTimedSerializer, { maxAge: -1 }, `maxAge ${SECONDS}`],
  [URLSafeTimedSerializer, { clockTolerance: -1 }, `clockTolerance ${SECONDS}`],
  [URLSafeTimedSerializer, { serializer: null }, 'serializer must have dumps and loads']
]

t.test('an option that is unknown or wrong is refused when the serializer is made, with what to do', async (t) => {
  for (const [Kind, options, problem] of wrongOptions) {
    t.throws(() => new Kind(SECRET, { salt: SALT, ...options }), new TypeError(`The ${Kind.name} option ${problem}`))
  }
  for (const Kind of [URLSafeSerializer, URLSafeTimedSerializer]) {
    for (const secret of ['', 'hunter2', 'keyboard cat keyboard cat keyboard cat']) {
      t.throws(() => new Kind(secret, { salt: SALT }), TypeError)
    }
    t.throws(() => new Kind(SECRET, { salt: undefined as never }), { message: 'A signer needs a salt: text or bytes' })
    t.throws(() => new Kind(SECRET, { salt: SALT, digest: 'sha0' }), TypeError)
    t.throws(() => new Kind(SECRET, undefined as never), { message: `The ${Kind.name} options must be an object` })
  }
})

t.test('timed loading needs a maxAge, from the constructor or the call', async (t) => {
  const token = timed().dumps('value')
  const open = timed({ maxAge: undefined })
  for (const limit of [undefined, {}, { maxAge: undefined }, { maxAge: NaN }, { maxAge: null }, { maxAge: '60' }]) {
    t.throws(() => open.loads(token, limit as never), { name: 'TypeError', message: /maxAge/ })
    t.throws(() => open.loadsWithTimestamp(token, limit as never), { name: 'TypeError', message: /maxAge/ })
  }
  t.equal(open.loads(token, { maxAge: 0 }), 'value')
  t.equal(timed({ maxAge: 0 }).loads(token), 'value')
})

t.test('the maxAge of the call goes before that of the constructor, and Infinity is without an end', async (t) => {
  const token = timed().dumps('value')
  const later = timed({ maxAge: 10 }, NOW + 11)
  t.throws(() => later.loads(token), { name: 'SignatureExpired', dateSigned: new Date(NOW * 1000) })
  t.throws(() => later.loads(token, { maxAge: undefined }), { name: 'SignatureExpired' })
  t.equal(later.loads(token, { maxAge: 11 }), 'value')
  t.throws(() => timed({ maxAge: 11 }, NOW + 11).loads(token, { maxAge: 10 }), { name: 'SignatureExpired' })
  t.equal(timed({}, NOW + 1e9).loads(token, { maxAge: Infinity }), 'value')
  t.equal(timed({ maxAge: Infinity }, NOW + 1e9).loads(token), 'value')
})

t.test('a token tells when it was signed', async (t) => {
  t.strictSame(timed({}, NOW + 5).loadsWithTimestamp(timed().dumps(['value'])), {
    value: ['value'],
    dateSigned: new Date(NOW * 1000)
  })
})

t.test('a token from the future is refused past the tolerance', async (t) => {
  const token = timed({}, NOW + 30).dumps('value')
  t.throws(() => timed().loads(token), { name: 'SignatureExpired' })
  t.equal(timed({ clockTolerance: 30 }).loads(token), 'value')
  t.throws(() => timed({ maxAge: Infinity }).loads(token), { name: 'SignatureExpired' }, 'without an end too')
})

t.test('a password reset token holds for an hour, for its own use, unchanged', async (t) => {
  const resets = (now: number) =>
    new URLSafeTimedSerializer(SECRET, { salt: 'password-reset', maxAge: 3600, now: () => now })
  const invitations = new URLSafeSerializer(SECRET, { salt: 'invitation' })
  const token = resets(NOW).dumps({ userId: 42 })
  const forged = resets(NOW).dumps({ userId: 1 }).replace(/\..*$/, token.slice(token.indexOf('.')))
  t.strictSame(resets(NOW + 3600).loads(token), { userId: 42 })
  t.throws(() => resets(NOW + 3601).loads(token), { name: 'SignatureExpired' })
  t.throws(() => resets(NOW).loads(forged), { name: 'BadTimeSignature' })
  t.throws(() => invitations.loads(token), { name: 'BadSignature' })
  t.throws(() => resets(NOW).loads(invitations.dumps({ userId: 42 })), { name: 'BadSignature' })
})

t.test('whatever a serializer of one\'s own throws is a BadPayload that does not quote the data', async (t) => {
  for (const make of [untimed, timed]) {
    const tokens = make({ serializer: { dumps: String, loads: JSON.parse } })
    t.throws(() => tokens.loads(tokens.dumps('my password')), {
      name: 'BadPayload',
      message: 'The payload cannot be read'
    })
  }
})

const exhausting: Array<[what: string, run: () => unknown]> = [
  ['a buffer that there is no memory for', () => new ArrayBuffer(Number.MAX_SAFE_INTEGER)],
  ['a string that is too long', () => 'x'.repeat(2 ** 30)],
  ['memory that Node could not get', () => {
    throw Object.assign(new Error('no memory'), { code: 'ERR_MEMORY_ALLOCATION_FAILED' })
  }],
  ['calls without an end', function call (): unknown { return [call()] }]
]

for (const [what, run] of exhausting) {
  t.test(`what is no fault of the data is no BadPayload: ${what}`, async (t) => {
    for (const make of [untimed, timed]) {
      const tokens = make({ serializer: { dumps: String, loads: run } })
      t.throws(() => tokens.loads(tokens.dumps('genuine')), { name: /^(Range)?Error$/ })
    }
  })
}

t.test('zlib that fails for want of memory says so, and not that the payload is at fault', async (t) => {
  const tokens = timed({ compress: true })
  const token = tokens.dumps('a'.repeat(1000))
  const noMemory = Object.assign(new Error('unknown failure'), { code: 'Z_MEM_ERROR', errno: -4 })
  t.teardown(() => { replaceInflate(inflate) })
  const inflate = zlib.inflateSync
  replaceInflate(() => { throw noMemory }) // as it does where there is none, which no test can bring about
  t.throws(() => tokens.loads(token), noMemory)
  replaceInflate(inflate)
  t.equal(tokens.loads(token), 'a'.repeat(1000))
})

function replaceInflate (inflateSync: typeof zlib.inflateSync): void {
  Object.assign(zlib, { inflateSync })
  syncBuiltinESMExports()
}
