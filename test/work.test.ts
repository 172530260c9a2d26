import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import t, { type Test } from 'tap'
import { type Session, TaggedJSONSerializer } from '../lib/index.ts'
import { Mac } from '../lib/signing/mac.ts'
import { buildApp, errorsOf, setCookies } from './support/app.ts'

/** Counts how often the session is written as text. */
class Counting extends TaggedJSONSerializer {
  count = 0

  override dumps (value: unknown, name?: string): string {
    this.count++
    return super.dumps(value, name)
  }
}

type Step = (session: Session) => unknown

interface Work {
  texts: number
  signatures: number
  cookies: number
  errors: number
}

const nothing: Step = () => {}

/** What a request costs whose handler uses the session by `use`, and a later onSend hook by `later`. */
async function workOf (
  t: Test,
  use: Step,
  later: Step = nothing,
  reply: (reply: FastifyReply) => unknown = (reply) => reply.send('x')
): Promise<Work> {
  const serializer = new Counting()
  const { app, logs } = await buildApp({ serializer })
  app.addHook('onSend', async ({ session }) => { later(session) })
  app.get('/', (request, answer) => { use(request.session); reply(answer) })
  const value = app.encodeSession({ n: 1, list: [1], map: new Map([['a', 1]]) })
  serializer.count = 0
  const signatures = t.capture(Mac.prototype, 'sign', Mac.prototype.sign)
  const { headers } = await app.inject({ url: '/', headers: { cookie: `session=${value}` } })
  await app.close()
  return {
    texts: serializer.count,
    signatures: signatures().length,
    cookies: setCookies(headers).length,
    errors: errorsOf(logs).length
  }
}

const lists = (session: Session): number[] => session.get('list') as number[]
const cases: Array<[what: string, use: Step, later: Step, work: Work]> = [
  ['a session that nobody uses', nothing, nothing, { texts: 0, signatures: 0, cookies: 0, errors: 0 }],
  [
    'text or a number that is read', (session) => session.get('n'), nothing,
    { texts: 0, signatures: 0, cookies: 0, errors: 0 }
  ],
  ['a list that is read', lists, nothing, { texts: 0, signatures: 0, cookies: 0, errors: 0 }],
  ['a number that is set', (session) => { session.n = 2 }, nothing, { texts: 1, signatures: 1, cookies: 1, errors: 0 }],
  [
    'a list that is set',
    (session) => {
      session.list = [2]
    },
    nothing,
    { texts: 1, signatures: 1, cookies: 1, errors: 0 }
  ],
  [
    'a list that is changed inside', (session) => lists(session).push(2), nothing,
    { texts: 1, signatures: 1, cookies: 1, errors: 0 }
  ],
  [
    'a change that needs no saving',
    (session) => {
      session.list = [2]
      session.modified = false
    },
    nothing,
    { texts: 1, signatures: 0, cookies: 0, errors: 0 }
  ],
  ['a touch', (session) => session.touch(), nothing, { texts: 1, signatures: 1, cookies: 1, errors: 0 }],
  [
    'an end',
    (session) => {
      lists(session)
      session.clear()
    },
    nothing,
    { texts: 0, signatures: 0, cookies: 1, errors: 0 }
  ],
  [
    'a second change behind the first commit', (session) => lists(session).push(2),
    (session) => lists(session).push(3), { texts: 2, signatures: 2, cookies: 1, errors: 0 }
  ],
  [
    'the same value set again behind it',
    (session) => {
      session.n = 2
    },
    (session) => {
      session.n = 2
    },
    { texts: 2, signatures: 1, cookies: 1, errors: 0 }
  ],
  [
    'a change that is undone behind it', (session) => lists(session).push(2), (session) => lists(session).pop(),
    { texts: 1, signatures: 1, cookies: 0, errors: 0 }
  ]
]

for (const [what, use, later, work] of cases) {
  t.test(`${what} costs as much as it must`, async (t) => {
    t.strictSame(await workOf(t, use, later), work)
  })
}

t.test('a Map that is held, whose text alone tells, is reported as nothing when it was changed back', async (t) => {
  const maps = (session: Session): Map<string, number> => session.get('map') as Map<string, number>
  const undone = await workOf(t, (session) => maps(session).set('a', 2), (session) => maps(session).set('a', 1))
  t.strictSame([undone.cookies, undone.errors], [0, 0])
})

t.test('a change that is undone behind the first commit is nothing lost, however the reply leaves', async (t) => {
  const undone = await workOf(
    t,
    (session) => lists(session).push(2),
    (session) => lists(session).pop(),
    (reply) => reply.send(Readable.from(['x']))
  )
  t.strictSame([undone.cookies, undone.errors], [0, 0])
})
