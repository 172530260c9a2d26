/** A value that an instance of Fastify has. The scopes inside it have the same, unless they set their own. */
export class ScopeValue<Value> {
  readonly #key: symbol

  constructor (name: string) {
    this.#key = Symbol(`fastify-signed-session.${name}`)
  }

  of (fastify: object): Value | undefined {
    return (fastify as Record<symbol, Value | undefined>)[this.#key]
  }

  set (fastify: object, value: Value): void {
    (fastify as Record<symbol, Value>)[this.#key] = value
  }
}
