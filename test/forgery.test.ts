import fc from 'fast-check'
import t from 'tap'
import { buildApp, SECRET } from './support/app.ts'

const SEED = 20261122
const runs = { seed: SEED, numRuns: 300 }
const DATA = { user: { id: 7, roles: ['a', 'b'] }, since: new Date(86400000) }

async function readingApp (): Promise<{ cookie: string, read: (cookie: string) => Promise<unknown> }> {
  const { app } = await buildApp()
  app.get('/', async (request, reply) => reply.jsonify(request.session.data()))
  return {
    cookie: app.encodeSession(DATA),
    async read (cookie) {
      const { statusCode, body } = await app.inject({ url: '/', headers: { cookie: `session=${cookie}` } })
      return statusCode === 200 ? JSON.parse(body) : statusCode
    }
  }
}

t.comment(`seed ${SEED}`)

t.test('any text in a cookie is an empty session, and never an error', async (t) => {
  const { read } = await readingApp()
  const part = fc.stringMatching(/^[\w-]{0,60}$/)
  const texts = fc.oneof(
    fc.stringMatching(/^[!-~]{0,200}$/),
    fc.tuple(part, part, part).map((parts) => parts.join('.')),
    fc.base64String()
  )
  await fc.assert(fc.asyncProperty(texts, async (text) => {
    t.strictSame(await read(text.replaceAll(';', '')), {})
  }), runs)
})

t.test('any change of a valid cookie is the session as it was, or an empty one', async (t) => {
  const { cookie, read } = await readingApp()
  const original = JSON.parse(JSON.stringify(DATA))
  t.strictSame(await read(cookie), original)
  const at = fc.nat({ max: cookie.length })
  const character = fc.constantFrom(...'ABCabc019-_.=+/"%, ~')
  const mutations = fc.oneof(
    fc.tuple(at, character).map(([index, c]) => cookie.slice(0, index) + c + cookie.slice(index + 1)),
    fc.tuple(at, character).map(([index, c]) => cookie.slice(0, index) + c + cookie.slice(index)),
    fc.tuple(at, at).map(([from, to]) => cookie.slice(0, from) + cookie.slice(to)),
    fc.tuple(at, at).map(([from, to]) => cookie.slice(from, to) + cookie),
    at.map((index) => cookie.slice(index) + cookie.slice(0, index))
  )
  await fc.assert(fc.asyncProperty(mutations, async (mutated) => {
    const same = mutated.replace(/^"(.*)"$/, '$1').trim() === cookie
    t.strictSame(await read(mutated), same ? original : {}, same ? 'unchanged' : 'refused')
  }), runs)
})

t.test('a cookie of another application, secret or format is refused', async (t) => {
  const { read } = await readingApp()
  for (const options of [
    { secret: SECRET + '.' }, { salt: 's' }, { cookieName: 'other' }, { digest: 'sha384' }, { format: 'flask' },
    { format: 'flask', keyDerivation: 'none' }
  ] as const) {
    t.strictSame(await read((await buildApp(options as never)).app.encodeSession(DATA)), {})
  }
})
