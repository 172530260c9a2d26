import { after, before } from 'node:test'
import type { Session, SessionOptions, SessionStore } from 'fastify-signed-session'
import { type App, buildApp } from './app.js'
import type { Connection, Kind, Running } from './session-databases.js'

/** A session whose keys are made at run time. */
const anyKey = (session: Session) => session as Session<Record<string, unknown>>

/** Holds requests in the middle of their handler, so that a test decides which one goes on. */
export class Barrier {
  #arrived = (): void => {}
  #released = (): void => {}
  /** Fulfilled when as many requests wait as were expected. */
  readonly arrived = new Promise<void>((resolve) => { this.#arrived = resolve })
  readonly #release = new Promise<void>((resolve) => { this.#released = resolve })
  #expected: number

  constructor (expected = 1) {
    this.#expected = expected
  }

  async wait (): Promise<void> {
    if (--this.#expected === 0) this.#arrived()
    await this.#release
  }

  release (): void {
    this.#released()
  }
}

/** What the next requests to `/slow/…` wait at. */
export const barrier: { current: Barrier } = { current: new Barrier() }

type Params = { Params: { name: string } }

/** An application with sessions in a store, and a route for whatever a session is used for. */
export async function sessionApp (store: SessionStore, options: Partial<SessionOptions> = {}, log: string[] = []) {
  const logger = { level: 'debug', stream: { write: (line: string) => { log.push(line) } } }
  const app = await buildApp({ store, ...options }, { logger })
  const isOwned = options.owner !== undefined
  app.get('/', async ({ session }) => session.data())
  app.get('/id', async ({ session }) => session.id)
  app.get('/plain', async () => 'plain')
  app.post<Params>('/set/:name', async ({ session, params: { name } }) => { anyKey(session).set(name, name) })
  app.post<Params>('/count/:name', async ({ session, params: { name } }) => { session.set('count', Number(name)) })
  app.post<Params>('/login/:name', async ({ session, params: { name } }) => { session.set('userId', name) })
  app.post('/regenerate', async ({ session }) => { session.regenerate(['userId']) })
  app.post('/logout', async ({ session }) => { session.delete() })
  app.post('/password', async ({ session }) => {
    session.regenerate(['userId'])
    if (isOwned) return await app.sessionInterface.endAll(String(session.get('userId')), { except: session })
  })
  app.post<Params>('/slow/set/:name', async ({ session, params: { name } }) => {
    session.get('userId')
    await barrier.current.wait()
    anyKey(session).set(name, name)
  })
  app.post('/slow/regenerate', async ({ session }) => {
    session.get('userId')
    await barrier.current.wait()
    session.regenerate(['userId'])
  })
  return app
}

/** Three applications over one database of their own, each with its connection, for the tests of a block. */
export function threeApps (kind: Kind, build: (store: SessionStore) => Promise<App>) {
  const connections: Connection[] = []
  const apps: App[] = []
  let database: Running
  before(async () => {
    database = await kind.start()
    for (let index = 0; index < 3; index++) {
      const connection = await kind.connect(database.address)
      connections.push(connection)
      apps.push(await build(kind.storeOf(connection.client)))
    }
  })
  after(async () => {
    await Promise.all(connections.map(({ close }) => close()))
    await database.stop()
  })
  return { apps, database: () => database }
}
