import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { reportOn } from '../lib/cli/cookie-report.ts'
import { main } from '../lib/cli/main.ts'
import { outputFailed } from '../lib/cli/terminal.ts'
import { MemoryStore, TaggedJSONSerializer, TimestampSigner, Tuple } from '../lib/index.ts'
import { SecureCookieSessionInterface } from '../lib/session/cookie-interface.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { sessionKey } from '../lib/wire/codec.ts'
import { formats } from '../lib/wire/formats.ts'
import { recordedOf } from './support/python-vectors.ts'
import { buildApp, OTHER_SECRET, SECRET } from './support/app.ts'

const PROGRAM = fileURLToPath(new URL('../lib/cli.ts', import.meta.url))
const DAY = 86400
t.setTimeout(120_000)
const NOW = Math.floor(Date.now() / 1000)

interface Given {
  stdin?: string | Buffer
  env?: Record<string, string>
  isTTY?: boolean
}

/** Runs the program in this process. */
async function run (
  argv: string[],
  { stdin = '', env = { SESSION_SECRET: SECRET }, isTTY = false }: Given = {}
): Promise<{ code: number, out: string, err: string }> {
  let [out, err] = ['', '']
  const code = await main(argv, {
    stdin: Object.assign((async function * () { yield stdin })(), { isTTY }),
    stdout: { write: (text) => { out += text } },
    stderr: { write: (text) => { err += text } },
    env
  })
  return { code, out, err }
}

/** A cookie of the default format, or of another one, with any text inside and signed at any time. */
function forge (
  text: string | Buffer,
  { at = NOW, format = 'default' as 'default' | 'flask', secret = SECRET, name = 'session' } = {}
): string {
  const wire = formats[format]
  const key = sessionKey(secret, name, wire)
  const signer = new TimestampSigner(key, { salt: '', digest: wire.digest, keyDerivation: 'none', now: () => at })
  return signer.sign(
    typeof text === 'string' ? Buffer.from(text).toString('base64url') : `.${text.toString('base64url')}`
  )
}

async function appCookie (
  data: Record<string, unknown>,
  options: Parameters<typeof buildApp>[0] = {}
): Promise<string> {
  const { app } = await buildApp(options)
  return app.encodeSession(data)
}

t.test('secret prints 32 random bytes as base64url, which the plugin takes', async (t) => {
  const [one, two] = [await run(['secret']), await run(['secret', '--json'])]
  t.match(one, { code: 0, out: /^[\w-]{43}\n$/, err: '' })
  const { secret } = JSON.parse(two.out)
  t.match(secret, /^[\w-]{43}$/)
  t.not(one.out.trim(), secret)
  await t.resolves(buildApp({ secret }))
})

t.test('inspect shows what a cookie holds with its types, its times, its bytes, and that it verifies', async (t) => {
  const text = new TaggedJSONSerializer().dumps({
    user: { since: new Date(0), visits: 3n },
    roles: new Set(['admin']),
    _permanent: true
  })
  const { code, out, err } = await run(['inspect', forge(text, { at: NOW - 3 * DAY })])
  t.equal(code, 0)
  t.equal(err, '')
  t.match(out, /^cookie {6}session, \d+ bytes with its name$/m)
  t.match(out, /^format {6}default, by its form$/m)
  t.match(out, /^compressed {2}no$/m)
  t.match(out, /^signature {3}verifies, with the secret of the environment variable SESSION_SECRET$/m)
  t.match(out, new RegExp(`^signed      ${new Date((NOW - 3 * DAY) * 1000).toISOString()}, 3 days ago$`, 'm'))
  t.match(
    out,
    new RegExp(
      `^expires     ${new Date((NOW + 28 * DAY) * 1000).toISOString()}, in 2[78] days, ` +
        'by a lifetime of 2678400 seconds$',
      'm'
    )
  )
  t.match(
    out,
    `payload     ${Buffer.byteLength(text)} bytes, by key, ` +
      'its name included:\n            70 user\n            25 roles\n'
  )
  t.match(out, /^data$/m)
  for (const shown of ['since: 1970-01-01T00:00:00.000Z', 'visits: 3n', 'Set(1)', "'admin'", '_permanent  true']) {
    t.match(out, shown)
  }
})

t.test('inspect gives the key that a session has in its store, and not its id', async (t) => {
  const { app } = await buildApp({ secret: SECRET, store: new MemoryStore(), owner: 'user' })
  const value = await app.sessionInterface.encode({ user: 'Ada' })
  const [{ key } = { key: '' }] = await app.sessionInterface.list('Ada')
  const { code, out } = await run(['inspect', value])
  t.equal(code, 0)
  t.match(out, `in a store  its key there: ${key}\n`)
  t.match(JSON.parse((await run(['inspect', '--json', value])).out), { storeKey: key, verified: true, data: {} })
})

t.test('inspect --json is one line of JSON, whose data keep their types', async (t) => {
  const data = { at: new Date(0), big: 5n, minus: -0, nan: NaN, tuple: new Tuple([1]) }
  const { code, out } = await run(['inspect', '--json'], { stdin: await appCookie(data, { format: 'default' }) })
  t.equal(code, 0)
  t.equal(out.indexOf('\n'), out.length - 1)
  const report = JSON.parse(out)
  const { name, format, verified, signedBy, problem, digest, compressed, id, began, permanent, age } = report
  t.strictSame(
    { name, format, verified, problem, digest, compressed, began, permanent },
    {
      name: 'session',
      format: 'default',
      verified: true,
      problem: null,
      digest: 'sha256',
      compressed: false,
      began: null,
      permanent: null
    }
  )
  t.match(id, /^[\w-]{22}$/)
  t.equal(signedBy, 'the environment variable SESSION_SECRET')
  t.type(age, 'number')
  t.equal(Date.parse(report.expires) - Date.parse(report.signedAt), 31 * DAY * 1000)
  t.equal(report.bytes.payload, new TaggedJSONSerializer().dumps({ ...data, _id: id }).length)
  t.strictSame(Object.keys(report.bytes.keys).sort(), Object.keys(data).sort())
  t.strictSame(new TaggedJSONSerializer().loads(out.slice(out.indexOf('"data":') + 7, -2)), data)
})

