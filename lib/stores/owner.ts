import { InvalidSessionData } from '../errors.ts'

const RULE = 'names the owner: expected a non-empty string, a finite number or a bigint'

/** The text for a value that names the owner of a session; undefined for a value that cannot name one. */
export function ownerText (value: unknown): string | undefined {
  const isName = value !== '' && (typeof value === 'string' || typeof value === 'bigint' || Number.isFinite(value))
  return isName ? String(value) : undefined
}

/** Throws a `TypeError` for a value that cannot name one; `what` begins the message. */
export function checkedOwner (value: unknown, what: string): string {
  const owner = ownerText(value)
  if (owner === undefined) throw new TypeError(`${what} ${RULE}`)
  return owner
}

/** The same for what a session is to hold, which may come from a request. */
export function checkSessionOwner (value: unknown, path: string): void {
  if (ownerText(value) === undefined) throw new InvalidSessionData(`${path} ${RULE}`)
}
