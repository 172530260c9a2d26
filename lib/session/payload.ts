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
  const { _id: id, _began: createdAt, _permanent: permanent } = data
  const hasId = typeof id === 'string' && ID.test(id) && Object.hasOwn(data, '_id')
  const hasBeginning = createdAt !== undefined && isTime(createdAt) && Object.hasOwn(data, '_began')
  const hasPermanent = typeof permanent === 'boolean' && Object.hasOwn(data, '_permanent')
  if (hasPermanent) delete data._permanent
  if (hasBeginning) delete data._began
  if (hasId) delete data._id
  return {
    data,
    id: hasId ? id : undefined,
    createdAt: hasBeginning ? createdAt : undefined,
    permanent: hasPermanent ? permanent : undefined
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

/** As `session.id` makes them. */
const ID = /^[\w-]{22}$/

/** Whole Unix seconds that a Date can hold. */
function isTime (value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(Number(value)) <= MAX_TIMESTAMP
}
