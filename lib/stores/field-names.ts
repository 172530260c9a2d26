/** Every character that some database takes for more than itself, or cannot keep. */
const SPECIAL = /[^A-Za-z0-9_]/g
const ESCAPED = /~([0-9a-f]{4})/g

/**
 * The name of a field in letters, digits, `_` and `~`. No two names become one, and none means anything inside a
 * pattern, a path or a statement. NUL and lone surrogates, which PostgreSQL and UTF-8 do not have, survive.
 */
export function encodeFieldName (name: string): string {
  return name.replace(SPECIAL, (unit) => `~${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

export function decodeFieldName (encoded: string): string {
  return encoded.replace(ESCAPED, (_, unit) => String.fromCharCode(parseInt(unit, 16)))
}
