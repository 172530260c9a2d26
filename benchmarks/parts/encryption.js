import assert from 'node:assert/strict'
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import secureSession from '@fastify/secure-session'
import Fastify from 'fastify'
import { figure } from '../figures.js'
import { interleave, over } from '../harness.js'
import { flat, several, smallSession } from '../payloads.js'
import sessionPlugin, { SecureCookieSessionInterface } from '../product.js'

const SECRET = randomBytes(48).toString('base64url')
const AGE = 3600 // seconds
const ADDED = 'x createHmac of the signed cookie, added to it'
const SHARE = "of @fastify/secure-session's time"
const key = createSecretKey(randomBytes(32))

const bareHmac = (text) => createHmac('sha256', key).update(text).digest('base64url')
const signedPart = (cookie) => cookie.slice(0, cookie.lastIndexOf('.'))

/**
 * What encryption adds to a cookie by the codec of requests, and how such a cookie, with the text of its data, compares
 * with that of @fastify/secure-session. `encodeSession` and `decodeSession` make a session around it, whose code and
 * objects have the processor's caches in between: there it adds more.
 */
export async function encryption ({ rounds }) {
  const values = several(smallSession)
  const [signed, encrypted] = [await ours({}), await ours({ encrypt: true })]
  const texts = values.map((value) => flat(signed.dumps(value)))
  const variants = {
    hmac: over(texts.map((text) => flat(signedPart(signed.seal(text)))), bareHmac),
    ...cookies('seal', 'open', { signed, encrypted }, texts),
    ...cookies('write', 'read', { encrypted, peer: await theirs() }, values),
    ...cookies('encode', 'decode', { signed, encrypted }, values)
  }
  return figuresOf(await interleave(variants, { rounds }))
}

/** The variants of two methods, of which one makes a cookie and the other one reads it, by their kinds. */
function cookies (make, read, kinds, inputs) {
  const variants = {}
  for (const [kind, ways] of Object.entries(kinds)) {
    const made = inputs.map((input) => flat(ways[make](input)))
    made.forEach((cookie, index) => { assert.deepEqual(ways[read](cookie), inputs[index]) })
    variants[`${make}-${kind}`] = over(inputs, ways[make])
    variants[`${read}-${kind}`] = over(made, ways[read])
  }
  return variants
}

function figuresOf (result) {
  const inHmacs = (name) => result.figure((of) => (of(`${name}-encrypted`) - of(`${name}-signed`)) / of('hmac'))
  const ofTheirs = (name) => result.ratio(`${name}-encrypted`, `${name}-peer`)
  return [
    ...['seal', 'open', 'encode', 'decode'].map((name) => figure(`encryption-${name}`, inHmacs(name), ADDED)),
    ...['write', 'read'].map((name) => figure(`encryption-${name}-share`, ofTheirs(name), SHARE))
  ]
}

async function ours (options) {
  let settings
  const app = Fastify()
  const sessionInterface = class extends SecureCookieSessionInterface {
    constructor (given) {
      super(given)
      settings = given
    }
  }
  await app.register(sessionPlugin, { secret: SECRET, sessionInterface, ...options })
  const { codec, serializer } = settings
  return {
    dumps: (data) => serializer.dumps({ ...data, _id: randomBytes(16).toString('base64url') }),
    seal: (text) => codec.seal(text),
    open: (cookie) => codec.open(cookie, AGE).text,
    write: (data) => codec.seal(serializer.dumps(data)),
    read: (cookie) => serializer.loads(codec.open(cookie, AGE).text),
    encode: (data) => app.encodeSession(data),
    decode: (cookie) => app.decodeSession(cookie)
  }
}

async function theirs () {
  const app = Fastify()
  await app.register(secureSession, { key: randomBytes(32) })
  return {
    write: (data) => app.encodeSecureSession(app.createSecureSession({ ...data })),
    read: (cookie) => app.decodeSecureSession(cookie).data()
  }
}
