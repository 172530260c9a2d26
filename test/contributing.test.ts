import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'

const text = readFileSync(new URL('../CONTRIBUTING.md', import.meta.url), 'utf8')
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

function all (pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found]) => found!)
}

t.test('every file and folder that CONTRIBUTING names is there', async (t) => {
  const paths = all(/((?<![\w/])(?:lib|test|examples|integrations|benchmarks|\.github|\.ci)\/[\w./-]*\w)/g)
  t.ok(paths.length > 20)
  for (const path of new Set(paths)) t.ok(existsSync(new URL(`../${path}`, import.meta.url)), path)
})

t.test('every script that it names is there', async (t) => {
  for (const script of all(/npm (?:run )?(test|start|fuzz|build)\b/g)) t.ok(scripts[script], script)
})
