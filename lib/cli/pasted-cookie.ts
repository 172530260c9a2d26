import { quoteName } from '../path.ts'

/** A session cookie that was found in a text. */
export interface FoundCookie {
  readonly name: string
  /** The values of every cookie of the name, each once, in their order. */
  readonly values: string[]
}

/** What was given as a cookie is none, or holds none of the name. */
export class NoCookie extends Error {}

/** A cookie in a text; without a name where there is only a value. */
type Pair = readonly [name: string | undefined, value: string]

const DEFAULT_NAME = 'session'
/** A header's name, with the marks that `curl -v` sets before one. */
const HEADER_NAME = /^[<>*\s]*(?:set-)?cookie:/i
const SIGNED = /^\.?[\w-]+\.[\w-]*\.[\w-]+$/
/** A token (RFC 9110, section 5.6.2). */
const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]+$/
const HOW_TO_GIVE = 'There is no cookie in the text: give its value, name=value or a whole header'
const QUOTED = /^(["'])(.*)\1$/s

/**
 * The cookie in a text: a bare value, `name=value`, a whole header, several of them in lines, a command of curl, lines
 * of its cookie jar, rows from the tools of a browser, or JSON, such as a HAR file or headers. Without a name it is
 * `session`, or else the only one that has the form of a signed cookie. Throws `NoCookie`.
 */
export function findCookie (text: string, name?: string): FoundCookie {
  const wanted = name ?? DEFAULT_NAME
  if (text.trim() === '') throw new NoCookie('There is no cookie')
  const pairs = pairsInJSON(text) ?? pairsInCommand(text) ?? text.split(/[\r\n]+/).flatMap(pairsInLine)
  if (pairs.length === 0) throw new NoCookie(HOW_TO_GIVE)
  if (pairs.every(([each]) => each === undefined)) return { name: wanted, values: bareValues(pairs) ?? [text.trim()] }
  const [signed, ...others] = name === undefined ? signedNames(pairs) : []
  const found = cookieOf(pairs, wanted) ?? (others.length === 0 ? cookieOf(pairs, signed) : undefined)
  if (found === undefined) {
    throw new NoCookie(`There is no cookie ${quoteName(wanted)} in the text; --name NAME says which one it is`)
  }
  return found
}

function bareValues (pairs: readonly Pair[]): string[] | undefined {
  const values = pairs.map(([, value]) => value).filter((value) => SIGNED.test(value))
  return values.length === 0 ? undefined : values
}

function cookieOf (pairs: readonly Pair[], name: string | undefined): FoundCookie | undefined {
  if (name === undefined) return undefined
  const values = pairs.filter(([each]) => each === name).map(([, value]) => value)
  return values.length === 0 ? undefined : { name, values: [...new Set(values)] }
}

/** The names of the cookies that have the form of a signed one. */
function signedNames (pairs: readonly Pair[]): string[] {
  const names = pairs.filter(([, value]) => SIGNED.test(value)).map(([name = '']) => name)
  return [...new Set(names)].filter((name) => COOKIE_NAME.test(name))
}

/** The cookies in JSON, or undefined for what is none. */
function pairsInJSON (text: string): Pair[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return pairsInObjects([JSON.parse(text.trim())])
  } catch {
    return undefined
  }
}

/** The members that are text, and what has a `name` and a `value`, as browsers export cookies and headers. */
function pairsInObjects (objects: object[]): Pair[] {
  const pairs: Pair[] = []
  for (const object of objects) { // the list grows while it is gone through, since JSON may be too deep for calls
    const { name, value } = object as Record<string, unknown>
    const isPair = typeof name === 'string' && typeof value === 'string'
    for (const [key, member] of isPair ? [[name, value] as const] : Object.entries(object)) {
      if (typeof member === 'string') pairs.push(...pairsOfMember(key, member))
      else if (isHeader(key) && Array.isArray(member)) pairs.push(...member.map(String).flatMap(pairsInLine))
      else if (typeof member === 'object' && member !== null) objects.push(member)
    }
  }
  return pairs
}

function pairsOfMember (key: string, value: string): Pair[] {
  return isHeader(key) ? pairsInLine(value) : [[key, value]]
}

function isHeader (key: string): boolean {
  return HEADER_NAME.test(`${key}:`)
}

/** The cookies of a command of curl, as browsers copy a request, or undefined for what is none. */
function pairsInCommand (text: string): Pair[] | undefined {
  if (!/^[\s$]*curl(\.exe)?\s/.test(text)) return undefined
  const options = text.matchAll(/\s(?:(-b|--cookie)|-H|--header)[\s=]*[$^]?(["'])(.*?)\^?\2/gs)
  return [...options].flatMap(
    ([, cookies, , value]) => cookies !== undefined || HEADER_NAME.test(value!) ? pairsInLine(value!) : []
  )
}

function pairsInLine (line: string): Pair[] {
  const fields = line.replace(/^#HttpOnly_/, '').split('\t')
  if (isJarLine(fields)) return [[fields[5], fields[6]!]]
  if (line.startsWith('#')) return []
  if (fields.length > 1 && COOKIE_NAME.test(fields[0]!)) return [[fields[0], unquote(fields[1]!)]]
  const parts = unquote(line).replace(HEADER_NAME, '').split(';').map((part) => part.trim())
  return parts.filter((part) => part !== '').map(pairOf)
}

/** Domain, whether its subdomains too, path, whether https only, expiry, name, value. */
function isJarLine (fields: readonly string[]): boolean {
  return fields.length === 7 && [fields[1], fields[3]].every((flag) => flag === 'TRUE' || flag === 'FALSE')
}

/** Some tools write a colon instead of the equals sign. */
function pairOf (text: string): Pair {
  const at = text.search(/[=:]/)
  return at < 1 ? [undefined, unquote(text)] : [text.slice(0, at).trim(), unquote(text.slice(at + 1))]
}

function unquote (text: string): string {
  return text.trim().replace(QUOTED, '$2')
}
