import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

/** An HMAC under one key, written as unpadded base64url. */
export class Mac {
  readonly #digest: string
  readonly #key: KeyObject
  readonly #shape: RegExp

  constructor (digest: string, key: Uint8Array) {
    this.#digest = digest
    this.#key = createSecretKey(key)
    this.#shape = new RegExp(`^[A-Za-z0-9_-]{${this.sign('').length}}$`)
  }

  /**
   * Whether `signature` is the HMAC of `text`, in the one spelling that `sign` gives it. In constant time. A text with
   * lone surrogates has none, since as UTF-8 it would be the same as another.
   */
  verify (text: string, signature: string): boolean {
    return this.#shape.test(signature) && text.isWellFormed() &&
      timingSafeEqual(Buffer.from(this.sign(text), 'latin1'), Buffer.from(signature, 'latin1'))
  }

  sign (text: string): string {
    return createHmac(this.#digest, this.#key).update(text).digest('base64url')
  }
}
