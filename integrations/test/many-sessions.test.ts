import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { SessionStore } from 'fastify-signed-session'
import { Browser } from '../support/app.js'
import { sessionApp, threeApps } from '../support/session-app.js'
import { type Kind, kinds } from '../support/session-databases.js'

const { times } = await import(new URL('../../../test/support/effort.mjs', import.meta.url).href)
const MANY = times(2000, 10_000)
const READS = 300

/** Makes sessions of a hundred users that end at a time; every tenth is kept as ended. */
async function fill (store: SessionStore, name: string, count: number, expiresAt: number): Promise<void> {
  const times = { createdAt: 0, usedAt: 0, expiresAt }
  const session = { fields: new Map([['a', '"text"']]), permanent: false, fromCookie: false, ...times }
  const make = async (index: number): Promise<void> => {
    const key = `${name}-${index}`
    await store.create(key, { ...session, owner: `${name}-${index % 100}` })
    if (index % 10 === 0) await store.destroy(key, expiresAt)
  }
  for (let index = 0; index < count; index += 100) {
    await Promise.all(Array.from({ length: Math.min(100, count - index) }, (_, each) => make(index + each)))
  }
}

/** One client of each database: what a server does with many sessions is the same for all of them. */
const chosen = kinds.filter(({ name }) => !/ioredis|cluster/.test(name))

for (const kind of chosen) describe(`many sessions with ${kind.name}`, () => tests(kind))

function tests (kind: Kind): void {
  const stores: SessionStore[] = []
  const { apps, database } = threeApps(kind, (store) => {
    stores.push(store)
    return sessionApp(store, { owner: 'userId' })
  })

  test(`${kind.name}: a read costs the same with ${MANY} sessions as with 10`, async (t) => {
    const browser = new Browser(apps[0])
    await browser.post('/login/ann')
    const now = Math.floor(Date.now() / 1000)
    const read = async (): Promise<{ commands: number, milliseconds: number }> => {
      const [before, started] = [await database().count(), performance.now()]
      for (let time = 0; time < READS; time++) await browser.get('/')
      return { milliseconds: performance.now() - started, commands: await database().count() - before }
    }
    await fill(stores[0], 'few', 10, now + 3600)
    await read()
    const few = await read()
    await fill(stores[0], 'many', MANY, now + 3600)
    const many = await read()
    assert.deepEqual([few.commands, many.commands], [READS, READS])
    t.diagnostic(`${READS} reads took ${(many.milliseconds / few.milliseconds).toFixed(2)} times as long`)
  })

  test(`${kind.name}: what has expired leaves nothing behind`, async (t) => {
    const { client, close } = await kind.connect(database().address)
    t.after(close)
    const now = Math.floor(Date.now() / 1000)
    const store = kind.storeOf(client)
    if (store.deleteExpired === undefined) {
      await fill(store, 'short', 1000, now + 3)
      while (/short-/.test(await database().dump())) await wait(200)
    } else {
      const later = kind.storeOf(client, { now: () => now + 7200 })
      let deleted = 0
      for (let batch = -1; batch !== 0; deleted += batch) batch = await later.deleteExpired!(999)
      assert.ok(deleted > MANY)
      const left = (await database().dump()).split('\n')
      assert.equal(left.length, 1, 'the session of the first test, which lives for 31 days')
    }
  })
}
