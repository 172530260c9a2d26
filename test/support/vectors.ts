import { readFileSync } from 'node:fs'
import { Markup, Tuple, UUID } from '../../lib/json/values.ts'
import type { KeyDerivation } from '../../lib/signing/keys.ts'
import type { SignerOptions } from '../../lib/signing/signer.ts'

/** A Python value as the fixture writes it: `t` its type, `v` what it holds. */
export type Typed =
  | { t: 'null' }
  | { t: 'bool', v: boolean }
  | { t: 'int' | 'float' | 'str' | 'bytes' | 'uuid' | 'datetime' | 'date' | 'decimal' | 'markup' | 'html', v: string }
  | { t: 'list' | 'tuple' | 'set', v: Typed[] }
  | { t: 'dict' | 'dataclass', v: Array<[key: string | Typed, value: Typed]> }

type TextOrBytes = string | Extract<Typed, { v: string }>

interface Keys {
  secret_key: TextOrBytes
  /** Oldest first. */
  fallbacks?: TextOrBytes[]
  salt?: string | null
  digest?: string
  key_derivation?: KeyDerivation
}

/** What a scenario's application does with its session, in the words of the test application. */
export interface Operation {
  op: string
  key?: string
  value?: Typed
  category?: string
  with_categories?: boolean
  category_filter?: string[]
  code?: number
  header?: string
}

export interface Step {
  path?: string
  ops?: Operation[]
  cookie?: string
  /** Default that of the scenario. */
  time?: number
}

/** Results are there where the status is 200. */
export interface StepResult {
  status: number
  set_cookie: string[]
  vary: string | null
  results?: Typed[]
}

/** Flask's own names. */
export interface Config {
  SESSION_COOKIE_NAME?: string
  SESSION_COOKIE_DOMAIN?: string | false
  SESSION_COOKIE_PATH?: string
  APPLICATION_ROOT?: string
  SESSION_COOKIE_HTTPONLY?: boolean
  SESSION_COOKIE_SECURE?: boolean
  SESSION_COOKIE_SAMESITE?: string
  SESSION_COOKIE_PARTITIONED?: boolean
  PERMANENT_SESSION_LIFETIME?: number
  SESSION_REFRESH_EACH_REQUEST?: boolean
}

interface CookieArguments {
  max_age?: number
  domain?: string
  path?: string
  httponly?: boolean
  secure?: boolean
  samesite?: string
  partitioned?: boolean
}

interface Kinds {
  tag_dumps: {
    input: { value: Typed }
    result: { text: string }
  }
  tag_loads: {
    input: { text: string }
    result: { value: Typed }
  }
  provider_dumps: {
    input: {
      value: Typed
      sort_keys?: boolean
      ensure_ascii?: boolean
      kwargs?: { indent?: number, separators?: [item: string, key: string] }
    }
    result: { text: string }
  }
  provider_loads: {
    input: { text: string } | { bytes: string }
    result: { value: Typed }
  }
  jsonify: {
    input: {
      args?: Typed[]
      kwargs?: Array<[key: string, value: Typed]>
      debug?: boolean
      compact?: boolean
      mimetype?: string
      sort_keys?: boolean
      ensure_ascii?: boolean
    }
    result: { status: number, body: string, headers: Array<[name: string, value: string]> }
  }
  http_date: {
    input: { value: Typed }
    result: { text: string }
  }
  parse_cookie: {
    input: { header: string }
    result: { pairs: Array<[name: string, value: string]> }
  }
  dump_cookie: {
    input: { key: string, value: string, kwargs: CookieArguments }
    result: { header: string, warnings: string[] }
  }
  scenario: {
    input: Omit<Keys, 'secret_key'> & { secret_key: TextOrBytes | null, config?: Config, time: number, steps: Step[] }
    result: { steps: StepResult[] }
  }
  sign: {
    input: Keys & { value: Typed, time: number }
    result: { cookie: string, text: string, compressed: boolean, compare: 'exact' | 'payload' }
  }
  signer_sign: {
    input: Keys & { value: string, sep?: string, timed?: boolean, time?: number }
    result: { signed: string }
  }
  unsign: {
    input: Keys & { cookie: string, time: number, max_age: number | null }
    result: { value: Typed, timestamp: number }
  }
}

