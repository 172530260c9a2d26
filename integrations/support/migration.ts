import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The `./store.js` of an application: the `MemoryStore` of the library that the page moves from. */
const STORES: Readonly<Record<string, string>> = {
  'fastify-session': "import { MemoryStore } from '@fastify/session'\nexport const store = new MemoryStore()\n",
  'express-session': "import session from 'express-session'\nexport const store = new session.MemoryStore()\n"
}

export interface Server {
  listen (...args: unknown[]): unknown
  close? (): Promise<void>
}

export type Stage = 'before' | 'after' | 'carrying'

/**
 * The application of the page `docs/from-NAME.md`, as its difference has it on one side or the other. With `carrying`
 * the page's last example stands in place of the registration.
 */
export async function application (name: string, stage: Stage): Promise<Server> {
  const page = readFileSync(`../docs/from-${name}.md`, 'utf8')
  const [difference, carrying] = [...page.matchAll(/^```(?:diff|js)\n(.*?)^```$/gms)].map(([, code]) => code!)
  const code = sideOf(difference!, stage === 'before' ? '-' : '+')
  return await load(name, stage, stage === 'carrying' ? code.replace(REGISTRATION, () => carrying!) : code)
}

const REGISTRATION = /^await app\.register\(sessionPlugin, .*?\}\)$/ms

function sideOf (difference: string, side: '-' | '+'): string {
  const lines = difference.split('\n').filter((line) => line.startsWith(side) || line.startsWith(' '))
  return lines.map((line) => line.slice(1)).join('\n')
}

async function load (name: string, stage: Stage, code: string): Promise<Server> {
  const folder = resolve('build/migration', name)
  mkdirSync(folder, { recursive: true })
  if (STORES[name] !== undefined) writeFileSync(resolve(folder, 'store.js'), STORES[name])
  const file = resolve(folder, `${stage}.mjs`)
  writeFileSync(file, `${code}\nexport { app }\n`)
  return (await import(pathToFileURL(file).href)).app
}
