import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import t from 'tap'
import { Mac } from '../lib/signing/mac.ts'

const RUNS = { seed: 20261122, numRuns: 300 }
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const TEXT = 'é text 😀'

const digests = [
  { digest: 'md5', block: 64, length: 22 },
  { digest: 'sha1', block: 64, length: 27 },
  { digest: 'sha224', block: 64, length: 38 },
  { digest: 'sha256', block: 64, length: 43 },
  { digest: 'sha384', block: 128, length: 64 },
  { digest: 'sha512', block: 128, length: 86 }
]

t.test('a MAC is the HMAC of RFC 2104 (RFC 4231, test case 2)', async (t) => {
  const signature = new Mac('sha256', Buffer.from('Jefe')).sign('what do ya want for nothing?')
  t.equal(
    Buffer.from(signature, 'base64url').toString('hex'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
  )
})

for (const { digest, block, length } of digests) {
  t.test(`a ${digest} MAC is Node's, for keys around the block length`, async (t) => {
    for (const size of [0, 1, block - 1, block, block + 1, 3 * block]) {
      const key = Buffer.alloc(size, 0xa5)
      const mac = new Mac(digest, key)
      const signature = mac.sign(TEXT)
      t.equal(signature, createHmac(digest, key).update(TEXT).digest('base64url'), `${size} bytes`)
      t.equal(signature.length, length)
      t.ok(verifies(mac, TEXT, signature))
    }
  })

  t.test(`a ${digest} MAC has one spelling`, async (t) => {
    const mac = new Mac(digest, Buffer.from('key'))
    const text = textWhere((each) => /-.*_/.test(mac.sign(each)))
    const signature = mac.sign(text)
    t.ok(verifies(mac, text, signature))
    t.strictSame(otherSpellings(signature).filter((each) => verifies(mac, text, each)), [])
  })
}

t.test('texts too long for the fast way, and digests it does not know, have the same HMAC as Node makes', async (t) => {
  const key = Buffer.from('key')
  for (const digest of ['sha1', 'sha256', 'sha512', 'sha512-256', 'SHA256', 'sha3-256', 'ripemd160', 'RSA-SHA1']) {
    const mac = new Mac(digest, key)
    for (const text of [
      '', TEXT, 'x'.repeat(4096), 'é'.repeat(4096), '語'.repeat(4096), 'x'.repeat(4097), '語'.repeat(9000)
    ]) {
      const signature = createHmac(digest, key).update(text).digest('base64url')
      t.equal(mac.sign(text), signature)
      t.ok(verifies(mac, text, signature))
      t.notOk(verifies(mac, text, signature.slice(0, -1)))
    }
  }
})

t.test('nothing of one text or signature stays for the next', async (t) => {
  const mac = new Mac('sha256', Buffer.from('key'))
  const [long, short] = ['x'.repeat(4000), 'y']
  const expected = createHmac('sha256', 'key').update(short).digest('base64url')
  for (const before of [long, '', TEXT, 'é'.repeat(4096)]) {
    const signature = mac.sign(before)
    t.ok(verifies(mac, before, signature))
    for (const wrong of [
      '', signature, signature.slice(0, -1), '\u0141'.repeat(43), 'é'.repeat(21) + 'A', '\ud800'.repeat(43)
    ]) {
      t.notOk(verifies(mac, short, wrong))
    }
    t.equal(mac.sign(short), expected)
    t.ok(verifies(mac, short, expected))
  }
})

t.test('texts of ever other lengths have their HMACs too', async (t) => {
  const mac = new Mac('sha256', Buffer.from('key'))
  const texts = Array.from({ length: 1300 }, (_, length) => 'x'.repeat(length))
  t.strictSame(
    texts.filter((text) => mac.sign(text) !== createHmac('sha256', 'key').update(text).digest('base64url')),
    []
  )
  t.strictSame([...texts, ...texts].filter((text) => !verifies(mac, text, mac.sign(text))), [])
})

t.test('a MAC does not pass for another text, key or digest', async (t) => {
  const mac = new Mac('sha256', Buffer.from('key'))
  const signature = mac.sign(TEXT)
  t.notOk(verifies(mac, TEXT + ' ', signature))
  t.notOk(verifies(mac, '', signature))
  t.notOk(verifies(new Mac('sha256', Buffer.from('Key')), TEXT, signature))
  t.notOk(verifies(new Mac('sha1', Buffer.from('key')), TEXT, signature))
  t.notOk(verifies(new Mac('sha512-256', Buffer.from('key')), TEXT, signature))
})

t.test('any text has its MAC under any key, and just that one', async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 })
  fc.assert(fc.property(bytes, fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, text, other) => {
    const mac = new Mac('sha256', key)
    const signature = mac.sign(text)
    return signature === createHmac('sha256', key).update(text).digest('base64url') &&
      verifies(mac, text, signature) && !verifies(mac, text, other) &&
      verifies(mac, other, signature) === (other === text)
  }), RUNS)
})

t.test('a signature stands at the end, whatever stands between it and its text', async (t) => {
  const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ minLength: 4000, maxLength: 5000 }))
  for (const digest of ['sha256', 'sha3-256']) {
    const mac = new Mac(digest, Buffer.from('key'))
    fc.assert(fc.property(texts, fc.constantFrom('', '.', '--.', 'é.'), (text, between) => {
      const signed = text + between + mac.sign(text)
      return mac.verify(signed, text.length) && (between === '' || !mac.verify(signed, text.length + between.length))
    }), RUNS)
    for (const text of ['', 'text', TEXT, 'x'.repeat(4053), 'x'.repeat(4054), '語'.repeat(4000)]) {
      t.ok(verifies(mac, text, mac.sign(text)))
      t.strictSame(otherSpellings(mac.sign(text)).filter((each) => verifies(mac, text, each)), [], digest)
    }
  }
})

t.test('a key that is changed later does not change its MAC', async (t) => {
  const key = Buffer.from('key')
  const mac = new Mac('sha256', key)
  const signature = mac.sign(TEXT)
  key.fill(0)
  t.equal(mac.sign(TEXT), signature)
})

function verifies (mac: Mac, text: string, signature: string): boolean {
  return mac.verify(text + signature, text.length)
}

function textWhere (holds: (text: string) => boolean): string {
  for (let n = 0; ; n++) if (holds(`text ${n}`)) return `text ${n}`
}

/** Texts that some decoder takes for `signature`, or that differ from it by little, and do not end with it. */
function otherSpellings (signature: string): string[] {
  const body = signature.slice(0, -1)
  const standard = signature.replaceAll('-', '+').replaceAll('_', '/')
  const junk = ['=', '==', ' ', '\n', '\r\n', '\t', '\0', '!', '!!!!', '.', 'A', '\ufeff']
  const around = junk.flatMap((each) => [signature + each, each + signature])
  const shifted = [0x80, 0x100, 0x200, 0xfee0].flatMap((by) =>
    replacements(signature, (code) => String.fromCharCode(code + by))
  )
  return [
    '', body, signature.slice(1), signature + signature, signature.toLowerCase(), signature.toUpperCase(),
    ...[...ALPHABET].map((last) => body + last), standard, ...around, ...shifted,
    ...replacements(signature, () => '='), ...replacements(signature, () => ' '), ...replacements(signature, () => '')
  ].filter((text) => !text.endsWith(signature))
}

/** `text` with each of its characters replaced in turn. */
function replacements (text: string, replace: (code: number) => string): string[] {
  return [...text].map((char, i) => text.slice(0, i) + replace(char.charCodeAt(0)) + text.slice(i + 1))
}