t.test('what inspect --json gives as data, sign --tagged makes a cookie of', async (t) => {
  const first = await run(['inspect', '--json'], { stdin: await appCookie({ at: new Date(0), list: [undefined, 7n] }) })
  const signed = await run(['sign', '--tagged'], { stdin: JSON.stringify(JSON.parse(first.out).data) })
  const { app } = await buildApp()
  t.strictSame(app.decodeSession(signed.out.trim().split('=')[1]!), { at: new Date(0), list: [undefined, 7n] })
})

const runs = { seed: 20261125, numRuns: 100 }
const deep = (levels: number): string => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`
const oddPayloads = [
  deep(199), deep(201), deep(300), deep(498), deep(5000), '{"__proto__":{"a":1}}', '{"a":[{"__proto__":1}]}',
  '{"constructor":{"prototype":{}},"toString":1,"toJSON":2}', '{"a":1e400}', `{"a":${'9'.repeat(5000)}}`,
  '{"_began":9640000000000}', '{"_began":-9007199254740991}', '{"_began":"x","_id":5,"_permanent":[]}',
  '{"a":{" d":"x"}}', '{"a":{" mp":[]}}', '{"a":{" t":[{" t":[]}]}}', '{"\\ud800":"\\udfff"}', '{"a":1,"a":2}', 'null',
  '5', '', '\u0000'
]

t.test(`any payload is told of in a report, in both formats (seed ${runs.seed})`, async (t) => {
  const isTold = async (text: string, format: 'default' | 'flask'): Promise<boolean> => {
    const cookie = forge(text, { format })
    const [people, programs] = [await run(['inspect', cookie]), await run(['inspect', '--json', cookie])]
    const { verified, problem } = JSON.parse(programs.out)
    const code = problem === null ? 0 : 1
    return verified === true && people.code === code && programs.code === code && people.err + programs.err === '' &&
      people.out.includes(code === 0 ? '\ndata\n' : '; its payload cannot be read: ')
  }
  const tag = fc.constantFrom(' d', ' b', ' t', ' u', ' m', ' di', ' n', ' f', ' mp', ' st', ' ur', ' u8', '__proto__')
  const key = fc.oneof(tag, fc.string({ unit: 'binary', maxLength: 3 }))
  const { node } = fc.letrec((tie) => ({
    node: fc.oneof({ depthSize: 'small' }, fc.jsonValue({ maxDepth: 1 }), tie('object'), tie('list')),
    list: fc.array(tie('node'), { maxLength: 3 }),
    object: fc.array(fc.tuple(key, tie('node')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries))
  }))
  const formats = fc.constantFrom('default' as const, 'flask' as const)
  for (const format of ['default', 'flask'] as const) {
    for (const text of oddPayloads) t.ok(await isTold(text, format), `${format} ${text.slice(0, 40)}`)
  }
  await fc.assert(fc.asyncProperty(node.map((value) => JSON.stringify({ a: value })), formats, isTold), runs)
})

t.test('data that no application can save again are shown, with the reason', async (t) => {
  const reason = /\.__proto__ is a key that would change/
  for (const text of ['{"__proto__":{"a":1}}', '{"a":[{"__proto__":1}]}']) {
    const cookie = forge(text)
    const { code, out } = await run(['inspect', cookie])
    t.equal(code, 0)
    t.match(out, /^signature {3}verifies/m)
    t.match(out, /^unsavable {3}no application can save this again: /m)
    t.match(out, reason)
    t.match(out, /^data\n\{\n/m)
    const report = JSON.parse((await run(['inspect', '--json', cookie])).out)
    t.match(report, { verified: true, data: null, dataProblem: reason })
  }
  t.equal(JSON.parse((await run(['inspect', '--json', forge('{"a":1}')])).out).dataProblem, null)
})

t.test('a beginning past all dates is data of another program', async (t) => {
  const cookie = forge('{"a":1,"_began":9640000000000}')
  t.match((await run(['inspect', cookie])).out, /_began: 9640000000000/)
  t.equal(JSON.parse((await run(['inspect', '--json', cookie])).out).began, null)
})

t.test('without a secret inspect shows the cookie and says that nothing was checked', async (t) => {
  const cookie = await appCookie({ user: 'Ada' })
  const { code, out } = await run(['inspect', cookie], { env: {} })
  t.equal(code, 0)
  t.match(out, /^signature {3}not checked: no secret was given$/m)
  t.match(out, /^data, unverified\n\{\n {2}user: 'Ada'\n\}$/m)
  t.equal(JSON.parse((await run(['inspect', cookie, '--json'], { env: { SESSION_SECRET: '' } })).out).verified, null)
})

t.test('_id and _began are shown beside the data', async (t) => {
  const id = 'a'.repeat(22)
  const { out } = await run(['inspect', forge(JSON.stringify({ user: 'Ada', _id: id, _began: 60 }))])
  t.match(out, new RegExp(`^_id {9}${id}\n_began {6}1970-01-01T00:01:00.000Z$`, 'm'))
  t.match(out, /\{\n {2}user: 'Ada'\n\}\n$/)
  const empty = await run(['inspect', forge(JSON.stringify({ _id: id }))])
  t.match(empty.out, /^payload {5}32 bytes$/m)
})

t.test('a cookie with a SHA-1 signature is one of Flask, and its values are read as Flask wrote them', async (t) => {
  const cookie = forge('{"at":{" d":"Thu, 01 Jan 1970 00:00:00 GMT"},"n":NaN,"big":9007199254740993}', {
    format: 'flask'
  })
  const { code, out } = await run(['inspect', cookie])
  t.equal(code, 0)
  t.match(out, /^format {6}flask, by its form$/m)
  for (const shown of ['at: 1970-01-01T00:00:00.000Z', 'n: NaN', 'big: 9007199254740993n']) t.match(out, shown)
  t.match(JSON.parse((await run(['inspect', cookie, '--json', '--format', 'flask'])).out), {
    format: 'flask',
    digest: 'sha1',
    data: { n: { ' f': 'NaN' } }
  })
  t.match((await run(['inspect', cookie, '--format', 'flask'])).out, /^format {6}flask$/m)
})

t.test('a cookie of Django or Starlette is known by its form, wherever it stands in a text', async (t) => {
  for (const [format, name] of [['django', 'sessionid'], ['starlette', 'session']] as const) {
    const { secret, written } = recordedOf(format)
    const env = { SESSION_SECRET: secret }
    for (const { line } of written) {
      const pair = line.trim().split(';')[0]!
      const value = pair.slice(name.length + 1)
      for (const text of [
        pair, line, `Cookie: a=b; ${pair}; csrftoken=${'x'.repeat(64)}`, `curl -b '${pair}' http://localhost/`,
        `#HttpOnly_localhost\tFALSE\t/\tFALSE\t0\t${name}\t${value}`, JSON.stringify({ name, value })
      ]) {
        const { code, out } = await run(['inspect', '--json', '--lifetime', 'Infinity'], { env, stdin: text })
        t.equal(code, 0, text)
        t.match(JSON.parse(out), { name, format, verified: true, digest: format === 'django' ? 'sha256' : 'sha1' })
      }
      const { out } = await run(['inspect', '--lifetime', 'Infinity', value], { env })
      t.match(out, new RegExp(`^format {6}${format}, by its form$`, 'm'))
      t.match(out, value.startsWith('.') ? /^compressed {2}yes$/m : /^compressed {2}no$/m)
    }
    const other = await run(['inspect', '--format', format, await appCookie({ a: 1 })])
    const form = format === 'django' ? /payload:timestamp:signature/ : /it has the length of sha256 and not of sha1/
    t.match([other.code, other.out], [1, form])
  }
})

