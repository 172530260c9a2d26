import { checkOptions, type OptionTable } from '../option-checks.ts'

/** Throws a `TypeError` for options of a call that are wrong, unknown, or no object, as in `dumps(value, null, 2)`. */
export function checkCallOptions (options: unknown, table: OptionTable): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return checkOptions(options, table)
  throw new TypeError(`The ${table.kind}s must be an object; known are ${Object.keys(table.checks).join(', ')}`)
}
