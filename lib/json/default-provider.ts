import { isBoolean, type OptionTable } from '../option-checks.ts'
import { formOf } from './forms.ts'
import { escapeToASCII, layOut } from './layout.ts'
import { type DumpsOptions, JSONProvider } from './provider.ts'
import { isPlainJSON, ProviderWriter, SortingWriter } from './provider-writer.ts'
import { checkCallOptions, type LoadsOptions, readJSON } from './reading.ts'

const ROOT = 'value' // how paths in errors begin
const INDENT = /^[ \t\n\r]*$/
const SEPARATORS = [/^[ \t\n\r]*,[ \t\n\r]*$/, /^[ \t\n\r]*:[ \t\n\r]*$/]

const dumpsOptions: OptionTable<keyof DumpsOptions> = {
  kind: 'dumps option',
  checks: {
    indent: [
      (value) => typeof value === 'string' ? INDENT.test(value) : Number.isInteger(value) && value >= 0,
      'must be a number of spaces, or the white space itself'
    ],
    separators: [
      (value) => Array.isArray(value) && value.length === 2 && SEPARATORS.every((each, at) => each.test(value[at])),
      "must be a comma and a colon, with spaces where wanted, such as [', ', ': ']"
    ],
    sortKeys: isBoolean,
    ensureAscii: isBoolean,
    default: [(value) => typeof value === 'function', 'must be a function']
  },
  instead: { spaces: 'use indent', space: 'use indent' }
}

/**
 * JSON as JavaScript users expect it: dates as ISO 8601, Map as an object, Set as an array, BigInt as an integer, and
 * anything with `toJSON`, or else `__html__`, as that says. What JSON cannot say is a `TypeError` with the path: bytes,
 * NaN, functions, symbols, promises, iterators, cycles.
 */
export class DefaultJSONProvider extends JSONProvider {
  /** Everything but ASCII as `\uXXXX`. Default false; Flask's is true. */
  ensureAscii = false
  /** Keys in the order of their code points. Default false; Flask's is true. */
  sortKeys = false
  readonly #writer = new ProviderWriter((value, key) => this.default(value, key))

  /**
   * What is written instead of a value that JSON has no form for: anything but strings, finite numbers, booleans, null,
   * arrays and objects without a class. What it returns is written in turn. Override it for your own types, and leave
   * the others to `super.default(value, key)`, which throws a `TypeError` for what it has no form for either. `key` is
   * the key of the value as text, the empty text for the whole value, as `JSON.stringify` passes it to `toJSON`.
   */
  default (value: unknown, key = ''): unknown { return formOf(value, key) }

  /** Throws a `TypeError` for an unknown option too. */
  override dumps (value: unknown, options?: DumpsOptions): string {
    if (options !== undefined || this.sortKeys || this.ensureAscii) return this.#dumpsWith(value, options)
    return value !== undefined && isPlainJSON(value) ? JSON.stringify(value) : this.#writer.dumps(value, ROOT)
  }

  /** Throws `JSONDecodeError`, a `SyntaxError` with the place, and a `TypeError` for an unknown option. */
  override loads (source: string | Uint8Array, options?: LoadsOptions): unknown { return readJSON(source, options) }

  #dumpsWith (value: unknown, options: DumpsOptions = {}): string {
    checkCallOptions(options, dumpsOptions)
    const { sortKeys = this.sortKeys, ensureAscii = this.ensureAscii, separators, indent = 0 } = options
    const ask = options.default ?? ((each: unknown, key: string) => this.default(each, key))
    const compact = (sortKeys ? new SortingWriter(ask) : new ProviderWriter(ask)).dumps(value, ROOT)
    const level = typeof indent === 'string' ? indent : ' '.repeat(indent)
    const text = level === '' && separators === undefined ? compact : layOut(compact, level, separators)
    return ensureAscii ? escapeToASCII(text) : text
  }
}
