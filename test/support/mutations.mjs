import crypto, { createHmac } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import Fastify from 'fastify'
import sessionPlugin from 'fastify-signed-session'
import { picker } from './picker.mjs'

/** @typedef {import('./picker.mjs').Pick} Pick */
/**
 * @typedef {{ pick: Pick, cookie: string, others: string[], secret: string }} Case `others` are genuine cookies that
 * are not this one
 */
/**
 * @typedef {{ name: string, inject: (header: string) => Promise<{ statusCode: number, body: string, refused: number }>,
 * cookies: Map<string, string>, foreign: string[], secret: string }} Target
 */
/**
 * @typedef {{ tried: number, unchanged: number, decrypted: number, kinds: Record<string, number>,
 * failures: string[] }} Figures `decrypted` counts the payloads that were
 */

const SECRET = 'a secret of the mutations, 0123456789 abcdef'
const OLDER = 'an older secret of the mutations, 9876543210'
const HEADER = 16 * 1024

/**
 * Payload with the dot that marks compression and the sign of an encrypted one, timestamp, signature.
 * @param {string} cookie
 * @returns {[string, string, string]}
 */
function parts (cookie) {
  const [signature = '', stamp = '', ...payload] = cookie.split('.').reverse()
  return [payload.reverse().join('.'), stamp, signature]
}

/**
 * The cookie with one part changed.
 * @param {Case} given
 * @param {(part: string) => string} change
 * @param {number} [index]
 */
function withPart ({ pick, cookie }, change, index = pick(3)) {
  return parts(cookie).map((part, at) => at === index ? change(part) : part).join('.')
}

/** @param {Buffer} bytes @param {Pick} pick */
function flipped (bytes, pick) {
  const at = pick(bytes.length)
  if (bytes.length > 0) bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << pick(8)), at)
  return bytes
}

/** @param {string[]} list @param {Pick} pick */
const oneOf = (list, pick) => list[pick(list.length)] ?? ''

/**
 * Each makes of a genuine cookie the values that come in a request; without `;`, which separates cookies.
 * @type {Record<string, (given: Case) => string | string[]>}
 */
