import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { parts } from './parts/index.js'

/** One thread for all that V8 does, so that the processor time of the process is that of the work. */
const FLAGS = ['--expose-gc', '--single-threaded']

const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' }, quick: { type: 'boolean', default: false } } })
const names = values.only?.split(',') ?? Object.keys(parts)
const figures = []
for (const name of names) {
  const begin = performance.now()
  const worker = fork(fileURLToPath(new URL('worker.js', import.meta.url)), [name, JSON.stringify({ rounds: values.quick ? 9 : 41 })], { execArgv: FLAGS })
  const [own] = await Promise.race([once(worker, 'message'), once(worker, 'exit').then(() => { throw new Error(`${name} failed`) })])
  for (const { name, value, unit, target, ok } of own) {
    console.log(`${name.padEnd(36)} ${value.toFixed(value > 100 ? 0 : 3).padStart(9)} ${ok === null ? '   ' : ok ? 'ok ' : 'NOT'} ${target === null ? '' : `target ${target}`}  ${unit}`)
  }
  console.log(`-- ${name}: ${((performance.now() - begin) / 1000).toFixed(1)} s`)
  figures.push(...own)
}
if (values.json) writeFileSync(values.json, JSON.stringify(figures, null, 2) + '\n')
