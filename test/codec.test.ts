import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import t, { type Test } from 'tap'
import { type BadData, BadPayload } from '../lib/errors.ts'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'
import type { Secret } from '../lib/signing/keys.ts'
import { Mac } from '../lib/signing/mac.ts'
import { TimestampSigner } from '../lib/signing/signer.ts'
import { Candidates, Codec, type Opened, sessionEncryptionKey, sessionKey } from '../lib/wire/codec.ts'
import type { Format, WireOptions } from '../lib/wire/format.ts'
import { formats } from '../lib/wire/formats.ts'
import { OTHER_SECRET, SECRET } from './support/app.ts'

const START = 1_700_000_000
const TEXT = '{"a":1}'

interface Given extends Partial<WireOptions> {
  format?: Format
  encrypt?: boolean
  secrets?: Secret[]
  cookieName?: string
  at?: number
}

/** A codec as the options of a session would make it. */
function codecWith (given: Given = {}): Codec {
  const { format = formats.default, secrets = [SECRET], cookieName = 'session', at = START, ...rest } = given
  const { encrypt = false, ...own } = rest
  const { salt, digest, keyDerivation, compress } = format
  const wire = { salt, digest, keyDerivation, compress, ...own }
  const keys = secrets.map((secret) => sessionKey(secret, cookieName, wire))
  const encryptionKeys = wire.keyDerivation === 'hkdf'
    ? secrets.map((secret) => sessionEncryptionKey(secret, cookieName, wire.salt))
    : []
  return new Codec({ ...wire, format, keys, encrypt, encryptionKeys, now: () => at })
}

/** What opens, or the code of the refusal. */
function outcome (opened: Opened | BadData): string {
  return 'text' in opened ? opened.text : opened.code
}

/** A format of another program's kind: a separator, time stamps and payloads of its own. */
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const colons: Format = {
  ...formats.default,
  salt: 'colons',
  keyDerivation: 'hmac',
  serializer: () => new TaggedJSONSerializer(),
  separator: ':',
  stamp: {
    write (seconds) {
      let text = ''
      for (let rest = seconds; rest > 0; rest = Math.floor(rest / 62)) text = BASE62[rest % 62] + text
      return text
    },
    read: (text) => /^[\dA-Za-z]+$/.test(text)
      ? [...text].reduce((seconds, digit) => seconds * 62 + BASE62.indexOf(digit), 0)
      : undefined
  },
  payload: {
    encode: (text) => encodeURIComponent(text),
    decode (payload) {
      if (payload === 'broken') throw new Error('the decoder is broken')
      if (payload.startsWith('%7B')) return decodeURIComponent(payload)
      throw new BadPayload('The payload is no object', { payload })
    }
  }
}

const all = { ...formats, colons }

t.test('what a codec of any format seals it opens, with the time and the cookie', async (t) => {
  for (const [name, format] of Object.entries(all)) {
    const cookie = codecWith({ format }).seal(TEXT)
    t.strictSame(codecWith({ format, at: START + 5 }).open(cookie, 5), {
      text: TEXT, issuedAt: START, now: START + 5, outdated: undefined, cookie
    }, name)
  }
})

t.test('the formats of itsdangerous write payload, time stamp and signature as base64url between dots', async (t) => {
  for (const format of [formats.default, formats.flask]) {
    const [payload, stamp, signature, ...rest] = codecWith({ format }).seal(TEXT).split('.')
    t.equal(payload, Buffer.from(TEXT).toString('base64url'))
    t.equal(stamp, Buffer.from(START.toString(16), 'hex').toString('base64url'))
    t.equal(signature!.length, format === formats.flask ? 27 : 43)
    t.strictSame(rest, [])
  }
})

t.test('a format has a separator, a time stamp and a payload of its own', async (t) => {
  const cookie = codecWith({ format: colons }).seal('{"a.b":"c:d"}')
  t.match(cookie, /^%7B%22a\.b%22%3A%22c%3Ad%22%7D:1r31eq:[\w-]{43}$/)
  t.equal(outcome(codecWith({ format: colons }).open(cookie, 0)), '{"a.b":"c:d"}')
  const [payload, stamp, signature] = cookie.split(':')
  for (const [altered, code] of [
    [`${payload}:${stamp}`, 'FSS_ERR_BAD_SIGNATURE'],
    [`${payload}.${stamp}.${signature}`, 'FSS_ERR_BAD_SIGNATURE'],
    [`${payload}:${stamp}x:${signature}`, 'FSS_ERR_BAD_TIME_SIGNATURE'],
    [codecWith({ format: colons }).seal(''), 'FSS_ERR_BAD_PAYLOAD'],
    [codecWith({ format: { ...colons, stamp: { ...colons.stamp, write: () => '-' } } }).seal(TEXT),
      'FSS_ERR_BAD_TIME_SIGNATURE']
  ] as const) t.equal(outcome(codecWith({ format: colons }).open(altered, 100)), code, altered)
})

