import { types } from 'node:util'
import { formatHTTPDate, hasHTTPDate } from './http-date.ts'
import { formatISOTime } from './iso-date.ts'
import { hasBytesOnly, isBare } from './own-properties.ts'
import { TagBytes, TagDateTime, TagHTTPDate, TagUUID } from './tags.ts'
import { isUUID } from './values.ts'

/**
 * What `toJson` of a tag gives where its `check` claims a value that has the prototype the tag wants, if that is text
 * without need for escapes; undefined where the tag itself is to be asked.
 */
export type TextOf = (value: object) => string | undefined

/** For the tags of which sessions hold most. Subclasses of a tag may do otherwise. */
export const textOf: ReadonlyMap<unknown, TextOf> = new Map<unknown, TextOf>([
  [TagDateTime, isoText],
  [TagHTTPDate, httpText],
  [TagBytes, base64Text],
  [TagUUID, uuidText]
])

// The methods of the classes, not what an instance may have in their place: this text is written as it is.
const { getTime } = Date.prototype
const { toString } = Buffer.prototype

function isoText (value: object): string | undefined {
  if (!types.isDate(value) || !isBare(value)) return undefined
  const time = getTime.call(value)
  return Number.isNaN(time) ? undefined : formatISOTime(time)
}

function httpText (value: object): string | undefined {
  if (!types.isDate(value) || !isBare(value)) return undefined
  const time = getTime.call(value)
  return hasHTTPDate(time) ? formatHTTPDate(time) : undefined
}

function base64Text (value: object): string | undefined {
  return types.isUint8Array(value) && hasBytesOnly(value) ? toString.call(value, 'base64') : undefined
}

function uuidText (value: object): string | undefined {
  return isUUID(value) ? value.hex : undefined
}
