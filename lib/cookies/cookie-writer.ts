import { fastifyCookie } from '@fastify/cookie'
import { type CookieAttributes, overrideAttributes } from './attributes.ts'

/** Writes the `Set-Cookie` lines of one cookie by @fastify/cookie's serializer, which must be loaded. */
export class CookieWriter {
  readonly #name: string
  readonly #attributes: CookieAttributes
  readonly #emptied: string
  /** The text behind the value, for Secure and not: made once. */
  readonly #tails = new Map<boolean, string>()

  /** Whether Secure depends on how the request came. */
  readonly isAuto: boolean

  /** `emptied` is the value that a deletion writes. */
  constructor (name: string, attributes: CookieAttributes, emptied = '') {
    this.#name = name
    this.#attributes = attributes
    this.#emptied = emptied
    this.isAuto = attributes.secure === 'auto'
  }

  /** A writer whose attributes differ as one response asks. Throws a `TypeError` for what a response cannot change. */
  override (options: object): CookieWriter {
    return new CookieWriter(this.#name, overrideAttributes(this.#name, this.#attributes, options), this.#emptied)
  }

  /** The line that sets the cookie; `maxAge` in seconds, undefined for the end of the browser's session. */
  set (value: string, maxAge: number | undefined, https: boolean): string {
    const line = `${this.#name}=${value}${this.#tails.get(https) ?? this.#makeTail(https)}`
    return maxAge === undefined ? line : `${line}; Max-Age=${maxAge}`
  }

  /** The line that deletes it, with the attributes it was set with. */
  delete (https: boolean): string {
    const attributes = { ...this.#resolve(https), expires: new Date(0), maxAge: 0 }
    return fastifyCookie.serialize(this.#name, this.#emptied, attributes)
  }

  #makeTail (https: boolean): string {
    const tail = fastifyCookie.serialize(this.#name, '', this.#resolve(https)).slice(this.#name.length + 1)
    this.#tails.set(https, tail)
    return tail
  }

  #resolve (https: boolean): CookieAttributes & { secure: boolean } {
    const { secure } = this.#attributes
    return { ...this.#attributes, secure: secure === 'auto' ? https : secure }
  }
}