t.test('sign makes a cookie of Django or Starlette under its name', async (t) => {
  for (const [format, name] of [['django', 'sessionid'], ['starlette', 'session']] as const) {
    const { out, code } = await run(['sign', '--format', format, '{"n":12345678901234567890,"t":"é"}'])
    t.match([code, out], [0, new RegExp(`^${name}=`)])
    const { app } = await buildApp({ format })
    t.strictSame(app.decodeSession(out.trim().slice(name.length + 1)), { n: 12345678901234567890n, t: 'é' })
    const inspected = await run(['inspect', '--json', out])
    t.match(JSON.parse(inspected.out), { name, format, verified: true, permanent: null })
  }
  const tagged = await run(['sign', '--format', 'django', '--tagged', '{"m":{" mp":[]}}'])
  t.match(tagged, { code: 1, err: /^session\.m is an object of class Map/ })
  t.match(await run(['sign', '--format', 'starlette', '--compress', '{"a":1}']), { code: 2, err: /never compressed/ })
})

t.test('compressed cookies are read in either format', async (t) => {
  const text = deflateSync(JSON.stringify({ text: 'a'.repeat(200) }))
  t.match((await run(['inspect', forge(text)])).out, /^compressed {2}yes, for applications with compress: true$/m)
  t.match((await run(['inspect', forge(text, { format: 'flask' })])).out, /^compressed {2}yes$/m)
})

