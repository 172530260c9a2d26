import { BadPayload } from '../errors.ts'
import { MAX_TIMESTAMP } from '../signing/encoding.ts'
import type { KeptBeside } from './contents.ts'

/** What the payload of a session holds. */
export interface SessionPayload extends KeptBeside {
  readonly data: Record<string, unknown>
}

/**
 * Takes what is kept beside the data out of a payload that was just read. Another program may keep something else under
 * our three names; that is data, and stays where it is. Throws `BadPayload` for what is no session.
 */
export function splitPayload (value: unknown, payload: string): SessionPayload {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new BadPayload('The payload is not that of a session', { payload })
  }
  const data = value as Record<string, unknown>
  return {
    data,
    id: take(data, '_id', isId),
    createdAt: take(data, '_began', isTime),
    permanent: take(data, '_permanent', isBoolean)
  }
}

/**
 * Calls `write` with the data and what is kept beside it, which joins the data for that moment: a copy would cost as
 * much as its text.
 */
export function joined (data: Record<string, unknown>, kept: KeptBeside, write: (data: object) => string): string {
  const { id, createdAt, permanent } = kept
  if (id !== undefined) data._id = id
  if (createdAt !== undefined) data._began = createdAt
  if (permanent !== undefined) data._permanent = permanent
  try {
    return write(data)
  } finally { // in the opposite order, which V8 does best
    if (permanent !== undefined) delete data._permanent
    if (createdAt !== undefined) delete data._began
    if (id !== undefined) delete data._id
  }
}

function take<Kind> (
  data: Record<string, unknown>, key: string, is: (value: unknown) => value is Kind
): Kind | undefined {
  const value = Object.hasOwn(data, key) ? data[key] : undefined
  if (!is(value)) return undefined
  delete data[key]
  return value
}

/** As `session.id` makes them. */
function isId (value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value)
}

/** Whole Unix seconds that a Date can hold. */
function isTime (value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(Number(value)) <= MAX_TIMESTAMP
}

function isBoolean (value: unknown): value is boolean {
  return typeof value === 'boolean'
}
