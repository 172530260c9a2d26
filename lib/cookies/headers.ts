import { type ServerResponse, validateHeaderValue } from 'node:http'

export type HeaderValue = number | string | string[] | undefined

/** The headers of a response that has not left yet: those of a Fastify reply, or those that are about to leave. */
export interface Headers {
  getHeader (name: string): HeaderValue
  header (name: string, value: string | string[]): unknown
  removeHeader (name: string): unknown
  /** Their names that match, in whatever capitals; missing where it is too early to ask. */
  namesLike? (pattern: RegExp): string[]
  /** The `Set-Cookie` lines that would leave without `line`; missing where those of `getHeader` would. */
  cookiesBeside? (line: string | undefined): string[]
}

/** Adds `Cookie` to `Vary`, unless it is there or everything varies (RFC 9110, section 12.5.5). */
export function varyByCookie (headers: Headers): void {
  const value = headers.getHeader('vary')
  if (value === 'Cookie' || (value !== undefined && isVariedByCookie(value))) return
  const present = value === undefined ? '' : asList(value).join(', ')
  headers.header('vary', present === '' ? 'Cookie' : `${present}, Cookie`)
}

/** Makes `others` and, behind them, `line` the `Set-Cookie` headers. */
export function writeSetCookie (headers: Headers, others: readonly string[], line: string | undefined): void {
  if (headers.getHeader('set-cookie') !== undefined) headers.removeHeader('set-cookie')
  const lines = others.concat(line ?? [])
  if (lines.length > 0) headers.header('set-cookie', lines.length === 1 ? lines[0]! : lines)
}

/** The `Set-Cookie` lines that would leave without one of them. */
export function cookiesBeside (headers: Headers, line: string | undefined): string[] {
  if (headers.cookiesBeside !== undefined) return headers.cookiesBeside(line)
  const value = headers.getHeader('set-cookie')
  return value === undefined ? [] : linesBeside(value, line)
}

/** The lines of a `Set-Cookie` header but for one. */
function linesBeside (value: HeaderValue, line: string | undefined): string[] {
  return value === undefined || value === line ? [] : asList(value).filter((each) => each !== line)
}

/** Whether `line` is among the `Set-Cookie` headers. */
export function hasSetCookie (value: HeaderValue, line: string): boolean {
  return value === line || asList(value).includes(line)
}

/** Whether the headers that left, whoever sent them, have a `Set-Cookie` line. */
export function hasSent (raw: ServerResponse, line: string): boolean {
  const { stream, _header } = raw as { stream?: { sentHeaders: HeaderArgument }, _header?: string }
  if (stream === undefined) return `${_header}`.includes(`: ${line}\r\n`)
  return hasSetCookie(merged(stream.sentHeaders).get('set-cookie')?.[1], line)
}

/** Whether `Vary` says that the response depends on the cookie. */
function isVariedByCookie (value: HeaderValue): boolean {
  const names = asList(value).join(',').split(',').map((name) => name.trim().toLowerCase())
  return names.includes('cookie') || names.includes('*')
}

/** What watches the headers of a response leave. */
export interface HeadWatcher {
  /** Called as late as the headers themselves. Says whether `left` is to be called. */
  leaving (head: DepartingHead): boolean
  /** Called when they have left; not where `writeHead` threw. */
  left (): void
}

type WriteHead = (this: ServerResponse, ...args: unknown[]) => ServerResponse

/**
 * Who watches the head of a response, and what it was written by before. A class, since V8 makes its instances among
 * the young objects. It may take those of a literal for long-lived, which keeps request and response in memory.
 */
class Watch {
  readonly writeHead: WriteHead
  readonly watcher: HeadWatcher
  readonly next: Watch | undefined
  /** Whether the watcher is to be told when the headers have left. */
  isConcerned = false

  constructor (writeHead: WriteHead, watcher: HeadWatcher, next: Watch | undefined) {
    this.writeHead = writeHead
    this.watcher = watcher
    this.next = next
  }
}

const WATCH = Symbol('fastify-signed-session.watch')
type Watched = ServerResponse & { [WATCH]?: Watch }

/** Has every call of `writeHead`, by Node or by the application, told to a watcher. */
export function watchHead (raw: Watched, watcher: HeadWatcher): void {
  const first = raw[WATCH]
  raw[WATCH] = new Watch(first === undefined ? raw.writeHead as WriteHead : first.writeHead, watcher, first)
  if (first === undefined) raw.writeHead = watchedWriteHead as ServerResponse['writeHead']
}

/** One function for all responses, so that none is made for each. */
function watchedWriteHead (this: Watched, ...args: unknown[]): ServerResponse {
  const first = this[WATCH]!
  if (this.headersSent) return first.writeHead.apply(this, args)
  const head = new DepartingHead(this, args)
  for (let watch: Watch | undefined = first; watch !== undefined; watch = watch.next) {
    watch.isConcerned = watch.watcher.leaving(head)
  }
  const result = first.writeHead.apply(this, head.args)
  for (let watch: Watch | undefined = first; watch !== undefined; watch = watch.next) {
    if (!watch.isConcerned) continue
    watch.isConcerned = false
    watch.watcher.left()
  }
  return result
}

