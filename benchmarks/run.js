import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chart } from './chart.js'
import { replaced } from './figures.js'
import { parts } from './parts/index.js'
import { line, withTables } from './report.js'

const HELP = `npm run bench -- [options]

Measures the package as it is built beside its peers, prints the figures, and says which targets they reach. It exits
with 0 whatever the figures are, and with 1 where something could not be measured that should have been.

  --only PARTS   some of ${Object.keys(parts).join(', ')}, with commas between them
  --quick        fewer rounds, for a look: a few minutes for all parts, instead of ten or more
  --json FILE    write the figures to FILE, as a list of { name, value, unit, target, ok }
  --readme       keep the figures in benchmarks/results, by the version of Node, and make chart and tables of the
                 README from all that is kept there; not with --quick
  --redraw       measure nothing; make chart and tables from what is kept
  --profile USE  measure nothing; tell what the time is spent on that a session adds to a request, where USE is
                 untouched, read or write
  --ways         measure nothing; count the calls and the changes of file that a request makes in the package, and say
                 which targets they reach. --list shows each call, --build FOLDER takes another build than dist/
  --help         this text
`

/** One thread for all that V8 does, so that the processor time of the process is that of the work. */
const FLAGS = ['--expose-gc', '--single-threaded']
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))
const BUILD = fileURLToPath(new URL('../dist/', import.meta.url))
const CHART = new URL('chart.svg', import.meta.url)
const README = new URL('../README.md', import.meta.url)

const options = readOptions()
if (options.help) process.stdout.write(HELP)
else if (options.redraw) draw()
else if (options.profile !== undefined) await (await import('./profile.js')).profile(options.profile)
else if (options.ways) await countWays(options)
else await main(options)

function readOptions () {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: Object.keys(parts).join(',') },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      readme: { type: 'boolean', default: false },
      redraw: { type: 'boolean', default: false },
      profile: { type: 'string' },
      ways: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      build: { type: 'string', default: BUILD },
      help: { type: 'boolean', default: false }
    }
  })
  const names = values.only.split(',')
  for (const name of names) {
    if (!Object.hasOwn(parts, name)) throw new TypeError(`There is no part ${JSON.stringify(name)}; there are ${Object.keys(parts).join(', ')}`)
  }
  if (values.quick && values.readme) throw new TypeError('--readme wants figures of a whole run, without --quick')
  return { ...values, names }
}

async function countWays ({ build, list }) {
  const { describeWays, waysThrough } = await import('./ways.js')
  console.log(describeWays(await waysThrough(build), list))
}

async function main ({ names, quick, json, readme }) {
  console.log(`Node ${process.version}`)
  const figures = []
  for (const name of names) figures.push(...await measure(name, { rounds: quick ? 9 : 41, isQuick: quick }))
  if (json !== undefined) writeJSON(json, figures)
  if (readme) keep(figures)
}

/** The figures of one part, from a process of its own. */
async function measure (name, options) {
  const begin = performance.now()
  const worker = fork(fileURLToPath(new URL('worker.js', import.meta.url)), [name, JSON.stringify(options)], { execArgv: FLAGS })
  const ended = once(worker, 'exit').then(() => { throw new Error(`The part ${name} failed`) })
  const [{ figures, notes }] = await Promise.race([once(worker, 'message'), ended])
  ended.catch(() => {})
  console.log(`\n${name}: ${((performance.now() - begin) / 1000).toFixed(0)} s${notes.map((note) => `; ${note}`).join('')}`)
  for (const figure of figures) console.log(line(figure))
  return figures
}

function keep (figures) {
  const [version] = process.versions.node.split('.')
  writeJSON(`${RESULTS}node-${version}.json`, replaced(results()[version] ?? [], figures))
  draw()
}

function draw () {
  const kept = results()
  const [first] = Object.values(kept)
  if (first === undefined) throw new Error('No results are kept yet: npm run bench -- --readme')
  writeFileSync(CHART, chart(first))
  writeFileSync(README, withTables(readFileSync(README, 'utf8'), kept))
}

/** What is kept, by the major version of Node, the lowest first. */
function results () {
  mkdirSync(RESULTS, { recursive: true })
  const files = readdirSync(RESULTS).map((file) => /^node-(\d+)\.json$/.exec(file)).filter((match) => match !== null)
  return Object.fromEntries(files.map(([file, version]) => [version, JSON.parse(readFileSync(RESULTS + file, 'utf8'))]))
}

function writeJSON (file, figures) {
  writeFileSync(file, `[\n${figures.map((figure) => `  ${JSON.stringify(figure)}`).join(',\n')}\n]\n`)
}