t.test('what a payload fails for beside its data is thrown, and no cookie is refused for it', async (t) => {
  const cookie = codecWith({ format: { ...colons, payload: { ...colons.payload, encode: () => 'broken' } } }).seal(TEXT)
  t.throws(() => codecWith({ format: colons }).open(cookie, 100), { message: 'the decoder is broken' })
})

t.test('text of any characters is sealed, unless it has no UTF-8', async (t) => {
  for (const format of Object.values(all)) {
    const codec = codecWith({ format })
    for (const text of ['{"é":"日本","x":"😀"}', `{"long":"${'x'.repeat(5000)}"}`]) {
      const cookie = codec.seal(text)
      t.match(cookie, /^[!-~]+$/)
      t.equal(outcome(codec.open(cookie, 0)), text)
    }
  }
  t.throws(() => codecWith().seal('\ud800'), TypeError)
})

t.test('an older secret opens and never seals', async (t) => {
  for (const format of Object.values(all)) {
    const old = codecWith({ format, secrets: [OTHER_SECRET] }).seal(TEXT)
    const rotated = codecWith({ format, secrets: [SECRET, OTHER_SECRET] })
    t.match(rotated.open(old, 0), { text: TEXT, outdated: 'fallback' })
    t.match(rotated.open(rotated.seal(TEXT), 0), { text: TEXT, outdated: undefined })
    t.match(codecWith({ format }).open(rotated.seal(TEXT), 0), { text: TEXT })
    t.equal(outcome(codecWith({ format }).open(old, 0)), 'FSS_ERR_BAD_TIME_SIGNATURE')
  }
})

t.test('a cookie of another secret, name, salt, digest, derivation or format does not open', async (t) => {
  const own = codecWith()
  t.equal(outcome(own.open(codecWith().seal(TEXT), 0)), TEXT)
  const others: Given[] = [
    { secrets: [OTHER_SECRET] }, { cookieName: 'admin' }, { salt: 'other' }, { digest: 'sha384' }, { digest: 'sha512' },
    { format: formats.flask }, { format: colons }, { format: formats.flask, digest: 'sha256' },
    { format: formats.django }, { format: formats.starlette },
    { keyDerivation: 'hmac' }
  ]
  for (const other of others) {
    t.match(outcome(own.open(codecWith(other).seal(TEXT), 0)), /^FSS_ERR_BAD_(TIME_)?SIGNATURE$/, JSON.stringify(other))
  }
  const flask = codecWith({ format: formats.flask })
  const flaskOthers: Given[] = [
    { salt: 'x' }, { digest: 'sha256' }, { keyDerivation: 'none' }, { format: formats.default },
    { format: formats.starlette }
  ]
  for (const each of flaskOthers) {
    t.match(outcome(flask.open(codecWith({ format: formats.flask, ...each }).seal(TEXT), 0)), /SIGNATURE$/)
  }
})

t.test('other programs know no cookie name in their keys, so that another one opens', async (t) => {
  for (const format of [formats.flask, formats.django, formats.starlette]) {
    const cookie = codecWith({ format, cookieName: 'admin' }).seal(TEXT)
    t.equal(outcome(codecWith({ format }).open(cookie, 0)), TEXT)
  }
})

