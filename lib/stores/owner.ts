import { InvalidSessionData } from '../errors.ts'

const RULE = 'names the owner: expected a non-empty string without lone surrogates, a finite number or a bigint'

/**
 * The text for a value that names the owner of a session; undefined for a value that cannot name one. Lone surrogates
 * have no UTF-8, so that the hashes of different ones would be the same.
 */
export function ownerText (value: unknown): string | undefined {
  if (typeof value === 'string') return value !== '' && value.isWellFormed() ? value : undefined
  return typeof value === 'bigint' || Number.isFinite(value) ? String(value) : undefined
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
