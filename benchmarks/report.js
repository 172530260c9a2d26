import { rowOf, rows, written } from './figures.js'

/** @import { Figure } from './figures.js' */

/** The figures of each version of Node, by its major number. @typedef {Record<string, readonly Figure[]>} Results */

/** What the kinds of session are called, in the order in which they are shown. */
export const KIND_TITLES = {
  ours: 'fastify-signed-session',
  'signed-by-hand': 'signed and parsed by hand',
  'secure-session': '@fastify/secure-session',
  session: '@fastify/session, in memory',
  'cookie-only': '@fastify/cookie, unsigned'
}
export const USE_TITLES = { untouched: 'untouched', read: 'read', write: 'read and write' }

const PEER_HEADER = [
  Object.values(USE_TITLES).join(' / '),
  'added time, in HMACs',
  'added on the wire, against the least',
  'the same, user time alone'
]
const BEGIN = '<!-- Made by npm run bench: begin -->'
const END = '<!-- Made by npm run bench: end -->'

/** A line for the terminal. @param {Figure} figure */
export function line ({ name, value, unit, target, ok, spread }) {
  const judged = ok === null ? '' : ok ? 'ok' : 'MISSED'
  const goal = target === null ? '' : `${rowOf(name)?.direction} ${target}`
  const interval = spread ? `, 90 % ${spread.map(written).join('–')}` : ''
  const about = `${value === null ? 'not measured; ' : ''}${unit}${interval}`
  return `${name.padEnd(40)}${written(value).padStart(8)}  ${judged.padEnd(7)}${goal.padEnd(15)}${about}`
}

/**
 * The page of performance with its tables made anew. Throws where it has no place for them.
 * @param {string} page
 * @param {Results} results
 */
export function withTables (page, results) {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin === -1 || end < begin) throw new Error(`The page has no lines ${BEGIN} and ${END}`)
  return `${page.slice(0, begin + BEGIN.length)}\n${targetTable(results)}\n${peerTable(results)}${page.slice(end)}`
}

/** Every target beside what each version of Node reached; what missed it is bold. @param {Results} results */
export function targetTable (results) {
  const versions = Object.keys(results)
  const header = ['', 'target', ...versions.map((version) => `Node ${version}`)]
  return table(header, rows.map(({ title, direction, targets }) => {
    const bounds = [...new Set(Object.values(targets))]
    const goal = `${direction} ${(bounds.length === 1 ? bounds : Object.values(targets)).join(' / ')}`
    const reached = (/** @type {string} */ version) =>
      Object.keys(targets).map((name) => cell(results[version], name)).join(' / ')
    return [title, goal, ...versions.map(reached)]
  }))
}

/** What each kind of session adds, by the first version of Node. @param {Results} results */
export function peerTable (results) {
  const figures = Object.values(results)[0] ?? []
  const uses = Object.keys(USE_TITLES)
  const all = (/** @type {(use: string) => string} */ name) =>
    uses.map((use) => cell(figures, name(use))).join(' / ').replaceAll('**', '')
  return table(PEER_HEADER, Object.entries(KIND_TITLES).map(([kind, title]) => {
    const suffix = kind === 'ours' ? '' : `-${kind}`
    const names = ['request-?', 'wire-?-total', 'wire-?-user']
    return [title, ...names.map((name) => all((use) => name.replace('?', use) + suffix))]
  }))
}

/** @param {readonly Figure[] | undefined} figures @param {string} name */
function cell (figures, name) {
  const found = figures?.find((figure) => figure.name === name)
  return found?.ok === false ? `**${written(found.value)}**` : written(found?.value)
}

/** @param {readonly string[]} header @param {ReadonlyArray<readonly string[]>} lines */
function table (header, lines) {
  return [header, header.map(() => '--'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}
