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
      t.ok(mac.verify(TEXT, signature))
    }
  })

  t.test(`a ${digest} MAC has one spelling`, async (t) => {
    const mac = new Mac(digest, Buffer.from('key'))
    const text = textWhere((each) => /-.*_/.test(mac.sign(each)))
    const signature = mac.sign(text)
    t.ok(mac.verify(text, signature))
    t.strictSame(otherSpellings(signature).filter((each) => mac.verify(text, each)), [])
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
      t.ok(mac.verify(text, signature))
      t.notOk(mac.verify(text, signature.slice(0, -1)))
    }
  }
})

t.test('nothing of one text or signature stays for the next', async (t) => {
  const mac = new Mac('sha256', Buffer.from('key'))
  const [long, short] = ['x'.repeat(4000), 'y']
  const expected = createHmac('sha256', 'key').update(short).digest('base64url')
  for (const before of [long, '', TEXT, 'é'.repeat(4096)]) {
    const signature = mac.sign(before)
    t.ok(mac.verify(before, signature))
    for (const wrong of [
      '', signature, signature.slice(0, -1), '\u0141'.repeat(43), 'é'.repeat(21) + 'A', '\ud800'.repeat(43)
    ]) {
      t.notOk(mac.verify(short, wrong))
    }
    t.equal(mac.sign(short), expected)
    t.ok(mac.verify(short, expected))
  }
})

t.test('texts of ever other lengths have their HMACs too', async (t) => {
  const mac = new Mac('sha256', Buffer.from('key'))
  const texts = Array.from({ length: 1300 }, (_, length) => 'x'.repeat(length))
  t.strictSame(
    texts.filter((text) => mac.sign(text) !== createHmac('sha256', 'key').update(text).digest('base64url')),
    []
  )
  t.strictSame([...texts, ...texts].filter((text) => !mac.verifyEnd(text + mac.sign(text), text.length)), [])
})

t.test('a MAC does not pass for another text, key or digest', async (t) => {
  const mac = new Mac('sha256', Buffer.from('key'))
  const signature = mac.sign(TEXT)
  t.notOk(mac.verify(TEXT + ' ', signature))
  t.notOk(mac.verify('', signature))
  t.notOk(new Mac('sha256', Buffer.from('Key')).verify(TEXT, signature))
  t.notOk(new Mac('sha1', Buffer.from('key')).verify(TEXT, signature))
  t.notOk(new Mac('sha512-256', Buffer.from('key')).verify(TEXT, signature))
})

t.test('any text has its MAC under any key, and just that one', async () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 })
  fc.assert(fc.property(bytes, fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (key, text, other) => {
    const mac = new Mac('sha256', key)
    const signature = mac.sign(text)
    return signature === createHmac('sha256', key).update(text).digest('base64url') &&
      mac.verify(text, signature) && !mac.verify(text, other) && mac.verify(other, signature) === (other === text)
  }), RUNS)
})

t.test('a signature behind its text is found right exactly where it is apart from it', async (t) => {
  const mac = new Mac('sha256', Buffer.from('key'))
  const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ minLength: 4000, maxLength: 5000 }))
  const wrong = fc.oneof(fc.constantFrom('', '.', 'é'), fc.string({ unit: 'binary', minLength: 43, maxLength: 43 }))
  fc.assert(fc.property(texts, fc.constantFrom('', '.', '--.'), fc.option(wrong), (text, sep, instead) => {
    const signature = instead ?? mac.sign(text)
    return mac.verifyEnd(text + sep + signature, text.length) === mac.verify(text, (text + sep + signature).slice(-43))
  }), RUNS)
  for (const digest of ['sha256', 'sha3-256']) {
    const mac = new Mac(digest, Buffer.from('key'))
    for (const text of ['', 'text', TEXT, 'x'.repeat(4053), 'x'.repeat(4054), '語'.repeat(4000)]) {
      const signature = mac.sign(text)
      t.ok(mac.verifyEnd(text + signature, text.length))
      t.strictSame(
        otherSpellings(signature).filter(
          (each) => mac.verifyEnd(text + each, text.length) && each.slice(-signature.length) !== signature
        ),
        [],
        `${digest}, ${text.length} characters`
      )
      t.notOk(mac.verifyEnd(text + 'é' + signature, text.length + 1))
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

function textWhere (holds: (text: string) => boolean): string {
  for (let n = 0; ; n++) if (holds(`text ${n}`)) return `text ${n}`
}

/** Texts that some decoder takes for `signature`, or that differ from it by little. */
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
  ].filter((text) => text !== signature)
}

/** `text` with each of its characters replaced in turn. */
function replacements (text: string, replace: (code: number) => string): string[] {
  return [...text].map((char, i) => text.slice(0, i) + replace(char.charCodeAt(0)) + text.slice(i + 1))
}
