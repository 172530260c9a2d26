import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const PARTS = {
  codec: async () => (await import('./parts/codec.js')).codec,
  serializer: async () => (await import('./parts/serializer.js')).serializers,
  request: async () => (await import('./parts/request.js')).request
}
const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean', default: false } } })
const names = values.only?.split(',') ?? Object.keys(PARTS)
const figures = []
for (const name of names) {
  const begin = performance.now()
  const part = await PARTS[name]()
  const own = await part({ rounds: values.quick ? 7 : 41 })
  for (const { name, value, unit, target, ok } of own) {
    console.log(`${name.padEnd(36)} ${value.toFixed(value > 100 ? 0 : 3).padStart(9)} ${ok === null ? '   ' : ok ? 'ok ' : 'NOT'} ${target === null ? '' : `target ${target}`}  ${unit}`)
  }
  console.log(`-- ${name}: ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  figures.push(...own)
}
if (values.json) writeFileSync(values.json, JSON.stringify(figures, null, 2) + '\n')
