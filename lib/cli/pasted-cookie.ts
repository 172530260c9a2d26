import { quoteName } from '../path.ts'
import { cookieValues } from '../session/cookies.ts'

/** A session cookie that was found in a text. */
export interface FoundCookie {
  readonly name: string
  /** The values of every cookie of the name, in their order. */
  readonly values: string[]
}

/** What was given as a cookie is none, or holds none of the name. */
export class NoCookie extends Error {}

const DEFAULT_NAME = 'session'
/** A header's name, with the marks that `curl -v` sets before one. */
const HEADER_NAME = /^[<>*\s]*(?:set-)?cookie:/i
const SIGNED = /^\.?[\w-]+\.[\w-]*\.[\w-]+$/

/**
 * The cookie in a text: a bare value, `name=value`, a whole header, or several in lines. Without a name it is `session`, or else the only
 * one that has the form of a signed cookie. Throws `NoCookie`.
 */
export function findCookie (text: string, name?: string): FoundCookie {
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(HEADER_NAME, '').trim())
  const header = lines.filter((line) => line !== '').join(';')
  if (header === '') throw new NoCookie('There is no cookie')
  if (!header.includes('=')) return { name: name ?? DEFAULT_NAME, values: [header] }
  const values = cookieValues(header, name ?? DEFAULT_NAME)
  if (values.length > 0) return { name: name ?? DEFAULT_NAME, values }
  const signed = name === undefined ? signedPairs(header) : []
  if (signed.length === 1) return { name: signed[0]!, values: cookieValues(header, signed[0]!) }
  throw new NoCookie(`There is no cookie ${quoteName(name ?? DEFAULT_NAME)} in the text; --name NAME says which one it is`)
}

/** The names of the cookies that have the form of a signed one. */
function signedPairs (header: string): string[] {
  const names = header.split(';').map((pair) => pair.slice(0, Math.max(0, pair.indexOf('='))).trim())
  return [...new Set(names)].filter((name) => name !== '' && cookieValues(header, name).some((value) => SIGNED.test(value)))
}
