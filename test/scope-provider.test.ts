import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { DefaultJSONProvider, json } from '../lib/index.ts'
import { buildApp } from './support/app.ts'

class Marking extends DefaultJSONProvider {
  readonly #mark: string
  constructor (mark: string) {
    super()
    this.#mark = mark
  }

  override dumps (): string { return this.#mark }
}

async function ambientApp (t: Test, mark: string, options: object = { ambientJson: true }): Promise<FastifyInstance> {
  const { app } = await buildApp({ json: new Marking(mark), ...options })
  t.teardown(() => app.close())
  app.get('/sync', (_request, reply) => { reply.send(json.dumps(1)) })
  app.get('/async', async () => { await wait(5); return json.dumps(1) })
  app.get('/timer', (_request, reply) => { setImmediate(() => reply.send(json.dumps(1))) })
  return app
}

t.test('json is the default provider, as functions', async (t) => {
  const { dumps, dump, loads, load } = json
  t.equal(dumps({ b: 1, a: new Date(0) }, { sortKeys: true }), '{"a":"1970-01-01T00:00:00.000Z","b":1}')
  t.strictSame(loads(Buffer.from('{"a":1}')), { a: 1 })
  t.strictSame(await load(['[1]']), [1])
  await t.rejects(dump([() => {}], process.stderr), { code: 'FSS_ERR_NOT_SERIALIZABLE', message: /is a function/ })
  t.ok(Object.isFrozen(json))
})

t.test('without ambientJson handlers see the default provider', async (t) => {
  for (const options of [{}, { ambientJson: false }]) {
    const app = await ambientApp(t, 'own', options)
    for (const url of ['/sync', '/async', '/timer']) t.equal((await app.inject(url)).body, '1')
  }
})

t.test('with ambientJson handlers see the provider of their scope, also after they waited', async (t) => {
  const app = await ambientApp(t, 'own')
  await app.register(async (scope) => {
    scope.json = new Marking('inner')
    scope.get('/inner', async () => json.dumps(1))
  })
  for (const url of ['/sync', '/async', '/timer']) t.equal((await app.inject(url)).body, 'own', url)
  t.equal((await app.inject('/inner')).body, 'inner')
  t.strictSame(
    (await Promise.all(['/async', '/inner', '/async', '/inner'].map((url) => app.inject(url)))).map(({ body }) => body),
    ['own', 'inner', 'own', 'inner']
  )
  t.equal(json.dumps(1), '1', 'outside handlers')
})

t.test('applications side by side see their own, and those without it the default', async (t) => {
  const [one, two, none] = [await ambientApp(t, 'one'), await ambientApp(t, 'two'), await ambientApp(t, 'none', {})]
  one.get('/nested', async () =>
    [(await none.inject('/async')).body, (await two.inject('/async')).body, json.dumps(1)].join()
  )
  t.strictSame(
    (await Promise.all([one, two, none].map((app) => app.inject('/async')))).map(({ body }) => body),
    ['one', 'two', '1']
  )
  t.equal((await one.inject('/nested')).body, '1,two,one')
  await one.close()
  t.equal((await two.inject('/async')).body, 'two')
  await two.close()
  t.equal((await none.inject('/async')).body, '1')
  const again = await ambientApp(t, 'again')
  t.equal((await again.inject('/async')).body, 'again')
})
