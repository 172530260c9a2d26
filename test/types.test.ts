import type { FastifyInstance } from 'fastify'
import sessionPlugin, {
  DefaultJSONProvider, type DumpsOptions, json, jsonBodies, JSONDecodeError, jsonErrorHandler, jsonNotFoundHandler,
  JSONProvider, JSONTag, Session, type SessionInterface, TaggedJSONSerializer, TimestampSigner,
  URLSafeTimedSerializer
} from 'fastify-signed-session'
import t from 'tap'
import { SECRET } from './support/app.ts'

interface Typed {
  typedUser?: { name: string }
  typedCount: number
}

declare module 'fastify' {
  interface FastifyRequest {
    typed: Session<Typed>
  }
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** `type<Expected>()(value)` compiles only if the value is exactly of that type. */
function type<Expected> (): <Actual>(
value: Actual,
...same: Same<Expected, Actual> extends true ? [] : [never]
) => void {
  return () => {}
}

/** Never called: what must compile is here, and what must not is marked. */
export function compiles (app: FastifyInstance): void {
  app.register(sessionPlugin, { secret: SECRET, lifetime: 60, cookie: { sameSite: 'strict', secure: 'auto' } })
  app.register(sessionPlugin, SECRET)
  app.register(sessionPlugin, Buffer.from(SECRET))
  app.register(sessionPlugin, new Uint8Array(32))
  app.register(sessionPlugin, process.env.NO_SUCH)
  app.register(import('fastify-signed-session'), process.env.NO_SUCH)
  app.register(sessionPlugin, { secret: SECRET, json: false })
  app.register(sessionPlugin, { secret: SECRET, prefix: '/a', logLevel: 'warn' })
  // @ts-expect-error -- a wrong type
  app.register(sessionPlugin, 5)
  // @ts-expect-error -- a wrong type
  app.register(sessionPlugin, { secret: SECRET, json: true })
  app.register(sessionPlugin, [{ secret: SECRET }, { secret: undefined, sessionName: 'typed' }])
  app.register(sessionPlugin, { secret: process.env.NO_SUCH, fallbacks: [process.env.NO_SUCH] })
  app.register(import('fastify-signed-session'), { secret: SECRET })
  // @ts-expect-error -- an unknown option
  app.register(sessionPlugin, { secret: SECRET, lifeTime: 60 })
  // @ts-expect-error -- a wrong type
  app.register(sessionPlugin, { secret: SECRET, lifetime: '1d' })

  app.get('/', { config: { session: { refresh: false } } }, async (request, reply) => {
    const { session, typed } = request
    type<unknown>()(session.anything)
    const unknown = session.get('anything')
    type<unknown>()(unknown)
    session.set('any' + 'thing', Symbol('s'))
    session.anything = 5
    type<Record<string, unknown>>()(session.data())
    // @ts-expect-error -- a key is a string
    session.get(5)
    type<boolean>()(typed.permanent)
    type<Date | undefined>()(typed.issuedAt)
    for (const [key, value] of typed) {
      type<string>()(key)
      type<unknown>()(value)
    }
    // @ts-expect-error -- read only
    typed.size = 5
    request.session = { anything: 5 }
    request.session = null
    // @ts-expect-error -- no object
    request.session = 5
    known(typed)
    const iface: SessionInterface = app.sessionInterface
    type<JSONProvider>()(app.json)
    type<boolean>()(iface.async)
    app.sessionInterface.serializer.register(Half as never, { index: 0 })
    return reply.code(201).jsonify(1, 2, 3)
  })

  app.register(sessionPlugin, { secret: SECRET, json: OwnProvider, jsonReplies: true, ambientJson: true })
  app.register(sessionPlugin, { secret: SECRET, json: new OwnProvider({ debug: true }) })
  // @ts-expect-error -- a wrong type
  app.register(sessionPlugin, { secret: SECRET, jsonReplies: 'yes' })
  app.register(jsonBodies, { force: true })
  // @ts-expect-error -- an unknown option
  app.register(jsonBodies, { forced: true })
  app.setErrorHandler(jsonErrorHandler)
  app.setNotFoundHandler(jsonNotFoundHandler)
  app.json = new OwnProvider()
  app.post('/json', async (request, reply) => {
    type<boolean>()(request.isJson)
    const body = request.getJson()
    type<unknown>()(body)
    const user = request.getJson<{ name: string }>({ force: true })
    type<{ name: string }>()(user)
    const perhaps = request.getJson<{ name: string }>({ silent: true })
    type<{ name: string } | undefined>()(perhaps)
    // @ts-expect-error -- an unknown option
    request.getJson({ forced: true })
    await app.json.dump(body, reply.raw, {
      indent: 2,
      separators: [',', ': '],
      sortKeys: true,
      ensureAscii: true,
      default: (value) => `${value}`
    })
    type<unknown>()(await json.load(request.raw, { exactIntegers: true }))
    type<string>()(json.dumps(1))
    // @ts-expect-error -- a wrong type
    json.dumps(1, { sortKeys: 'yes' })
    return reply.jsonify(new JSONDecodeError('a').position)
  })

  const signer = new TimestampSigner(SECRET, { salt: 's' })
  type<string>()(signer.sign('a'))
  // @ts-expect-error -- the salt is required
  new URLSafeTimedSerializer(SECRET, {}) // eslint-disable-line no-new -- only its types matter
  // @ts-expect-error -- fromJson is missing
  class Half extends JSONTag {
    readonly key = ' h'
    check (): boolean { return false }
    toJson (): unknown { return null }
  }
  new TaggedJSONSerializer().register(Half as never, { index: 0 })
}

/** Of a session whose keys are known, others are errors, and each may be missing. */
function known (typed: Session<Typed>): void {
  type<{ name: string } | undefined>()(typed.typedUser)
  type<number | undefined>()(typed.typedCount)
  const user = typed.get('typedUser')
  type<{ name: string } | undefined>()(user)
  const number = typed.get('typedCount')
  type<number | undefined>()(number)
  const count = typed.pop('typedCount', 'none')
  type<number | string>()(count)
  type<number>()(typed.setDefault('typedCount', 5))
  type<{ typedUser?: { name: string } | undefined, typedCount?: number | undefined }>()(typed.data())
  typed.set('typedUser', { name: 'Ada' })
  typed.set('typedCount', undefined)
  typed.typedUser = { name: 'Ada' }
  typed.typedCount = undefined
  typed.update({ typedCount: 5 })
  typed.regenerate(['typedCount'])
  refused(typed)
  const anyKey = typed as Session<Record<string, unknown>>
  anyKey.set('made' + 'up', 5)
  type<unknown>()(anyKey.madeUp)
  const made = anyKey.get('madeUp')
  type<unknown>()(made)
}

function refused (typed: Session<Typed>): void {
  // @ts-expect-error -- a wrong type
  typed.set('typedUser', 5)
  // @ts-expect-error -- a wrong type
  typed.typedUser = 5
  // @ts-expect-error -- a wrong type
  typed.update({ typedCount: 'many' })
  // @ts-expect-error -- no such key
  typed.get('typedCuont')
  // @ts-expect-error -- no such key
  typed.set('typedCuont', 5)
  // @ts-expect-error -- no such key
  typed.pop('typedCuont')
  // @ts-expect-error -- no such key
  typed.setDefault('typedCuont', 5)
  // @ts-expect-error -- no such key
  typed.has('typedCuont')
  // @ts-expect-error -- no such key
  typed.delete('typedCuont')
  // @ts-expect-error -- no such key
  typed.regenerate(['typedCuont'])
  // @ts-expect-error -- no such key
  typed.update({ typedCuont: 5 })
  // @ts-expect-error -- no such key
  typed.typedCuont = 5
  // @ts-expect-error -- no such key
  type<unknown>()(typed.data().typedCuont)
}

class OwnProvider extends DefaultJSONProvider {
  override sortKeys = true
  override default (value: unknown): unknown { return super.default(value) }
  override dumps (value: unknown, options?: DumpsOptions): string {
    return super.dumps(value, { indent: 2, ...options })
  }

  override loads (source: string | Uint8Array): unknown { return super.loads(source, { exactIntegers: true }) }
}

// @ts-expect-error -- loads is missing
export class HalfProvider extends JSONProvider {
  override dumps (): string { return '' }
}

t.test('the types of sessions, options and building blocks are those that the compiler was shown', async (t) => {
  t.type(compiles, 'function')
  t.ok(new Session({ typedCount: 5 }).get('typedCount') === 5)
})
