import { MemoryStore, type SessionChanges, type SessionStore, type StoredSession } from '../../lib/index.ts'

type Method = 'read' | 'create' | 'update' | 'destroy' | 'list' | 'destroyAll'

/** What a test does ahead of a call of the store, or behind it: wait, fail or throw. */
type Step = ((method: Method) => unknown) | undefined

/** Sessions in a MemoryStore that can be watched and made slow or broken. */
export class WatchedStore implements SessionStore {
  readonly memory = new MemoryStore()
  /** The methods that were called. */
  calls: Method[] = []
  /** Every key that was asked for. */
  readonly keys = new Set<string>()
  before: Step
  after: Step

  read (key: string): Promise<StoredSession | 'ended' | undefined> {
    return this.#call('read', key, () => this.memory.read(key))
  }

  create (key: string, session: StoredSession): Promise<'created' | 'exists' | 'ended'> {
    return this.#call('create', key, () => this.memory.create(key, session))
  }

  update (key: string, changes: SessionChanges): Promise<boolean> {
    return this.#call('update', key, () => this.memory.update(key, changes))
  }

  destroy (key: string, until: number | undefined): Promise<boolean> {
    return this.#call('destroy', key, () => this.memory.destroy(key, until))
  }

  list (owner: string): Promise<ReadonlyMap<string, StoredSession>> {
    return this.#call('list', undefined, () => this.memory.list(owner))
  }

  destroyAll (owner: string, until: number | undefined, exceptKeys: readonly string[]): Promise<number> {
    return this.#call('destroyAll', undefined, () => this.memory.destroyAll(owner, until, exceptKeys))
  }

  /** The calls since it was last asked. */
  takeCalls (): Method[] {
    const { calls } = this
    this.calls = []
    return calls
  }

  /** The sessions that there are, by the keys that were ever asked for. */
  async sessions (): Promise<Map<string, StoredSession>> {
    const found = new Map<string, StoredSession>()
    for (const key of this.keys) {
      const session = await this.memory.read(key)
      if (typeof session === 'object') found.set(key, session)
    }
    return found
  }

  async #call<Result> (method: Method, key: string | undefined, run: () => Promise<Result>): Promise<Result> {
    this.calls.push(method)
    if (key !== undefined) this.keys.add(key)
    await this.before?.(method)
    const result = await run()
    await this.after?.(method)
    return result
  }
}

/** A promise, and what resolves it. */
export function door (): { opened: Promise<void>, open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  return { opened, open }
}
