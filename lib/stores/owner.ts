const RULE = 'a non-empty string, a finite number or a bigint'

/** The text for a value that names the owner of a session; undefined for a value that cannot name one. */
export function ownerText (value: unknown): string | undefined {
  const isName = value !== '' && (typeof value === 'string' || typeof value === 'bigint' || Number.isFinite(value))
  return isName ? String(value) : undefined
}

/** Throws a `TypeError` for a value that cannot name one; `what` begins the message. */
export function checkedOwner (value: unknown, what: string): string {
  const owner = ownerText(value)
  if (owner === undefined) throw new TypeError(`${what} names the owner: expected ${RULE}`)
  return owner
}
