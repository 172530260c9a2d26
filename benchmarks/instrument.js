import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'

/**
 * One call: the file of the function, relative to the build, and its name.
 * @typedef {{ file: string, name: string }} Call
 */

const LOG = 'instrument-log.js'
const LOG_TEXT = `export const calls = []
export function enter (file, name) { calls.push({ file, name }) }
`

/**
 * Copies a build into a new folder. Every function, method, accessor and arrow of the copy logs its file and its name
 * when it is entered. Default values of parameters are worked out before that.
 * @param {string} build
 * @param {string} folder
 * @returns {Promise<Call[]>} the log, which grows while the copy runs
 */
export async function copyInstrumented (build, folder) {
  cpSync(build, folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  const log = join(folder, LOG)
  writeFileSync(log, LOG_TEXT)
  for (const name of readdirSync(build, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.js')) instrumentFile(folder, name, log)
  }
  return (await import(pathToFileURL(log).href)).calls
}

/** @param {string} folder @param {string} name @param {string} log */
function instrumentFile (folder, name, log) {
  const file = join(folder, name)
  const from = JSON.stringify(`./${withSlashes(relative(dirname(file), log))}`)
  // At the end, since the first line may start with #!. Imports are hoisted.
  const tail = `\nimport { enter as __enter } from ${from}\n`
  writeFileSync(file, instrument(readFileSync(file, 'utf8'), withSlashes(name)) + tail)
}

/** @param {string} path */
function withSlashes (path) {
  return path.split(sep).join('/')
}

/**
 * The same code with a call of `__enter(file, name)` at the start of each function.
 * @param {string} text
 * @param {string} file
 */
export function instrument (text, file) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS)
  const insertions = insertionsOf(source, file).sort((a, b) => b.at - a.at)
  return insertions.reduce((changed, { at, text }) => changed.slice(0, at) + text + changed.slice(at), text)
}

/** @param {ts.SourceFile} source @param {string} file */
function insertionsOf (source, file) {
  /** @type {Array<{ at: number, text: string }>} */
  const insertions = []
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      insertions.push(...insertionsInto(node.body, callFor(node, file)))
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return insertions
}

/** @param {ts.Node} node @param {string} file */
function callFor (node, file) {
  return `__enter(${JSON.stringify(file)}, ${JSON.stringify(nameOf(node))})`
}

/** @param {ts.Node} body @param {string} call */
function insertionsInto (body, call) {
  if (ts.isBlock(body)) return [{ at: body.getStart() + 1, text: `${call};` }]
  return [{ at: body.getStart(), text: `(${call}, ` }, { at: body.getEnd(), text: ')' }]
}

/**
 * The name of a function or class, with that of its class before it. A function without a name is called after the
 * nearest one around it.
 * @param {ts.Node} node
 */
function nameOf (node) {
  return ownNameOf(node) ?? `=> in ${nameAround(node)}`
}

/** @param {ts.Node} node @returns {string | undefined} */
function ownNameOf (node) {
  if (ts.isConstructorDeclaration(node)) return `new ${ownNameOf(node.parent)}`
  const named = ts.isPropertyDeclaration(node.parent) ? node.parent : node
  const name = ts.getNameOfDeclaration(/** @type {ts.Declaration} */ (named))?.getText()
  if (name === undefined) return undefined
  const kind = ts.isGetAccessor(node) ? 'get ' : ts.isSetAccessor(node) ? 'set ' : ''
  return ts.isClassLike(named.parent) ? `${ownNameOf(named.parent)}.${kind}${name}` : kind + name
}

/** @param {ts.Node} node */
function nameAround (node) {
  for (let { parent } = node; parent !== undefined; { parent } = parent) {
    const name = ts.isFunctionLike(parent) || ts.isClassLike(parent) ? ownNameOf(parent) : undefined
    if (name !== undefined) return name
  }
  return 'the module'
}
