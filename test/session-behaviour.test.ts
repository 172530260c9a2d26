import { readFileSync } from 'node:fs'
import Fastify from 'fastify'
import t from 'tap'
import * as lib from '../lib/index.ts'
import { MemorySessions } from './support/memory-sessions.ts'
import { cases } from './support/session-behaviour.mjs'
import { differences, differencesFor } from './support/session-differences.mjs'
import { runCase } from './support/session-visitor.mjs'

const product = { ...lib, fastify: Fastify }

/** An interface of your own keeps types and merges as its store does, and so only what it inherits is tried. */
const { members, ages, requests } = cases
const inherited = { members, ages, requests }

function ownInterface (): object {
  const stored: MemorySessions['stored'] = new Map()
  return { sessionInterface: class extends MemorySessions { override readonly stored = stored } }
}

const kinds = [
  { name: 'a signed cookie', isStored: false, open: () => ({}), tables: { ...cases, differs: differencesFor(false) } },
  { name: 'an encrypted cookie', isStored: false, open: () => ({ encrypt: true }), tables: cases },
  {
    name: 'MemoryStore',
    isStored: true,
    open: () => ({ store: new lib.MemoryStore() }),
    tables: { ...cases, differs: differencesFor(true) }
  },
  { name: 'an interface of your own', isStored: false, open: ownInterface, tables: inherited }
]

for (const kind of kinds) {
  for (const [table, list] of Object.entries(kind.tables)) {
    t.test(`${kind.name}: ${table}`, async (t) => {
      for (const each of list) await t.test(each.title, () => runCase(each, kind, product))
    })
  }
}

t.test('docs/stores.md names every difference, and no other', async (t) => {
  const text = readFileSync(new URL('../docs/stores.md', import.meta.url), 'utf8')
  const [, section] = text.split(/^## What differs from a cookie$/m)
  const points = [...section!.split(/^## /m)[0]!.matchAll(/^- \*\*(.+?)\*\*/gms)].map(([, point]) => point!)
  const named = new Set(differences.map(({ point }) => points.find((each) => each.startsWith(point)) ?? point))
  t.strictSame([...named].sort(), points.sort())
})
