import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const guide = readFileSync('../MIGRATING.md', 'utf8')
const folder = resolve('build/migration')

export interface Server {
  listen (...args: unknown[]): unknown
  close? (): Promise<void>
}

export type Stage = 'before' | 'after' | 'carrying'

/**
 * The application of a chapter of MIGRATING.md as its difference has it on one side or the other, or with the last
 * example in the place of the registration.
 */
export async function application (chapter: string, stage: Stage): Promise<Server> {
  const text = guide.split(/^## /m).find((each) => each.startsWith(`From ${chapter}\n`))!
  const [difference, carrying] = [...text.matchAll(/^```(?:diff|js)\n(.*?)^```$/gms)].map(([, code]) => code!)
  const side = stage === 'before' ? '-' : '+'
  const lines = difference!
    .split('\n')
    .filter((line) => line.startsWith(side) || line.startsWith(' '))
    .map((line) => line.slice(1))
  const whole = lines.flatMap((line) =>
    stage === 'carrying' && line.startsWith('await app.register(sessionPlugin') ? carrying!.split('\n') : [line]
  )
  return await load(`${chapter.replace(/\W/g, '-')}-${stage}`, [...whole, 'export { app }'].join('\n'))
}

async function load (name: string, code: string): Promise<Server> {
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    resolve(folder, 'store.js'),
    "import { MemoryStore } from '@fastify/session'\nexport const store = new MemoryStore()\n"
  )
  const file = resolve(folder, `${name}.mjs`)
  writeFileSync(file, code)
  return (await import(pathToFileURL(file).href)).app
}
