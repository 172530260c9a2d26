import { readFileSync, writeFileSync } from 'node:fs'
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

export const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The blocks of code of the README, in order. */
export const blocks = blocksOf(readme)

/** The blocks of code of a document, in order. */
export function blocksOf (text: string): Block[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) =>
    ({ language: language!, code: code!, line: text.slice(0, index).split('\n').length }))
}

/** What a fragment of the README stands in. */
const FRAME = `import Fastify from 'fastify'
import sessionPlugin from 'fastify-signed-session'
const app = Fastify()
`
process.env.SESSION_SECRET = SECRET
process.env.OLD_SESSION_SECRET = OTHER_SECRET

/** Runs an example, and returns its application, if it has one, and what it printed. */
export async function run (t: Test, code: string): Promise<{ app?: FastifyInstance, printed: string }> {
  const file = join(t.testdir(), 'example.mjs')
  const whole = code.includes('import ') ? code : `${FRAME}${code}await app.ready()\n`
  writeFileSync(file, whole.includes('const app =') ? `${whole}export { app }\n` : whole)
  const printed = t.capture(console, 'log')
  const { app } = await import(pathToFileURL(file).href)
  t.teardown(() => app?.close())
  return { app, printed: printed().map(({ args }) => `${format(...args)}\n`).join('') }
}

const recipes = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8')

/** The code of each recipe by its heading, whole. */
export const recipeCodes: ReadonlyMap<string, string> = new Map(recipes.split(/^## /m).slice(1).map((chapter) => {
  const { code } = blocksOf(chapter)[0]!
  return [chapter.split('\n')[0]!, code.includes('import ') ? code : `${FRAME}${code}`]
}))

/** The application of a recipe, with routes of the test's own, ready. */
export async function runRecipe (
  t: Test,
  heading: string,
  addRoutes: (app: FastifyInstance) => void
): Promise<FastifyInstance> {
  const { app } = await run(t, recipeCodes.get(heading)!)
  addRoutes(app!)
  await app!.ready()
  return app!
}
