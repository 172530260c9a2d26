import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { BadData } from '../lib/errors.ts'
import { base64urlEncode, intToBytes } from '../lib/signing/encoding.ts'
import type { Secret } from '../lib/signing/keys.ts'
import {
  Signer, type SignerOptions, TimestampSigner, type TimestampSignerOptions
} from '../lib/signing/signer.ts'
import { ITSDANGEROUS, recorded, signing, type Vector, vectors } from './support/vectors.ts'

const RUNS = { seed: 20261122, numRuns: 300 }
const SECRET = 'the current secret, which hkdf takes, 7e3b91'
const OLD_SECRET = 'the secret before it, which hkdf takes, 58c02d'
const STRANGER = 'the secret of somebody else entirely, a94f16'
const SALT = 'test.signer'
const NOW = 1_700_000_000
const LAST_SECOND = 8.64e12

const bothKinds = [Signer, TimestampSigner]

function signer (options: Partial<SignerOptions> = {}, secret: Secret = SECRET): Signer {
  return new Signer(secret, { salt: SALT, ...options })
}

function timed (now = NOW, options: Partial<TimestampSignerOptions> = {}, secret: Secret = SECRET): TimestampSigner {
  return new TimestampSigner(secret, { salt: SALT, now: () => now, ...options })
}

/** `value` as a TimestampSigner would sign it if it wrote `timestamp`. */
function stamped (value: string, timestamp: string): string {
  return signer().sign(`${value}.${timestamp}`)
}

/** The error for which `act` was refused. */
function refusal (act: () => unknown): { name: string, payload: string | undefined, dateSigned: Date | undefined } {
  try {
    act()
  } catch (error) {
    if (error instanceof BadData) return { name: error.name, payload: error.payload, dateSigned: error.dateSigned }
    throw error
  }
  throw new Error('nothing was refused')
}

function expired (signed: number): ReturnType<typeof refusal> {
  return { name: 'SignatureExpired', payload: 'value', dateSigned: new Date(signed * 1000) }
}

t.test('what itsdangerous signs is signed alike and unsigned', async (t) => {
  const cases = vectors('signer_sign')
  t.equal(cases.length, recorded.signer_sign)
  for (const each of cases) {
    const { id, description, input, expected } = each
    const title = `${id}: ${description}`
    if (!expected.ok) {
      t.throws(() => recordedSigner(each), TypeError, title)
      continue
    }
    t.equal(recordedSigner(each).sign(input.value), expected.signed, title)
    t.equal(recordedSigner(each).unsign(expected.signed), input.value, title)
  }
})

function recordedSigner ({ input }: Vector<'signer_sign'>): Signer {
  const [secret, options] = signing(input, ITSDANGEROUS)
  return input.timed
    ? new TimestampSigner(secret, { ...options, sep: input.sep, now: () => input.time! })
    : new Signer(secret, { ...options, sep: input.sep })
}

t.test('the defaults are SHA-256, hkdf and a dot', async (t) => {
  const written = signer({ digest: 'sha256', keyDerivation: 'hkdf', sep: '.', fallbacks: [] }).sign('value')
  t.equal(signer().sign('value'), written)
  t.equal(
    signer({ digest: undefined, keyDerivation: undefined, sep: undefined, fallbacks: undefined }).sign('value'),
    written
  )
  t.match(written, /^value\.[\w-]{43}$/)
  t.equal(signer().sep, '.')
})

t.test('what is signed comes back, whatever it holds and however it is separated', async () => {
  const separator = fc.constantFrom('.', ':', '!', '..', ' ', '::', 'a.', '.a', '.-.', '=.=', 'é', '\n')
  const separators = fc.string({ unit: fc.constantFrom('.', ':', 'a', '-', 'é', ' ', '=') })
  const value = fc.oneof(fc.string({ unit: 'binary' }), separators)
  fc.assert(fc.property(value, separator, (text, sep) => {
    return signer({ sep }).unsign(signer({ sep }).sign(text)) === text &&
      timed(NOW, { sep }).unsign(timed(NOW, { sep }).sign(text), { maxAge: 0 }) === text
  }), RUNS)
})

t.test('bytes are signed as the UTF-8 text they are, and refused where they are none', async (t) => {
  for (const each of [signer(), timed()]) {
    t.equal(each.sign(Buffer.from('\ufeffé😀')), each.sign('\ufeffé😀'))
    t.equal(each.sign(Uint8Array.of(7, 0x61, 7).subarray(1, 2)), each.sign('a'))
    t.throws(() => each.sign(Buffer.from([0x61, 0xff])), TypeError)
  }
})

