import { type ServerResponse, validateHeaderValue } from 'node:http'

type HeaderValue = number | string | string[] | undefined

/** The headers of a response that has not left yet. */
export interface HeaderBag {
  get (name: string): HeaderValue
  set (name: string, value: string | string[]): void
  remove (name: string): void
}

/** Adds `Cookie` to `Vary`, unless it is there or everything varies (RFC 9110, section 12.5.5). */
export function varyByCookie (headers: HeaderBag): void {
  const present = asList(headers.get('vary')).join(', ')
  const names = present.split(',').map((name) => name.trim().toLowerCase())
  if (names.includes('cookie') || names.includes('*')) return
  headers.set('vary', present === '' ? 'Cookie' : `${present}, Cookie`)
}

/** Puts `line` among the `Set-Cookie` headers, in the place of the one that was put there before. */
export function replaceSetCookie (headers: HeaderBag, previous: string | undefined, line: string | undefined): void {
  const others = asList(headers.get('set-cookie')).filter((each) => each !== previous)
  const lines = line === undefined ? others : [...others, line]
  headers.remove('set-cookie')
  if (lines.length > 0) headers.set('set-cookie', lines.length === 1 ? lines[0]! : lines)
}

/** Keeps shared caches from storing a response with its cookie (RFC 9111, section 5.2.2), unless the application said something. */
export function forbidSharing (headers: HeaderBag): void {
  if (headers.get('cache-control') === undefined) headers.set('cache-control', 'private, no-cache="Set-Cookie"')
}

/**
 * Calls `change` as late as the headers themselves: when `writeHead` is called, by Node or by the application. Headers
 * given to that call are set beforehand where `change` asks for the bag, so that it sees and changes all there are.
 * Asking throws where Node would refuse them; the call then fails as it would have without us.
 */
export function beforeWriteHead (raw: ServerResponse, change: (headers: () => HeaderBag) => void): void {
  const writeHead = raw.writeHead as (...args: unknown[]) => ServerResponse
  raw.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    let rest = args
    if (!raw.headersSent) {
      change(() => {
        const given = rest.length > 1 && typeof rest.at(-1) === 'object' && rest.at(-1) !== null ? rest.at(-1) as HeaderArgument : undefined
        if (given !== undefined) {
          setAll(raw, given)
          rest = rest.slice(0, -1)
        }
        return rawBag(raw)
      })
    }
    return writeHead.apply(this, rest)
  } as ServerResponse['writeHead']
}

function rawBag (raw: ServerResponse): HeaderBag {
  return {
    get: (name) => raw.getHeader(name),
    set: (name, value) => { raw.setHeader(name, value) },
    remove: (name) => { raw.removeHeader(name) }
  }
}

type HeaderPair = readonly [name: string, value: string | string[]]
type HeaderArgument = Record<string, string | string[]> | string[] | HeaderPair[]

/** Sets the headers as `writeHead` would; a name that stands twice in the call keeps all its values. */
function setAll (raw: ServerResponse, given: HeaderArgument): void {
  const merged = new Map<string, HeaderPair>()
  for (const [name, value] of headerPairs(given)) {
    const before = merged.get(name.toLowerCase())
    merged.set(name.toLowerCase(), [name, before === undefined ? value : [...asList(before[1]), ...asList(value)]])
  }
  for (const [name, value] of merged.values()) asList(value).forEach((each) => { validateHeaderValue(name, each) })
  for (const [name, value] of merged.values()) raw.setHeader(name, value)
}

function headerPairs (given: HeaderArgument): HeaderPair[] {
  if (!Array.isArray(given)) return Object.entries(given)
  if (Array.isArray(given[0])) return given as HeaderPair[]
  const flat = given as string[]
  return flat.flatMap((name, index): HeaderPair[] => index % 2 === 0 ? [[name, flat[index + 1]!]] : [])
}

function asList (value: HeaderValue): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [`${value}`]
}
