import { isDeepStrictEqual } from 'node:util'
import { PythonJSONSerializer } from '../json/python-json.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import type { ResolvedOptions } from './resolve.ts'

/** The settings that are equal where two sessions are one, by what the options call them. */
const compared: Readonly<Record<string, keyof ResolvedOptions>> = {
  sessionName: 'name',
  cookieName: 'cookieName',
  'secret or fallbacks': 'keys',
  format: 'format',
  salt: 'salt',
  digest: 'digest',
  keyDerivation: 'keyDerivation',
  encrypt: 'encrypt',
  compress: 'compress',
  cookie: 'cookie',
  lifetime: 'lifetime',
  permanentLifetime: 'permanentLifetime',
  permanent: 'permanent',
  refreshAfter: 'refreshAfter',
  absoluteLifetime: 'absoluteLifetime',
  maxCookieSize: 'maxCookieSize',
  cacheControl: 'cacheControl',
  owner: 'owner',
  storeTimeout: 'storeTimeout',
  maxSessionSize: 'maxSessionSize',
  tags: 'tags'
}

const MADE_HERE: readonly unknown[] = [TaggedJSONSerializer, PythonJSONSerializer]

/**
 * The options in which two sessions differ; none where they are one session that is registered twice. `onInvalid` does
 * not count, since it only reports. A session interface and a serializer of your own are the same only as one object.
 */
export function differencesOf (one: ResolvedOptions, other: ResolvedOptions): string[] {
  const isOther = (setting: keyof ResolvedOptions): boolean => !isDeepStrictEqual(one[setting], other[setting])
  const differences = Object.keys(compared).filter((option) => isOther(compared[option]!))
  if (!isSameSerializer(one.serializer, other.serializer)) differences.push('serializer')
  if (one.store !== other.store) differences.push('store')
  if (one.sessionInterface !== other.sessionInterface) differences.push('sessionInterface')
  return differences
}

/** Of those that are made here, each registration has one of its own; `format` and `tags` say how they differ. */
function isSameSerializer (one: object, other: object): boolean {
  return one === other || (MADE_HERE.includes(one.constructor) && one.constructor === other.constructor)
}