t.test('inspect says why a cookie does not verify', async (t) => {
  const good = await appCookie({ user: 'Ada' })
  const cases: Array<[why: string, cookie: string, args: string[], message: RegExp]> = [
    [
      'another secret', forge('{}', { secret: OTHER_SECRET }), [],
      /the cookie was changed, or the secret, the cookie's name \(session\)/
    ],
    ['another name', good, ['--name', 'sid'], /the cookie's name \(sid\)/],
    ['another salt', good, ['--salt', 'pepper'], /the salt or the key derivation is another/],
    [
      'another digest',
      good,
      ['--digest', 'sha512'],
      /it has the length of sha256 and not of sha512, so the digest or the format is another/
    ],
    ['another format', good, ['--format', 'flask'], /it has the length of sha256 and not of sha1/],
    ['a cut signature', good.slice(0, -1), [], /it is cut short or changed/],
    [
      'age',
      forge('{"a":1}', { at: NOW - 40 * DAY }),
      [],
      /The signature is \d+ seconds old, more than 2678400 \(FSS_ERR_SIGNATURE_EXPIRED\)/
    ],
    ['age', forge('{"a":1}', { at: NOW - 100 }), ['--lifetime', '60'], /seconds old, more than 60/],
    ['the future', forge('{"a":1}', { at: NOW + DAY }), [], /from \d+ seconds in the future/],
    ['no signature', 'abc', [], /does not have the form of a signed one, payload\.timestamp\.signature/],
    ['a timestamp past all dates', `eyJhIjoxfQ.${'_'.repeat(12)}.${'a'.repeat(43)}`, [], /The timestamp is malformed/],
    ['a timestamp that is not base64url', `eyJhIjoxfQ.x.${'a'.repeat(43)}`, [], /The timestamp is malformed/]
  ]
  for (const [why, cookie, args, message] of cases) {
    const { code, out } = await run(['inspect', cookie, ...args])
    t.equal(code, 1, why)
    t.match(out, /^signature {3}DOES NOT VERIFY: /m, why)
    t.match(out, message, why)
    const report = JSON.parse((await run(['inspect', cookie, ...args, '--json'])).out)
    t.equal(report.verified, false, why)
    t.match(report.problem, { code: /^FSS_ERR_/ }, why)
    t.match(report.problem.message, new RegExp(message.source.replace(/ \\\(FSS.*/, '')), why)
  }
})

t.test('a payload that cannot be read is told from a signature that does not verify', async (t) => {
  const cookie = forge('[1]')
  const problem = { code: 'FSS_ERR_BAD_PAYLOAD', message: 'The payload is not that of a session' }
  const { code, out } = await run(['inspect', cookie])
  t.equal(code, 1)
  t.match(out, '\nsignature   verifies, with the secret of the environment variable SESSION_SECRET; ' +
    'its payload cannot be read: The payload is not that of a session (FSS_ERR_BAD_PAYLOAD)\n')
  t.match(JSON.parse((await run(['inspect', '--json', cookie])).out), { verified: true, problem, data: null })
  const readable = await run(['inspect', `session=${cookie}; session=${forge('{"a":1}')}`])
  t.match(readable, { code: 0, out: /, number 2 of 2 of that name$/m }, 'one that is read goes first')
})

t.test('what a cookie holds is shown even where it does not verify, unless it cannot be read', async (t) => {
  const expired = await run(['inspect', forge('{"user":"Ada"}', { at: NOW - 40 * DAY })])
  t.match(expired.out, /^data, unverified\n\{\n {2}user: 'Ada'\n\}$/m)
  const unreadable = await run(['inspect', forge('no JSON')], { env: {} })
  t.equal(unreadable.code, 1)
  t.match(
    unreadable.out,
    /^signature {3}not checked, and cannot be read: The payload is not JSON \(FSS_ERR_BAD_PAYLOAD\)$/m
  )
  t.notMatch(unreadable.out, /^data/m)
})

t.test('a lifetime without an end is one', async (t) => {
  const { out, err, code } = await run(['inspect', forge('{"a":1}', { at: NOW - 400 * DAY }), '--lifetime', 'Infinity'])
  t.equal(code, 0)
  t.match(out, /^expires {5}never$/m)
  t.match(err, /^Warning: The session lifetime is Infinity/)
  t.equal(JSON.parse((await run(['inspect', forge('{"a":1}'), '--lifetime', '1e13', '--json'])).out).expires, null)
})

t.test('times near and far are said in the unit of which there are two', async (t) => {
  for (const [age, text] of [
    [90, 'seconds ago'],
    [300, 'minutes ago'],
    [3 * 3600, 'hours ago'],
    [-2 * DAY - 60, 'in 2 days']
  ] as const) {
    t.match(
      (await run(['inspect', forge('{"a":1}', { at: NOW - age })], { env: {} })).out,
      new RegExp(`^signed .*${text}$`, 'm')
    )
  }
})

t.test('nothing in a cookie acts on the terminal, in its name, its keys or its values', async (t) => {
  const nasty = '\u001b]0;owned\u0007\u009b2J\u202e\u2028\r\u0000\u007f'
  const data = {
    [nasty]: nasty,
    map: new Map([[nasty, new Tuple([nasty])]]),
    url: new URL('https://example.com/\u202e')
  }
  const cookie = forge(new TaggedJSONSerializer().dumps(data))
  for (const args of [
    ['inspect'],
    ['inspect', '--json'],
    ['inspect', '--name', 'x\u001b'],
    ['inspect', '--nasty\u001b[2J\u202e']
  ]) {
    const { out, err } = await run(args, { stdin: cookie })
    t.notMatch(out + err, /[^\P{Cc}\n]|[\u200b-\u200f\u2028-\u202e]/u, args.join(' '))
    t.ok(out + err !== '')
  }
  t.strictSame(JSON.parse((await run(['inspect', '--json'], { stdin: cookie })).out).data[nasty], nasty)
})

t.test('a whole header that is pasted in is read, and the name taken from it', async (t) => {
  const value = await appCookie({ user: 'Ada' })
  const admin = forge('{"level":1}', { name: 'admin' })
  const cases: Array<[text: string, name: string]> = [
    [`  ${value}\n`, 'session'],
    [`session=${value}`, 'session'],
    [`session="${value}"`, 'session'],
    [`session=${value}; Path=/; HttpOnly; SameSite=Lax`, 'session'],
    [`Set-Cookie: session=${value}; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT\r\n`, 'session'],
    [`< set-cookie: admin=${admin}; Path=/`, 'admin'],
    [`Cookie: theme=dark; session=${value}; admin=${admin}`, 'session'],
    [`theme=dark; admin=${admin}; theme=light`, 'admin'],
    [
      `HTTP/1.1 200 OK\r\nset-cookie: theme=dark; Path=/\r\nset-cookie: session=${value}; ` +
        'Path=/\r\nContent-Length: 0\r\n\r\n',
      'session'
    ]
  ]
  for (const [text, name] of cases) {
    for (const given of [
      await run(['inspect', text, '--json']),
      await run(['inspect', '-', '--json'], { stdin: text })
    ]) {
      t.match(JSON.parse(given.out), { name, verified: true }, text.slice(0, 30))
    }
  }
  t.match(
    JSON.parse((await run(['inspect', `a=1; admin=${admin}; session=${value}`, '--name', 'admin', '--json'])).out),
    { name: 'admin', verified: true }
  )
})

/** A HAR file of one request with these headers and cookies. */
function archive (headers: object[], cookies: object[]): string {
  const request = { method: 'GET', url: 'https://localhost/', headers, cookies, queryString: [] }
  return JSON.stringify({ log: { version: '1.2', entries: [{ request, response: { status: 200, headers: [] } }] } })
}

t.test('a cookie is read as curl, browsers and tools write it down', async (t) => {
  const value = await appCookie({ user: 'Ada' })
  const admin = forge('{"level":1}', { name: 'admin' })
  const jar = '# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n'
  const cases: Array<[text: string, name?: string]> = [
    [`${jar}localhost\tFALSE\t/\tFALSE\t0\ttheme\tdark\n#HttpOnly_localhost\tFALSE\t/\tTRUE\t0\tsession\t${value}\n`],
    [`.example.com\tTRUE\t/\tFALSE\t4000000000\tadmin\t${admin}`, 'admin'],
    [`session\t${value}\tlocalhost\t/\tSession\t77\t✓\t\tLax\t\t\tMedium`],
    [`theme\tdark\tlocalhost\nadmin\t"${admin}"\tlocalhost`, 'admin'],
    [`session:"${value}"\nCreated:"Wed, 25 Nov 2026 12:00:00 GMT"\nPath:"/"`],
    [`session: ${value}`],
    [`session = ${value}`],
    [`'session=${value}'`],
    [`"${value}"`],
    [`abc\n${value}`],
    [JSON.stringify({ session: value })],
    [` ${JSON.stringify({ name: 'admin', value: admin, path: '/' }, null, 2)}`, 'admin'],
    [`value=${forge('{}', { name: 'value' })}`, 'value'],
    [`session\tFALSE\t/\tFALSE\t0\tsession\t${value}`],
    [`https://www.api.example/?token=eyJhIjoxfQ.eyJhIjoxfQ.${'a'.repeat(43)} 127.0.0.1 session=${value}`],
    [`session=; Domain=www.api.example; admin=${admin}`, 'admin'],
    [JSON.stringify([{ domain: 'localhost', name: 'admin', path: '/', sameSite: 'lax', value: admin }]), 'admin'],
    [JSON.stringify([{ name: 'theme', value: 'dark' }, { name: 'session', value, httpOnly: true, expires: null }])],
    [JSON.stringify({ cookies: [{ name: 'session', value, expires: -1 }], origins: [] })],
    [(await run(['sign', '--json', '{"a":1}'])).out],
    [JSON.stringify({ host: 'localhost', cookie: `theme=dark; session=${value}` })],
    [JSON.stringify({ headers: { 'Set-Cookie': ['theme=dark; Path=/', `admin=${admin}; HttpOnly`] } }), 'admin'],
    [JSON.stringify({ headers: { 'set-cookie': `session=${value}; Path=/` } })],
    [archive([{ name: 'Accept', value: '*/*' }, { name: 'Cookie', value: `theme=dark; session=${value}` }], [])],
    [archive([], [{ name: 'session', value, httpOnly: true }])],
    [`curl 'https://localhost/' -H 'accept: */*' -H 'Cookie: theme=dark; session=${value}' --compressed`],
    [`$ curl 'https://localhost/' \\\n  --header "cookie: admin=${admin}" \\\n  -H "accept: */*"`, 'admin'],
    [`curl 'https://localhost/' \\\n  -H $'accept: a' \\\n  -b $'theme=dark; session=${value}'`],
    [`curl.exe ^"https://localhost/^" ^\n  --cookie=^"session=${value}^"`]
  ]
  for (const [text, name = 'session'] of cases) {
    const { out } = await run(['inspect', '--json'], { stdin: text })
    t.match(JSON.parse(out), { name, verified: true }, text.slice(0, 40))
  }
})

t.test('a text that is long or none at all is one sentence, in one pass', async (t) => {
  const pairs = Array.from({ length: 300_000 }, (_, index) => `k${index}=v`)
  const long: Array<[text: string | Buffer, message: RegExp]> = [
    [pairs.join('; '), /^There is no cookie "session" in the text/],
    [pairs.map((pair) => `Set-Cookie: ${pair}`).join('\n'), /^There is no cookie "session"/],
    ['> \n'.repeat(200_000), /^There is no cookie "session"/],
    ['=:\t'.repeat(200_000), /^There is no cookie\n/],
    ['x'.repeat(600_000), /does not have the form of a signed one/],
    [`a${'=:'.repeat(200_000)};b`, /^There is no cookie "session"/],
    ['session=x; '.repeat(20_000), /^cookie {6}session, 9 bytes with its name\n/],
    [Array.from({ length: 20_000 }, (_, n) => `session=${n}; `).join(''), /number 1 of 20000 of that name/],
    [' '.repeat(600_000), /^There is no cookie\n/],
    [' ;'.repeat(300_000), /^There is no cookie\n/],
    [`${'['.repeat(300_000)}${']'.repeat(300_000)}`, /^There is no cookie\n/],
    ['{"a":1}', /^There is no cookie "session" in the text/],
    ['{"session": private', /does not have the form of a signed one/],
    ["curl -H 'Cookie: theme=dark' https://www.localhost.example/", /^There is no cookie "session"/],
    [Buffer.from(Array.from({ length: 50_000 }, (_, index) => (index * 7919) % 256)), /^There is no cookie/]
  ]
  for (const [stdin, message] of long) {
    const { code, out, err } = await run(['inspect'], { stdin })
    t.equal(code, 1)
    t.match(out + err, message)
    t.notMatch(err, / at .*:\d+:\d+/)
  }
})

t.test('what is longer than any session, or cannot be read, is one sentence', async (t) => {
  const stdin = 'x'.repeat(16 * 1024 * 1024 + 1)
  for (const args of [['inspect'], ['sign']]) {
    t.match(await run(args, { stdin }), { code: 2, out: '', err: /^Standard input is longer than 16777216 bytes\n/ })
  }
  t.match(await run(['sign', t.testdir()]), { code: 2, out: '', err: /^The file .* cannot be read: EISDIR\n/ })
})

t.test('of several cookies of one name the one that verifies is shown, as the plugin finds it', async (t) => {
  const good = await appCookie({ user: 'Ada' })
  const { code, out } = await run(['inspect', `session=${forge('{}', { secret: OTHER_SECRET })}; session=${good}`])
  t.equal(code, 0)
  t.match(out, /, number 2 of 2 of that name$/m)
})

t.test('a text without the cookie is an error that names the cookie', async (t) => {
  for (const [text, message] of [
    ['', 'There is no cookie\n'],
    ['theme=dark', /^There is no cookie "session" in the text; --name NAME says which one it is\n$/]
  ] as const) {
    t.match(await run(['inspect'], { stdin: text }), { code: 1, out: '', err: message })
  }
  const two = `a=${await appCookie({ a: 1 })}; b=${await appCookie({ b: 1 })}; =c`
  t.match(await run(['inspect', two]), { code: 1, err: /--name NAME/ })
  t.match(await run(['inspect', 'theme=dark', '--name', 'sid']), { code: 1, err: /no cookie "sid"/ })
})

t.test('sign makes a cookie that the plugin reads, from standard input or a file, ' +
  'and inspect verifies it', async (t) => {
  const file = join(t.testdir(), 'session.json')
  writeFileSync(file, '{"userId":42}')
  for (const given of [await run(['sign', file]), await run(['sign'], { stdin: readFileSync(file) })]) {
    t.match(given, { code: 0, out: /^session=[\w-]+\.[\w-]+\.[\w-]+\n$/, err: '' })
    const { app } = await buildApp()
    t.strictSame(app.decodeSession(given.out.trim().split('=')[1]!), { userId: 42 })
    t.equal((await run(['inspect'], { stdin: given.out })).code, 0)
  }
})

t.test('sign takes the JSON itself as its argument', async (t) => {
  const { app } = await buildApp()
  for (const json of ['{"userId":42}', ' {\n"userId":42}']) {
    t.strictSame(app.decodeSession((await run(['sign', json])).out.trim().split('=')[1]!), { userId: 42 })
  }
  t.match(await run(['sign', '{"a": private']), {
    code: 1,
    out: '',
    err: /^The JSON cannot be read: .* \(line 1, column 7\)\n$/
  })
  for (const json of ['', ' ']) {
    t.match(await run(['sign', json]), { code: 1, out: '', err: /^The JSON cannot be read: / })
  }
  for (const json of ['null', '1.5e3', 'true', '[]']) {
    t.match(await run(['sign', json]), { code: 1, out: '', err: /^The JSON must be an object, the data of the sess/ })
  }
  for (const json of ['["private"]', '"private"']) {
    t.match(await run(['sign', json]), { code: 1, out: '', err: /^The JSON must be an object[^"]*\n$/ })
  }
  t.match(await run(['sign', '{"a":1}', '--secret-stdin'], { env: {}, stdin: SECRET }), { code: 0, out: /^session=/ })
})

t.test('sign keeps integers past 2^53 as they are, and refuses numbers that no number can hold', async (t) => {
  for (const format of ['default', 'flask'] as const) {
    const signed = await run(['sign', '--format', format, '{"a":12345678901234567890,"b":1}'])
    const { app } = await buildApp({ format })
    t.strictSame(app.decodeSession(signed.out.trim().split('=')[1]!), { a: 12345678901234567890n, b: 1 })
  }
  t.match(await run(['sign', '{"a":1e999}']), { code: 1, out: '' })
})

t.test('sign takes the options of the application', async (t) => {
  const options = {
    format: 'flask',
    salt: 'pepper',
    digest: 'sha512',
    keyDerivation: 'django-concat',
    cookieName: 'sid'
  } as const
  const args = [
    '--format', 'flask', '--salt', 'pepper', '--digest', 'sha512', '--key-derivation', 'django-concat', '--name',
    'sid'
  ]
  const { out, code } = await run(['sign', '--json', ...args], { stdin: '{"a":1}' })
  t.equal(code, 0)
  const { name, value, cookie, bytes } = JSON.parse(out)
  t.equal(name, 'sid')
  t.equal(cookie, `sid=${value}`)
  t.equal(bytes, cookie.length)
  const { app } = await buildApp(options)
  t.strictSame(app.decodeSession(value), { a: 1 })
  t.equal((await run(['inspect', cookie, ...args])).code, 0)
})

t.test('sign encrypts where it is asked to, and inspect shows what is inside to who has the secret', async (t) => {
  const signed = await run(['sign', '--encrypt'], { stdin: '{"user":42}' })
  t.match(signed, { code: 0, out: /^session=~[\w-]+\./, err: '' })
  const { app } = await buildApp({ encrypt: true })
  t.strictSame(app.decodeSession(signed.out.trim().slice('session='.length)), { user: 42 })
  const { code, out } = await run(['inspect', signed.out])
  t.equal(code, 0)
  t.match(out, /^encrypted {3}yes$/m)
  t.match(out, /^signature {3}verifies/m)
  t.match(out, 'user: 42')
  t.match(JSON.parse((await run(['inspect', '--json', signed.out])).out), {
    encrypted: true, compressed: false, verified: true, data: { user: 42 }
  })
  const rotated = { env: { SESSION_SECRET: OTHER_SECRET, NEW: SECRET } }
  const both = ['--secret-env', 'SESSION_SECRET', '--secret-env', 'NEW']
  t.match(await run(['inspect', signed.out, ...both], rotated), { code: 0, out: 'user: 42' })
  t.match((await run(['inspect', '--json', forge('{"a":1}')])).out, '"encrypted":false')
  t.notMatch((await run(['inspect', forge('{"a":1}')])).out, /^encrypted/m)
})

t.test('without the secret inspect says that a cookie is encrypted, and shows all the same what is not', async (t) => {
  const cookie = await appCookie({ user: 42 }, { encrypt: true, compress: true })
  const long = await appCookie({ user: 'x'.repeat(200) }, { encrypt: true, compress: true })
  const unknown = await run(['inspect', cookie], { env: {} })
  t.match(unknown, { code: 0, out: /^encrypted {3}yes: what is inside is read only with the secret that signed it$/m })
  t.match(unknown.out, /^signature {3}not checked: no secret was given$/m)
  t.match(unknown.out, /^signed {6}\d{4}-/m)
  t.notMatch(unknown.out, /^(payload|data)/m)
  const other = await run(['inspect', '--json', long], { env: { SESSION_SECRET: OTHER_SECRET } })
  t.equal(other.code, 1)
  t.match(JSON.parse(other.out), {
    encrypted: true, compressed: true, verified: false, data: null, problem: { code: 'FSS_ERR_BAD_TIME_SIGNATURE' }
  })
})

t.test('an encrypted cookie that expired is still shown to who has the secret', async (t) => {
  const { codec } = resolveOptions({ secret: SECRET, encrypt: true }, () => NOW - 90 * DAY)
  const { code, out } = await run(['inspect', codec.seal('{"user":42}')])
  t.equal(code, 1)
  t.match(out, 'FSS_ERR_SIGNATURE_EXPIRED')
  t.match(out, 'user: 42')
})

t.test('sign compresses where it is asked to, and warns of a cookie that browsers drop', async (t) => {
  const stdin = JSON.stringify({ text: 'a'.repeat(5000) })
  t.match(await run(['sign', '--compress'], { stdin }), { code: 0, out: /^session=\./, err: '' })
  t.match(await run(['sign'], { stdin }), {
    code: 0,
    err: /^Warning: The cookie takes \d+ bytes before its attributes; browsers keep 4096/
  })
})

t.test('what is not the data of a session is refused, and not quoted', async (t) => {
  for (const [stdin, args, message] of [
    ['{"a": private', [], /^The JSON cannot be read: .* \(line 1, column 7\)\n$/],
    ['{"a":1,\n private', ['--tagged'], /^The JSON cannot be read: .* \(line 2, column 2\)\n$/],
    ['{" d":1}', ['--tagged'], /^The tag " d" holds something that does not belong there\n$/],
    ['["private"]', [], /^The JSON must be an object/],
    ['null', [], /^The JSON must be an object/],
    ['3', [], /^The JSON must be an object/],
    ['{" d":"1970-01-01T00:00:00.000Z"}', ['--tagged'], /^The JSON must be an object/],
    ['{}', [], /^An empty session has no cookie\n$/],
    ['{"_id":"private"}', [], /^The session key "_id" is reserved\n$/],
    ['{"m":{" mp":[]}}', ['--tagged', '--format', 'flask'], /^session\.m is /]
  ] as const) {
    const { code, out, err } = await run(['sign', ...args], { stdin })
    t.strictSame([code, out], [1, ''], stdin)
    t.match(err, message)
    t.notMatch(err, 'private')
  }
})

t.test('a secret comes from the environment, a file or standard input', async (t) => {
  const file = join(t.testdir(), 'secret')
  const cookie = await appCookie({ a: 1 })
  for (const end of ['', '\n', '\r\n']) {
    writeFileSync(file, SECRET + end)
    t.match(
      (await run(['inspect', cookie, '--secret-file', file], { env: {} })).out,
      `verifies, with the secret of the file ${file}\n`
    )
    t.match(
      (await run(['inspect', cookie, '--secret-stdin'], { env: {}, stdin: SECRET + end })).out,
      'verifies, with the secret of standard input\n'
    )
  }
  t.match(
    (await run(['inspect', cookie, '--secret-env', 'MINE'], { env: { MINE: SECRET } })).out,
    'the environment variable MINE\n'
  )
  t.equal((await run(['sign', '--secret-file', file], { env: {}, stdin: '{"a":1}' })).code, 0)
})

t.test('of several secrets inspect names the one that signed, and the reason that counts', async (t) => {
  const env = { NEW: SECRET, OLD: OTHER_SECRET }
  const args = ['--secret-env', 'NEW', '--secret-env', 'OLD']
  t.match(
    (await run(['inspect', forge('{"a":1}', { secret: OTHER_SECRET }), ...args], { env })).out,
    'with the secret of the environment variable OLD\n'
  )
  for (const [at, secret] of [[NOW - 40 * DAY, SECRET], [NOW - 40 * DAY, OTHER_SECRET]] as const) {
    t.match(
      (await run(['inspect', forge('{"a":1}', { secret, at }), ...args], { env })).out,
      'FSS_ERR_SIGNATURE_EXPIRED'
    )
  }
})

t.test('a secret as an argument is refused with the reason, and shown nowhere', async (t) => {
  for (const args of [
    ['sign', '--secret', SECRET],
    ['inspect', 'abc', `--secret=${SECRET}`],
    ['secret', '--secret', SECRET]
  ]) {
    const { code, out, err } = await run(args)
    t.equal(code, 2)
    t.match(
      err,
      /^A secret is not taken from an argument, which other users .*\. Put it into the environment as SESSION_SECRET/
    )
    t.notMatch(out + err, SECRET)
  }
})

t.test('wrong usage is a 2 and one sentence', async (t) => {
  const missing = join(t.testdir(), 'none')
  for (const [args, message, env] of [
    [[], /^The first argument must be a command: secret, inspect or sign\n/],
    [['toString'], /^The first argument must be a command/],
    [['secret', 'abc'], /^secret takes no argument/],
    [['inspect', 'a', 'b'], /^inspect takes one argument; quote one/],
    [['secret', '--name', 'x'], /^Unknown option '--name'/],
    [['inspect', '--compress', 'a'], /^Unknown option '--compress'/],
    [['sign', '--name'], /'--name/],
    [['sign'], /^A secret is needed to sign/, {}],
    [['sign', '--secret-env', 'A', '--secret-env', 'B'], /^One secret signs/, { A: SECRET, B: OTHER_SECRET }],
    [['sign', '--secret-stdin'], /^The JSON and the secret cannot both come from standard input/],
    [['inspect', '-', '--secret-stdin'], /^The cookie and the secret cannot both come from standard input/],
    [['inspect', 'abc', '--secret-env', 'NONE'], /^There is no secret in the environment variable NONE/],
    [['inspect', 'abc', '--secret-file', missing], new RegExp(`^The file ${missing} cannot be read: ENOENT`)],
    [['sign', missing], /cannot be read: ENOENT/],
    [['sign'], /^The session secret has 5 bytes where at least 32 are needed/, { SESSION_SECRET: 'short' }],
    [['inspect', 'abc', '--format', 'none'], /^The session option format must be one of default, flask/],
    [['inspect', 'abc', '--lifetime', 'long'], /^The session option lifetime must be a number of seconds/],
    [['inspect', 'abc', '--lifetime', ''], /^The session option lifetime must be a number of seconds/],
    [['inspect', 'abc', '--name', 'a b'], /^The session option cookieName must be a cookie name/]
  ] as Array<[string[], RegExp, Record<string, string>?]>) {
    const { code, out, err } = await run(args, { stdin: '{"a":1}', ...env && { env } })
    t.strictSame([code, out], [2, ''], args.join(' '))
    t.match(err, message)
    t.match(err, /\nSee fastify-signed-session --help\n$/)
  }
})

t.test('a weak secret of Flask is warned of, once', async (t) => {
  const env = { A: 'dev', B: 'dev' }
  const { err, out } = await run(['sign', '--format', 'flask', '--secret-env', 'A'], { env, stdin: '{"a":1}' })
  t.match(err, /^Warning: The session secret has 3 bytes where at least 32 are needed[^\n]+\n$/)
  t.match(await run(['inspect', out, '--secret-env', 'A', '--secret-env', 'B'], { env }), { code: 0, err })
})

t.test('at a keyboard the program says what it waits for', async (t) => {
  t.match(
    (await run(['inspect'], { isTTY: true, stdin: await appCookie({ a: 1 }) })).err,
    'Type or paste the cookie, then Enter and Ctrl-D:\n'
  )
})

t.test('the help names every option and command, and no line is too long for a terminal', async (t) => {
  const { out, code, err } = await run(['--help'])
  t.strictSame([code, err], [0, ''])
  for (const args of [['-h'], ['help'], ['inspect', '--help'], ['sign', '-h', '--secret', SECRET]]) {
    t.strictSame(await run(args), { code: 0, out, err: '' })
  }
  for (const line of out.split('\n')) t.ok(line.length <= 120, line)
  const named = new Set([...out.matchAll(/--([a-z-]+)/g)].map(([, name]) => name!))
  for (const name of named) {
    if (name === 'version') continue
    const given = await run(['sign', `--${name}=x`], { stdin: '{"a":1}' })
    t.notMatch(given.err, 'Unknown option', name)
  }
  t.strictSame([...named].sort(), [
    'compress', 'digest', 'encrypt', 'format', 'help', 'json', 'key-derivation', 'lifetime', 'name', 'salt',
    'secret-env', 'secret-file', 'secret-stdin', 'tagged', 'version'
  ])
  t.match((await run(['inspect', forge('{"a":1}')])).out, 'by a lifetime of 2678400 seconds')
})

t.test('the example of its page prints what stands below it, times aside', async (t) => {
  const page = readFileSync(new URL('../docs/command-line.md', import.meta.url), 'utf8')
  const [, input, rest] = /^\$ echo '([^']+)' \| (.*?)^```/ms.exec(page)!
  const end = rest!.indexOf('\n')
  let output = input!
  for (const command of rest!.slice(0, end).split(' | ')) {
    const [program, name, ...args] = command.split(' ')
    t.strictSame([program, name], ['npx', 'fastify-signed-session'])
    output = (await run(args, { stdin: output })).out
  }
  const timeless = (text: string): string =>
    text
      .replace(/\d{4}-.*?Z/g, 'DATE')
      .replace(/^_id .*$/m, 'ID')
      .replace(/\d seconds? ago|in 3[01] days/g, 'TIME')
  t.equal(timeless(output), timeless(rest!.slice(end + 1)))
})

t.test('the version is that of the package', async (t) => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  t.strictSame(await run(['--version']), { code: 0, out: `${version}\n`, err: '' })
})

t.test('a payload for which stack or memory do not suffice is one that cannot be read', async (t) => {
  const loads = (): never => { throw new RangeError('Maximum call stack size exceeded') }
  const settings = resolveOptions({ secret: SECRET, serializer: { loads, dumps: loads } })
  const sessionInterface = new SecureCookieSessionInterface(settings)
  t.match(reportOn(forge('{}'), [{ source: undefined, settings, sessionInterface }]), {
    content: undefined,
    problem: { code: 'FSS_ERR_BAD_PAYLOAD', message: 'The payload cannot be read' }
  })
})

t.test('an error that nobody foresaw is not hidden', async (t) => {
  await t.rejects(main(['secret'], { stdout: { write () { throw new RangeError('full') } } } as never), RangeError)
})

t.test('as a program it reads standard input, and a reader that goes away early is no error', async (t) => {
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, 'inspect'], {
    env: { ...process.env, SESSION_SECRET: SECRET }
  })
  let errors = ''
  child.stderr.on('data', (chunk) => { errors += chunk })
  child.stdout.once('data', () => child.stdout.destroy())
  child.stdin.end(forge(JSON.stringify({ text: 'a'.repeat(200_000) })))
  const [status] = await new Promise<[number]>((resolve) => child.once('close', (...args) => resolve(args as never)))
  t.equal(status, 0)
  t.equal(errors, '')
})

t.test('as a program it says in one sentence that its output cannot be written', async (t) => {
  const file = join(t.testdir({ readable: '' }), 'readable')
  const stdout = openSync(file, 'r')
  t.teardown(() => { closeSync(stdout) })
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, 'secret'], { stdio: ['ignore', stdout, 'pipe'] })
  let errors = ''
  child.stderr!.on('data', (chunk) => { errors += chunk })
  const [status] = await new Promise<[number]>((resolve) => child.once('close', (...args) => resolve(args as never)))
  t.strictSame([status, errors], [1, 'The output cannot be written: EBADF\n'])
})

t.test('a reader that has seen enough is no failure, and any other ends the program', async (t) => {
  const said: unknown[] = []
  const stderr = { write: (text: string) => { said.push(text) } }
  const exit = ((code: number) => { said.push(code) }) as never
  outputFailed({ name: 'Error', message: '', code: 'EPIPE' }, { stderr, exit })
  t.strictSame(said, [])
  outputFailed({ name: 'Error', message: '', code: 'ENOSPC' }, { stderr, exit })
  t.strictSame(said, ['The output cannot be written: ENOSPC\n', 1])
})

t.test('an HMAC made by hand verifies, so that the program agrees with the description of the format', async (t) => {
  const stamp = Buffer.from(NOW.toString(16), 'hex')
  const body = `${Buffer.from('{"a":1}').toString('base64url')}.${stamp.toString('base64url')}`
  const key = createHmac('sha1', SECRET).update('cookie-session').digest()
  const { code } = await run(['inspect', `${body}.${createHmac('sha1', key).update(body).digest('base64url')}`])
  t.equal(code, 0)
})
