import assert from 'node:assert/strict'
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { figure } from '../figures.js'
import { interleave, over } from '../harness.js'
import { flat, largeTagged, mediumTagged, randomText, several, smallSession } from '../payloads.js'
import { Signer, URLSafeTimedSerializer } from '../product.js'

const UNIT = 'x createHmac of the same bytes'
const SECRET = randomBytes(48).toString('base64url')

/** Signing, and whole cookies, in HMACs of the same bytes: the floor of whoever signs. */
export async function codec ({ rounds }) {
  return [...await signing(rounds), ...await whole(rounds)]
}

/** The plain way: one HMAC with a key made once. */
const key = createSecretKey(randomBytes(32))
const bareHmac = (text) => createHmac('sha256', key).update(text).digest('base64url')

async function signing (rounds) {
  const signer = new Signer(SECRET, { salt: 'bench' })
  const sizes = { 64: 64, 300: 300, '1k': 1024, '3k': 3072 }
  const variants = {}
  for (const [size, length] of Object.entries(sizes)) {
    const texts = several((index) => flat(randomText(index, length)))
    for (const text of texts) assert.equal(signer.unsign(signer.sign(text)), text)
    variants[`hmac-${size}`] = over(texts, bareHmac)
    variants[`sign-${size}`] = over(texts, (text) => signer.sign(text))
  }
  const result = await interleave(variants, { rounds })
  return Object.keys(sizes).flatMap((size) => [
    figure(`sign-${size}`, result.ratio(`sign-${size}`, `hmac-${size}`), UNIT),
    figure(`hmac-${size}-ns`, result.nanoseconds(`hmac-${size}`), 'ns')
  ])
}

async function whole (rounds) {
  const serializer = new URLSafeTimedSerializer(SECRET, { salt: 'bench', maxAge: 3600 })
  const sessions = { small: smallSession, medium: mediumTagged, large: largeTagged }
  const variants = {}
  for (const [size, make] of Object.entries(sessions)) {
    const values = several(make)
    const cookies = values.map((value) => flat(serializer.dumps(value)))
    cookies.forEach((cookie, index) => { assert.deepEqual(serializer.loads(cookie), values[index]) })
    variants[`hmac-${size}`] = over(cookies.map((cookie) => flat(cookie.slice(0, cookie.lastIndexOf('.')))), bareHmac)
    variants[`dumps-${size}`] = over(values, (value) => serializer.dumps(value))
    variants[`loads-${size}`] = over(cookies, (cookie) => serializer.loads(cookie))
  }
  const result = await interleave(variants, { rounds })
  return Object.keys(sessions).flatMap((size) => ['dumps', 'loads'].map((name) =>
    figure(`${name}-${size}`, result.ratio(`${name}-${size}`, `hmac-${size}`), UNIT)))
}
