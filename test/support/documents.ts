import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { OTHER_SECRET, SECRET } from './app.ts'

export interface Block {
  language: string
  code: string
  line: number
}

const root = new URL('../../', import.meta.url)

/** The text of every document by its path from the root. */
export const documents: ReadonlyMap<string, string> = new Map(
  ['', 'docs/', 'examples/with-flask/'].flatMap((folder) => readdirSync(new URL(`./${folder}`, root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => [`${folder}${name}`, readFileSync(new URL(`${folder}${name}`, root), 'utf8')] as const))
)

export const readme = documents.get('README.md')!

/** The blocks of code of a document, in order. */
export function blocksOf (text: string): Block[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) =>
    ({ language: language!, code: code!, line: text.slice(0, index).split('\n').length }))
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf (text: string): string[] {
  const headings = [...text.replace(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)]
  return headings.map(([, title]) => title!.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'))
}

/** What a fragment of a document stands in. */
const FRAME = `import Fastify from 'fastify'
import sessionPlugin from 'fastify-signed-session'
const app = Fastify()
`
/** What a fragment that uses sessions and registers none stands in. */
const REGISTRATION = 'await app.register(sessionPlugin, { secret: process.env.SESSION_SECRET })\n'
process.env.SESSION_SECRET = SECRET
process.env.OLD_SESSION_SECRET = OTHER_SECRET

/** A fragment as the whole that it stands for. */
export function wholeOf (code: string): string {
  if (code.includes('const app =')) return code
  const [imports, rest] = [/^import .*\n/gm, /^(?!import ).*\n/gm].map((lines) => (code.match(lines) ?? []).join(''))
  if (!rest!.includes('app.')) return code
  const registration = code.includes('register(sessionPlugin') ? '' : REGISTRATION
  return `${FRAME}${imports}${registration}${rest}await app.ready()\n`
}

/** Runs an example, and returns its application, if it has one, and what it printed. */
export async function run (t: Test, code: string): Promise<{ app?: FastifyInstance, printed: string }> {
  const file = join(t.testdir(), 'example.mjs')
  const whole = wholeOf(code)
  writeFileSync(file, whole.includes('const app =') ? `${whole}export { app }\n` : whole)
  const printed = t.capture(console, 'log')
  const { app } = await import(pathToFileURL(file).href)
  t.teardown(() => app?.close())
  return { app, printed: printed().map(({ args }) => `${format(...args)}\n`).join('') }
}

const RECIPES = ['ages', 'ending-sessions', 'rate-limits', 'proxy']

/** The first example below each heading of the guides that are recipes. */
export const recipeCodes: ReadonlyMap<string, string> = new Map(RECIPES.flatMap((name) =>
  documents.get(`docs/${name}.md`)!.split(/^#+ (?=[A-Z])/m).slice(1).flatMap((chapter) => {
    const [block] = blocksOf(chapter).filter(({ language }) => language === 'js')
    return block === undefined ? [] : [[chapter.split('\n')[0]!, block.code] as const]
  })))

/** The application of a recipe, with routes of the test's own, ready. */
export async function runRecipe (
  t: Test,
  heading: string,
  addRoutes: (app: FastifyInstance) => void
): Promise<FastifyInstance> {
  const code = recipeCodes.get(heading)!
  const { app } = await run(t, wholeOf(code).replace('await app.ready()\n', ''))
  addRoutes(app!)
  await app!.ready()
  return app!
}
