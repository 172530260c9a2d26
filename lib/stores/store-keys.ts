import { hash } from 'node:crypto'

/** What is hashed is told apart from what another version may hash. */
const VERSION = '1'

/**
 * The names under which a session and its owner stand in a store. Each is a hash, so that whoever reads the database
 * has no id that a cookie could carry, and that the sessions of two cookies over one store do not meet.
 */
export class StoreKeys {
  /** What is hashed ahead of an id, and ahead of an owner. */
  readonly #ids: string
  readonly #owners: string

  constructor ({ cookieName, salt }: { readonly cookieName: string, readonly salt: string }) {
    this.#ids = [VERSION, 'id', cookieName, salt].map(withLength).join('')
    this.#owners = [VERSION, 'owner', cookieName, salt].map(withLength).join('')
  }

  ofId (id: string): string {
    return hash('sha256', this.#ids + withLength(id), 'base64url')
  }

  ofOwner (owner: string): string {
    return hash('sha256', this.#owners + withLength(owner), 'base64url')
  }
}

function withLength (part: string): string {
  return `${Buffer.byteLength(part)}:${part}`
}

/** As `StoreKeys` makes them. */
export function isStoreKey (key: unknown): key is string {
  return typeof key === 'string' && /^[\w-]{43}$/.test(key)
}
