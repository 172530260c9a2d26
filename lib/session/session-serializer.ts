import type { JSONTag, TagClass } from '../json/tag.ts'
import type { RegisterOptions } from '../json/tagged-json.ts'
import type { TextSerializer } from '../signing/serializer.ts'

/** A serializer of sessions; one that takes tags has `register`. */
export interface SessionSerializer extends TextSerializer {
  /** The value as text; `name` begins the path in error messages. */
  dumps (value: unknown, name?: string): string
  readonly tags?: ReadonlyMap<string, JSONTag> | undefined
  /** Why a value, whatever is inside it, can never be kept; undefined where it can be. */
  refusalOf? (value: unknown): string | undefined
  register? (Tag: TagClass, options?: RegisterOptions): void
}
