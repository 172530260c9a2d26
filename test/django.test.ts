import t from 'tap'
import type { SessionOptions } from '../lib/options/session-options.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { django } from '../lib/wire/django.ts'
import { buildApp, cookieFrom, SECRET, setCookies } from './support/app.ts'
import { blocksOf, documents, run } from './support/documents.ts'
import { checkAges, checkRead, checkWritten, interfaceFor, openCookie, recordedOf } from './support/python-vectors.ts'

const { version } = recordedOf('django')
const MAX_AGE = 14 * 24 * 60 * 60

t.test(`sessions that Django ${version} wrote are read, and written again as it does`, async (t) => {
  checkWritten(t, 'django')
})

t.test(`cookies that nobody writes are read as Django ${version} reads them, but for what is listed`, async (t) => {
  checkRead(t, 'django')
})

t.test('a session of Django is read for 14 days', async (t) => checkAges(t, 'django'))

t.test('a time stamp is a number in base 62, of times that a Date can hold', async (t) => {
  const rows = [[0, '0'], [61, 'z'], [62, '10'], [1_700_000_000, '1r31eq'], [8.64e12, '2S6whUrg']] as const
  for (const [seconds, text] of rows) {
    t.equal(django.stamp.write(seconds), text)
    t.equal(django.stamp.read(text), seconds)
  }
  for (const text of ['', '-1', '1.', 'é', '2S6whUrh', 'z'.repeat(2000)]) {
    t.equal(django.stamp.read(text), undefined, text)
  }
})

