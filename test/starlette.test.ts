import t from 'tap'
import { resolveOptions } from '../lib/options/resolve.ts'
import { starlette } from '../lib/wire/starlette.ts'
import { buildApp, SECRET, setCookies } from './support/app.ts'
import { blocksOf, documents, run } from './support/documents.ts'
import { checkAges, checkRead, checkWritten, interfaceFor, openCookie, recordedOf } from './support/python-vectors.ts'

const { version } = recordedOf('starlette')

t.test(`sessions that Starlette ${version} wrote are read, and written again as it does`, async (t) => {
  checkWritten(t, 'starlette')
})

t.test(`cookies that nobody writes are read as Starlette ${version} reads them, but for what is listed`, async (t) => {
  checkRead(t, 'starlette')
})

t.test('a session of Starlette is read for 14 days', async (t) => checkAges(t, 'starlette'))

t.test('a payload is standard base64 of UTF-8', async (t) => {
  const { encode, decode } = starlette.payload
  t.equal(encode('{"?>": "~~"}', false), 'eyI/PiI6ICJ+fiJ9')
  t.equal(decode('eyI/PiI6ICJ+fiJ9', false), '{"?>": "~~"}')
  for (const [payload, message] of [
    ['eyI_PiI6ICJ-fiJ9', /not base64$/], ['e30', /not base64$/], ['.e30=', /not base64$/], ['/w==', /not UTF-8$/]
  ] as const) t.throws(() => decode(payload, true), { code: 'FSS_ERR_BAD_PAYLOAD', message })
  t.throws(() => encode('\ud800', false), { message: /lone surrogate/ })
})

t.test('the cookie is Starlette\'s, and a session that is emptied leaves its null', async (t) => {
  let reported = 0
  const { app, logs } = await buildApp({ format: 'starlette', onInvalid: () => { reported++ } })
  t.teardown(() => app.close())
  app.get('/', async ({ session }) => { session.set('a', [1, '?']) })
  app.get('/read', async ({ session }) => session.data())
  app.get('/clear', async ({ session }) => { session.clear() })
  const [line] = setCookies((await app.inject('/')).headers)
  t.match(line, /^session=eyJhIjogWzEsICI\/Il19\.[\w-]{6}\.[\w-]{27}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=\d+$/)
  const cookie = line!.split(';')[0]!
  t.strictSame((await app.inject({ url: '/read', headers: { cookie } })).json(), { a: [1, '?'] })
  const cleared = await app.inject({ url: '/clear', headers: { cookie } })
  t.match(setCookies(cleared.headers), [/^session=null; Max-Age=0; Path=\/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; /])
  t.strictSame((await app.inject({ url: '/read', headers: { cookie: 'session=null' } })).json(), {})
  t.equal(reported, 0)
  await app.inject({ url: '/read', headers: { cookie: 'session=other' } })
  t.equal(reported, 1)
  t.strictSame(logs.filter(({ level }) => level >= 50), [])
})

t.test('a session is permanent, unless Starlette has no max_age', async (t) => {
  const iface = interfaceFor('starlette', { permanent: false, lifetime: Infinity, at: 1e9 })
  const { session } = openCookie(iface, recordedOf('starlette').written[0]!.line.split(/=|; /)[1]!)
  t.equal(session.get('user'), 42)
  session.touch()
  t.match(iface.saveSession(session), { action: 'set', maxAge: undefined })
  t.throws(() => { session.permanent = true }, { message: /the option permanent is for all sessions$/ })
})

t.test('what does not go with the format is refused with a sentence', async (t) => {
  for (const [options, message] of [
    [{ compress: true }, /^The session option compress does not go with this format, whose payload is never/],
    [{ permanentLifetime: 60 }, /^The session option permanentLifetime does not go with this format/],
    [{ digest: 'sha256' }, /^The session option digest must be one of sha1$/],
    [{ keyDerivation: 'hkdf' }, /^The session option keyDerivation must be one of django-concat/]
  ] as const) t.throws(() => resolveOptions({ secret: SECRET, format: 'starlette', ...options } as never), { message })
  t.doesNotThrow(() => resolveOptions({ secret: SECRET, format: 'starlette', compress: false }))
})

t.test('the application of the documentation reads what Starlette keeps', async (t) => {
  const text = documents.get('docs/starlette.md')!
  const { app } = await run(t, blocksOf(text).find(({ language }) => language === 'js')!.code)
  const cookie = `session=${app!.encodeSession({ user: 'Ada' })}`
  t.strictSame((await app!.inject({ url: '/me', headers: { cookie } })).json(), { user: 'Ada' })
  t.strictSame((await app!.inject('/me')).json(), { user: null })
})
