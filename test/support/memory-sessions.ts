import {
  type BadData, type KeptBeside, type SaveDecision, type SaveOptions, type Session, SessionInterface
} from '../../lib/index.ts'

interface Stored {
  readonly data: Record<string, unknown>
  readonly kept: KeptBeside
}

/** Sessions in a store: the cookie holds the signed id. Give the option `sessionInterface` the class. */
export class MemorySessions extends SessionInterface {
  override readonly async = true
  readonly stored = new Map<string, Stored>()

  async openSession (cookies: readonly string[], refused: (error: BadData) => void): Promise<Session> {
    const candidates = this.candidates(cookies)
    for (let cookie = candidates.next(); cookie !== undefined; cookie = candidates.next()) {
      const stored = this.stored.get(cookie.text)
      if (stored === undefined) continue
      try {
        return this.session(structuredClone(stored.data), cookie, stored.kept)
      } catch (error) {
        candidates.refuse(error as BadData)
      }
    }
    return this.newSession(candidates, refused)
  }

  async saveSession (session: Session, options?: SaveOptions): Promise<SaveDecision> {
    const openedId = this.openedId(session)
    const action = this.actionFor(session, options)
    if (action === 'keep') return this.decisionFor(session, action, '')
    const isEnded = openedId !== undefined && !this.stored.has(openedId) // by a request that was faster
    if (isEnded || action === 'delete') return this.#end(session, openedId)
    const kept = this.keptOf(session)
    if (openedId !== undefined && kept.id !== openedId) this.stored.delete(openedId)
    this.stored.set(kept.id, { data: structuredClone(session.data()), kept })
    return this.decisionFor(session, action, kept.id)
  }

  #end (session: Session, id: string | undefined): SaveDecision {
    if (id !== undefined) this.stored.delete(id)
    return this.decisionFor(session, 'delete', '')
  }
}
