import Fastify from 'fastify'
import t from 'tap'
import sessionPlugin, { DefaultJSONProvider, json, jsonBodies, JSONProvider } from '../lib/index.ts'
import { SECRET } from './support/app.ts'

const failing = class { constructor () { throw new RangeError('of the class') } }
const { dumps, loads } = new DefaultJSONProvider()

async function failureOf (options: object): Promise<TypeError> {
  const app = Fastify()
  app.register(sessionPlugin, { secret: SECRET, ...options })
  try {
    await app.ready()
  } catch (error) {
    return error as TypeError
  }
  throw new Error('registration did not fail')
}

t.test('an option json that gives no provider fails at registration', async (t) => {
  const message = 'The session option json must be a JSONProvider class or an instance of one: ' +
    'it needs dumps, loads and response, as a subclass of DefaultJSONProvider has them'
  const wrong: Record<string, unknown> = {
    'a class of something else': class {},
    'an abstract class': JSONProvider,
    'the functions of the module': json,
    'a function': () => new DefaultJSONProvider(),
    'a built-in class': Map,
    'a class that throws': failing,
    'an object without response': { dumps, loads }
  }
  for (const [what, given] of Object.entries(wrong)) {
    const error = await failureOf({ json: given })
    t.match(error, { name: 'TypeError', message }, what)
    if (given === failing) t.match(error.cause, { message: 'of the class' })
  }
  for (const given of [new Map(), 5, {}]) {
    t.match(await failureOf({ json: given }), { message: /must be a JSONProvider/ })
  }
})

t.test('a session cannot have the name of a member that requests get from the package', async (t) => {
  for (const sessionName of ['isJson', 'getJson']) {
    const message = `The session option sessionName cannot be ${sessionName}: ` +
      `this package has its own request.${sessionName}; choose another name`
    t.match(await failureOf({ sessionName }), { name: 'TypeError', message })
    const app = Fastify()
    app.register(sessionPlugin, { secret: SECRET, sessionName, json: false })
    await app.ready()
    await app.close()
  }
})

t.test('what an inner scope puts in place of its provider is refused at the first use, whatever uses it', async (t) => {
  const app = Fastify()
  await app.register(sessionPlugin, { secret: SECRET, jsonReplies: true, ambientJson: true })
  await app.register(jsonBodies)
  for (const [prefix, put] of [['/assigned', false], ['/decorated', true]] as const) {
    app.register(async (scope) => {
      if (put) scope.decorate('json', 1 as never)
      else scope.json = { dumps } as never
      scope.get('/jsonify', async (_request, reply) => reply.jsonify(1))
      scope.get('/value', async () => ({ a: 1 }))
      scope.get('/ambient', async () => json.dumps(1))
      scope.post('/body', async (request, reply) => reply.send(request.getJson()))
    }, { prefix })
  }
  app.get('/', async (_request, reply) => reply.jsonify(json.loads('1')))
  t.equal((await app.inject('/')).body, '1\n')
  for (const prefix of ['/assigned', '/decorated']) {
    for (const path of ['/jsonify', '/value', '/ambient', '/body']) {
      const body = path === '/body' ? { method: 'POST', payload: { a: 1 } } as const : {}
      const { statusCode, json: answer } = await app.inject({ url: prefix + path, ...body })
      const message = 'fastify.json must be an instance of a JSONProvider, and in this scope it is something else'
      t.match({ statusCode, ...answer() }, { statusCode: 500, message }, prefix + path)
    }
  }
  await app.close()
})
