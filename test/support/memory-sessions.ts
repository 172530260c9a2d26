import { Session, SessionInterface } from '../../lib/index.ts'
import type { SaveDecision } from '../../lib/index.ts'

/** Sessions in a store: the cookie holds the id alone. */
export class MemorySessions extends SessionInterface {
  override readonly async = true
  readonly #stored = new Map<string, Record<string, unknown>>()

  async openSession ([cookie]: readonly string[]): Promise<Session> {
    const data = cookie === undefined ? undefined : this.#stored.get(cookie)
    return new Session(structuredClone(data ?? {}), {
      isNew: data === undefined,
      hasCookie: cookie !== undefined,
      id: data && cookie
    }) as Session
  }

  async saveSession (session: Session): Promise<SaveDecision> {
    const vary = session.accessed
    if (!session.modified) return { action: 'keep', vary }
    if (session.size === 0) return { action: 'delete', vary }
    this.#stored.set(session.id, session.data())
    return { action: 'set', value: session.id, maxAge: undefined, vary }
  }
}
