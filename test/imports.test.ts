import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const lib = fileURLToPath(new URL('../lib', import.meta.url))
const files = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

/** The layers, from the ground up: a file imports from its own folder and from those named here. */
const layers: Record<string, string[]> = {
  'path.ts': [],
  'errors.ts': ['path.ts'],
  'option-checks.ts': ['path.ts'],
  json: ['path.ts', 'errors.ts', 'option-checks.ts'],
  signing: ['errors.ts', 'option-checks.ts', 'json'],
  wire: ['errors.ts', 'json', 'signing'],
  cookies: ['path.ts'],
  session: ['path.ts', 'errors.ts', 'json', 'signing', 'wire', 'cookies'],
  stores: ['path.ts', 'errors.ts', 'option-checks.ts', 'json', 'signing', 'wire', 'session'],
  options: ['path.ts', 'errors.ts', 'option-checks.ts', 'json', 'signing', 'wire', 'cookies', 'session', 'stores'],
  fastify: ['path.ts', 'errors.ts', 'option-checks.ts', 'json', 'signing', 'cookies', 'session', 'stores', 'options'],
  'index.ts': ['errors.ts', 'json', 'signing', 'cookies', 'session', 'stores', 'options', 'fastify'],
  testing: ['stores'],
  'testing.ts': ['cookies', 'testing', 'fastify'],
  cli: ['path.ts', 'errors.ts', 'json', 'signing', 'wire', 'session', 'stores', 'options'],
  'cli.ts': ['cli']
}

interface Import {
  from: string
  isType: boolean
}

function importsOf (file: string): Import[] {
  const text = readFileSync(join(lib, file), 'utf8')
  return [...text.matchAll(/^(?:import|export) (type )?[^'"]*? from '([^']+)'$/gm)].map(([, type, from]) => ({
    from: from!,
    isType: type !== undefined
  }))
}

function inLib (file: string, from: string): string {
  return relative(lib, join(lib, dirname(file), from))
}

/** A layer is a folder; a file that lies lower than its folder is one by itself. */
function layerOf (file: string): string {
  return Object.hasOwn(layers, file) ? file : file.split('/')[0]!
}

t.test('imports run one way: errors, JSON, signing, wire, session, stores, options, Fastify', async (t) => {
  for (const file of files) {
    const layer = layerOf(file)
    t.ok(layers[layer], `${file} has a place in the order`)
    for (const { from } of importsOf(file).filter((each) => each.from.startsWith('.'))) {
      const target = layerOf(inLib(file, from))
      const isAllowed = target === layer || layers[layer]?.includes(target)
      t.ok(isAllowed, `${file} may import ${from}`)
    }
  }
})

t.test('no module imports itself through others, types aside', async (t) => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter(({ from, isType }) => from.startsWith('.') && !isType)
        .map(({ from }) => inLib(file, from))
    ])
  )
  const visit = (file: string, trail: string[]): void => {
    if (trail.includes(file)) t.fail(`a cycle: ${[...trail, file].join(' -> ')}`)
    else for (const next of graph.get(file) ?? []) visit(next, [...trail, file])
  }
  for (const file of files) visit(file, [])
  t.equal(graph.size, files.length)
})

t.test('only the wiring names Fastify, two files its cookie plugin, and one file zlib', async (t) => {
  const importers = (name: RegExp): string[] =>
    files.filter((file) => importsOf(file).some(({ from }) => name.test(from))).sort()
  t.strictSame(importers(/^fastify(-plugin)?$/).filter((file) => !file.startsWith('fastify/')), [])
  t.strictSame(importers(/^@fastify\/cookie$/), ['cookies/cookie-writer.ts', 'fastify/plugin.ts'])
  t.strictSame(importers(/^node:zlib$/), ['signing/encoding.ts'])
})
