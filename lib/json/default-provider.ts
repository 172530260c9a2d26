import { formOf } from './forms.ts'
import { escapeToASCII, layOut } from './layout.ts'
import { isPlainJSON } from './plain.ts'
import { type DumpsOptions, JSONProvider } from './provider.ts'
import { ProviderWriter, SortingWriter } from './provider-writer.ts'
import { type LoadsOptions, readJSON } from './reading.ts'

/** How paths in errors begin. */
const ROOT = 'value'
const INDENT = /^[ \t\n\r]*$/
const ITEM_SEPARATOR = /^[ \t\n\r]*,[ \t\n\r]*$/
const KEY_SEPARATOR = /^[ \t\n\r]*:[ \t\n\r]*$/

/**
 * JSON as JavaScript users expect it: dates as ISO 8601, Map as an object, Set as an array, BigInt as an integer, and
 * anything with `toJSON`, or else `__html__`, as that says. What JSON cannot say is a `TypeError` with the path: bytes, NaN, functions,
 * symbols, promises, cycles.
 */
export class DefaultJSONProvider extends JSONProvider {
  /** Everything but ASCII as `\uXXXX`. Default false; Flask's is true. */
  ensureAscii = false
  /** Keys in the order of their code points. Default false; Flask's is true. */
  sortKeys = false
  readonly #writer = new ProviderWriter((value) => this.default(value))

  /**
   * What is written in the place of a value that JSON has no form for: anything but strings, finite numbers, booleans,
   * null, arrays and objects without a class. What it gives is written in turn. Override it for types of your own, and
   * leave the others to `super.default`, which throws a `TypeError` for what it has no form for either.
   */
  default (value: unknown): unknown {
    return formOf(value)
  }

  override dumps (value: unknown, options?: DumpsOptions): string {
    if (options !== undefined || this.sortKeys || this.ensureAscii) return this.#dumpsWith(value, options ?? {})
    return value !== undefined && isPlainJSON(value) ? JSON.stringify(value) : this.#writer.dumps(value, ROOT) // several times faster for what most replies are
  }

  /** Throws `JSONDecodeError`, a `SyntaxError` with the place. */
  override loads (source: string | Uint8Array, options?: LoadsOptions): unknown {
    return readJSON(source, options)
  }

  #dumpsWith (value: unknown, options: DumpsOptions): string {
    const { sortKeys = this.sortKeys, ensureAscii = this.ensureAscii, separators, default: given } = options
    const indent = checkedIndent(options.indent)
    checkSeparators(separators)
    if (given !== undefined && typeof given !== 'function') throw new TypeError('default must be a function')
    const ask = given ?? ((each: unknown) => this.default(each))
    const compact = (sortKeys ? new SortingWriter(ask) : new ProviderWriter(ask)).dumps(value, ROOT)
    const text = indent === '' && separators === undefined ? compact : layOut(compact, { indent, separators })
    return ensureAscii ? escapeToASCII(text) : text
  }
}

function checkedIndent (indent: number | string = 0): string {
  if (typeof indent === 'string' && INDENT.test(indent)) return indent
  if (!Number.isInteger(indent) || Number(indent) < 0) throw new TypeError('indent must be a number of spaces')
  return ' '.repeat(indent as number)
}

/** What JSON would not read is not written. */
function checkSeparators (separators: readonly string[] | undefined): void {
  if (separators === undefined) return
  const [item, key] = Array.isArray(separators) ? separators : []
  if (separators.length !== 2 || !ITEM_SEPARATOR.test(item!) || !KEY_SEPARATOR.test(key!)) {
    throw new TypeError("separators must be a comma and a colon, with spaces where wanted, such as [', ', ': ']")
  }
}