/** The headers of a response as they are about to leave, with those that are arguments of the call. */
export class DepartingHead implements Headers {
  /** The arguments as they are to be passed on. */
  args: unknown[]
  /** Whether they said, to begin with, that the response depends on the cookie and on nothing else. */
  readonly isVaried: boolean
  readonly #raw: ServerResponse
  #given: HeaderArgument | undefined

  constructor (raw: ServerResponse, args: unknown[]) {
    this.#raw = raw
    this.args = args
    this.#given = (typeof args[1] === 'string' ? args[2] : args[2] ?? args[1]) as HeaderArgument | undefined
    this.isVaried = this.getHeader('vary') === 'Cookie'
  }

  getHeader (name: string): HeaderValue {
    const given = this.#given
    if (given === undefined) return this.#raw.getHeader(name)
    return given[name as never] ?? merged(given).get(name)?.[1] ?? this.#raw.getHeader(name)
  }

  namesLike (pattern: RegExp): string[] {
    const matching: string[] = []
    for (const name of this.#raw.getHeaderNames()) if (pattern.test(name)) matching.push(name)
    const given = Array.isArray(this.#given) ? Object.fromEntries(merged(this.#given)) : this.#given
    for (const name in given) if (pattern.test(name)) matching.push(name) // without a list of all names
    return matching
  }

  /** Whether a line is the only `Set-Cookie` that would leave. May say no where it is. */
  hasOnlyCookie (line: string): boolean {
    const before = this.#raw.getHeader('set-cookie')
    if (this.#given === undefined) return before === line
    return before === undefined && this.#given['set-cookie' as never] === line
  }

  /** Those of the call hide those that were set before. */
  cookiesBeside (line: string | undefined): string[] {
    const value = this.#given === undefined ? undefined : this.getHeader('set-cookie')
    const given = value === undefined || value === line ? [] : linesBeside(value, line)
    const before = given.length > 0 ? undefined : this.#raw.getHeader('set-cookie')
    return before === undefined ? given : linesBeside(before, line)
  }

  header (name: string, value: string | string[]): void {
    this.takeOver()
    this.#raw.setHeader(name, value)
  }

  removeHeader (name: string): void {
    this.takeOver()
    this.#raw.removeHeader(name)
  }

  /** Sets the headers of the call, so that all of them can be changed alike. Throws where they cannot be set. */
  takeOver (): void {
    if (this.#given === undefined) return
    setAll(this.#raw, merged(this.#given))
    this.#given = undefined
    this.args = typeof this.args[1] === 'string' ? this.args.slice(0, 2) : this.args.slice(0, 1)
  }
}

type HeaderPair = readonly [name: string, value: string | string[]]
type HeaderArgument = Record<string, string | string[]> | string[] | HeaderPair[]

/** The headers of a call by their names in small letters; one that stands twice keeps all its values. */
function merged (given: HeaderArgument): Map<string, HeaderPair> {
  const merged = new Map<string, HeaderPair>()
  for (const [name, value] of headerPairs(given)) {
    const before = merged.get(name.toLowerCase())
    merged.set(name.toLowerCase(), [name, before === undefined ? value : [...asList(before[1]), ...asList(value)]])
  }
  return merged
}

/** Sets the headers as `writeHead` would. */
function setAll (raw: ServerResponse, given: ReadonlyMap<string, HeaderPair>): void {
  if (!('stream' in raw)) { // HTTP/2 has rules of its own
    for (const [name, value] of given.values()) asList(value).forEach((each) => { validateHeaderValue(name, each) })
  }
  for (const [name, value] of given.values()) raw.setHeader(name, value)
}

function headerPairs (given: HeaderArgument): HeaderPair[] {
  if (!Array.isArray(given)) return Object.entries(given)
  if (Array.isArray(given[0])) return given as HeaderPair[]
  const flat = given as string[]
  return flat.flatMap((name, index): HeaderPair[] => index % 2 === 0 ? [[name, flat[index + 1]!]] : [])
}

/** The values of a header. */
export function asList (value: HeaderValue): string[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [`${value}`]
}

/** The values of every cookie called `name` in a Cookie header, in their order. */
export function cookieValues (header: string | undefined, name: string): string[] {
  return valuesAfter(header, `${name}=`)
}

/** The same by how a pair starts: the name and `=`. For those who look for one cookie all the time. */
export function valuesAfter (header: string | undefined, start: string): string[] {
  let values: string[] | undefined // an empty array that grows takes thrice the memory
  let at = header === undefined ? -1 : header.indexOf(start)
  while (at !== -1) {
    let end = header!.indexOf(';', at)
    if (end === -1) end = header!.length
    if (at === 0 || beginsPair(header!, at)) {
      const value = header!.slice(at + start.length, end).trim()
      const plain = value.startsWith('"') ? unquote(value) : value
      if (values === undefined) values = [plain]
      else values.push(plain)
    }
    at = header!.indexOf(start, end)
  }
  return values ?? []
}

/** Whether only white space stands between `at` and the separator before it, or the beginning. */
function beginsPair (header: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && (header[before] === ' ' || header[before] === '\t')) before--
  return before < 0 || header[before] === ';'
}

/** Quotes may stand around a value (RFC 6265, section 4.1.1); a signed one never needs the escapes of older RFCs. */
function unquote (value: string): string {
  return value.length > 1 && value.endsWith('"') ? value.slice(1, -1) : value
}
