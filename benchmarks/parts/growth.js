import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import Fastify from 'fastify'
import { figure } from '../figures.js'
import { interleave, over } from '../harness.js'
import { flat, several, sized } from '../payloads.js'
import sessionPlugin, { BadData, TimestampSigner, URLSafeTimedSerializer } from '../product.js'

/** More levels than are read: a signed cookie could just hold them. */
const DEEP = 1700
const SIZES = [100, 200, 500, 1000, 2000, 4000]
const secret = randomBytes(32)
const options = { salt: 'bench', maxAge: 3600 }
const serializer = new URLSafeTimedSerializer(secret, options)
const compressing = new URLSafeTimedSerializer(secret, { ...options, compress: true })
const signer = new TimestampSigner(secret, options)

/** How the time grows with the size of a session, and what input costs that was made to be dear. */
export async function growth ({ rounds }) {
  return [...await bySize(rounds), ...await hostile(rounds)]
}

async function bySize (rounds) {
  const variants = {}
  const bytes = {}
  for (const size of SIZES) {
    const values = several((index) => sized(size, index))
    const cookies = values.map((value) => flat(serializer.dumps(value)))
    cookies.forEach((cookie, index) => { assert.deepEqual(serializer.loads(cookie), values[index]) })
    bytes[size] = JSON.stringify(values[0]).length
    variants[`dumps-${size}`] = over(values, (value) => serializer.dumps(value))
    variants[`loads-${size}`] = over(cookies, (cookie) => serializer.loads(cookie))
  }
  const result = await interleave(variants, { rounds })
  const [small, large] = [SIZES[0], SIZES.at(-1)]
  return ['dumps', 'loads'].flatMap((name) => [
    figure(
      `growth-${name}`,
      (result.ratio(`${name}-${large}`, `${name}-${small}`) * bytes[small]) / bytes[large],
      'time per byte at 4 KB over that at 100 B'
    ),
    ...SIZES.map((size) => figure(`growth-${name}-${size}-ns`, result.nanoseconds(`${name}-${size}`), 'ns'))
  ])
}

/** Every kind beside honest cookies of the same length. */
async function hostile (rounds) {
  const app = await reader({})
  const inflating = await reader({ compress: true })
  const kinds = { ...forgeries(app, inflating), ...insiders(), ...duplicates(app) }
  const variants = {}
  for (const [name, { honest, hostile, isRefused, isHonestRefused = isRefused }] of Object.entries(kinds)) {
    assert.ok(
      Math.abs(honest[0].length - hostile[0].length) <= 0.05 * honest[0].length,
      `${name}: ${honest[0].length} and ${hostile[0].length} bytes`
    )
    honest.forEach((text) => { assert.ok(!isHonestRefused(text), name) })
    hostile.forEach((text) => { assert.ok(isRefused(text), name) })
    variants[`honest-${name}`] = over(honest, isHonestRefused)
    variants[name] = over(hostile, isRefused)
  }
  const result = await interleave(variants, { rounds })
  await app.close()
  await inflating.close()
  return Object.keys(kinds).map((name) =>
    figure(name, result.ratio(name, `honest-${name}`), 'x honest cookies of the same length')
  )
}

/** Whether reading a text throws that it is refused. */
function throwing (read) {
  return (text) => {
    try {
      read(text)
      return false
    } catch (error) {
      if (!(error instanceof BadData)) throw error
      return true
    }
  }
}

/** An application that opens cookies of any size as requests do, but for the header. */
async function reader (options) {
  const app = Fastify()
  await app.register(sessionPlugin, { secret, maxCookieSize: 100_000, ...options })
  return app
}

/** Opens the cookies of a request as requests do, which throw nothing, and says whether they were refused. */
function opening (app) {
  return (...cookies) => {
    let isRefused = false
    app.sessionInterface.openSession(cookies, () => { isRefused = true }).get('user')
    return isRefused
  }
}

/** What anybody can send: cookies whose signatures do not hold. */
function forgeries (app, inflating) {
  const kinds = {}
  for (const size of [100, 1000, 4000]) {
    const honest = several((index) => flat(app.encodeSession(sized(size, index))))
    kinds[`forged-${size}`] = { honest, hostile: honest.map(forge), isRefused: opening(app) }
  }
  const honest = several((index) => flat(app.encodeSession(sized(2 * DEEP, index))))
  const deep = flat(forge(signer.sign(Buffer.from('['.repeat(DEEP) + ']'.repeat(DEEP)).toString('base64url'))))
  const bomb = flat(forge(signer.sign('.' + zeros(2_800_000).toString('base64url'))))
  kinds['forged-deep'] = { honest, hostile: several(() => deep), isRefused: opening(app) }
  kinds['forged-bomb'] = {
    honest: several((index) => flat(app.encodeSession(sized(bomb.length * 0.74, index)))),
    hostile: several(() => bomb),
    isRefused: opening(inflating)
  }
  return kinds
}

/** What only the holder of the secret could send. */
function insiders () {
  const honest = several((index) => flat(serializer.dumps(sized(2 * DEEP, index))))
  const deep = flat(signer.sign(Buffer.from('['.repeat(DEEP) + ']'.repeat(DEEP)).toString('base64url')))
  const bomb = flat(signer.sign('.' + zeros(2_800_000).toString('base64url')))
  return {
    'signed-deep': { honest, hostile: several(() => deep), isRefused: throwing((text) => serializer.loads(text)) },
    'signed-bomb': {
      honest: several((index) => flat(compressing.dumps(sized(bomb.length * 0.95, index)))),
      hostile: several(() => bomb),
      isRefused: throwing((text) => compressing.loads(text))
    }
  }
}

/**
 * Eight forged cookies of one name in one request: against eight honest ones, each in a request of its own, and against
 * a single honest one that is as long as all of them.
 */
function duplicates (app) {
  const small = several((index) => app.encodeSession(sized(200, index)))
  const groups = several((index) => several((copy) => small[(index + copy) % small.length], 8))
  const hostile = groups.map((cookies) => flat(cookies.map(forge).join(' ')))
  const single = several((index) => flat(app.encodeSession(sized((hostile[0].length - 60) * 0.75, index))))
  const open = opening(app)
  const isRefused = (text) => open(...text.split(' '))
  const isAnyRefused = (text) => text.split(' ').map((cookie) => open(cookie)).includes(true)
  return {
    'forged-duplicates': {
      honest: groups.map((cookies) => flat(cookies.join(' '))),
      hostile,
      isRefused,
      isHonestRefused: isAnyRefused
    },
    'forged-duplicates-as-one': { honest: single, hostile, isRefused }
  }
}

/** The same text with another character at the end of its payload. */
function forge (cookie) {
  return flat((cookie[0] === 'e' ? 'f' : cookie[0] === '.' ? '.y' : 'e') + cookie.slice(cookie[0] === '.' ? 2 : 1))
}

function zeros (length) {
  return deflateSync(Buffer.alloc(length, '0'), { level: 9 })
}
