const SHOWN_KEYS = 12
const SHOWN_CHARACTERS = 100

/** A path as JavaScript writes it, such as `session.cart[2]["unit price"]`; shortened, and escaped for a log line. */
export function formatPath (root: string, keys: ReadonlyArray<string | number>): string {
  if (keys.length <= SHOWN_KEYS) return root + keys.map(formatKey).join('')
  return root + keys.slice(0, SHOWN_KEYS - 2).map(formatKey).join('') + '…' + keys.slice(-2).map(formatKey).join('')
}

/** Text in double quotes, shortened, with everything escaped that could act on a terminal or a log. */
export function quoteName (name: string): string {
  const shown = name.length > SHOWN_CHARACTERS ? name.slice(0, SHOWN_CHARACTERS) + '…' : name
  return escapeControls(JSON.stringify(shown))
}

/** Text with everything escaped that could act on a terminal or turn the order of what is read, line breaks aside. */
export const escapeControls = (text: string): string =>
  text.replace(/[^\P{Cc}\n]|[\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu, escapeUnit)

/** A name for a log: shortened, with everything escaped that could act on a terminal. */
export const escapeName = (name: string): string => quoteName(name).slice(1, -1)

/** How the path into a value begins that goes by `name`. */
export const formatRoot = (name: string): string => IDENTIFIER.test(name) ? name : quoteName(name)

const IDENTIFIER = /^[A-Za-z_$][\w$]{0,99}$/

function formatKey (key: string | number): string {
  if (typeof key === 'number') return `[${key}]`
  return IDENTIFIER.test(key) ? `.${key}` : `[${quoteName(key)}]`
}

/** A UTF-16 unit as JSON may escape it. */
export const escapeUnit = (unit: string): string => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0')
