import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { MemoryStore, type SessionStore, type StoredSession, type StoreOptions } from 'fastify-signed-session'
import { testStore } from 'fastify-signed-session/testing'

const SEED = 20260101

/** What the root's tests have for stores, which runs in any Node as it is. */
const root = new URL('../../../test/', import.meta.url)
export const { record, flat, databaseOf } = await import(new URL('support/store-recording.mjs', root).href)
export const { walk, walkTable, START } = await import(new URL('support/store-walk.mjs', root).href)
const { runSchedules } = await import(new URL('support/store-schedules.mjs', root).href)

const recordings = new URL('fixtures/store-recordings.json', root)

/** A store on one of three connections to the same database. */
export type Opened = (connection: number, options?: StoreOptions) => SessionStore

const later = { usedAt: START, expiresAt: { permanent: START, otherwise: START } }

/** A session without anything. */
export const nobodys: StoredSession = {
  fields: new Map(),
  permanent: false,
  createdAt: 0,
  usedAt: 0,
  expiresAt: START,
  owner: null,
  fromCookie: false
}

/** Whatever holds for a store with every database. */
export function storeSuite (name: string, open: Opened): void {
  test(`${name} keeps the contract of a store`, async () => {
    await testStore(open(0))
  })

  test(`${name} does as the model, in schedules of seed ${SEED}`, async () => {
    const clock = { now: START }
    const now = () => clock.now
    await runSchedules([open(0, { now }), open(1, { now }), open(2, { now })], clock, { seed: SEED })
  })

  test(`${name}: twenty requests on three connections set twenty fields, and twenty are there`, async () => {
    const stores = [open(0), open(1), open(2)]
    await stores[0].create('twenty', nobodys)
    const names = Array.from({ length: 20 }, (_, index) => `f${index}`)
    await Promise.all(names.map((each, index) => {
      return stores[index % 3].update('twenty', { set: new Map([[each, '1']]), unset: [], ...later })
    }))
    const read = await stores[0].read('twenty')
    assert.deepEqual(typeof read === 'object' && [...read.fields.keys()].sort(), names.sort())
  })

  test(`${name}: a slow request that began before a logout does not bring the session back`, async () => {
    const [slow, other] = [open(0), open(1)]
    for (const until of [undefined, START]) {
      await slow.create('slow', nobodys)
      await slow.read('slow')
      assert.equal(await other.destroy('slow', until), true)
      assert.equal(await slow.update('slow', { set: new Map([['a', '1']]), unset: [], ...later }), false)
      assert.equal(await other.read('slow'), until === undefined ? undefined : 'ended')
    }
  })
}

/**
 * That a store gives the answers of MemoryStore on the whole walk, and asks the database what the recording says that
 * the root's tests answer from. With `RECORD=1` it is made anew.
 */
export async function compareRecording (name: string, calls: unknown[], answers: unknown): Promise<void> {
  const clock = { now: START }
  assert.deepEqual(answers, await walk(new MemoryStore({ now: () => clock.now }), clock))
  const recorded = JSON.parse(readFileSync(recordings, 'utf8'))
  if (process.env.RECORD !== undefined) {
    const all = Object.entries({ ...recorded, [name]: calls }) as Array<[string, unknown[]]>
    const lines = (calls: unknown[]): string => calls.map((call) => JSON.stringify(call)).join(',\n')
    const text = all.map(([each, calls]) => `${JSON.stringify(each)}: [\n${lines(calls)}\n]`)
    writeFileSync(recordings, `{${text.join(',\n')}}\n`)
  } else {
    assert.deepEqual(calls, recorded[name], 'RECORD=1 npm test --prefix integrations records anew')
  }
}

/** How many commands each operation takes. `calls` are those of the client; scripts have run before. */
export async function countCommands (store: SessionStore, calls: unknown[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  const count = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    const before = calls.length
    await run()
    counts[what] = calls.length - before
  }
  const touch = { set: new Map(), unset: [], ...later }
  const farther = { ...touch, expiresAt: { permanent: 2 * START, otherwise: 2 * START } }
  await count('create', () => store.create('n1', nobodys))
  await count('create with an owner', () => store.create('n2', { ...nobodys, owner: 'ann' }))
  await count('read', () => store.read('n1'))
  await count('update', () => store.update('n1', { ...touch, set: new Map([['b', '2']]), unset: ['a'] }))
  await count('touch', () => store.update('n2', touch))
  await count('touch beyond the index', () => store.update('n2', farther))
  await count('update of the owner', () => store.update('n1', { ...touch, owner: 'ann' }))
  await count('list', () => store.list!('ann'))
  await count('destroy', () => store.destroy('n1', undefined))
  await count('destroyAll', () => store.destroyAll!('ann', undefined, []))
  await count('check', () => store.check!())
  return counts
}
