import { types } from 'node:util'
import { formatHTTPDate, hasHTTPDate } from './http-date.ts'
import { formatISOTime, hasPlainYear } from './iso-date.ts'
import { hasBytesOnly, isBare } from './own-properties.ts'
import { TagBytes, TagDateTime, TagHTTPDate, TagUUID } from './tags.ts'
import { isUUID } from './values.ts'
import { quote } from './writer.ts'

/**
 * What `toJson` of a tag gives, as JSON text, where its `check` claims a value that has the prototype the tag wants;
 * undefined where the tag itself is to be asked.
 */
export type TextOf = (value: object) => string | undefined

/** For the tags of which sessions hold most. Subclasses of a tag may do otherwise. */
export const textOf: ReadonlyMap<unknown, TextOf> = new Map<unknown, TextOf>([
  [TagDateTime, isoText],
  [TagHTTPDate, httpText],
  [TagBytes, base64Text],
  [TagUUID, uuidText]
])

// The methods of the classes, not what an instance may have in their place. What is made by arithmetic is written as it is,
// and what other code could still have a hand in is quoted as any text.
const { getTime } = Date.prototype
const { toString } = Buffer.prototype

function isoText (value: object): string | undefined {
  if (!types.isDate(value) || !isBare(value)) return undefined
  const time = getTime.call(value)
  return hasPlainYear(time) ? `"${formatISOTime(time)}"` : undefined
}

function httpText (value: object): string | undefined {
  if (!types.isDate(value) || !isBare(value)) return undefined
  const time = getTime.call(value)
  return hasHTTPDate(time) ? `"${formatHTTPDate(time)}"` : undefined
}

function base64Text (value: object): string | undefined {
  return types.isUint8Array(value) && hasBytesOnly(value) ? quote(toString.call(value, 'base64')) : undefined
}

function uuidText (value: object): string | undefined {
  return isUUID(value) ? quote(value.hex) : undefined
}
