import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { MemoryStore, type StoreOptions } from '../../lib/index.ts'
import { replay } from './store-recording.mjs'
import { START, walk, walkTable } from './store-walk.mjs'

type Call = Parameters<typeof replay>[0][number]
type Store = Parameters<typeof walk>[0]
type TableStore = Parameters<typeof walkTable>[0]

/** What real databases were asked and answered, written down by the tests in `integrations/`. */
const file = new URL('../fixtures/store-recordings.json', import.meta.url)
const recordings: Record<string, Call[]> = JSON.parse(readFileSync(file, 'utf8'))

/** A client that answers as a real database did, and the calls that it still waits for. */
export function recordedClient (name: string, options?: { isSync: boolean }) {
  return replay(recordings[name]!, options)
}

/** The answers of MemoryStore on the walk. */
async function answersOfMemory (): Promise<unknown[]> {
  const clock = { now: START }
  return await walk(new MemoryStore({ now: () => clock.now }), clock)
}

/** That a store over a recording gives the answers of MemoryStore. */
export async function sameAsMemory (t: Test, open: (options: StoreOptions) => Store): Promise<void> {
  const clock = { now: START }
  t.strictSame(await walk(open({ now: () => clock.now }), clock), await answersOfMemory())
}

/** The same for a store with a table, from which it deletes what has expired. */
export async function sameAsMemoryInTable (t: Test, open: (options: StoreOptions) => TableStore): Promise<void> {
  const clock = { now: START }
  const { answers, deleted } = await walkTable(open({ now: () => clock.now }), clock)
  t.strictSame(answers, await answersOfMemory())
  t.strictSame([deleted[0], deleted[1]! > 0, deleted[2]], [1, true, 0])
}
