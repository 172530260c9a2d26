import { parseArgs } from 'node:util'
import { runMutations } from './support/mutations.mjs'

// The long run of test/mutations.test.ts, against what is built: node test/fuzz.mjs --runs 20000 --seed 1
const { values } = parseArgs({
  options: { runs: { type: 'string', default: '20000' }, seed: { type: 'string', default: `${Date.now() % 2 ** 32}` } }
})
const [runs, seed] = [Number(values.runs), Number(values.seed)]
if (!Number.isInteger(runs) || !Number.isInteger(seed) || runs < 1 || seed < 0) {
  throw new TypeError('--runs and --seed are whole numbers')
}

console.log(`seed ${seed}, ${runs} changed cookies for each registration`)
const begin = performance.now()
const { tried, unchanged, decrypted, kinds, failures } = await runMutations({ runs, seed })
const seconds = (performance.now() - begin) / 1000
for (const [kind, count] of Object.entries(kinds).sort(([a], [b]) => a.localeCompare(b))) {
  console.log(`${`${count}`.padStart(8)}  ${kind}`)
}
console.log(
  `${tried} cookies in ${seconds.toFixed(1)} s: ${tried - unchanged} changed, ${unchanged} unchanged, ` +
    `${decrypted} decrypted, ${failures.length} failures`
)
for (const failure of failures.slice(0, 20)) console.error(failure)
process.exitCode = failures.length === 0 ? 0 : 1
