/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {number | null} value null where it could not be measured
 * @property {string} unit
 * @property {number | null} target
 * @property {boolean | null} ok null without a target or a value
 * @property {readonly [low: number, high: number]} [spread] the 90 % interval, where it was worked out
 */

/**
 * Figures that stand in one row of the table: of those with `at most` less is better, of those with `at least` more.
 * @typedef {{ title: string, direction: 'at most' | 'at least', targets: Record<string, number> }} Row
 */

/** What is to be reached. @type {readonly Row[]} */
export const rows = [
  {
    title: '`sign` of 64 B / 300 B / 1 KB, in HMACs',
    direction: 'at most',
    targets: { 'sign-64': 0.75, 'sign-300': 0.75, 'sign-1k': 0.75 }
  },
  {
    title: 'whole `dumps` / `loads` of a small session, in HMACs',
    direction: 'at most',
    targets: { 'dumps-small': 1.7, 'loads-small': 1.9 }
  },
  {
    title: 'added by `encrypt` to the cookie of a small session, in HMACs: sealed / opened',
    direction: 'at most',
    targets: { 'encryption-seal': 2.5, 'encryption-open': 2.5 }
  },
  {
    title: 'tag and stringify, against `JSON.stringify`: untagged / tagged',
    direction: 'at most',
    targets: { 'tag-untagged': 1.4, 'tag-tagged': 1.6 }
  },
  {
    title: 'parse and untag, against `JSON.parse`: untagged / tagged',
    direction: 'at most',
    targets: { 'untag-untagged': 1.2, 'untag-tagged': 1.6 }
  },
  {
    title: 'added to a bare route, in HMACs: untouched / read / read and write',
    direction: 'at most',
    targets: { 'request-untouched': 0.2, 'request-read': 2.1, 'request-write': 4.2 }
  },
  {
    title: 'share of what `@fastify/secure-session` adds: untouched / read / read and write',
    direction: 'at most',
    targets: { 'share-untouched': 0.07, 'share-read': 0.65, 'share-write': 0.55 }
  },
  {
    title: 'added on the wire, against the least, user time: read / read and write',
    direction: 'at most',
    targets: { 'wire-read-user': 1.45, 'wire-write-user': 1.45 }
  },
  {
    title: 'added on the wire, against the least, user and system time: read / read and write',
    direction: 'at most',
    targets: { 'wire-read-total': 1.6, 'wire-write-total': 1.6 }
  },
  {
    title: 'added on the wire, against the best peer: untouched / read / read and write',
    direction: 'at most',
    targets: { 'wire-untouched-peer': 1, 'wire-read-peer': 1, 'wire-write-peer': 1 }
  },
  {
    title: 'requests per second with Redis, against `@fastify/session` with connect-redis: read / read and write',
    direction: 'at least',
    targets: { 'store-read-session': 1.5, 'store-write-session': 1 }
  },
  {
    title: 'commands of Redis a request: read / read and write',
    direction: 'at most',
    targets: { 'store-read-commands': 1, 'store-write-commands': 2 }
  },
  {
    title: 'time of superjson / devalue over ours, dumps',
    direction: 'at least',
    targets: { 'superjson-dumps': 5, 'devalue-dumps': 2 }
  },
  {
    title: 'time of Flask over ours, which does not compress unless asked to: small / medium session',
    direction: 'at least',
    targets: { 'flask-small': 8, 'flask-medium': 5 }
  },
  {
    title: 'memory that a session has a request allocate, against the least: read / read and write',
    direction: 'at most',
    targets: { 'allocated-read': 2.5, 'allocated-write': 3 }
  },
  { title: 'heap, bytes kept by a request', direction: 'at most', targets: { 'heap-slope': 0.5 } },
  { title: '`jsonify` against `reply.send`, 1 KB, the whole reply', direction: 'at most', targets: { jsonify: 1.3 } },
  {
    title: '`loads` of 10 KB to 10 MB, the dearest, against `JSON.parse`',
    direction: 'at most',
    targets: { 'reading-loads': 2 }
  },
  {
    title: 'time per byte at 4 KB over that at 100 B: `dumps` / `loads`',
    direction: 'at most',
    targets: { 'growth-dumps': 1, 'growth-loads': 1 }
  },
  {
    title:
      'forged cookies against honest ones of the same length: ' +
        '100 B / 1 KB / 4 KB / deep / zlib bomb / eight at once, against eight honest ones',
    direction: 'at most',
    targets: {
      'forged-100': 1,
      'forged-1000': 1,
      'forged-4000': 1,
      'forged-deep': 1,
      'forged-bomb': 1,
      'forged-duplicates': 1
    }
  }
]

/** The row that holds a figure's target, if it has one. @param {string} name */
export function rowOf (name) {
  return rows.find(({ targets }) => Object.hasOwn(targets, name))
}

/**
 * A figure, held against its target.
 * @param {string} name
 * @param {number | null} value
 * @param {string} unit
 * @param {readonly [low: number, high: number]} [spread]
 * @returns {Figure}
 */
export function figure (name, value, unit, spread) {
  const row = rowOf(name)
  const target = row?.targets[name] ?? null
  const isAtLeast = row?.direction === 'at least'
  const ok = target === null || value === null ? null : isAtLeast ? value >= target : value <= target
  return { name, value, unit, target, ok, ...spread && { spread } }
}

/**
 * The figures of one run in the place of those of the same names. @param {readonly Figure[]} saved @param {readonly
 * Figure[]} measured
 */
export function replaced (saved, measured) {
  const names = new Set(measured.map(({ name }) => name))
  return [...saved.filter(({ name }) => !names.has(name)), ...measured]
}

/** A value with about three digits. @param {number | null | undefined} value */
export function written (value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  const rounded = value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)
  return Number(rounded) === 0 ? rounded.replace('-', '') : rounded
}
