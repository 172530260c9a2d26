import { hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** @import { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify' */
/** @typedef {{ user: string, visits: number }} Data */
/** @typedef {FastifyRequest & { saved?: Data }} Request */

const NAME = 'session='
const ATTRIBUTES = '; Path=/; HttpOnly; SameSite=Lax'
/** Bytes of SHA-256: of its block, of its result, and characters of its result as unpadded base64url. */
const [BLOCK, RESULT, SIGNATURE] = [64, 32, 43]
const LONGEST = 4096
const key = randomBytes(RESULT)
/** HMAC's two padded keys (RFC 2104, section 2), each with room for what is hashed behind it. */
const [inner, outer] = [padded(0x36, LONGEST), padded(0x5c, RESULT)]
/** @type {Record<number, Buffer>} */
const views = {}
const [expected, given] = [Buffer.alloc(SIGNATURE), Buffer.alloc(SIGNATURE)]
const scratch = Buffer.alloc(LONGEST)

/**
 * The least that a session in a signed cookie takes: two hooks, finding the cookie, two hashes, base64url and JSON, and
 * for a write the same back and a Set-Cookie header. It checks the signature and nothing else: it has no age, no types,
 * no Vary and no limits, so it is a floor and no session that anybody should use.
 */
export const least = {
  /** @param {FastifyInstance} app */
  register (app) {
    app.addHook('onRequest', (_request, _reply, done) => { done() })
    app.addHook('onSend', (/** @type {Request} */ { saved }, reply, payload, done) => {
      if (saved !== undefined) reply.header('set-cookie', NAME + seal(JSON.stringify(saved)) + ATTRIBUTES)
      done(null, payload)
    })
  },
  /** @param {Request} request @param {FastifyReply} _reply @param {Data} data */
  fill (request, _reply, data) { request.saved = data },
  /** @param {Request} request */
  user: (request) => open(request).user,
  /** @param {Request} request */
  count (request) {
    const data = open(request)
    data.visits++
    request.saved = data
    return data.user
  },
  /** @param {Request} request */
  visits: (request) => open(request).visits
}

/** @param {Request} request @returns {Data} */
function open ({ headers: { cookie = '' } }) {
  const start = cookie.indexOf(NAME) + NAME.length
  const end = cookie.indexOf(';', start)
  const value = cookie.slice(start, end === -1 ? undefined : end)
  const dot = value.length - SIGNATURE - 1
  given.write(value.slice(dot + 1), 'latin1')
  expected.write(sign(value.slice(0, dot)), 'latin1')
  if (dot < 0 || !timingSafeEqual(given, expected)) throw new Error('The signature is wrong')
  return JSON.parse(scratch.toString('utf8', 0, scratch.write(value.slice(0, dot), 'base64url')))
}

/** @param {string} text */
function seal (text) {
  const payload = scratch.toString('base64url', 0, scratch.write(text))
  return `${payload}.${sign(payload)}`
}

/** @param {string} text */
function sign (text) {
  const end = BLOCK + inner.write(text, BLOCK, 'latin1')
  const view = views[end] ??= inner.subarray(0, end)
  outer.write(hash('sha256', view, 'binary'), BLOCK, 'latin1')
  return hash('sha256', outer, 'base64url')
}

/** @param {number} pad @param {number} room */
function padded (pad, room) {
  const buffer = Buffer.alloc(BLOCK + room).fill(pad, 0, BLOCK)
  key.forEach((byte, index) => { buffer[index] = byte ^ pad })
  return buffer
}
