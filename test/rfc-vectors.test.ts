import { readFileSync } from 'node:fs'
import t from 'tap'
import { deriveKey, hkdf } from '../lib/signing/keys.ts'
import { Mac } from '../lib/signing/mac.ts'
import { Signer } from '../lib/signing/signer.ts'

/** Published cases; bytes are hex. */
interface Fixture {
  source: string
  hmac: Array<{ rfc: number, case: number, digest: string, key: string, message: string, mac: string }>
  hkdf: Array<{
    rfc: number
    case: number
    digest: string
    secret: string
    salt: string
    info: string
    length: number
    key: string
  }>
}

const published: Fixture = JSON.parse(readFileSync(new URL('fixtures/rfc-vectors.json', import.meta.url), 'utf8'))
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

/** The message as the text it is, or undefined: only text is signed here, and of bytes the derivation makes a key. */
function textOf (message: Buffer): string | undefined {
  const text = message.toString()
  return Buffer.from(text).equals(message) ? text : undefined
}

for (const { rfc, case: number, digest, key, message, mac } of published.hmac) {
  t.test(`HMAC is that of RFC ${rfc}, case ${number} of ${digest}`, async (t) => {
    t.equal(deriveKey(bytes(key), bytes(message), 'hmac', digest).toString('hex'), mac)
    const text = textOf(bytes(message))
    if (text === undefined) {
      const signer = new Signer(bytes(key), { salt: '', digest, keyDerivation: 'none' })
      t.throws(() => signer.sign(bytes(message)), TypeError, 'what is no text is not signed')
      return
    }
    const signature = bytes(mac).toString('base64url')
    t.equal(new Mac(digest, bytes(key)).sign(text), signature)
    t.ok(new Mac(digest, bytes(key)).verify(text + signature, text.length))
    t.equal(new Signer(bytes(key), { salt: '', digest, keyDerivation: 'none' }).sign(text), `${text}.${signature}`)
  })
}

for (const { rfc, case: number, secret, salt, info, length, key } of published.hkdf) {
  t.test(`HKDF-SHA256 is that of RFC ${rfc}, case ${number}`, async (t) => {
    t.equal(hkdf(bytes(secret), bytes(salt), bytes(info), length).toString('hex'), key)
  })
}

t.test('every digest that sessions and Flask use is among the published cases', async (t) => {
  t.strictSame(
    [...new Set(published.hmac.map(({ digest }) => digest))],
    ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']
  )
  t.strictSame([...new Set(published.hkdf.map(({ digest }) => digest))], ['sha256'])
  t.strictSame([published.hmac.length, published.hkdf.length], [2 * 7 + 4 * 6, 3])
})