t.test('the cookie is Django\'s, and lives for 14 days in the browser', async (t) => {
  const { app, logs } = await buildApp({ format: 'django', secret: 'weak' })
  t.teardown(() => app.close())
  app.get('/', async ({ session }) => { session.set('a', 1) })
  app.get('/clear', async ({ session }) => { session.clear() })
  const [line] = setCookies((await app.inject('/')).headers)
  t.match(line, /^sessionid=eyJhIjoxfQ:\w{6}:[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=1209600$/)
  t.match(logs, [{ level: 40, msg: /^The session secret has 4 bytes/ }])
  const cleared = await app.inject({ url: '/clear', headers: { cookie: line!.split(';')[0]! } })
  t.match(setCookies(cleared.headers), [/^sessionid=; Max-Age=0; /])
})

t.test('a session is permanent, which is for all and in no payload', async (t) => {
  for (const [options, permanent, maxAge] of [
    [{}, true, MAX_AGE], [{ lifetime: 60 }, true, 60], [{ permanent: false }, false, undefined]
  ] as Array<[Partial<SessionOptions>, boolean, number | undefined]>) {
    const iface = interfaceFor('django', options)
    const session = iface.openSession([], () => {})
    session.set('a', 1)
    t.equal(session.permanent, permanent)
    t.throws(() => { session.permanent = permanent }, {
      statusCode: 400, message: /^session\.permanent cannot be set in this format/
    })
    const decision = iface.saveSession(session)
    t.match(decision, { action: 'set', maxAge, value: /^eyJhIjoxfQ:/ })
    t.equal(openCookie(iface, (decision as { value: string }).value).session.permanent, permanent)
    session.regenerate(['a'])
    t.equal(session.permanent, permanent)
  }
})

t.test('a key that another program calls _permanent is data, and stays as it is', async (t) => {
  const iface = interfaceFor('django', { serializer: { dumps: () => '{"_permanent":false}', loads: JSON.parse } })
  const written = iface.openSession([], () => {})
  written.set('a', 1)
  const { value } = iface.saveSession(written) as { value: string }
  const { session } = openCookie(interfaceFor('django'), value)
  t.strictSame([session.data(), session.permanent], [{ _permanent: false }, true])
  session.set('b', 1)
  t.match(interfaceFor('django').saveSession(session), { value: /^eyJfcGVybWFuZW50IjpmYWxzZSwiYiI6MX0:/ })
})

t.test('a session that is used is not signed anew, unless refreshAfter says so or a fallback signed it', async (t) => {
  const value = recordedOf('django').written[0]!.line.trim().split(/[=;]/)[1]!
  const actionWith = (options: Parameters<typeof interfaceFor>[1]): string => {
    const iface = interfaceFor('django', options)
    const { session } = openCookie(iface, value)
    t.equal(session.get('user'), 42)
    return iface.saveSession(session).action
  }
  t.equal(actionWith({ at: MAX_AGE }), 'keep')
  t.equal(actionWith({ at: 60, refreshAfter: 60 }), 'set')
  t.equal(actionWith({ secret: SECRET, fallbacks: [recordedOf('django').secret] }), 'set')
})

t.test('a session that Django changed has another id, and one that was read here stays', async (t) => {
  const [one, other] = recordedOf('django').written.map(({ line }) => line.trim().split(/[=;]/)[1]!)
  const [first, second] = [one!, other!].map((value) => openCookie(interfaceFor('django'), value).session)
  t.not(first!.id, second!.id)
  t.equal(openCookie(interfaceFor('django'), one!).session.id, first!.id)
  const decision = interfaceFor('django').saveSession(first!) as { value: string }
  const { session } = openCookie(interfaceFor('django'), decision.value)
  t.strictSame([session.id, session.data()], [first!.id, { user: 42 }])
})

t.test('names of members are keys that Django may use', async (t) => {
  const iface = interfaceFor('django')
  const session = iface.openSession([], () => {})
  session.update({ id: 5, get: 1 })
  t.strictSame([session.get('id'), session.data(), { ...session }], [5, { id: 5, get: 1 }, {}])
})

t.test('what does not go with the format is refused with a sentence', async (t) => {
  for (const [options, message] of [
    [{ permanentLifetime: 60 }, /^The session option permanentLifetime does not go with this format/],
    [{ digest: 'sha1' }, /^The session option digest must be one of sha256/],
    [{ keyDerivation: 'hmac' }, /^The session option keyDerivation must be one of django-concat/],
    [{ tags: [class {}] }, /^The session option tags needs a serializer with register.* plain JSON has no tags$/]
  ] as const) t.throws(() => resolveOptions({ secret: SECRET, format: 'django', ...options } as never), { message })
})

t.test('two sessions of Django with one secret would share a key', async (t) => {
  const { app } = await buildApp({ format: 'django' })
  t.teardown(() => app.close())
  app.register(async (scope) => {
    const { sessionPlugin } = await import('../lib/index.ts')
    await scope.register(sessionPlugin, { secret: SECRET, format: 'django', sessionName: 'admin', cookieName: 'admin' })
  })
  await t.rejects(async () => await app.ready(), { message: /^Two sessions share a signing key/ })
})

t.test('scopes beside each other may have the same session of Django', async (t) => {
  const { app } = await buildApp({ sessionName: 'other' })
  t.teardown(() => app.close())
  const { sessionPlugin } = await import('../lib/index.ts')
  for (const path of ['/a', '/b']) {
    app.register(async (scope) => {
      await scope.register(sessionPlugin, { secret: SECRET, format: 'django' })
      scope.get(path, async ({ session }) => { session.set('seen', path); return session.data() })
    })
  }
  const cookie = cookieFrom((await app.inject('/a')).headers, 'sessionid')
  t.ok(cookie)
  t.strictSame((await app.inject({ url: '/b', headers: { cookie: cookie! } })).json(), { seen: '/b' })
})

t.test('the application of the documentation knows who is signed in, until the password is another', async (t) => {
  const text = documents.get('docs/django.md')!
  const [first, hook] = blocksOf(text).filter(({ language }) => language === 'js').map(({ code }) => code)
  const { app } = await run(t, `const passwords = { 7: 'pbkdf2_sha256$600000$salt$hash', 8: 'another' }
    const findPassword = async (id) => passwords[id]
    ${first!.replace(/^app.get.*$/m, '')}
    ${hook}
    app.get('/me', ${/app.get\('\/me', (.*)\)$/m.exec(first!)![1]})\n`)
  // What Django 5.2 and 3.2 give for that password and the secret of the tests.
  const hash = 'f13cdfd0562e48e010d6040f575d1db9eb41ac85a2ea1fe6c99495d44f49c907'
  const me = async (id: string, given: unknown): Promise<unknown> => {
    const value = app!.encodeSession({ _auth_user_id: id, _auth_user_hash: given })
    const response = await app!.inject({ url: '/me', headers: { cookie: `sessionid=${value}` } })
    return [response.json().user, setCookies(response.headers).length]
  }
  t.strictSame(await me('7', hash), ['7', 0])
  for (const [id, given] of [['8', hash], ['9', hash], ['7', undefined], ['7', hash.slice(1)]] as const) {
    t.strictSame(await me(id, given), [null, 1])
  }
  t.strictSame((await app!.inject('/me')).json(), { user: null })
})
