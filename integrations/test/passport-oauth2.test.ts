import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import passport from '@fastify/passport'
import Fastify from 'fastify'
import { Strategy as OAuth2Strategy } from 'passport-oauth2'
import { Browser, buildApp } from '../support/app.js'

const CLIENT = { clientID: 'shop', clientSecret: 'a secret between the two' }
const CALLBACK = 'http://shop.example/callback'

/** An authorization server (RFC 6749, with the proof key of RFC 7636) at which Ada is signed in and always agrees. */
async function authorizationServer (t: TestContext): Promise<string> {
  const server = Fastify()
  const challenges = new Map<string, string>()
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(`${body}`)))
  })
  server.get('/authorize', async (request, reply) => {
    const query = request.query as Record<string, string>
    assert.deepEqual(
      [query.client_id, query.response_type, query.code_challenge_method],
      [CLIENT.clientID, 'code', 'S256']
    )
    const code = randomUUID()
    challenges.set(code, query.code_challenge!)
    return reply.redirect(`${query.redirect_uri}?${new URLSearchParams({ code, state: query.state! })}`)
  })
  server.post('/token', async (request, reply) => {
    const { code, code_verifier: verifier, client_secret: secret } = request.body as Record<string, string>
    const challenge = createHash('sha256').update(`${verifier}`).digest('base64url')
    const isGranted = secret === CLIENT.clientSecret && challenges.get(code!) === challenge
    challenges.delete(code!)
    return isGranted
      ? { access_token: 'token of Ada', token_type: 'Bearer' }
      : reply.code(400).send({ error: 'invalid_grant' })
  })
  t.after(() => server.close())
  return await server.listen({ port: 0, host: '127.0.0.1' })
}

async function shop (server: string): Promise<Browser> {
  const authenticator = new passport.Authenticator()
  const options = {
    authorizationURL: `${server}/authorize`,
    tokenURL: `${server}/token`,
    callbackURL: CALLBACK,
    ...CLIENT
  }
  const verify = (
    token: string,
    _refresh: string,
    _profile: object,
    done: (error: null, user: object) => void
  ): void => {
    done(null, { token })
  }
  authenticator.use(
    'oauth2',
    new OAuth2Strategy({ ...options, state: true, pkce: true } as never, verify as never) as never
  )
  authenticator.registerUserSerializer(async (user) => user)
  authenticator.registerUserDeserializer(async (user) => user)
  const app = await buildApp()
  await app.register(authenticator.initialize())
  await app.register(authenticator.secureSession())
  const preValidation = authenticator.authenticate('oauth2')
  app.get('/login', { preValidation }, async () => {})
  app.get('/callback', { preValidation }, async (request) => request.user)
  app.get('/data', async (request) => request.session.data())
  return new Browser(app)
}

/** Follows a redirect to the authorization server and gives the path that it sends the browser back to. */
async function agree (location: unknown): Promise<string> {
  const response = await fetch(`${location}`, { redirect: 'manual' })
  const back = new URL(response.headers.get('location')!)
  assert.equal(`${back.origin}${back.pathname}`, CALLBACK)
  return `${back.pathname}${back.search}`
}

test('the state that the strategy writes inside an object of the session comes back, ' +
  'and is gone after use', async (t) => {
  const browser = await shop(await authorizationServer(t))
  const { headers } = await browser.get('/login')
  const [key] = Object.keys((await browser.get('/data')).json())
  assert.equal(key, 'oauth2:127.0.0.1')
  const callback = await agree(headers.location)
  assert.deepEqual((await browser.get(callback)).json(), { token: 'token of Ada' })
  assert.deepEqual((await browser.get('/data')).json(), { passport: { token: 'token of Ada' } })
  assert.equal((await browser.get(callback)).statusCode, 403, 'a state counts once')
})

test('a second start writes inside the object that is there, and only its state counts', async (t) => {
  const browser = await shop(await authorizationServer(t))
  const first = await agree((await browser.get('/login')).headers.location)
  const { headers } = await browser.get('/login')
  assert.ok(headers['set-cookie'], 'the change inside the object is saved')
  const second = await agree(headers.location)
  assert.deepEqual((await browser.get(second)).json(), { token: 'token of Ada' })
  assert.equal((await browser.get(first)).statusCode, 403)
})

test('the callback of somebody else\'s login is refused', async (t) => {
  const server = await authorizationServer(t)
  const attacker = await shop(server)
  const callback = await agree((await attacker.get('/login')).headers.location)
  const victim = await shop(server)
  assert.equal((await victim.get(callback)).statusCode, 403)
  await victim.get('/login')
  assert.equal((await victim.get(callback)).statusCode, 403)
})