t.test('whatever is not the form of a signed cookie is refused without an error of its own', async (t) => {
  const codec = codecWith()
  const cookie = codec.seal(TEXT)
  const [payload, stamp, signature] = cookie.split('.') as [string, string, string]
  const unsigned = codec.open('', 0)
  for (const value of ['x', '..', TEXT, payload, `${payload}.${stamp}.`, cookie.slice(0, -1), `${cookie}=`]) {
    t.equal(codec.open(value, 0), unsigned, value)
  }
  const refused: Array<[value: string, message: string]> = [
    [`${payload.slice(1)}.${stamp}.${signature}`, 'The signature does not match'],
    [`${payload}.${stamp}.${'A'.repeat(43)}`, 'The signature does not match'],
    [`${payload}.${signature}`, 'The signature does not match'],
    [`é${cookie}`, 'The signature does not match'],
    [`${payload}.${stamp}.${signature.slice(0, -1)}é`, 'The signature does not match'],
    ['日本', 'There is no signature']
  ]
  for (const [value, message] of refused) {
    t.match(codec.open(value, 0), { message, stack: /^[^\n]*$/ }, value)
  }
})

t.test('text that is not ASCII is no cookie, even where the key has signed it', async (t) => {
  const key = sessionKey(SECRET, 'session', formats.default)
  const signer = new TimestampSigner(key, { salt: '', keyDerivation: 'none', now: () => START })
  t.equal(outcome(codecWith().open(signer.sign('eyJhIjoxfQ'), 0)), TEXT)
  for (const payload of ['eyJhIjoxfQ\u0141', 'é', 'é'.repeat(5000)]) {
    t.match(codecWith().open(signer.sign(payload), 0), { message: 'The signature does not match' })
  }
  const long = JSON.stringify('x'.repeat(5000))
  t.equal(outcome(codecWith().open(codecWith().seal(long), 0)), long)
})

t.test('a signature of any age up to the limit opens, and one of the future within the tolerance', async (t) => {
  const rows: Array<[age: number, maxAge: number, opens: boolean]> = [
    [100, 100, true], [101, 100, false], [0, 0, true], [1, 0, false], [1e9, Infinity, true],
    [-60, 100, true], [-61, 100, false], [-60, Infinity, true], [-61, Infinity, false]
  ]
  for (const format of Object.values(all)) {
    const cookie = codecWith({ format }).seal(TEXT)
    for (const [age, maxAge, opens] of rows) {
      const opened = codecWith({ format, at: START + age }).open(cookie, maxAge)
      t.equal(outcome(opened), opens ? TEXT : 'FSS_ERR_SIGNATURE_EXPIRED', `${age} s, at most ${maxAge}`)
    }
  }
})

t.test('what is compressed opens only where compression is on', async (t) => {
  const text = `{"a":"${'x'.repeat(500)}"}`
  for (const format of Object.values(formats).filter(({ canCompress }) => canCompress)) {
    const on = codecWith({ format, compress: true })
    const off = codecWith({ format, compress: false })
    const cookie = on.seal(text)
    t.match(cookie, /^\./)
    t.ok(cookie.length < 150)
    t.equal(outcome(on.open(cookie, 0)), text)
    t.match(off.open(cookie, 0), { code: 'FSS_ERR_BAD_PAYLOAD', message: /compressed, and compress is off/ })
    t.notMatch(off.seal(text), /^\./)
    t.equal(outcome(on.open(off.seal(text), 0)), text)
    t.notMatch(on.seal(TEXT), /^\./, 'what would be longer is not compressed')
  }
})

t.test('the time of a codec is in whole Unix seconds', async (t) => {
  t.equal(codecWith({ at: START + 0.9 }).now(), START)
  t.throws(() => codecWith({ at: NaN }).seal(TEXT), { message: 'now must return Unix seconds' })
  t.throws(() => codecWith({ at: NaN }).open(codecWith().seal(TEXT), 0), { message: 'now must return Unix seconds' })
})

/** The text of every candidate, why none was taken, and the work: HMACs made and payloads decoded. */
function tried (t: Test, cookies: string[], { maxAge = 100, at = START }: { maxAge?: number, at?: number } = {}): {
  texts: string[], reason: string | undefined, hmacs: number, decoded: number
} {
  let decoded = 0
  const { encode, decode } = formats.default.payload
  const payload: Format['payload'] = { encode, decode: (...given) => { decoded++; return decode(...given) } }
  const codec = codecWith({ format: { ...formats.default, payload }, at })
  const hmacs = t.capture(Mac.prototype, 'verify', Mac.prototype.verify)
  const candidates = new Candidates(codec, cookies, maxAge)
  const texts: string[] = []
  for (let opened = candidates.next(); opened !== undefined; opened = candidates.next()) texts.push(opened.text)
  t.equal(candidates.next(), undefined, 'asked again')
  t.equal(candidates.count, cookies.length)
  const reason = candidates.refusal()?.message
  hmacs.restore()
  return { texts, reason, hmacs: hmacs().length, decoded }
}