export const mutations = {
  nothing: ({ cookie }) => cookie,
  quotes: ({ cookie, pick }) =>
    oneOf([`"${cookie}"`, ` ${cookie}`, `"${cookie}`, `${cookie}"`, `""${cookie}""`, `'${cookie}'`], pick),
  'a bit of the text': ({ cookie, pick }) => {
    const at = pick(cookie.length)
    const code = cookie.charCodeAt(at) ^ (1 << pick(8))
    const isHeld = code > 0x20 && code !== 0x7f && code !== 0x3b
    return cookie.slice(0, at) + (isHeld ? String.fromCharCode(code) : '') + cookie.slice(at + 1)
  },
  'a bit of the bytes': (given) =>
    withPart(given, (part) =>
      part.replace(/[\w-]+/, (text) => flipped(Buffer.from(text, 'base64url'), given.pick).toString('base64url'))
    ),
  'a character': ({ cookie, pick }) =>
    cookie.slice(0, pick(cookie.length)) + oneOf([...'Aa0-_.=+/%"\\, ~é'], pick) + cookie.slice(pick(cookie.length)),
  'a shorter end': ({ cookie, pick }) => cookie.slice(0, pick(cookie.length)),
  'a later beginning': ({ cookie, pick }) => cookie.slice(1 + pick(cookie.length)),
  'a gap': ({ cookie, pick }) => {
    const at = pick(cookie.length)
    return cookie.slice(0, at) + cookie.slice(at + 1 + pick(9))
  },
  'a part less': ({ cookie, pick }) => {
    const drop = pick(3)
    return parts(cookie)
      .filter((_, at) => at !== drop)
      .join('.')
  },
  'another mark': ({ cookie, pick }) =>
    oneOf(['', '~', '.', '~.', '.~', '~~', '~..'], pick) + cookie.replace(/^~?\.?/, ''),
  'an empty part': (given) => withPart(given, () => ''),
  'a shorter part': (given) => withPart(given, (part) => part.slice(0, given.pick(part.length))),
  'a part twice': (given) =>
    withPart(given, (part) => oneOf([part + part, `${part}.${part}`, `${part}.`, `.${part}`], given.pick)),
  'other order': ({ cookie, pick }) => {
    const [a, b, c] = parts(cookie)
    return oneOf(
      [
        [a, c, b], [b, a, c], [c, b, a], [b, c, a], [c, a, b]
      ].map((each) => each.join('.')),
      pick
    )
  },
  'splice of parts': ({ cookie, others, pick }) => {
    const sources = [cookie, oneOf(others, pick)].map(parts)
    return [0, 1, 2].map((at) => sources[pick(2)]?.[at]).join('.')
  },
  'splice of texts': ({ cookie, others, pick }) => {
    const other = oneOf(others, pick)
    return cookie.slice(0, pick(cookie.length)) + other.slice(pick(other.length))
  },
  'foreign cookie': ({ others, pick }) => oneOf(others, pick),
  'other timestamp': (given) => withPart(given, (stamp) => {
    const bytes = Buffer.from(stamp, 'base64url')
    const seconds = Buffer.alloc(6)
    seconds.writeUIntBE(bytes.readUIntBE(0, bytes.length) + given.pick(10_000) - 5000, 0, 6)
    return oneOf(
      [seconds, seconds.subarray(2), Buffer.concat([Buffer.alloc(1 + given.pick(4)), bytes]), bytes.reverse()].map(
        (each) => each.toString('base64url')
      ),
      given.pick
    )
  },
  1
  ),
  'other digest or key': ({ cookie, pick, secret }) => {
    const [payload, stamp] = parts(cookie)
    const digest = oneOf(['md5', 'sha1', 'sha256', 'sha384', 'sha512', 'sha3-256'], pick)
    const key = oneOf(['', 'undefined', 'session', 'fastify-signed-session', secret], pick)
    return `${payload}.${stamp}.${createHmac(digest, key)
      .update(oneOf([`${payload}.${stamp}`, payload, ''], pick))
      .digest('base64url')}`
  },
  'other base64': (given) => withPart(given, (part) => oneOf([
          `${part}=`, `${part}==`, part.replaceAll('-', '+').replaceAll('_', '/') + '=', part.toLowerCase(),
          part.toUpperCase(), encodeURIComponent(part).replaceAll('-', '%2D'), `%${part}`,
          part.slice(0, 5) + ' ' + part.slice(5), part.slice(0, 5) + '=' + part.slice(5),
          part.split('').reverse().join(''), Buffer.from(part, 'base64url').toString('hex')
  ], given.pick)),
  'spare bits': (given) =>
    withPart(
      given,
      (part) =>
        part.slice(0, -1) + oneOf([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'], given.pick)
    ),
  'sixteen kilobytes': ({ cookie, pick }) => {
    const filler = oneOf(['A', '.', '"', '%', '=', 'A.', '..A', 'é'], pick)
    const long = filler.repeat(Math.floor((HEADER - cookie.length) / filler.length))
    return oneOf(
      [
        long, long + cookie, cookie + long, `${long}.${cookie}`, cookie.replace('.', long),
        cookie.replace(/[^.]*$/, long)
      ],
      pick
    )
  },
  'many cookies': ({ cookie, pick }) => {
    const forged = oneOf(
      [
        cookie.slice(0, -1), cookie + 'A', cookie.replace(/[^.]*$/, (text) => 'A'.repeat(text.length)), 'a.b.c', '',
        '.'
      ],
      pick
    )
    return Array(1 + Math.floor((HEADER - 20) / (forged.length + 10))).fill(forged)
  }
}

const KINDS = Object.keys(mutations)

/** Registrations whose cookies are put to the test; what the others sign is foreign to each. */
const registrations = {
  default: { secret: SECRET },
  compressed: { secret: SECRET, compress: true, salt: 'compressed', digest: 'sha384' },
  fallback: { secret: SECRET, fallbacks: [OLDER], salt: 'fallback', absoluteLifetime: 1e6 },
  encrypted: { secret: SECRET, encrypt: true, salt: 'encrypted' },
  'encrypted and compressed': { secret: SECRET, encrypt: true, compress: true, salt: 'both', fallbacks: [OLDER] },
  'encrypted before': { secret: SECRET, salt: 'before' },
  flask: { secret: SECRET, format: 'flask' },
  'flask with sha256': {
    secret: SECRET,
    format: 'flask',
    digest: 'sha256',
    keyDerivation: 'django-concat',
    permanent: true
  }
}
const foreigners = [
  { secret: SECRET, digest: 'sha512' }, { secret: SECRET, cookieName: 'other' }, { secret: OLDER },
  { secret: SECRET, format: 'flask', salt: 'other' }, { secret: SECRET, encrypt: true, cookieName: 'other' }
]

/** @type {[object, object, object]} */
const DATA = [{ user: 'a', n: 1 }, { user: 'b', admin: true, list: [1, { x: 'y' }] }, { text: 'text '.repeat(60) }]

/** @param {object} options */
async function application (options) {
  const app = Fastify()
  let refused = 0
  await app.register(sessionPlugin, /** @type {any} */ ({ onInvalid: () => { refused++ }, ...options }))
  app.get('/', async (request, reply) => reply.jsonify(request.session.data()))
  return { app, takeRefused: () => { const count = refused; refused = 0; return count } }
}

/** @returns {Promise<Target[]>} */
async function buildTargets () {
  const foreign = await Promise.all(
    foreigners.map(async (options) => (await application(options)).app.encodeSession({ ...DATA[1] }))
  )
  return await Promise.all(Object.entries(registrations).map(async ([name, options]) => {
    const { app, takeRefused } = await application(options)
    const signer = name === 'encrypted before' ? (await application({ ...options, encrypt: true })).app : app
    const cookies = new Map(DATA.map((data) => [signer.encodeSession({ ...data }), JSON.stringify(data)]))
    /** @param {string} header */
    const inject = async (header) => {
      const { statusCode, body } = await app.inject({ url: '/', headers: { cookie: header } })
      return { statusCode, body: body.trimEnd(), refused: takeRefused() }
    }
    return { name, inject, cookies, foreign, secret: SECRET }
  }))
}

/**
 * Sends `runs` mutated cookies to each registration. A cookie opens only where its text, apart from white space and
 * one pair of quotes around it, is that of a genuine one; any other is an empty session and one call of onInvalid, and
 * is not decrypted.
 * @param {{ runs: number, seed: number }} options
 * @returns {Promise<Figures>}
 */
export async function runMutations ({ runs, seed }) {
  const pick = picker(seed)
  /** @type {Figures} */
  const figures = { tried: 0, unchanged: 0, decrypted: 0, kinds: {}, failures: [] }
  const targets = await buildTargets()
  const stop = countDecrypted(figures)
  for (let run = 0; run < runs; run++) {
    for (const target of targets) await tryOne(target, pick, figures)
  }
  stop()
  return figures
}

/** Counts the payloads that are decrypted from now on, until what it returns is called. @param {Figures} figures */
function countDecrypted (figures) {
  const { createDecipheriv } = crypto
  crypto.createDecipheriv = /** @type {any} */ (/** @type {any[]} */ ...args) => {
    figures.decrypted++
    return /** @type {any} */ (createDecipheriv)(...args)
  }
  syncBuiltinESMExports()
  return () => {
    crypto.createDecipheriv = createDecipheriv
    syncBuiltinESMExports()
  }
}

/** @param {Target} target @param {Pick} pick @param {Figures} figures */
async function tryOne (target, pick, figures) {
  const known = [...target.cookies.keys()]
  const cookie = oneOf(known, pick)
  const kind = oneOf(KINDS, pick)
  const made =
    mutations[kind]?.({
      pick,
      cookie,
      others: [...known.filter((each) => each !== cookie), ...target.foreign],
      secret: target.secret
    }) ?? ''
  const values = typeof made === 'string' ? [made] : made
  const bare = values.map((value) => value.trim().replace(/^"(.*)"$/, '$1'))
  const expected = target.cookies.get(bare[0] ?? '')
  const before = figures.decrypted
  const { statusCode, body, refused } = await target.inject(values.map((value) => `session=${value}`).join('; '))
  const decrypted = figures.decrypted - before
  figures.tried++
  figures.kinds[kind] = (figures.kinds[kind] ?? 0) + 1
  if (expected !== undefined) figures.unchanged++
  const refusals = expected === undefined && bare.some((value) => value !== '') ? 1 : 0
  const decryptions = expected !== undefined && bare[0]?.startsWith('~') ? 1 : 0
  const isRight = refused === refusals && decrypted === decryptions
  if (statusCode === 200 && body === withoutFlags(expected, body) && isRight) return
  figures.failures.push(
    `${target.name}, ${kind}: ${statusCode}, ${refused} refused, ${decrypted} decrypted, ` +
      `${body.slice(0, 60)} for ${values.length} of ${values[0]?.slice(0, 400)}`
  )
}

/**
 * What is expected, with the permanent flag where the session began with it. @param {string | undefined} expected
 * @param {string} body
 */
function withoutFlags (expected, body) {
  if (expected === undefined) return '{}'
  return body.startsWith('{"_permanent":true,') ? expected.replace('{', '{"_permanent":true,') : expected
}
