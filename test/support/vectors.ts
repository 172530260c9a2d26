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

interface Kinds {
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

export interface Vector<Kind extends keyof Kinds> {
  id: string
  kind: Kind
  description: string
  input: Kinds[Kind]['input']
  expected: ({ ok: true } & Kinds[Kind]['result']) | { ok: false, error: string, is_bad_signature: boolean }
}

interface Fixture {
  by_kind: Record<keyof Kinds, number>
  vectors: Array<Vector<keyof Kinds>>
}

const fixture: Fixture = JSON.parse(readFileSync(new URL('../fixtures/flask-vectors.json', import.meta.url), 'utf8'))

/** How many cases of each kind were recorded. */
export const recorded = fixture.by_kind

/** What was recorded from Flask, by the oracle's name for it. */
export function vectors<Kind extends keyof Kinds> (kind: Kind): Array<Vector<Kind>> {
  return fixture.vectors.filter((each): each is Vector<Kind> => each.kind === kind)
}

/** The value in JavaScript. Throws for the types of Python that have no counterpart. */
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
    case 'html': return { __html__: () => node.v }
    case 'list': return node.v.map(toValue)
    case 'tuple': return new Tuple(node.v.map(toValue))
    case 'set': return new Set(node.v.map(toValue))
    case 'dict':
    case 'dataclass': return Object.fromEntries(node.v.map(([key, value]) => [keyOf(key), toValue(value)]))
    default: throw new TypeError(`${node.t} has no counterpart in JavaScript`)
  }
}

/** What a case leaves open is Flask's own choice for its sessions, or that of itsdangerous for its signers. */
export const FLASK = { salt: 'cookie-session', digest: 'sha1', keyDerivation: 'hmac' } satisfies SignerOptions
export const ITSDANGEROUS = { salt: 'itsdangerous.Signer', digest: 'sha1', keyDerivation: 'django-concat' } satisfies SignerOptions

/** The secret of a case and the rest of what its signer is made from. */
export function signing (input: Keys, defaults: typeof FLASK | typeof ITSDANGEROUS): [secret: string | Buffer, options: SignerOptions] {
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

function keyOf (key: string | Typed): string {
  return typeof key === 'string' ? key : String(toValue(key))
}
