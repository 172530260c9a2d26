import { createHash, createHmac, createSecretKey, generateKeyPairSync } from 'node:crypto'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import {
  checkDigest, deriveKey, hkdfKey, isEmptySecret, isSecret, type KeyDerivation, type Secret, secretBytes
} from '../lib/signing/keys.ts'

const DIGESTS = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']
const DERIVATIONS: KeyDerivation[] = ['hkdf', 'django-concat', 'concat', 'hmac', 'none']
const SECRET = 'a secret with é'
const SALT = 'a salt with ë'

t.test('the derivations of itsdangerous are what they say, for every digest', async (t) => {
  const hash = (digest: string, text: string) => createHash(digest).update(text).digest()
  for (const digest of DIGESTS) {
    t.strictSame(deriveKey(SECRET, SALT, 'django-concat', digest), hash(digest, SALT + 'signer' + SECRET), digest)
    t.strictSame(deriveKey(SECRET, SALT, 'concat', digest), hash(digest, SALT + SECRET), digest)
    t.strictSame(deriveKey(SECRET, SALT, 'hmac', digest), createHmac(digest, SECRET).update(SALT).digest(), digest)
    t.strictSame(deriveKey(SECRET, SALT, 'none', digest), Buffer.from(SECRET), digest)
  }
})

t.test('hkdf is RFC 5869 with SHA-256, bound to version, purpose, name and salt behind their lengths', async (t) => {
  const parts = ['1', 'session', 'the name', SALT].map((part) => Buffer.from(part))
  const info = Buffer.concat(parts.flatMap((part) => [Buffer.of(0, 0, 0, part.length), part]))
  const extracted = createHmac('sha256', 'fastify-signed-session').update(SECRET).digest()
  const expanded = createHmac('sha256', extracted).update(info).update(Buffer.of(1)).digest()
  t.strictSame(hkdfKey(SECRET, 'session', 'the name', SALT), expanded)
})

t.test('hkdf as a derivation is for tokens without a name, whatever the digest', async (t) => {
  for (const digest of DIGESTS) {
    t.strictSame(deriveKey(SECRET, SALT, 'hkdf', digest), hkdfKey(SECRET, 'token', '', SALT))
  }
})

t.test('no two purposes, names or salts meet in one key', async (t) => {
  const uses: Array<[purpose: string, name: string, salt: string]> = [
    ['ab', 'c', ''], ['a', 'bc', ''], ['abc', '', ''], ['', 'abc', ''], ['', '', 'abc'], ['a', 'b', 'c'],
    ['a', '', 'bc'], ['', 'ab', 'c'], ['', 'a', 'bc'], ['', '', ''], ['', '\0', ''], ['', '', '\0'],
    ['\0\0\0\0', '', ''], ['', '\0\0\0\0', '']
  ]
  const keys = uses.map(([purpose, name, salt]) => hkdfKey(SECRET, purpose, name, salt).toString('hex'))
  t.equal(new Set(keys).size, uses.length)
  t.not(hkdfKey('another secret', 'ab', 'c', '').toString('hex'), keys[0])
})

t.test('a secret is the same key as text, bytes and KeyObject, and a salt as text and bytes', async (t) => {
  const bytes = Buffer.from(SECRET)
  const padded = Uint8Array.from([7, ...bytes, 7])
  const forms: Secret[] = [SECRET, bytes, Uint8Array.from(bytes), padded.subarray(1, -1), createSecretKey(bytes)]
  for (const derivation of DERIVATIONS) {
    const key = deriveKey(SECRET, SALT, derivation, 'sha256')
    for (const form of forms) {
      t.strictSame(secretBytes(form), bytes)
      t.strictSame(deriveKey(form, SALT, derivation, 'sha256'), key, derivation)
      t.strictSame(deriveKey(form, new TextEncoder().encode(SALT), derivation, 'sha256'), key, derivation)
    }
  }
})

t.test('bytes need not be text', async (t) => {
  const bytes = Buffer.from([0x00, 0x80, 0xff])
  t.strictSame(
    deriveKey(bytes, bytes, 'concat', 'sha1'),
    createHash('sha1')
      .update(Buffer.concat([bytes, bytes]))
      .digest()
  )
})

t.test('text with lone surrogates is no secret, salt or name: three of them would be one key', async (t) => {
  for (const text of ['\ud800', '\udc00', 'a\udbff.', '\udc00\ud800']) {
    for (const derivation of DERIVATIONS) {
      t.throws(() => deriveKey(text, SALT, derivation, 'sha256'), { message: /^A secret must be well-formed/ })
      t.throws(() => deriveKey(SECRET, text, derivation, 'sha256'), { message: /^The salt must be well-formed/ })
    }
    t.throws(() => hkdfKey(SECRET, 'session', text, SALT), TypeError)
  }
  t.ok(deriveKey('\ufffd😀', '\ufffd😀', 'hkdf', 'sha256'))
})

t.test('bytes of another realm are a secret as well', async (t) => {
  const bytes: Uint8Array = runInNewContext('Uint8Array.from([1, 2, 3])')
  t.notOk(bytes instanceof Uint8Array)
  t.ok(isSecret(bytes))
  const own = Buffer.of(1, 2, 3)
  t.strictSame(deriveKey(bytes, bytes, 'hkdf', 'sha256'), deriveKey(own, own, 'hkdf', 'sha256'))
  t.ok(isEmptySecret(runInNewContext('new Uint8Array()')))
})

t.test('what is no secret is refused', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  for (const secret of [privateKey, publicKey, undefined, null, 7, true, {}, ['secret'], new ArrayBuffer(32)]) {
    t.throws(() => secretBytes(secret as Secret), { name: 'TypeError', message: /^A secret must be/ })
    for (const derivation of DERIVATIONS) {
      t.throws(() => deriveKey(secret as Secret, SALT, derivation, 'sha256'), TypeError)
    }
  }
})

t.test('an unknown derivation is refused with the known ones', async (t) => {
  for (const derivation of ['bogus', '', 'HMAC', 'toString', '__proto__', null]) {
    t.throws(() => deriveKey(SECRET, SALT, derivation as KeyDerivation, 'sha256'), {
      name: 'TypeError', message: 'keyDerivation must be one of hkdf, django-concat, concat, hmac, none'
    })
  }
})

t.test('an unknown digest is refused by its name', async (t) => {
  for (const digest of DIGESTS) t.doesNotThrow(() => checkDigest(digest))
  t.throws(() => checkDigest('sha0'), { name: 'TypeError', message: 'digest "sha0" is not known here' })
  for (const digest of ['', 'sha256x', '__proto__', undefined, null]) {
    t.throws(() => checkDigest(digest as string), TypeError)
  }
})
