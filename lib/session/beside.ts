import { BadPayload } from '../errors.ts'
import { MAX_TIMESTAMP } from '../signing/encoding.ts'
import { SESSION_ID } from './session-id.ts'
import type { SessionSettings } from './settings.ts'

/** What is kept of a session beside its data. */
export interface KeptBeside {
  id: string | undefined
  /** When the session began, in Unix seconds. */
  createdAt: number | undefined
  /** Undefined where nobody said. */
  permanent: boolean | undefined
}

export const NOTHING_BESIDE: Readonly<KeptBeside> = { id: undefined, createdAt: undefined, permanent: undefined }

/** Their names in a payload, which no key of the data has. */
export const NAMES_BESIDE: readonly string[] = ['_id', '_began', '_permanent']

/** What the payload of a session holds. */
export interface SessionPayload extends KeptBeside {
  /** What is undefined in it is none of its keys. */
  readonly data: Record<string, unknown>
}

/**
 * Takes what is kept beside the data out of a payload that was just read. Another program may keep something else under
 * these names; that is data, and stays where it is, as `_permanent` does in a format that does not keep it. Throws
 * `BadPayload` for what is no session.
 */
export function splitPayload (
  value: unknown, payload: string, { keepsPermanent }: Pick<SessionSettings, 'keepsPermanent'>
): SessionPayload {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new BadPayload('The payload is not that of a session', { payload })
  }
  const data = value as Record<string, unknown>
  const { _id: id, _began: createdAt, _permanent: permanent } = data
  const kept = {
    id: typeof id === 'string' && SESSION_ID.test(id) && Object.hasOwn(data, '_id') ? id : undefined,
    createdAt: createdAt !== undefined && isTime(createdAt) && Object.hasOwn(data, '_began') ? createdAt : undefined,
    permanent: keepsPermanent && typeof permanent === 'boolean' && Object.hasOwn(data, '_permanent')
      ? permanent
      : undefined,
    data
  }
  part(data, kept)
  return kept
}

/** Puts what is kept beside data among them, to be written with them: a copy would cost as much as the text. */
export function join (data: Record<string, unknown>, { id, createdAt, permanent }: KeptBeside): void {
  if (id !== undefined) data._id = id
  if (createdAt !== undefined) data._began = createdAt
  if (permanent !== undefined) data._permanent = permanent
}

/**
 * Takes it out again: what is undefined is no key of the data. To delete it costs far more, then and at every use that
 * follows, since V8 12 and newer (Node 22 and newer) turn an object of which something is deleted into a hash table.
 */
export function part (data: Record<string, unknown>, { id, createdAt, permanent }: KeptBeside): void {
  if (id !== undefined) data._id = undefined
  if (createdAt !== undefined) data._began = undefined
  if (permanent !== undefined) data._permanent = undefined
}

/** Throws a `TypeError` where an interface gives something else, a Date from its database for instance. */
export function checkKept ({ id, createdAt, permanent, issuedAt }: Partial<KeptBeside> & { issuedAt?: unknown }): void {
  for (const [name, time] of Object.entries({ createdAt, issuedAt })) {
    if (time === undefined || isTime(time)) continue
    throw new TypeError(`The ${name} of a session must be a whole number of Unix seconds, or undefined`)
  }
  if (id !== undefined && typeof id !== 'string') throw new TypeError('The id of a session must be text, or undefined')
  if (permanent !== undefined && typeof permanent !== 'boolean') {
    throw new TypeError('The permanent of a session must be true, false, or undefined')
  }
}

/** Whether `key` is a key of the data. */
export function hasKey (data: Record<string, unknown>, key: string): boolean {
  return data[key] !== undefined && Object.hasOwn(data, key)
}

/** Makes `value` that of a key, which may have the name of something inherited, such as toString or `__proto__`. */
export function setKey (data: Record<string, unknown>, key: string, value: unknown): void {
  if (!(key in data) || Object.hasOwn(data, key)) data[key] = value
  else Object.defineProperty(data, key, { value, writable: true, enumerable: true, configurable: true })
}

/** The keys of the data. */
export function keysOf (data: Record<string, unknown>): string[] {
  return Object.keys(data).filter((key) => data[key] !== undefined)
}

/** The data as an object that has nothing beside. */
export function copyOf (data: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(keysOf(data).map((key) => [key, data[key]]))
}

/** Whole Unix seconds that a Date can hold. */
function isTime (value: unknown): value is number {
  return Number.isSafeInteger(value) && Math.abs(Number(value)) <= MAX_TIMESTAMP
}
