import { createHash } from 'node:crypto'

/** What is hashed is told apart from what another version may hash. */
const VERSION = '1'

/**
 * The names under which a session and its owner stand in a store. Each is a hash, so that whoever reads the database
 * has no id that a cookie could carry, and that the sessions of two cookies over one store do not meet.
 */
export class StoreKeys {
  readonly #cookieName: string
  readonly #salt: string

  constructor ({ cookieName, salt }: { readonly cookieName: string, readonly salt: string }) {
    this.#cookieName = cookieName
    this.#salt = salt
  }

  ofId (id: string): string {
    return this.#hash('id', id)
  }

  ofOwner (owner: string): string {
    return this.#hash('owner', owner)
  }

  #hash (kind: string, name: string): string {
    const hash = createHash('sha256')
    for (const part of [VERSION, kind, this.#cookieName, this.#salt, name]) {
      hash.update(`${Buffer.byteLength(part)}:${part}`)
    }
    return hash.digest('base64url')
  }
}

/** As `StoreKeys` makes them. */
export function isStoreKey (key: unknown): key is string {
  return typeof key === 'string' && /^[\w-]{43}$/.test(key)
}
