import { spawnSync } from 'node:child_process'
import crypto, { createSecretKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { BadData, BadPayload } from '../lib/errors.ts'
import { isEncrypted, MAX_INFLATED_SIZE } from '../lib/signing/encoding.ts'
import { Cipher, decryptBytes, encryptBytes, writeNonce } from '../lib/signing/encryption.ts'
import { hkdfKey } from '../lib/signing/keys.ts'
import { type TextSerializer, URLSafeSerializer, URLSafeTimedSerializer } from '../lib/signing/serializer.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { pythonWith } from './support/python.ts'
import { skipFor } from './support/requirements.ts'

const RUNS = { seed: 20261126, numRuns: 300 }
const KEYS = [1, 2].map((byte) => createSecretKey(Buffer.alloc(32, byte)))
const cipher = new Cipher(KEYS)

const fixture = (name: string): any => JSON.parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8'))
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

/** Nonce and ciphertext of an encrypted payload. */
function parts (payload: string): { nonce: Buffer, ciphertext: Buffer } {
  const sealed = Buffer.from(payload.replace(/^~\.?/, ''), 'base64url')
  return { nonce: sealed.subarray(0, 16), ciphertext: sealed.subarray(16) }
}

interface Published {
  name: string
  key: string
  counter: string
  blocks: Array<{ plaintext: string, ciphertext: string }>
}

for (const { name, key, counter, blocks } of fixture('nist-vectors.json').cases as Published[]) {
  t.test(`the cipher is ${name} of NIST SP 800-38A, both ways and for a part of the blocks`, async (t) => {
    for (let count = 0; count <= blocks.length; count++) {
      const plain = blocks.slice(0, count).map(({ plaintext }) => plaintext).join('')
      const secret = blocks.slice(0, count).map(({ ciphertext }) => ciphertext).join('')
      const object = createSecretKey(bytes(key))
      t.equal(encryptBytes(object, bytes(counter), bytes(plain)).toString('hex'), secret)
      t.equal(decryptBytes(object, bytes(counter), bytes(secret)).toString('hex'), plain)
    }
  })
}

t.test(`any text comes back from its encrypted payload (seed ${RUNS.seed})`, async () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.boolean(), (text, compress) => {
    const payload = cipher.encrypt(text, compress)
    return /^~\.?[\w-]{22,}$/.test(payload) && isEncrypted(payload) && cipher.decrypt(payload, 0, compress) === text
  }), RUNS)
})

t.test('text with lone surrogates, or none at all, is refused', async (t) => {
  t.throws(() => cipher.encrypt('\ud800', false), TypeError)
  t.throws(() => cipher.encrypt('\ud800', true), TypeError)
  t.throws(() => cipher.encrypt(undefined as unknown as string, false), { message: 'The dumps of the serializer gave' })
})

t.test('the same text is never encrypted the same way twice', async (t) => {
  const payloads = Array.from({ length: 2000 }, () => cipher.encrypt('{"a":1}', false))
  t.equal(new Set(payloads.map((each) => parts(each).nonce.toString('hex'))).size, payloads.length)
  t.equal(new Set(payloads.map((each) => parts(each).ciphertext.toString('hex'))).size, payloads.length)
})

/** The nonce that is written over the first 16 bytes. */
function nonceOf (input: Buffer): Buffer {
  writeNonce(input)
  return input.subarray(0, 16)
}

t.test('other text with the same random bytes has another nonce', async (t) => {
  const random = Buffer.alloc(16, 7)
  const nonces = ['a', 'b', 'aa', '']
    .map((text) => nonceOf(Buffer.concat([random, Buffer.from(text)])).toString('hex'))
  t.equal(new Set(nonces).size, nonces.length)
  t.ok(nonces.every((each) => each.length === 32))
  t.not(nonceOf(Buffer.concat([Buffer.alloc(16, 8), Buffer.from('a')])).toString('hex'), nonces[0])
})

