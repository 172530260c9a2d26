/**
 * @typedef {Map<string, number>} Fields
 * @typedef {'touch' | 'regenerate' | 'end'} Last
 * @typedef {{ set: Array<[key: string, value: number]>, unset: string[], last?: Last }} Changes
 * @typedef {{ name: string, session: string | undefined, known: Fields | undefined, changes: Changes }} Request
 */

/**
 * What requests do to sessions in a store. Every request reads its session when it begins and saves it when it ends.
 *
 * - Of a key, the last save wins. Keys that a request did not change stay what others made of them, and to delete one
 *   that it did not know is no change.
 * - A change that is saved after the end of its session is dropped, and no cookie is sent.
 * - `regenerate` keeps what its request knew, under a new id, unless the session was ended meanwhile.
 * - A session ends once. The request that ends it deletes the cookie; a slower one leaves the cookie alone.
 * - A session that is new is made once there is something in it.
 */
export class SessionModel {
  /** The sessions that have not ended, by the name of the request that made their id. @type {Map<string, Fields>} */
  sessions = new Map()

  copy () {
    const model = new SessionModel()
    for (const [name, fields] of this.sessions) model.sessions.set(name, new Map(fields))
    return model
  }

  /**
   * What a request knows that begins now.
   * @param {string | undefined} session
   * @returns {Fields | undefined}
   */
  open (session) {
    const fields = session === undefined ? undefined : this.sessions.get(session)
    return fields && new Map(fields)
  }

  /**
   * Saves what a request did. Answers what its cookie says: nothing, that the session is deleted, or the session.
   * @param {Request} request
   * @returns {string}
   */
  finish (request) {
    const { name, session, known, changes: { last } } = request
    const fields = this.#after(request)
    if (last === 'end' || (last === 'regenerate' && fields.size === 0)) return this.#end(session)
    if (known !== undefined && last !== 'regenerate') return this.#merge(request)
    if (known !== undefined && !this.sessions.delete(String(session))) return 'nothing'
    if (fields.size === 0) return 'nothing'
    this.sessions.set(name, fields)
    return name
  }

  /** @param {string | undefined} session */
  #end (session) {
    if (session === undefined) return 'nothing'
    return this.sessions.delete(session) ? 'deleted' : 'nothing'
  }

  /** @param {Request} request */
  #merge ({ session, known, changes: { set, unset, last } }) {
    const fields = this.sessions.get(String(session))
    if (fields === undefined) return 'nothing'
    for (const [key, value] of set) fields.set(key, value)
    for (const key of unset.filter((key) => known?.has(key))) fields.delete(key)
    return last === 'touch' ? String(session) : 'nothing'
  }

  /** What the handler sees when it is done. @param {Request} request @returns {Fields} */
  #after ({ known = new Map(), changes: { set, unset } }) {
    const fields = new Map([...known, ...set])
    for (const key of unset) fields.delete(key)
    return fields
  }
}
