import { formatHTTPDate, hasHTTPDate } from './http-date.ts'
import { formatISO, hasPlainYear } from './iso-date.ts'
import { timeOf } from './kinds.ts'
import { base64Of } from './own-properties.ts'
import { TagBytes, TagDateTime, TagHTTPDate, TagUUID } from './tags.ts'
import type { UUID } from './values.ts'
import { quote } from './writer.ts'

/** What `toJson` of a tag gives for a value of its kind, as JSON text; undefined where the tag itself is asked. */
export type TextOf = (value: any) => string | undefined

/** For the tags of which sessions hold most. Subclasses of a tag may do otherwise. */
export const textOf: ReadonlyMap<unknown, TextOf> = new Map<unknown, TextOf>([
  [TagDateTime, isoText],
  [TagHTTPDate, httpText],
  [TagBytes, base64Text],
  [TagUUID, uuidText]
])

// What is made by arithmetic is written as it is, and what other code could still have a hand in is quoted as any text.

function isoText (value: Date): string | undefined {
  const time = timeOf(value)
  return hasPlainYear(time) ? `"${formatISO(time)}"` : undefined
}

function httpText (value: Date): string | undefined {
  const time = timeOf(value)
  return hasHTTPDate(time) ? `"${formatHTTPDate(time)}"` : undefined
}

function base64Text (value: Buffer): string {
  return quote(base64Of(value))
}

function uuidText (value: UUID): string {
  return quote(value.hex)
}