const good = codecWith().seal(TEXT)
const other = codecWith().seal('{"b":2}')
const third = codecWith().seal('{"c":3}')
const stale = codecWith({ at: START - 101 }).seal('{"old":1}')
const future = codecWith({ at: START + 61 }).seal('{"new":1}')
const unreadable = codecWith({
  format: { ...formats.default, payload: { ...formats.default.payload, encode: () => '#' } }
}).seal(TEXT)
/** `count` different cookies whose signature does not hold. */
const forged = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${'A'.repeat(index + 1)}.${good.split('.').slice(1).join('.')}`)

t.test('the genuine ones among several cookies come in their order', async (t) => {
  t.strictSame(tried(t, []), { texts: [], reason: undefined, hmacs: 0, decoded: 0 })
  t.strictSame(tried(t, ['', '']), { texts: [], reason: undefined, hmacs: 0, decoded: 0 })
  t.match(tried(t, [good]), { texts: [TEXT], hmacs: 1, decoded: 1 })
  t.match(tried(t, [other, good]), { texts: ['{"b":2}', TEXT], hmacs: 2, decoded: 2 })
  t.match(tried(t, [...forged(1), good]), { texts: [TEXT], hmacs: 2, decoded: 1 })
})

t.test('a stale cookie, or one of the future, ahead of the good one hides nothing and is not decoded', async (t) => {
  t.match(tried(t, [stale, good]), { texts: [TEXT], hmacs: 2, decoded: 1 })
  t.match(tried(t, [future, stale, good]), { texts: [TEXT], hmacs: 3, decoded: 1 })
})

t.test('at most eight signatures are checked', async (t) => {
  t.match(tried(t, [...forged(7), good]), { texts: [TEXT], hmacs: 8, decoded: 1 })
  t.match(tried(t, [...forged(8), good]), { texts: [], hmacs: 8, decoded: 0 })
  t.match(tried(t, [...forged(200), good]), { texts: [], hmacs: 8, decoded: 0 })
})

t.test('at most two payloads are decoded, readable or not', async (t) => {
  t.match(tried(t, [good, other, third]), { texts: [TEXT, '{"b":2}'], decoded: 2 })
  t.match(tried(t, [unreadable, good, other]), { texts: [TEXT], decoded: 2 })
})

t.test('a cookie that came twice is tried once', async (t) => {
  t.match(tried(t, [...Array(50).fill(forged(1)[0]), good, good]), { texts: [TEXT], hmacs: 2, decoded: 1 })
})

t.test('a cookie that is not signed costs no HMAC and does not count as tried', async (t) => {
  const unsigned = Array.from({ length: 500 }, (_, index) => `cookie${index}.of.others`)
  t.match(tried(t, [...unsigned, ...forged(7), good]), { texts: [TEXT], hmacs: 8, decoded: 1 })
  t.match(tried(t, unsigned), { texts: [], hmacs: 0, reason: 'The signature does not match' })
})

t.test('the first reason for which a cookie was refused is kept', async (t) => {
  const forgery = 'The signature does not match'
  const expired = 'The signature is 101 seconds old, more than 100'
  const rows: Array<[cookies: string[], reason: string]> = [
    [['x'], 'There is no signature'], [['x.y'], forgery], [['', 'x'], 'There is no signature'],
    [[stale], expired], [[stale, ...forged(1)], expired], [[...forged(1), stale], forgery], [['x', stale], expired],
    [[unreadable, stale], 'The payload is not base64url'],
    [[future], 'The signature is from 61 seconds in the future'],
    [[stale, good], expired]
  ]
  for (const [cookies, reason] of rows) t.equal(tried(t, cookies).reason, reason)
})

t.test('who opens a candidate may refuse it, and the first reason counts again', async (t) => {
  const candidates = new Candidates(codecWith(), [good, other], 100)
  t.equal(candidates.next()!.text, TEXT)
  candidates.refuse(new BadPayload('no session'))
  t.equal(candidates.next()!.text, '{"b":2}')
  candidates.refuse(new BadPayload('no session either'))
  t.equal(candidates.next(), undefined)
  t.equal(candidates.refusal()!.message, 'no session')
})

t.test('a genuine cookie for whose refusal no reason was given is not called forged', async (t) => {
  t.equal(tried(t, [good]).reason, undefined)
  t.equal(tried(t, ['x', good]).reason, undefined)
  t.equal(tried(t, [good, ...forged(1)]).reason, 'The signature does not match')
})

t.test('an encrypted cookie opens with the option on and off, and tells what is outdated', async (t) => {
  const [encrypted, signed] = [codecWith({ encrypt: true }), codecWith()]
  const value = encrypted.seal(TEXT)
  t.match(value, /^~[\w-]{31}\.[\w-]+\.[\w-]{43}$/)
  t.match(encrypted.open(value, 0), { text: TEXT, outdated: undefined, cookie: value })
  t.match(encrypted.open(signed.seal(TEXT), 0), { text: TEXT, outdated: 'signed' })
  t.match(signed.open(value, 0), { text: TEXT, outdated: 'encrypted' })
  t.match(codecWith({ encrypt: true, at: START + 9 }).open(value, undefined), { text: TEXT, issuedAt: START })
  t.equal(outcome(codecWith({ encrypt: true, at: START + 9 }).open(value, 8)), 'FSS_ERR_SIGNATURE_EXPIRED')
})

t.test('an encrypted cookie is decrypted by the key of the secret that signed it', async (t) => {
  const old = codecWith({ encrypt: true, secrets: [OTHER_SECRET] }).seal(TEXT)
  const secrets = [SECRET, OTHER_SECRET]
  t.match(codecWith({ encrypt: true, secrets }).open(old, 0), { text: TEXT, outdated: 'fallback' })
  t.match(codecWith({ secrets }).open(old, 0), { text: TEXT, outdated: 'encrypted' })
  t.equal(outcome(codecWith({ encrypt: true }).open(old, 0)), 'FSS_ERR_BAD_TIME_SIGNATURE')
})

t.test('a payload that was encrypted for another cookie is refused, even where its signature is right', async (t) => {
  const own = codecWith({ encrypt: true })
  const others: Given[] = [
    { cookieName: 'admin' }, { salt: 'other' }, { digest: 'sha384' }, { secrets: [OTHER_SECRET] }
  ]
  for (const other of others) {
    const value = codecWith({ ...other, encrypt: true }).seal(TEXT)
    t.equal(outcome(own.open(value, 0)).startsWith('FSS_ERR_BAD_'), true, JSON.stringify(other))
  }
  const moved = codecWith({ cookieName: 'admin', encrypt: true }).seal(TEXT).split('.')[0]!
  const signer = new TimestampSigner(sessionKey(SECRET, 'session', formats.default), {
    salt: '', keyDerivation: 'none', now: () => START
  })
  t.not(outcome(own.open(signer.sign(moved), 0)), TEXT, 'the name is in the key that encrypts, too')
})

t.test('with a format that has no encryption such a payload is one that cannot be read', async (t) => {
  const signer = new TimestampSigner(SECRET, {
    salt: 'cookie-session', digest: 'sha1', keyDerivation: 'hmac', now: () => START
  })
  const value = signer.sign(codecWith({ encrypt: true }).seal(TEXT).split('.')[0]!)
  t.equal(outcome(codecWith({ format: formats.flask }).open(value, 0)), 'FSS_ERR_BAD_PAYLOAD')
})

t.test('nothing is decrypted before its signature and its time hold', async (t) => {
  const { createDecipheriv } = crypto
  let decrypted = 0
  crypto.createDecipheriv = ((...args: Parameters<typeof createDecipheriv>) => {
    decrypted++
    return createDecipheriv(...args)
  }) as typeof createDecipheriv
  syncBuiltinESMExports()
  t.teardown(() => {
    crypto.createDecipheriv = createDecipheriv
    syncBuiltinESMExports()
  })
  const codec = codecWith({ encrypt: true })
  const value = codec.seal(TEXT)
  for (let at = 0; at < value.length; at++) {
    const other = value[at] === 'A' ? 'B' : 'A'
    t.ok(outcome(codec.open(value.slice(0, at) + other + value.slice(at + 1), 0)).startsWith('FSS_ERR_BAD_'))
  }
  codecWith({ encrypt: true, at: START + 9 }).open(value, 8)
  codecWith({ encrypt: true, at: START - 61 }).open(value, 8)
  t.equal(decrypted, 0)
  t.equal(outcome(codec.open(value, 0)), TEXT)
  t.equal(decrypted, 1)
})
