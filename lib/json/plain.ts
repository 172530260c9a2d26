import { isPlainArray, looksPlain } from './kinds.ts'
import { MAX_DEPTH } from './writer.ts'

/**
 * Whether `JSON.stringify` writes a value as a provider does that nobody told otherwise: it holds nothing but text,
 * finite numbers, booleans, null, undefined, arrays and objects without a class, none with a `toJSON`, nor too deep.
 */
export function isPlainJSON (value: unknown, levels = MAX_DEPTH): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined': return true
    case 'number': return Number.isFinite(value)
    case 'object': return value === null || (levels > 0 && hasPlainMembers(value, levels - 1))
    default: return false
  }
}

function hasPlainMembers (value: object, levels: number): boolean {
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  if (Array.isArray(value)) return isPlainArray(value) && value.every((each) => isPlainJSON(each, levels))
  if (!looksPlain(value)) return false
  for (const key in value) if (!isPlainJSON((value as Record<string, unknown>)[key], levels)) return false
  return true
}
