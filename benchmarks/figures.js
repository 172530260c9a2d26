/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {number | null} value null where it could not be measured
 * @property {string} unit
 * @property {number | null} target
 * @property {boolean | null} ok null without a target or a value
 * @property {string} [note]
 */

/** What is to be reached: by name, and whether less or more is better. @type {Record<string, { atMost: number } | { atLeast: number }>} */
export const targets = {
  'sign-64': { atMost: 0.75 },
  'sign-300': { atMost: 0.75 },
  'sign-1k': { atMost: 0.75 },
  'dumps-small': { atMost: 1.7 },
  'loads-small': { atMost: 1.9 },
  'tag-untagged': { atMost: 1.4 },
  'tag-tagged': { atMost: 1.6 },
  'untag-untagged': { atMost: 1.2 },
  'untag-tagged': { atMost: 1.6 },
  'request-untouched': { atMost: 0.2 },
  'request-read': { atMost: 2.1 },
  'request-write': { atMost: 4.2 },
  'share-untouched': { atMost: 0.07 },
  'share-read': { atMost: 0.65 },
  'share-write': { atMost: 0.55 },
  'wire-untouched': { atLeast: 1 },
  'wire-read': { atLeast: 1 },
  'wire-write': { atLeast: 1 },
  'superjson-dumps': { atLeast: 5 },
  'devalue-dumps': { atLeast: 2 },
  'flask-small': { atLeast: 8 },
  'flask-medium': { atLeast: 5 },
  'heap-slope': { atMost: 0.5 },
  jsonify: { atMost: 1.3 }
}

/**
 * A figure, held against its target.
 * @param {string} name @param {number | null} value @param {string} unit @param {string} [note] @returns {Figure}
 */
export function figure (name, value, unit, note) {
  const target = targets[name]
  const bound = target === undefined ? null : 'atMost' in target ? target.atMost : target.atLeast
  const ok = target === undefined || value === null ? null : 'atMost' in target ? value <= target.atMost : value >= target.atLeast
  return { name, value, unit, target: bound, ok, ...note === undefined ? {} : { note } }
}
