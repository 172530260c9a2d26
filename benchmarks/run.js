import { fork, spawnSync } from 'node:child_process'
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
  --quick        fewer rounds and processes, for a look: some minutes for all parts, instead of nearly an hour
  --processes N  how many processes of each kind of session wire measures for each use, 12 by default, which takes
                 half an hour; fewer do not tell differences below 2 µs
  --node PATH    measure with this Node instead of the one that runs the command
  --json FILE    write the figures to FILE, as a list of { name, value, unit, target, ok, spread }
  --keep         keep the figures in benchmarks/results, by the version of Node, and make chart and tables of
                 docs/performance.md from all that is kept there; not with --quick
  --redraw       measure nothing; make chart and tables from what is kept
  --profile USE  measure nothing; tell what the time is spent on that a session adds to a request, where USE is
                 untouched, read or write
  --ways         measure nothing; count the calls and the changes of file that a request makes in the package, and say
                 which targets they reach. --list shows each call, --build FOLDER takes another build than dist/
  --help         this text
`

/** One thread for all that V8 does, so that the processor time of the process is that of the work. */
const FLAGS = ['--expose-gc', '--single-threaded']
const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))
const RESULTS = fileURLToPath(new URL('results/', import.meta.url))
const BUILD = fileURLToPath(new URL('../dist/', import.meta.url))
const CHART = new URL('chart.svg', import.meta.url)
const PAGE = new URL('../docs/performance.md', import.meta.url)

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
      processes: { type: 'string' },
      node: { type: 'string', default: process.execPath },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      redraw: { type: 'boolean', default: false },
      profile: { type: 'string' },
      ways: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      build: { type: 'string', default: BUILD },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.quick && values.keep) throw new TypeError('--keep wants figures of a whole run, without --quick')
  return { ...values, names: partNames(values.only), processes: processCount(values.processes) }
}

function partNames (text) {
  const names = text.split(',')
  const unknown = names.find((name) => !Object.hasOwn(parts, name))
  if (unknown === undefined) return names
  throw new TypeError(`There is no part ${JSON.stringify(unknown)}; there are ${Object.keys(parts).join(', ')}`)
}

function processCount (text) {
  if (text === undefined || /^[1-9]\d*$/.test(text)) return text && Number(text)
  throw new TypeError(`--processes takes a number of at least 1, and got ${JSON.stringify(text)}`)
}

async function countWays ({ build, list }) {
  const { describeWays, waysThrough } = await import('./ways.js')
  console.log(describeWays(await waysThrough(build), list))
}

async function main ({ names, quick, processes, node, json, keep: isKept }) {
  const version = versionOf(node)
  console.log(`Node ${version}`)
  const figures = []
  const options = { rounds: quick ? 9 : 41, isQuick: quick, processes }
  for (const name of names) figures.push(...await measure(name, options, node))
  if (json !== undefined) writeJSON(json, figures)
  if (isKept) keep(figures, /\d+/.exec(version)[0])
}

function versionOf (node) {
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  if (/^v\d/.test(stdout ?? '')) return stdout.trim()
  throw new TypeError(`--node takes the path of a Node binary, and got ${JSON.stringify(node)}`)
}

/** The figures of one part, from a process of its own. */
async function measure (name, options, node) {
  const begin = performance.now()
  const worker = fork(WORKER, [name, JSON.stringify(options)], { execPath: node, execArgv: FLAGS })
  const ended = once(worker, 'exit').then(() => { throw new Error(`The part ${name} failed`) })
  const [{ figures, notes, lines = figures.map(line) }] = await Promise.race([once(worker, 'message'), ended])
  ended.catch(() => {})
  const seconds = ((performance.now() - begin) / 1000).toFixed(0)
  console.log(['', [`${name}: ${seconds} s`, ...notes].join('; '), ...lines].join('\n'))
  return figures
}

function keep (figures, version) {
  writeJSON(`${RESULTS}node-${version}.json`, replaced(results()[version] ?? [], figures))
  draw()
}

function draw () {
  const kept = results()
  const [first] = Object.values(kept)
  if (first === undefined) throw new Error('No results are kept yet: npm run bench -- --keep')
  writeFileSync(CHART, chart(first))
  writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), kept))
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