t.test('a secret may be text, bytes or a KeyObject, and a salt text or bytes', async (t) => {
  const bytes = Buffer.from(SECRET)
  for (const secret of [bytes, Uint8Array.from(bytes), createSecretKey(bytes)]) {
    t.equal(signer({ salt: Buffer.from(SALT) }, secret).sign('value'), signer().sign('value'))
  }
})

t.test('secret, salt, digest, derivation and separator each make another signature', async (t) => {
  const signed = signer().sign('value')
  const others = [
    signer({}, STRANGER), signer({ salt: 'another salt' }), signer({ salt: '' }), signer({ digest: 'sha512-256' }),
    signer({ keyDerivation: 'hmac' }), signer({ keyDerivation: 'concat' }), signer({ keyDerivation: 'none' }),
    signer({ sep: ':' })
  ]
  for (const other of others) {
    t.notOk(other.validate(signed))
    t.throws(() => other.unsign(signed), { name: 'BadSignature' })
  }
})

t.test('fallbacks verify, in any number and order, and never sign', async (t) => {
  const [older, oldest] = [Buffer.from(OLD_SECRET + ', older'), Buffer.from(OLD_SECRET + ', oldest')] as const
  const fallbacks = [OLD_SECRET, older, createSecretKey(oldest)]
  const rotated = signer({ fallbacks })
  t.equal(rotated.sign('value'), signer().sign('value'))
  for (const [key, secret] of [SECRET, ...fallbacks].entries()) {
    const signed = signer({}, secret).sign('value')
    t.strictSame(rotated.verify(signed), { value: 'value', key })
    t.ok(rotated.validate(signed))
  }
  t.throws(() => rotated.verify(signer({}, STRANGER).sign('value')), { name: 'BadSignature' })
})

t.test('a timed value says which key signed it, and when', async (t) => {
  const rotated = timed(NOW + 5, { fallbacks: [OLD_SECRET] })
  t.strictSame(rotated.verify(timed().sign('value')), { value: 'value', key: 0, timestamp: NOW })
  const old = new TimestampSigner(OLD_SECRET, { salt: SALT, now: () => NOW }).sign('value')
  t.strictSame(rotated.verify(old, { maxAge: 5 }), { value: 'value', key: 1, timestamp: NOW })
  t.throws(() => rotated.verify(old, { maxAge: 4 }), { name: 'SignatureExpired' })
})

const asymmetric = generateKeyPairSync('ed25519').privateKey
const unusable: Array<[why: string, secret: unknown]> = [
  ['undefined', undefined], ['null', null], ['empty text', ''], ['an empty Buffer', Buffer.alloc(0)],
  ['an empty Uint8Array', new Uint8Array()], ['a number', 7], ['an asymmetric key', asymmetric], ['a list', ['secret']],
  ['an empty KeyObject', createSecretKey(Buffer.alloc(0))]
]
const wrong: Array<[sentence: string, option: string, values: unknown[]]> = [
  ['A signer needs a salt', 'salt', [undefined, null, 7]],
  ['digest .* is not known here', 'digest', ['sha0', '', null, 'shake256']],
  ['keyDerivation must be one of', 'keyDerivation', ['bogus', '', null]],
  ['option sep must hold a character', 'sep', ['', 'a', 'Z', '7', '-', '_', '=', 'ab', 'ba', '-_=-', null, ['.'], 1.5]],
  ['option sep .* and no lone surrogate', 'sep', ['\ud800', '.\udc00']],
  ['option fallbacks must be a list', 'fallbacks', ['k', { 0: 'k' }]],
  ['too long together for hkdf', 'salt', ['s'.repeat(1100)]],
  ['The secret fallbacks.1. (is|must be)', 'fallbacks', unusable.map(([, secret]) => [OLD_SECRET, secret])],
  ['The salt must be well-formed', 'salt', ['\ud800', 'a\udc00']]
]

t.test('a signer refuses what is not a secret', async (t) => {
  for (const Kind of bothKinds) {
    for (const [why, secret] of unusable) t.throws(() => new Kind(secret as Secret, { salt: SALT }), TypeError, why)
  }
})

