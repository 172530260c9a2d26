import { isUnchanged, type Snapshot, snapshotOf, UNKNOWN } from './snapshot.ts'

/** How objects were at some time, by the keys of the session that hold them. */
export type Snapshots = ReadonlyMap<string, Snapshot>

/**
 * The objects of a session that code outside holds, since it read or stored them: it may change them without a word.
 * Knows how each was when it needed no saving.
 */
export class Held {
  #saved = new Map<string, Snapshot>()

  has (key: string): boolean {
    return this.#saved.has(key)
  }

  /** An object that was read. It needs no saving as it is now. */
  addRead (key: string, value: object): void {
    this.#saved.set(key, snapshotOf(value))
  }

  /** An object that was stored, and differs from what was saved under the key. */
  addStored (key: string): void {
    this.#saved.set(key, UNKNOWN)
  }

  drop (key: string): void {
    this.#saved.delete(key)
  }

  clear (): void {
    this.#saved.clear()
  }

  /** Whether every object is as `newer` has it, or else as it was when it needed no saving. May say no where it is. */
  isAs (data: Record<string, unknown>, newer?: Snapshots): boolean {
    for (const [key, older] of this.#saved) if (!isUnchanged(data[key], newer?.get(key) ?? older)) return false
    return true
  }

  /** How they are now. */
  snapshots (data: Record<string, unknown>): Map<string, Snapshot> {
    const snapshots = new Map<string, Snapshot>()
    for (const key of this.#saved.keys()) snapshots.set(key, snapshotOf(data[key]))
    return snapshots
  }

  /** None needs saving as it is now. */
  settle (data: Record<string, unknown>): void {
    this.#saved = this.snapshots(data)
  }
}