export type Kind = keyof Kinds
export type Input<K extends Kind> = Kinds[K]['input']
export type Result<K extends Kind> = Kinds[K]['result']

export interface Vector<K extends Kind> {
  id: string
  kind: K
  description: string
  input: Input<K>
  expected: ({ ok: true } & Result<K>) | { ok: false, error: string, is_bad_signature: boolean }
}

interface Fixture {
  by_kind: Record<Kind, number>
  vectors: Array<Vector<Kind>>
}

const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/flask-vectors.json', import.meta.url), 'utf8'))

/** How many cases of each kind were recorded. */
export const recorded = fixture.by_kind

/** What was recorded from Flask, of one kind. */
export function vectors<K extends Kind> (kind: K): Array<Vector<K>> {
  return fixture.vectors.filter((each): each is Vector<K> => each.kind === kind)
}

/** As one of the packages for decimal numbers would have it. */
class Decimal {
  readonly #text: string
  constructor (text: string) { this.#text = text }
  toJSON (): string { return this.#text }
}

/** An object of the application's own that says what it is as HTML. */
class Html {
  readonly #text: string
  constructor (text: string) { this.#text = text }
  __html__ (): string { return this.#text }
}

class Dataclass {
  constructor (fields: object) { Object.assign(this, fields) }
}

/** The value in JavaScript: what Python has and JavaScript has not is an object of the application's own. */
export function toValue (node: Typed): unknown {
  switch (node.t) {
    case 'null': return null
    case 'bool':
    case 'str': return node.v
    case 'int': return Number.isSafeInteger(Number(node.v)) ? Number(node.v) : BigInt(node.v)
    case 'float': return Number(node.v.replace('inf', 'Infinity'))
    case 'bytes': return Buffer.from(node.v, 'base64')
    case 'uuid': return new UUID(node.v)
    case 'date': return new Date(node.v)
    case 'datetime': return new Date(/[+-]\d\d:\d\d$/.test(node.v) ? node.v : node.v + 'Z')
    case 'markup': return new Markup(node.v)
    case 'html': return new Html(node.v)
    case 'decimal': return new Decimal(node.v)
    case 'list': return node.v.map(toValue)
    case 'tuple': return new Tuple(node.v.map(toValue))
    case 'set': return new Set(node.v.map(toValue))
    case 'dict': return fieldsOf(node.v)
    case 'dataclass': return new Dataclass(fieldsOf(node.v))
  }
}

/** What a case leaves open is Flask's own choice for its sessions, or that of itsdangerous for its signers. */
export const FLASK = { salt: 'cookie-session', digest: 'sha1', keyDerivation: 'hmac' } satisfies SignerOptions
export const ITSDANGEROUS = {
  salt: 'itsdangerous.Signer',
  digest: 'sha1',
  keyDerivation: 'django-concat'
} satisfies SignerOptions

/** The secret of a case and the rest of what its signer is made from. */
export function signing (
  input: Keys,
  defaults: typeof FLASK | typeof ITSDANGEROUS
): [secret: string | Buffer, options: SignerOptions] {
  return [textOrBytes(input.secret_key), {
    salt: input.salt === undefined ? defaults.salt : input.salt ?? ITSDANGEROUS.salt,
    fallbacks: (input.fallbacks ?? []).map(textOrBytes).reverse(),
    digest: input.digest ?? defaults.digest,
    keyDerivation: input.key_derivation ?? defaults.keyDerivation
  }]
}

function textOrBytes (value: TextOrBytes): string | Buffer {
  return typeof value === 'string' ? value : Buffer.from(value.v, 'base64')
}

function fieldsOf (pairs: Array<[key: string | Typed, value: Typed]>): object {
  return Object.fromEntries(pairs.map(([key, value]) => [keyOf(key), toValue(value)]))
}

function keyOf (key: string | Typed): string {
  return typeof key === 'string' ? key : String(toValue(key))
}
