/** What a tag may ask of the serializer it belongs to. */
export interface TagContext {
  /** The tags by their keys. */
  readonly tags: ReadonlyMap<string, JSONTag>
  /** A value inside the tagged one as plain JSON data; `at` is its key there, for the path of errors. */
  tag (value: unknown, at?: string | number): unknown
}

/** A tag class, as `register` takes it. */
export type TagClass = new (serializer: TagContext) => JSONTag

/** The base of every tag, as Flask's `JSONTag`: what `check` claims is written as `{ [key]: toJson(value) }`. */
export abstract class JSONTag {
  /** Marks the type in the JSON text. Begins with a space by custom, to stay clear of ordinary keys. */
  abstract readonly key: string
  readonly serializer: TagContext

  constructor (serializer: TagContext) { this.serializer = serializer }

  /** Whether this tag claims the value. Must not change it. */
  abstract check (value: unknown): boolean

  /** The value as plain JSON data; values inside it go through `this.serializer.tag`. */
  abstract toJson (value: unknown): unknown

  /** The value back. `value` is what `toJson` gave, with inner tags already undone; anything else must throw. */
  abstract fromJson (value: unknown): unknown
}
