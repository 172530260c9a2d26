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
  const value = headers.get('vary')
  if (isVariedByCookie(value)) return
  const present = value === undefined ? '' : asList(value).join(', ')
  headers.set('vary', present === '' ? 'Cookie' : `${present}, Cookie`)
}

/** Puts `line` among the `Set-Cookie` headers, in the place of the one that was put there before. */
export function replaceSetCookie (headers: HeaderBag, previous: string | undefined, line: string | undefined): void {
  const present = headers.get('set-cookie')
  if (present === undefined && line !== undefined) {
    headers.set('set-cookie', line)
    return
  }
  const others = asList(present).filter((each) => each !== previous && each !== line)
  const lines = line === undefined ? others : [...others, line]
  headers.remove('set-cookie')
  if (lines.length > 0) headers.set('set-cookie', lines.length === 1 ? lines[0]! : lines)
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

/** Keeps shared caches from storing a response with its cookie (RFC 9111, section 5.2.2), unless the application said something. */
export function forbidSharing (headers: HeaderBag): void {
  if (headers.get('cache-control') === undefined) headers.set('cache-control', 'private, no-cache="Set-Cookie"')
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
  for (let watch: Watch | undefined = first; watch !== undefined; watch = watch.next) watch.watcher.leaving(head)
  const result = first.writeHead.apply(this, head.args)
  for (let watch: Watch | undefined = first; watch !== undefined; watch = watch.next) watch.watcher.left()
  return result
}

/** The headers of a response as they are about to leave, with those that are arguments of the call. */
class DepartingHead {
  /** The arguments as they are to be passed on. */
  args: unknown[]
  readonly #raw: ServerResponse
  #given: HeaderArgument | undefined

  constructor (raw: ServerResponse, args: unknown[]) {
    this.#raw = raw
    this.args = args
    this.#given = (typeof args[1] === 'string' ? args[2] : args[2] ?? args[1]) as HeaderArgument | undefined
  }

  /** A header; not one in an argument that is a list. */
  peek (name: string): HeaderValue {
    return this.#given?.[name as never] ?? this.#raw.getHeader(name)
  }

  /** The headers to be changed. Sets those of the call beforehand, and throws where they are none that can be set. */
  bag (): HeaderBag {
    if (this.#given !== undefined) setAll(this.#raw, this.#given)
    this.#given = undefined
    this.args = typeof this.args[1] === 'string' ? this.args.slice(0, 2) : this.args.slice(0, 1)
    return rawBag(this.#raw)
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

/** Sets the headers as `writeHead` would; a name that stands twice in the call keeps all its values. */
function setAll (raw: ServerResponse, given: HeaderArgument): void {
  const merged = new Map<string, HeaderPair>()
  for (const [name, value] of headerPairs(given)) {
    const before = merged.get(name.toLowerCase())
    merged.set(name.toLowerCase(), [name, before === undefined ? value : [...asList(before[1]), ...asList(value)]])
  }
  if (!('stream' in raw)) { // HTTP/2 has rules of its own
    for (const [name, value] of merged.values()) asList(value).forEach((each) => { validateHeaderValue(name, each) })
  }
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
