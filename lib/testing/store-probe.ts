import { randomBytes } from 'node:crypto'
import { inspect, isDeepStrictEqual } from 'node:util'
import type { SessionChanges, SessionStore, StoredSession } from '../stores/store.ts'

export const HOUR = 3600

/** What a rule has to try a store with. */
export interface Probe {
  readonly store: SessionStore
  /** When the test began. The past and the future of the rules are an hour away, so that clocks may differ. */
  readonly now: number
  /** Another key or owner with each call. */
  readonly fresh: () => string
  /** A key under which a session is kept. */
  readonly kept: (given?: Partial<StoredSession>) => Promise<string>
  /** Ends whatever was kept. */
  readonly tidy: () => Promise<void>
}

/** The probe of a store with `list` and `destroyAll`. */
export interface OwnersProbe extends Probe {
  readonly store: SessionStore & Required<Pick<SessionStore, 'list' | 'destroyAll'>>
}

export function probeOf (store: SessionStore, now: number): Probe {
  const made: string[] = []
  const fresh = (): string => made[made.push(randomBytes(32).toString('base64url')) - 1]!
  const kept = async (given: Partial<StoredSession> = {}): Promise<string> => {
    const key = fresh()
    expect('create', await store.create(key, sessionAt(now, given)), 'created')
    return key
  }
  const tidy = async (): Promise<void> => {
    await Promise.allSettled(made.map((key) => store.destroy(key, undefined)))
  }
  return { store, now, fresh, kept, tidy }
}

/** A session that was used a moment ago. */
export function sessionAt (now: number, given: Partial<StoredSession> = {}): StoredSession {
  const fields = fieldsOf({ a: '1', b: '2' })
  const times = { createdAt: now - 5, usedAt: now, expiresAt: now + HOUR }
  return { fields, permanent: false, ...times, owner: null, fromCookie: false, ...given }
}

/** A change that comes a second later. */
export function changesAt (now: number, given: Partial<SessionChanges> = {}): SessionChanges {
  const expiresAt = { permanent: now + 3 * HOUR, otherwise: now + 2 * HOUR }
  return { set: new Map(), unset: [], usedAt: now + 1, expiresAt, ...given }
}

export function fieldsOf (fields: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(fields))
}

/** The fields of what was read. */
export function fieldsIn (read: Awaited<ReturnType<SessionStore['read']>>): ReadonlyMap<string, string> {
  if (typeof read === 'object') return read.fields
  throw new Error(`read: expected a session, but it was ${show(read)}`)
}

export function expect (what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  throw new Error(`${what}: expected ${show(expected)}, but it was ${show(actual)}`)
}

export function show (value: unknown): string {
  return inspect(value, { depth: 3, compact: true, breakLength: Infinity, maxStringLength: 100 })
}

/** `count` promises at once. */
export async function parallel<Result> (count: number, run: (index: number) => Promise<Result>): Promise<Result[]> {
  return await Promise.all(Array.from({ length: count }, (_, index) => run(index)))
}

export function countOf (values: readonly unknown[], value: unknown): number {
  return values.filter((each) => each === value).length
}

/** That nothing is there for a key, and that it can be had. */
export async function expectFree ({ store, now }: Probe, key: string): Promise<void> {
  await expectNoUpdate({ store, now }, key)
  expect('read', await store.read(key), undefined)
  expect('destroy', await store.destroy(key, undefined), false)
  const session = sessionAt(now, { fields: fieldsOf({ c: '3' }) })
  expect('create', await store.create(key, session), 'created')
  expect('read after that create', await store.read(key), session)
}

export async function expectEnded ({ store, now }: Probe, key: string): Promise<void> {
  expect('read', await store.read(key), 'ended')
  expect('create', await store.create(key, sessionAt(now)), 'ended')
  await expectNoUpdate({ store, now }, key)
  expect('destroy', await store.destroy(key, undefined), false)
  expect('read after all that', await store.read(key), 'ended')
}

/** That neither a change nor a touch finds a session. */
async function expectNoUpdate ({ store, now }: Pick<Probe, 'store' | 'now'>, key: string): Promise<void> {
  for (const set of [fieldsOf({ a: '5' }), new Map()]) {
    expect('update', await store.update(key, changesAt(now, { set })), false)
  }
}
