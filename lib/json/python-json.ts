import { BadPayload, isExhaustion } from '../errors.ts'
import { pythonDialect } from './dialects.ts'
import { escapeToASCII, layOut } from './layout.ts'
import { depthOf } from './strings.ts'
import { TagWriter } from './tag-writer.ts'

/**
 * Plain JSON as Python's json writes it: in ASCII, with `NaN`, the infinities and integers past 2^53, and without tags.
 * For the sessions of Django and Starlette. At most 900 brackets stand inside each other.
 */
export class PythonJSONSerializer {
  readonly #writer = new TagWriter(new Map(), pythonDialect)
  readonly #separators: readonly [item: string, key: string] | undefined

  /** Default `,` and `:`. Python's own are `, ` and `: `. */
  constructor (separators?: readonly [item: string, key: string]) { this.#separators = separators }

  /** `value` as text. Throws a `TypeError` with the path of what plain JSON cannot keep, which begins with `name`. */
  dumps (value: unknown, name = 'value'): string {
    const text = escapeToASCII(this.#writer.dumps(value, name))
    return this.#separators === undefined ? text : layOut(text, '', this.#separators)
  }

  /** Why `value` itself can never be kept; undefined where it can be, or only a look inside would tell. */
  refusalOf (value: unknown): string | undefined { return this.#writer.refusalOf(value) }

  /** The value of a text. Throws `BadPayload` for one that Python's json does not read, or that is nested too deep. */
  loads (text: string): unknown {
    const { maxDepth, parse } = pythonDialect
    if (text.length > 2 * maxDepth && depthOf(text) > maxDepth) { // brackets come in pairs
      throw new BadPayload(`The payload is nested deeper than ${maxDepth} levels`)
    }
    try {
      return parse(text)
    } catch (originalError) {
      if (isExhaustion(originalError)) throw originalError
      throw new BadPayload('The payload is not JSON', { payload: text, originalError })
    }
  }
}
