import t from 'tap'
import { type BadData, MemoryStore, type StoredSession, TaggedJSONSerializer } from '../lib/index.ts'
import { buildApp, errorsOf } from './support/app.ts'

/** Whose sessions somebody edits by hand. */
class EditedStore extends MemoryStore {
  edit: (session: StoredSession) => unknown = (session) => session

  override async read (key: string): Promise<StoredSession | 'ended' | undefined> {
    const found = await super.read(key)
    return typeof found === 'object' ? this.edit(found) as StoredSession : found
  }

  override async list (owner: string): Promise<ReadonlyMap<string, StoredSession>> {
    const sessions = await super.list(owner)
    return new Map(Array.from(sessions, ([key, session]) => [key, this.edit(session) as StoredSession]))
  }
}

const edits: Record<string, (session: StoredSession) => unknown> = {
  'without anything': () => ({}),
  'with a text that is no JSON': (session) => ({ ...session, fields: new Map([['userId', 'nonsense']]) }),
  'with a value that is no text': (session) => ({ ...session, fields: new Map([['userId', 5]]) }),
  'with fields that are no Map': (session) => ({ ...session, fields: {} }),
  'with a time that is none': (session) => ({ ...session, usedAt: NaN })
}

async function build (serializer = new TaggedJSONSerializer()) {
  const [store, refused]: [EditedStore, string[]] = [new EditedStore(), []]
  const onInvalid = ({ code }: BadData): void => { refused.push(code) }
  const { app, logs } = await buildApp({ store, owner: 'userId', serializer, onInvalid })
  app.get('/', async ({ session }) => session.data())
  app.post('/', async ({ session }) => { session.set('userId', 'ann') })
  const { cookies: [cookie] } = await app.inject({ url: '/', method: 'POST' })
  return { store, refused, app, logs, cookies: { session: cookie!.value } }
}

t.test('a session that was edited by hand is empty, in the log and left out of the list', async (t) => {
  const { store, refused, app, logs, cookies } = await build()
  for (const [name, edit] of Object.entries(edits)) {
    store.edit = edit
    const { statusCode, body, cookies: sent } = await app.inject({ url: '/', cookies })
    t.strictSame([statusCode, body, sent], [200, '{}', []], name)
    t.strictSame(await app.sessionInterface.list('ann', { data: ['userId'] }), [], name)
  }
  t.strictSame([...new Set(refused)], ['FSS_ERR_BAD_STORED_SESSION'])
  t.strictSame([refused.length, errorsOf(logs).length], [5, 5])
})

t.test('a list for which there is no memory is a failure, and no list without a session', async (t) => {
  class Exhausted extends TaggedJSONSerializer {
    override loads (): never {
      throw new RangeError('Array buffer allocation failed')
    }
  }
  const { app } = await build(new Exhausted())
  await t.rejects(app.sessionInterface.list('ann'), { message: 'Array buffer allocation failed' })
})