for (const [sentence, option, values] of wrong) {
  t.test(`a signer refuses a wrong ${option} without telling the secret`, async (t) => {
    const message = new RegExp(`^(?!.*(${SECRET}|${OLD_SECRET})).*${sentence}`)
    for (const Kind of bothKinds) {
      for (const value of values) {
        t.throws(
          () => new Kind(SECRET, { salt: SALT, [option]: value }),
          { name: 'TypeError', message },
          String(value).slice(0, 40)
        )
      }
    }
  })
}

t.test('text without a signature that holds is refused, with what stands before it', async (t) => {
  const malformed: Array<[signed: string, payload: string]> = [
    ['', ''], ['value', 'value'], ['.', ''], ['value.', 'value'], ['.value', ''], ['a.b.c', 'a.b'],
    [signer().sign('value') + '.', signer().sign('value')], [signer().sign('value') + ' ', 'value'],
    [signer({}, STRANGER).sign('value'), 'value']
  ]
  for (const [signed, payload] of malformed) {
    t.strictSame(
      refusal(() => signer().unsign(signed)),
      { name: 'BadSignature', payload, dateSigned: undefined },
      signed
    )
    t.notOk(signer().validate(signed), signed)
  }
})

t.test('a bad signature on timed text says what was found of value and time', async (t) => {
  const dateSigned = new Date(NOW * 1000)
  const malformed: Array<[signed: string, name: string, payload: string, dateSigned?: Date]> = [
    ['', 'BadSignature', ''],
    ['value', 'BadSignature', 'value'],
    ['.', 'BadSignature', ''],
    ['value.ZVPxAA', 'BadSignature', 'value'],
    ['..', 'BadTimeSignature', '', new Date(0)],
    ['value.ZVPxAA.', 'BadTimeSignature', 'value', dateSigned],
    ['a.b.ZVPxAA.forged', 'BadTimeSignature', 'a.b', dateSigned],
    ['value.A.forged', 'BadTimeSignature', 'value'],
    [`value.${'x'.repeat(20)}.${'y'.repeat(22)}`, 'BadTimeSignature', 'value'],
    [`value.ZVPxAA.${'x'.repeat(20)}.${'y'.repeat(22)}`, 'BadTimeSignature', 'value.ZVPxAA'],
    ['value.ZVPxA!.forged', 'BadTimeSignature', 'value'],
    ['value.__________8.forged', 'BadTimeSignature', 'value'],
    [timed(NOW, {}, STRANGER).sign('value'), 'BadTimeSignature', 'value', dateSigned]
  ]
  for (const [signed, name, payload, dateSigned] of malformed) {
    t.strictSame(refusal(() => timed().unsign(signed)), { name, payload, dateSigned }, signed)
    t.notOk(timed().validate(signed), signed)
  }
})

t.test('a genuine signature on a missing or malformed timestamp is refused', async (t) => {
  const refused = { name: 'BadTimeSignature', payload: 'value', dateSigned: undefined }
  t.strictSame(refusal(() => timed().unsign(signer().sign('value'))), refused)
  const tooLate = base64urlEncode(intToBytes(LAST_SECOND + 1))
  for (const timestamp of [
    'A', '!!!', '=', 'ZVPxAA==', 'ZVPx AA', tooLate, '__________8', 'A'.repeat(1000) + 'B', '_'.repeat(2000)
  ]) {
    t.strictSame(refusal(() => timed().unsign(stamped('value', timestamp))), refused, timestamp)
  }
  for (const value of ['value', '']) {
    t.throws(() => timed().unsign(signer().sign(value)), { message: 'The timestamp is missing' })
  }
  t.throws(() => timed().unsign(stamped('value', 'A')), { message: 'The timestamp is malformed' })
})

t.test('a timestamp may be empty or have leading zeros', async (t) => {
  t.equal(timed().verify(stamped('value', '')).timestamp, 0)
  t.equal(timed().verify(stamped('value', 'AAAAAGVT8QA')).timestamp, NOW)
  t.equal(timed(0).sign('value'), stamped('value', ''))
})

t.test('times past 2106 and up to the last second of a Date are signed', async (t) => {
  for (const now of [1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 253_402_300_799, LAST_SECOND]) {
    const signed = timed(now).sign('value')
    t.strictSame(timed(now).verify(signed, { maxAge: 0 }), { value: 'value', key: 0, timestamp: now })
    t.strictSame(refusal(() => timed(now - 1).verify(signed, { maxAge: 0 })), expired(now))
  }
})

