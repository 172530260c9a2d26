import { isPlainArray, looksPlain } from './kinds.ts'
import { MAX_DEPTH } from './writer.ts'

/**
 * Whether `JSON.stringify`, which is several times faster, writes a value as a provider does: the value holds nothing
 * but text, finite numbers, booleans, null, undefined, arrays and objects without a class, none with a `toJSON`, nor
 * too deep. False where a getter throws, so that the provider says where.
 */
export function isPlainJSON (value: unknown): boolean {
  try {
    return isPlain(value, MAX_DEPTH)
  } catch {
    return false
  }
}

function isPlain (value: unknown, levels: number): boolean {
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
  if (Array.isArray(value)) return isPlainArray(value) && value.every((each) => isPlain(each, levels))
  if (!looksPlain(value)) return false
  for (const key in value) if (!isPlain((value as Record<string, unknown>)[key], levels)) return false
  return true
}
