/**
 * @typedef {import('../../lib/stores/store.ts').StoredSession} StoredSession
 * @typedef {import('../../lib/stores/store.ts').SessionChanges} SessionChanges
 */

/** What a store has to do, one operation after the other. */
export class Model {
  /** @type {Map<string, { expiresAt: number, session?: StoredSession }>} */
  entries = new Map()

  copy () {
    const model = new Model()
    model.entries = new Map(this.entries)
    return model
  }

  /** What counts is what has not expired.
   * @param {string} key
   * @param {number} now
   */
  find (key, now) {
    const entry = this.entries.get(key)
    return entry !== undefined && entry.expiresAt > now ? entry : undefined
  }

  /**
   * @param {string} key
   * @param {number} now
   */
  read (key, now) {
    const entry = this.find(key, now)
    return entry && (entry.session ?? 'ended')
  }

  /**
   * @param {string} key
   * @param {StoredSession} session
   * @param {number} now
   */
  create (key, session, now) {
    const entry = this.find(key, now)
    if (entry !== undefined) return entry.session === undefined ? 'ended' : 'exists'
    this.entries.set(key, { expiresAt: session.expiresAt, session })
    return 'created'
  }

  /**
   * @param {string} key
   * @param {SessionChanges} changes
   * @param {number} now
   */
  update (key, changes, now) {
    const session = this.find(key, now)?.session
    if (session === undefined) return false
    const { permanent = session.permanent, owner = session.owner, usedAt } = changes
    const fields = new Map([...session.fields, ...changes.set])
    for (const name of changes.unset) fields.delete(name)
    const expiresAt = changes.expiresAt[permanent ? 'permanent' : 'otherwise']
    this.entries.set(key, { expiresAt, session: { ...session, fields, permanent, owner, usedAt, expiresAt } })
    return true
  }

  /**
   * @param {string} key
   * @param {number | undefined} until
   * @param {number} now
   */
  destroy (key, until, now) {
    const entry = this.find(key, now)
    const expiresAt = entry?.session === undefined ? Math.max(until ?? 0, entry?.expiresAt ?? 0) : until ?? 0
    this.entries.set(key, { expiresAt })
    return entry?.session !== undefined
  }

  /**
   * @param {string} owner
   * @param {number} now
   */
  list (owner, now) {
    const sessions = [...this.entries.keys()].map((key) => /** @type {const} */ ([key, this.find(key, now)?.session]))
    return new Map(sessions.filter(([, session]) => session?.owner === owner))
  }

  /**
   * @param {string} owner
   * @param {number | undefined} until
   * @param {string[]} except
   * @param {number} now
   */
  destroyAll (owner, until, except, now) {
    const keys = [...this.list(owner, now).keys()].filter((key) => !except.includes(key))
    for (const key of keys) this.destroy(key, until, now)
    return keys.length
  }
}