const ages: Array<[rule: string, age: number, maxAge: number | undefined, valid: boolean, clockTolerance?: number]> = [
  ['younger than maxAge is valid', 9, 10, true],
  ['exactly maxAge old is valid', 10, 10, true],
  ['one second more is expired', 11, 10, false],
  ['the fraction of a second does not count', 10.999, 10, true],
  ['maxAge may have a fraction', 10, 10.5, true],
  ['maxAge 0 is valid in the same second', 0, 0, true],
  ['maxAge 0 is expired a second later', 1, 0, false],
  ['a negative maxAge is expired at once', 0, -1, false],
  ['a negative maxAge is expired from the future too', -5, -1, false, 60],
  ['a second from the future is refused', -1, 10, false],
  ['a second from the future is refused with maxAge 0', -1, 0, false],
  ['from the future within the tolerance is valid', -60, 10, true, 60],
  ['from the future past the tolerance is refused', -61, 10, false, 60],
  ['the tolerance does not lengthen maxAge', 11, 10, false, 60],
  ['without maxAge age does not count', 1e9, undefined, true],
  ['without maxAge the future does not count', -1e9, undefined, true],
  ['with Infinity age does not count', 1e9, Infinity, true],
  ['with Infinity a second from the future is refused', -1, Infinity, false],
  ['with Infinity the tolerance holds', -60, Infinity, true, 60],
  ['with Infinity the future past the tolerance is refused', -61, Infinity, false, 60]
]

for (const [rule, age, maxAge, valid, clockTolerance] of ages) {
  t.test(`age: ${rule}`, async (t) => {
    const signed = timed().sign('value')
    const later = timed(NOW + age, { clockTolerance })
    t.equal(later.validate(signed, { maxAge }), valid)
    if (valid) t.equal(later.unsign(signed, { maxAge }), 'value')
    else t.strictSame(refusal(() => later.unsign(signed, { maxAge })), expired(NOW))
  })
}

t.test('an expired signature says by how much', async (t) => {
  const signed = timed().sign('value')
  t.throws(() => timed(NOW + 11).unsign(signed, { maxAge: 10 }), {
    message: /^The signature is 11 seconds old, more than 10$/
  })
  t.throws(() => timed().unsign(signed, { maxAge: -1 }), { message: /^The signature is 0 seconds old, more than -1$/ })
  t.throws(() => timed(NOW - 3).unsign(signed, { maxAge: 10 }), {
    message: /^The signature is from 3 seconds in the future$/
  })
})

t.test('age is asked after the signature', async (t) => {
  const forged = timed().sign('value').replace('value', 'other')
  t.throws(() => timed(NOW + 11).unsign(forged, { maxAge: 10 }), { name: 'BadTimeSignature' })
})

t.test('the clock is the system\'s, in whole seconds, unless another is given', async (t) => {
  const before = Math.floor(Date.now() / 1000)
  const { timestamp } = new TimestampSigner(SECRET, { salt: SALT }).verify(
    new TimestampSigner(SECRET, { salt: SALT }).sign('value')
  )
  const after = Math.floor(Date.now() / 1000)
  t.ok(timestamp >= before && timestamp <= after)
  t.ok(new TimestampSigner(SECRET, { salt: SALT }).now() >= Math.floor(before))
  t.equal(timed(NOW + 0.999).now(), NOW)
  t.equal(timed(NOW + 0.999).sign('value'), timed(NOW).sign('value'))
})

t.test('a signed text that is changed in any character is refused', async () => {
  const change = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 2 }),
    insert: fc.string({ unit: 'binary', maxLength: 2 })
  })
  fc.assert(
    fc.property(fc.string(), change, fc.constantFrom(signer(), timed()), (value, { at, remove, insert }, each) => {
      const signed = each.sign(value)
      const start = at % (signed.length + 1)
      const changed = signed.slice(0, start) + insert + signed.slice(start + remove)
      return (
        changed === signed ||
        (!each.validate(changed) && /^Bad(Time)?Signature$/.test(refusal(() => each.unsign(changed)).name))
      )
    }),
    RUNS
  )
})

t.test('text with lone surrogates is not signed, and stands for no other', async (t) => {
  const signer = new Signer(SECRET, { salt: SALT })
  const signed = signer.sign('\ufffd')
  t.equal(signer.unsign(signed), '\ufffd')
  t.notOk(signer.validate(signed.replace('\ufffd', '\ud800')))
  t.throws(() => signer.sign('\ud800'), TypeError)
})

