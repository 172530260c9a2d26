import assert from 'node:assert/strict'
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { buildApplication, cookieOf, KINDS, USES } from '../applications.js'
import { Dispatcher, parseResponse } from '../dispatch.js'
import { figure } from '../figures.js'
import { interleave, over } from '../harness.js'
import { flat, INPUTS, several, smallSession } from '../payloads.js'

const key = createSecretKey(randomBytes(32))

/**
 * What a session adds to a route, in HMACs of the same cookie. A second bare application tells how exact that is: it
 * adds nothing, and its figure would be 0 on a machine without noise.
 */
export async function request ({ rounds }) {
  const apps = await applications()
  const texts = apps.ours.cookies.map((cookie) => flat(cookie.slice('session='.length, cookie.lastIndexOf('.'))))
  const hmac = over(texts, (text) => createHmac('sha256', key).update(text).digest('base64url'))
  const figures = []
  for (const use of USES) {
    const variants = { hmac }
    for (const [name, app] of Object.entries(apps)) variants[name] = await dispatcher(app, use)
    figures.push(...figuresOf(use, await interleave(variants, { rounds })))
  }
  for (const { app } of Object.values(apps)) await app.close()
  return figures
}

function figuresOf (use, result) {
  const added = (of, name) => of(name) - of('bare')
  const inHmacs = (name) => result.figure((of) => added(of, name) / of('hmac'))
  const peers = KINDS.filter((kind) => kind !== 'bare' && kind !== 'ours')
  return [
    figure(`request-${use}`, inHmacs('ours'), 'bare HMACs added'),
    figure(`share-${use}`, result.figure((of) => added(of, 'ours') / added(of, 'secure-session')), "of @fastify/secure-session's added time"),
    ...[...peers, 'control'].map((name) => figure(`request-${use}-${name}`, inHmacs(name), 'bare HMACs added')),
    figure(`request-${use}-bare-ns`, result.nanoseconds('bare'), 'ns'),
    figure(`request-${use}-hmac-ns`, result.nanoseconds('hmac'), 'ns')
  ]
}

/** An application of each kind and one more that is bare, each with cookies of the same sessions. */
async function applications () {
  const apps = {}
  for (const kind of KINDS) {
    const app = await buildApplication(kind)
    const cookies = await Promise.all(several((index) => cookieOf(app, index)))
    apps[kind] = { kind, app, cookies }
  }
  apps.bare.cookies = apps.ours.cookies
  apps.control = { ...apps.bare, app: await buildApplication('bare') }
  return apps
}

/** A browser's headers, three cookies among them of which one is the session. */
function headersWith (cookie) {
  return {
    host: 'localhost:3000',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    accept: 'text/html,application/xhtml+xml',
    'accept-language': 'en-GB,en;q=0.5',
    connection: 'keep-alive',
    cookie: flat(`theme=dark; ${cookie}; consent=2026-11-01`)
  }
}

async function dispatcher (application, use) {
  await checkReplies(application, use)
  return new Dispatcher(application.app, application.cookies.map((cookie) => ({ url: `/${use}`, headers: headersWith(cookie) }))).run
}

/** That each reply says what it should, and that a written session is what the browser then has. */
async function checkReplies ({ kind, app, cookies }, use) {
  for (let index = 0; index < INPUTS; index++) {
    const { status, headers, body } = await ask(app, `/${use}`, cookies[index])
    const { user, visits } = smallSession(index)
    assert.equal(status, 200)
    assert.equal(body, kind === 'bare' || use === 'untouched' ? 'user-00000' : user)
    if (kind === 'bare') assert.equal(headers['set-cookie'], undefined)
    if (kind === 'bare' || use !== 'write') continue
    const before = kind === 'cookie-only' ? 0 : visits
    const cookie = headers['set-cookie'][0].split(';')[0]
    assert.equal(Number((await ask(app, '/visits', cookie)).body), before + 1, kind)
  }
}

async function ask (app, url, cookie) {
  return parseResponse(await new Dispatcher(app, [{ url, headers: headersWith(cookie) }]).capture())
}
