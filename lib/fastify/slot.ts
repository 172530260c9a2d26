/** A property of an instance, a request or a reply that other code does not see. Inner scopes inherit the value. */
export class Slot<Value> {
  readonly #key = Symbol('fastify-signed-session')

  of (owner: object): Value | undefined {
    return (owner as Record<symbol, Value | undefined>)[this.#key]
  }

  /** Whether it was set here, not in a scope around. */
  isSet (owner: object): boolean {
    return Object.hasOwn(owner, this.#key)
  }

  set (owner: object, value: Value): void {
    (owner as Record<symbol, Value>)[this.#key] = value
  }
}
