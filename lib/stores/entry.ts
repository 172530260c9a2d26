import type { SessionChanges, StoredSession } from './store.ts'

/** What stands in place of a session that was ended. */
export interface Ended {
  readonly isEnded: true
  /** In Unix seconds. */
  readonly expiresAt: number
}

/** What a store that keeps objects has for a key. */
export type Entry = StoredSession | Ended

export function isEnded (entry: Entry): entry is Ended {
  return 'isEnded' in entry
}

/** A session after an update. */
export function merge (session: StoredSession, changes: SessionChanges): StoredSession {
  const { set, unset, usedAt, expiresAt, permanent = session.permanent, owner = session.owner } = changes
  const fields = new Map([...session.fields, ...set])
  for (const name of unset) fields.delete(name)
  const expires = permanent ? expiresAt.permanent : expiresAt.otherwise
  return { ...session, fields, usedAt, permanent, owner, expiresAt: expires }
}

/** What stays of a key that is destroyed: a key that is ended already stays so until the later of the two times. */
export function endOf (entry: Entry | undefined, until = 0): Ended {
  const endedUntil = entry !== undefined && isEnded(entry) ? entry.expiresAt : 0
  return { isEnded: true, expiresAt: Math.max(until, endedUntil) }
}