t.test('the length of a payload tells that of the text and nothing of the content', async (t) => {
  for (const length of [0, 1, 2, 3, 300]) {
    const lengths = ['a', 'é'.slice(0, 1), '\u0000'].map((char) => cipher.encrypt(char.repeat(length), false).length)
    t.equal(lengths[0], 1 + Math.ceil((16 + length) * 4 / 3))
    t.equal(lengths[2], lengths[0])
  }
})

t.test('a payload is deflated where that makes it shorter and is asked for, and inflated where it is on', async (t) => {
  const text = 'text '.repeat(60)
  const deflated = cipher.encrypt(text, true)
  t.match(deflated, /^~\./)
  t.ok(deflated.length < cipher.encrypt(text, false).length / 4)
  t.match(cipher.encrypt('short', true), /^~[\w-]/)
  t.match(cipher.encrypt('x'.repeat(MAX_INFLATED_SIZE + 1), true), /^~[\w-]/, 'more than may be inflated')
  t.equal(cipher.decrypt(deflated, 0, true), text)
  t.throws(() => cipher.decrypt(deflated, 0, false), { message: 'The payload is compressed, and compress is off' })
})

t.test('a payload decrypts by the key that it was encrypted with', async (t) => {
  const older = new Cipher([KEYS[1]!]).encrypt('{"a":1}', false)
  t.equal(cipher.decrypt(older, 1, false), '{"a":1}')
  let other: string | undefined
  try {
    other = cipher.decrypt(older, 0, false)
  } catch (error) {
    t.ok(error instanceof BadPayload)
  }
  t.not(other, '{"a":1}')
})

t.test('what is no encrypted payload is a BadPayload, which does not quote it', async (t) => {
  const short = Buffer.alloc(15).toString('base64url')
  const notText = Buffer.concat([Buffer.alloc(16), encryptBytes(KEYS[0]!, Buffer.alloc(16), Buffer.from([0xff]))])
  const notZlib = cipher.encrypt('{"no":"zlib"}', false).slice(1)
  const payloads = [
    '~', '~.', `~${short}`, `~${'A'.repeat(25)}`, `~${'A'.repeat(24)}=`, `~${'A'.repeat(22)}+/`, `~~${'A'.repeat(22)}`,
    `~..${'A'.repeat(24)}`, `~${'A'.repeat(21)}B`, `~${notText.toString('base64url')}`, `~.${notZlib}`
  ]
  for (const payload of payloads) {
    t.throws(() => cipher.decrypt(payload, 0, true), BadPayload, payload)
    t.throws(() => cipher.decrypt(payload, 0, true), { message: /^The (encrypted )?payload is [^~]*$/ }, payload)
  }
})

/** A case of test/support/encryption.py. */
interface Case {
  action?: 'seal' | 'open'
  purpose: 'session' | 'token'
  name: string
  salt: string
  secret: string
  digest: string
  time: number | null
  compress: boolean
  text: string
  random?: string
  value?: string
}

/** Signs text as it is. */
const asIs: TextSerializer = { dumps: (text) => text as string, loads: (text) => text }

/** What this package makes of the texts of a case, and of its values. */
function ours ({ purpose, name, salt, secret, digest, time, compress }: Case): {
  seal: (text: string) => string
  open: (value: string) => unknown
} {
  const now = (): number => time ?? 0
  if (purpose === 'session') {
    const options = { secret, cookieName: name, salt, digest: digest as 'sha256', compress, encrypt: true }
    const { codec } = resolveOptions(options, now)
    return { seal: (text) => codec.seal(text), open: (value) => textOf(codec.open(value, 0)) }
  }
  const options = { salt, digest, compress, encrypt: true, serializer: asIs }
  const serializer = time === null
    ? new URLSafeSerializer(secret, options)
    : new URLSafeTimedSerializer(secret, { ...options, now, maxAge: 0 })
  return { seal: (text) => serializer.dumps(text), open: (value) => serializer.loads(value) }
}

const textOf = (opened: { text: string } | BadData): string => opened instanceof BadData ? opened.code : opened.text

const recorded: Case[] = fixture('encryption-vectors.json').cases

