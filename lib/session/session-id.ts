/** As `session.id` makes them: 128 bits in base64url. */
export const SESSION_ID = /^[\w-]{22}$/
const ID_TEXT = /^"([\w-]{22})"$/

/** What the cookie of a session in a store holds; no session that is kept in its cookie has such a text. */
export function textOfId (id: string): string {
  return `"${id}"`
}

/** The id in such a text; undefined for another. */
export function idInText (text: string): string | undefined {
  return ID_TEXT.exec(text)?.[1]
}