t.test('what is not text is unsigned, and not signed', async (t) => {
  for (const Kind of bothKinds) {
    const signer = new Kind(SECRET, { salt: SALT })
    for (const value of [undefined, null, 5, {}, ['v', '.', 'A'.repeat(43)]]) {
      t.throws(() => signer.unsign(value as never), { name: 'BadSignature', message: 'There is no signature' })
      t.equal(signer.validate(value as never), false)
      t.throws(() => signer.sign(value as never), TypeError)
    }
  }
})

t.test('a limit is said by name, so that none is overlooked', async (t) => {
  const signer = new TimestampSigner(SECRET, { salt: SALT })
  for (const limit of [
    5, '5', null, { maxAge: '1h' }, { maxAge: NaN }, { max_age: 60 }, { maxAge: 60, ttl: 60 }, [60]
  ]) {
    t.throws(() => signer.unsign(signer.sign('a'), limit as never), {
      name: 'TypeError',
      message: 'The limit is given as { maxAge }, a number of seconds'
    })
  }
  t.throws(() => new Signer(SECRET, undefined as never), { message: 'The Signer options must be an object' })
})

const AGE = ': an age is limited in reading, by unsign(signed, { maxAge }) of a TimestampSigner'
const wrongOptions: Array<[Kind: typeof Signer, options: object, problem: string]> = [
  [Signer, { maxAge: 60 }, `"maxAge" is unknown${AGE}`],
  [Signer, { now: () => NOW }, '"now" is unknown; known are salt, fallbacks, digest, keyDerivation, sep'],
  [Signer, { key: 'k' }, '"key" is unknown; known are salt, fallbacks, digest, keyDerivation, sep'],
  [Signer, { digest_method: 'sha1' }, '"digest_method" is unknown: use digest'],
  [Signer, { key_derivation: 'hmac' }, '"key_derivation" is unknown: did you mean keyDerivation?'],
  [TimestampSigner, { maxAge: 60 }, `"maxAge" is unknown${AGE}`],
  [TimestampSigner, { expiresIn: '1h' }, `"expiresIn" is unknown${AGE}`],
  [TimestampSigner, { clockTolerance: -1 }, 'clockTolerance must be a number of seconds, 0 or more'],
  [TimestampSigner, { clockTolerance: '60' }, 'clockTolerance must be a number of seconds, 0 or more'],
  [TimestampSigner, { now: NOW }, 'now must be a function that returns Unix seconds']
]

t.test('an option that is unknown or wrong is refused with what to do', async (t) => {
  for (const [Kind, options, problem] of wrongOptions) {
    t.throws(() => new Kind(SECRET, { salt: SALT, ...options }), new TypeError(`The ${Kind.name} option ${problem}`))
  }
  for (const Kind of bothKinds) {
    for (const options of [undefined, null, 'salt']) {
      t.throws(() => new Kind(SECRET, options as never), { message: `The ${Kind.name} options must be an object` })
    }
  }
})

t.test('with hkdf a secret that is easy to guess is refused, otherwise any is taken as in itsdangerous', async (t) => {
  for (const Kind of bothKinds) {
    for (const [secret, fallbacks] of [['hunter2', []], [SECRET, ['hunter2']]] as const) {
      const message = /^The secret (fallbacks\[0\] )?has 7 bytes where at least 32 are needed: make one with/
      t.throws(() => new Kind(secret, { salt: SALT, fallbacks }), { name: 'TypeError', message })
      for (const keyDerivation of ['django-concat', 'concat', 'hmac', 'none'] as const) {
        t.doesNotThrow(() => new Kind(secret, { salt: SALT, fallbacks, keyDerivation }))
      }
    }
  }
})

t.test('each text has the time at which it was signed, where the clock steps back too', async (t) => {
  let now = NOW
  const signer = new TimestampSigner(SECRET, { salt: SALT, now: () => now })
  for (now of [NOW, NOW + 5, NOW, NOW - 5, NOW - 5]) t.equal(signer.verify(signer.sign('x')).timestamp, now)
})

t.test('a clock that gives no Unix time is told of', async (t) => {
  for (const now of [NaN, Infinity, -1, 9e12, undefined]) {
    const signer = new TimestampSigner(SECRET, { salt: SALT, now: () => now as number })
    t.throws(() => signer.sign('a'), { name: 'TypeError', message: 'now must return Unix seconds' })
    t.throws(() => signer.validate(new TimestampSigner(SECRET, { salt: SALT }).sign('a'), { maxAge: 5 }), TypeError)
  }
})