t.test('values of another implementation open, and are made of the parts that the description says', async (t) => {
  for (const each of recorded) {
    const { purpose, name, salt, secret, text, value, random, compress } = each
    t.equal(ours(each).open(value!), text)
    const payload = /^[^.]*\.?[\w-]+/.exec(value!)![0]
    const { nonce, ciphertext } = parts(value!.startsWith('~.') ? payload : payload.split('.')[0]!)
    const key = createSecretKey(hkdfKey(secret, `${purpose}-encryption`, name, salt))
    const plain = decryptBytes(key, nonce, ciphertext)
    t.equal((value!.startsWith('~.') ? inflateSync(plain) : plain).toString(), text)
    t.strictSame(nonceOf(Buffer.concat([bytes(random!), plain])), nonce)
    t.strictSame(encryptBytes(key, nonce, plain), ciphertext)
    if (!compress) t.equal(ours(each).seal(text).length, value!.length)
  }
})

t.test('a recorded value opens nowhere else', async (t) => {
  for (const [index, { value }] of recorded.entries()) {
    for (const [place, other] of recorded.entries()) {
      const { purpose, name, salt, digest } = recorded[index]!
      const isSame = other.purpose === purpose && other.name === name && other.salt === salt && other.digest === digest
      if (place === index || isSame) continue
      const open = (): string => String(ours(other).open(value!))
      if (other.purpose === 'session') t.match(open(), /^FSS_ERR_BAD_(TIME_)?SIGNATURE$/, `${index} in ${place}`)
      else t.throws(open, { code: /^FSS_ERR_BAD_/ }, `${index} in ${place}`)
    }
  }
})

const python = pythonWith('cryptography')
const skip = skipFor(python === undefined ? 'no Python with cryptography was found' : undefined)
const SCRIPT = fileURLToPath(new URL('support/encryption.py', import.meta.url))

function theirs (cases: readonly Case[]): string[] {
  const { stdout, stderr } = spawnSync(python!, [SCRIPT], { input: JSON.stringify(cases), encoding: 'utf8' })
  return stderr === '' ? JSON.parse(stdout) : [stderr]
}

t.test(`another implementation opens what is made here, and the other way round (seed ${RUNS.seed})`, { skip },
  async (t) => {
    const strings = { maxLength: 40 }
    const cases = fc.sample(fc.record({
      purpose: fc.constantFrom<Case['purpose']>('session', 'token'),
      name: fc.constantFrom('session', '__Host-a'),
      salt: fc.string({ unit: 'grapheme', ...strings }),
      secret: fc.string({ ...strings }).map((text) => `${text} correct horse battery staple, thrice over`),
      digest: fc.constantFrom('sha256', 'sha384', 'sha512'),
      time: fc.integer({ min: 1, max: 2 ** 40 }),
      compress: fc.boolean(),
      text: fc.oneof(fc.string({ unit: 'binary' }), fc.string(strings).map((text) => `${text} `.repeat(30)))
    }), RUNS).map((each) => each.purpose === 'token' ? { ...each, name: '' } : each)
    const sealed = theirs(cases.map((each) => ({ ...each, action: 'seal' })))
    t.strictSame(cases.map((each, index) => ours(each).open(sealed[index]!)), cases.map(({ text }) => text))
    const made = cases.map((each) => ({ ...each, action: 'open' as const, value: ours(each).seal(each.text) }))
    t.strictSame(theirs(made), cases.map(({ text }) => text))
    const forged = made.map((each) => ({ ...each, value: each.value.replace(/^~\.?./, '$&A') }))
    t.ok(theirs(forged).every((each) => each === null), 'it checks signatures')
  })

t.test('keys are held as KeyObjects, of which each cipher is made', async (t) => {
  const { createCipheriv } = crypto
  const given: unknown[] = []
  crypto.createCipheriv = ((...args: Parameters<typeof createCipheriv>) => {
    given.push(args[1])
    return createCipheriv(...args)
  }) as typeof createCipheriv
  syncBuiltinESMExports()
  t.teardown(() => {
    crypto.createCipheriv = createCipheriv
    syncBuiltinESMExports()
  })
  cipher.encrypt('{"a":1}', false)
  t.strictSame(given, [KEYS[0]])
})
