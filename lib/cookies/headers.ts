import { type ServerResponse, validateHeaderValue } from 'node:http'

export type HeaderValue = number | string | string[] | undefined

/** The headers of a response that has not left yet. */
export interface HeaderBag {
  get (name: string): HeaderValue
  set (name: string, value: string | string[]): void
  remove (name: string): void
}

/** Headers to be looked at, and to be changed as soon as it is known that they are to be. */
export interface HeaderSource {
  peek (name: string): HeaderValue
  /** Their names that match, in whatever capitals; missing where it is too early to ask. */
  namesLike? (pattern: RegExp): string[]
  /** The `Set-Cookie` lines that would leave if `line` did not stand among them. */
  cookiesBeside (line: string | undefined): string[]
  bag (): HeaderBag
}

/** Adds `Cookie` to `Vary`, unless it is there or everything varies (RFC 9110, section 12.5.5). */
export function varyByCookie (headers: HeaderBag): void {
  const value = headers.get('vary')
  if (isVariedByCookie(value)) return
  const present = value === undefined ? '' : asList(value).join(', ')
  headers.set('vary', present === '' ? 'Cookie' : `${present}, Cookie`)
}

/** Makes `others` and, behind them, `line` the `Set-Cookie` headers. */
export function writeSetCookie (headers: HeaderBag, others: readonly string[], line: string | undefined): void {
  const lines = line === undefined ? others : [...others, line]
  if (headers.get('set-cookie') !== undefined) headers.remove('set-cookie')
  if (lines.length > 0) headers.set('set-cookie', lines.length === 1 ? lines[0]! : [...lines])
}

/** The lines of a `Set-Cookie` header but for one. */
export function linesBeside (value: HeaderValue, line: string | undefined): string[] {
  return value === undefined || value === line ? [] : asList(value).filter((each) => each !== line)
}

/** Whether `line` is among the `Set-Cookie` headers. */
export function hasSetCookie (value: HeaderValue, line: string): boolean {
  return value === line || asList(value).includes(line)
}

/** Whether `Vary` says that the response depends on the cookie. */
export function isVariedByCookie (value: HeaderValue): boolean {
  if (value === undefined || value === 'Cookie') return value !== undefined
  const names = asList(value).join(',').split(',').map((name) => name.trim().toLowerCase())
  return names.includes('cookie') || names.includes('*')
}

/** What watches the headers of a response leave. */
export interface HeadWatcher {
  /** Called as late as the headers themselves. */
  leaving (head: DepartingHead): void
  /** Called when they have left; not where `writeHead` threw. */
  left (): void
}

type WriteHead = (this: ServerResponse, ...args: unknown[]) => ServerResponse

/**
 * Who watches the head of a response, and what it was written by before. A class, for V8 to make it among the young objects:
 * of literals made in one place it may think that they live long, and then keeps request and response alive with them.
 */
class Watch {
  readonly writeHead: WriteHead
  readonly watcher: HeadWatcher
  readonly next: Watch | undefined

  constructor (writeHead: WriteHead, watcher: HeadWatcher, next: Watch | undefined) {
    this.writeHead = writeHead
    this.watcher = watcher
    this.next = next
  }
}

const WATCH = Symbol('fastify-signed-session.watch')
type Watched = ServerResponse & { [WATCH]?: Watch }

/**
 * Has every call of `writeHead`, by Node or by the application, told to a watcher. Returns false where other code has
 * wrapped it before: a call of that wrapper may be under way, and the watcher is not told of that one.
 */
export function watchHead (raw: Watched, watcher: HeadWatcher): boolean {
  const first = raw[WATCH]
  const writeHead = first === undefined ? raw.writeHead as WriteHead : first.writeHead
  raw[WATCH] = new Watch(writeHead, watcher, first)
  if (first === undefined) raw.writeHead = watchedWriteHead as ServerResponse['writeHead']
  return writeHead === Object.getPrototypeOf(raw).writeHead
}

/** One function for all responses, so that none is made for each. */
function watchedWriteHead (this: Watched, ...args: unknown[]): ServerResponse {
  const first = this[WATCH]!
  if (this.headersSent) return first.writeHead.apply(this, args)
  const head = new DepartingHead(this, args)
  for (let watch: Watch | undefined = first; watch !== undefined; watch = watch.next) watch.watcher.leaving(head)
  const result = first.writeHead.apply(this, head.args)
  for (let watch: Watch | undefined = first; watch !== undefined; watch = watch.next) watch.watcher.left()
  return result
}

/** The headers of a response as they are about to leave, with those that are arguments of the call. */
class DepartingHead implements HeaderSource {
  /** The arguments as they are to be passed on. */
  args: unknown[]
  readonly #raw: ServerResponse
  #given: HeaderArgument | undefined

  constructor (raw: ServerResponse, args: unknown[]) {
    this.#raw = raw
    this.args = args
    this.#given = (typeof args[1] === 'string' ? args[2] : args[2] ?? args[1]) as HeaderArgument | undefined
  }

  peek (name: string): HeaderValue {
    return this.#argument(name) ?? this.#raw.getHeader(name)
  }

  namesLike (pattern: RegExp): string[] {
    const given = Array.isArray(this.#given) ? merged(this.#given).keys() : Object.keys(this.#given ?? {})
    return [...this.#raw.getHeaderNames(), ...given].filter((name) => pattern.test(name))
  }

  /** Those of the call hide those that were set before. */
  cookiesBeside (line: string | undefined): string[] {
    const given = linesBeside(this.#argument('set-cookie'), line)
    return given.length > 0 ? given : linesBeside(this.#raw.getHeader('set-cookie'), line)
  }

  /** The headers to be changed. Sets those of the call beforehand, and throws where they are none that can be set. */
  bag (): HeaderBag {
    setAll(this.#raw, merged(this.#given))
    this.#given = undefined
    this.args = typeof this.args[1] === 'string' ? this.args.slice(0, 2) : this.args.slice(0, 1)
    return rawBag(this.#raw)
  }

  #argument (name: string): HeaderValue {
    return this.#given?.[name as never] ?? merged(this.#given).get(name)?.[1]
  }
}

export type { DepartingHead }

function rawBag (raw: ServerResponse): HeaderBag {
  return {
    get: (name) => raw.getHeader(name),
    set: (name, value) => { raw.setHeader(name, value) },
    remove: (name) => { raw.removeHeader(name) }
  }
}

type HeaderPair = readonly [name: string, value: string | string[]]
type HeaderArgument = Record<string, string | string[]> | string[] | HeaderPair[]

/** The headers of a call by their names in small letters; one that stands twice keeps all its values. */
function merged (given: HeaderArgument | undefined): Map<string, HeaderPair> {
  const merged = new Map<string, HeaderPair>()
  if (given === undefined) return merged
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
