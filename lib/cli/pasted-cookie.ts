import { quoteName } from '../path.ts'
import { BadInput } from './refusals.ts'

/** A cookie in a text; without a name where there is only a value. */
type Pair = readonly [name: string | undefined, value: string]

/** Payload, time stamp and signature. A shorter signature than any is that of a host's name or a version. */
const SIGNED = /^~?\.?[\w-]+\.[\w-]{1,12}\.[\w-]{20,}$/
/** What ends a word in headers, JSON, commands and tables. Texts of 16 MB are split by it in one pass. */
const WORDS = /([^\s;,:="'^[\]{}\\]+)/
/** A token (RFC 9110, section 5.6.2) that does not name a header of cookies. */
const COOKIE_NAME = /^(?!(set-)?cookie$)[\w!#$%&*+.`|~-]+$/i

/**
 * The cookie in any text that holds one: a value, `name=value`, headers, JSON, a command of curl, a table. Without a
 * name it is `session`, or else the only signed one. `values` has each value of the name once. Throws `BadInput`.
 */
export function findCookie (text: string, name?: string): { name: string, values: string[] } {
  const pairs = pairsIn(text)
  if (pairs.length === 0) throw new BadInput('There is no cookie')
  const wanted = name ?? 'session'
  const signed = pairs.filter(isSigned)
  const names = new Set(signed.map(([each]) => each).filter((each) => each !== undefined))
  for (const each of [wanted, ...(name === undefined && names.size === 1 ? names : []), undefined]) {
    const values = valuesOf(each === undefined && pairs.length > 1 ? signed : pairs, each)
    if (values.length > 0) return { name: each ?? wanted, values }
  }
  throw new BadInput(`There is no cookie ${quoteName(wanted)} in the text; --name NAME says which one it is`)
}

/** The values of a name: those that have the form of a signed cookie, where there are any. */
function valuesOf (pairs: readonly Pair[], name: string | undefined): string[] {
  const named = pairs.filter(([each]) => each === name)
  const signed = named.filter(isSigned)
  return [...new Set((signed.length > 0 ? signed : named).map(([, value]) => value))]
}

const isSigned = ([, value]: Pair): boolean => SIGNED.test(value)

/** Every word as a value, with the word before it as its name where `=`, `": "` or a tab binds the two. */
function pairsIn (text: string): Pair[] {
  const parts = text.split(WORDS)
  const pairs: Pair[] = []
  let label: string | undefined
  for (let at = 1; at < parts.length; at += 2) {
    const [before, between, value] = [parts[at - 2], parts[at - 1]!, parts[at]!]
    const bound = /[=:\t]/.test(between) && !/[;,\n]/.test(between) ? before : undefined
    if (bound === 'name') label = value // as in {"name":"session","value":"..."}
    const name = bound === 'value' ? label ?? bound : bound
    pairs.push([name !== undefined && COOKIE_NAME.test(name) ? name : undefined, value])
  }
  return pairs
}
