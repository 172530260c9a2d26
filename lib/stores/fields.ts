import { escapeToASCII } from '../json/layout.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { keysOf, setKey } from '../session/beside.ts'
import type { SessionSerializer } from '../session/session-serializer.ts'
import { checkedText } from '../signing/encoding.ts'

/** The texts of a session's values, by their keys. */
export type Fields = ReadonlyMap<string, string>

/** What made of some fields others. */
export interface FieldChanges {
  readonly set: ReadonlyMap<string, string>
  readonly unset: readonly string[]
}

const ASCII = /^[ -~]*$/
/** Begins a text that is base64url of UTF-8. No JSON begins with it. */
const WRAPPED = '~'

/** The fields of some data. `name` begins the path in error messages. Throws what the serializer throws. */
export function fieldsOf (data: Record<string, unknown>, serializer: SessionSerializer, name: string): Fields {
  const fields = new Map<string, string>()
  try {
    for (const key of keysOf(data)) fields.set(key, toASCII(checkedText(serializer.dumps(data[key])), serializer))
  } catch (error) {
    serializer.dumps(data, name) // throws the same with the whole path
    throw error
  }
  return fields
}

/** The data of some fields. Throws what the serializer throws. */
export function dataOf (fields: Fields, serializer: SessionSerializer): Record<string, unknown> {
  const data: Record<string, unknown> = {}
  for (const [key, text] of fields) setKey(data, key, serializer.loads(fromASCII(text)))
  return data
}

/** One text for fields, the same in whatever order they are. */
export function textOf (fields: Fields): string {
  return JSON.stringify([...fields].sort())
}

/** What has to be done to the fields `before` to get `after`. */
export function changesBetween (before: Fields, after: Fields): FieldChanges {
  const set = new Map<string, string>()
  for (const [key, text] of after) if (before.get(key) !== text) set.set(key, text)
  return { set, unset: [...before.keys()].filter((key) => !after.has(key)) }
}

/** The bytes of all keys and values. */
export function sizeOf (fields: Fields): number {
  let size = 0
  for (const [key, text] of fields) size += Buffer.byteLength(key) + text.length
  return size
}

/** The bytes of each key with its value, largest first. */
export function weightsOf (fields: Fields): Array<[key: string, bytes: number]> {
  return Array.from(fields, ([key, text]): [string, number] => [key, Buffer.byteLength(key) + text.length])
    .sort(([, a], [, b]) => b - a)
}

function toASCII (text: string, serializer: SessionSerializer): string {
  if (ASCII.test(text) && !text.startsWith(WRAPPED)) return text
  return serializer instanceof TaggedJSONSerializer
    ? escapeToASCII(text)
    : WRAPPED + Buffer.from(text).toString('base64url')
}

function fromASCII (text: string): string {
  return text.startsWith(WRAPPED) ? Buffer.from(text.slice(WRAPPED.length), 'base64url').toString() : text
}
