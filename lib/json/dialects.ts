import { types } from 'node:util'
import { attempt } from '../errors.ts'
import { hasMemory } from './bytes.ts'
import { describeType, hasKnownClass, kindOf } from './kinds.ts'
import { hasTooManyDigits, isUnsafeInteger, LONG_DIGITS, parseJSON, parseTokens } from './parsing.ts'
import { standsOutside } from './strings.ts'
import type { TagClass } from './tag.ts'
import { defaultTags, flaskTags, hasFewDigits, MAX_DIGITS } from './tags.ts'

/** Which JSON a serializer writes: what JavaScript can tell apart, or what Flask reads and writes. */
export type SerializerFormat = 'default' | 'flask'

/** How the JSON of a format differs from the JSON of others, tags aside. */
export interface Dialect {
  readonly tags: readonly TagClass[]
  /** How many brackets of the text, those of tags too, may stand inside each other, written or read. */
  readonly maxDepth: number
  /** Why a value is refused that no tag claims, and what can be done. */
  refusal (value: unknown): string
  /** Whether an own `__proto__` key may be written. */
  readonly allowsProtoKey: boolean
  /** A number or a BigInt as text; undefined where it needs a tag, and for other values. */
  number (value: unknown): string | undefined
  /** The value of JSON text, tags untouched. Throws for text that is not such JSON. */
  parse (text: string): unknown
}

export const dialects: Record<SerializerFormat, Dialect> = {
  default: {
    tags: defaultTags,
    maxDepth: 600, // 200 Maps inside each other, each of which takes three
    refusal,
    allowsProtoKey: false,
    number: (value) => !Number.isFinite(value) ? undefined : Object.is(value, -0) ? '-0' : `${value}`,
    parse: parseJSON
  },
  flask: {
    tags: flaskTags,
    // The most that Flask both writes (242 tuples in a session) and reads; Python stops at 1000 nested calls.
    maxDepth: 485,
    refusal: flaskRefusal,
    allowsProtoKey: true,
    number: pythonNumber,
    parse: parsePythonJSON
  }
}

/** The JSON of Python's json as it is, for the programs that have no tags. */
export const pythonDialect: Dialect = {
  tags: [],
  // Django and Starlette write and read 975 in a session; what stands around their handlers takes some of these.
  maxDepth: 900,
  refusal: plainRefusal,
  allowsProtoKey: true,
  number: pythonNumber,
  parse: parsePythonJSON
}

const INSTANCE = 'store a plain object, or register a tag for it'

function refusal (value: unknown): string {
  if (typeof value === 'bigint') return `which cannot be kept: it has more than ${MAX_DIGITS} digits`
  if (kindOf(value) === 'URL') return 'which cannot be kept: its text reads back as another URL; store the text'
  return `which cannot be kept${isObject(value) ? `; ${adviceFor(value, INSTANCE)}` : ''}`
}

function flaskRefusal (value: unknown): string {
  if (typeof value === 'bigint') return NO_BIGINT
  return `which Flask has no form for${adviceOn(value, FLASK_DATE, `${INSTANCE} on both sides`)}`
}

function plainRefusal (value: unknown): string {
  if (typeof value === 'bigint') return NO_BIGINT
  return `which plain JSON has no form for${adviceOn(value, 'store its text or a number', 'store plain JSON data')}`
}

const NO_BIGINT = 'which would come back as a number, or has more digits than Python reads'
const FLASK_DATE = 'store null, or a date of the years 1 to 9999'

/** What to do about a value that the other program has no form for. */
function adviceOn (value: unknown, forDate: string, general: string): string {
  const kind = kindOf(value)
  if (value === undefined) return '; store null'
  if (kind === 'Date') return `; ${forDate}`
  return isObject(value) ? `; ${kind === undefined ? adviceFor(value, general) : general}` : ''
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** What to do about an object that cannot be kept; `otherwise` is for one that nothing else fits. */
function adviceFor (value: object, otherwise: string): string {
  if (types.isPromise(value)) return 'await it'
  if (types.isBoxedPrimitive(value)) return 'store the primitive'
  if (isIterator(value)) return 'spread it into a list'
  if (isSession(value)) return 'store what its data() returns'
  if (!hasKnownClass(value)) return otherwise
  if (types.isUint8Array(value) && !hasMemory(value)) return 'its memory was transferred or cut, so copy it before that'
  return 'it has own properties, so store these beside it'
}

const IteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([].values()))

function isIterator (value: object): boolean {
  const { isPrototypeOf } = Object.prototype
  return types.isGeneratorObject(value) || attempt(() => isPrototypeOf.call(IteratorPrototype, value)) === true
}

/** Told by name and method, since nothing here knows of sessions. Reads no property of it, which would open it. */
const isSession = (value: object): boolean =>
  describeType(value) === 'an object of class Session' &&
  attempt(() => 'regenerate' in Object.getPrototypeOf(value)) === true

/** As Python's json writes it; a whole number past 2^53 as a float, so that it is read as one. */
function pythonNumber (value: unknown): string | undefined {
  if (typeof value === 'bigint') return pythonInteger(value)
  if (typeof value !== 'number') return undefined
  if (Object.is(value, -0)) return '-0.0'
  const isWhole = Number.isInteger(value) && !Number.isSafeInteger(value)
  return isWhole && !`${value}`.includes('e') ? `${value}.0` : `${value}`
}

/** Smaller ones would come back as numbers. */
const pythonInteger = (value: bigint): string | undefined =>
  Number.isSafeInteger(Number(value)) || !hasFewDigits(value) ? undefined : `${value}`

const WORDS = /NaN|Infinity/g

/** Reads JSON as Python's json does: bare `NaN` and the infinities, and integers past 2^53 exactly, as BigInt. */
function parsePythonJSON (text: string): unknown {
  const mayHaveWords = text.includes('NaN') || text.includes('Infinity') // found out faster than by the pattern
  const hasWords = mayHaveWords && standsOutside(text, WORDS)
  return hasWords || standsOutside(text, LONG_DIGITS) ? parseTokens(text, isBeyondJSON, valueOf) : parseJSON(text)
}

const isBeyondJSON = (token: string): boolean => /[Ny]$/.test(token) || isUnsafeInteger(token)

function valueOf (token: string): number | bigint {
  if (!isUnsafeInteger(token)) return Number(token)
  if (hasTooManyDigits(token)) throw new SyntaxError(`An integer has more than ${MAX_DIGITS} digits`)
  return BigInt(token)
}
