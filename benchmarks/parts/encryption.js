import assert from 'node:assert/strict'
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import secureSession from '@fastify/secure-session'
import Fastify from 'fastify'
import { figure } from '../figures.js'
import { interleave, over } from '../harness.js'
import { flat, several, smallSession } from '../payloads.js'
import sessionPlugin from '../product.js'

const SECRET = randomBytes(48).toString('base64url')
const key = createSecretKey(randomBytes(32))
const SHARE = "of @fastify/secure-session's time"
const ADDED = 'x createHmac of the same cookie, added to a signed one'

/** What encryption adds to writing and reading a whole session, and how it compares with @fastify/secure-session. */
export async function encryption ({ rounds }) {
  const values = several(smallSession)
  const ways = { signed: await ours({}), encrypted: await ours({ encrypt: true }), peer: await theirs() }
  const variants = {}
  for (const [name, { encode, decode }] of Object.entries(ways)) {
    const cookies = values.map((value) => flat(encode(value)))
    cookies.forEach((cookie, index) => { assert.deepEqual(decode(cookie), values[index]) })
    variants[`encode-${name}`] = over(values, encode)
    variants[`decode-${name}`] = over(cookies, decode)
    if (name === 'signed') {
      const texts = cookies.map((cookie) => flat(cookie.slice(0, cookie.lastIndexOf('.'))))
      variants.hmac = over(texts, (text) => createHmac('sha256', key).update(text).digest('base64url'))
    }
  }
  const result = await interleave(variants, { rounds })
  return ['encode', 'decode'].flatMap((way) => [
    figure(`encryption-${way}`, result.figure((of) => added(of, way) / of('hmac')), ADDED),
    figure(`encryption-${way}-share`, result.ratio(`${way}-encrypted`, `${way}-peer`), SHARE)
  ])
}

const added = (of, way) => of(`${way}-encrypted`) - of(`${way}-signed`)

async function ours (options) {
  const app = Fastify()
  await app.register(sessionPlugin, { secret: SECRET, ...options })
  return { encode: (data) => app.encodeSession(data), decode: (value) => app.decodeSession(value) }
}

async function theirs () {
  const app = Fastify()
  await app.register(secureSession, { key: randomBytes(32) })
  return {
    encode: (data) => app.encodeSecureSession(app.createSecureSession({ ...data })),
    decode: (value) => app.decodeSecureSession(value).data()
  }
}
