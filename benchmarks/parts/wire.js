import { spawnSync } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import { SESSION_PEERS, USES, WIRE_KINDS } from '../applications.js'
import { figure, rows } from '../figures.js'
import { shuffled } from '../statistics.js'
import { describeWire, wireFigures } from '../wire-figures.js'
import { Load, LOAD_NAME } from '../wire-load.js'
import { WireServer } from '../wire-server.js'

/** Seconds that a process answers requests before it is measured, and while it is. */
const LENGTHS = { whole: { warmUp: 3, measured: 2 }, quick: { warmUp: 1, measured: 1 } }
/** Requests that it has answered before at least, however busy the machine is: code has to be compiled. */
const WARM = 100_000

/**
 * Processor time of a server's process over loopback. Every sample is of a new process, since V8 does not make equally
 * fast code in each of them. The kinds take turns, in another order each time.
 */
export async function wire ({ isQuick, processes = isQuick ? 3 : 12 }) {
  const missing = whatIsMissing()
  if (missing !== undefined) return { figures: unmeasured(), notes: [missing] }
  const busy = `load average ${loadavg()[0].toFixed(1)} before` // more than 1 spoils even processor time
  const measured = await measure(processes, isQuick ? LENGTHS.quick : LENGTHS.whole)
  const byUse = USES.map((use) => [use, wireFigures(use, measured[use], SESSION_PEERS)])
  return {
    figures: byUse.flatMap(([, figures]) => figures),
    notes: [LOAD_NAME, `${processes} processes a kind and use`, 'medians and 90 % intervals', busy],
    lines: byUse.flatMap(([use, figures]) => describeWire(use, figures, WIRE_KINDS))
  }
}

/** What it takes to measure over loopback, and is not here. */
export function whatIsMissing () {
  if (process.platform !== 'linux' || availableParallelism() < 2) return 'it needs Linux and two cores'
  const command = ['wrk', 'taskset'].find((each) => spawnSync(each, ['--version']).error !== undefined)
  return command && `${command} is not installed`
}

function unmeasured () {
  const names = rows.flatMap(({ targets }) => Object.keys(targets)).filter((name) => name.startsWith('wire-'))
  return names.map((name) => figure(name, null, 'x'))
}

/** The samples of every kind, by the use. */
async function measure (processes, lengths) {
  const perKind = () => Object.fromEntries(WIRE_KINDS.map((kind) => [kind, []]))
  const measured = Object.fromEntries(USES.map((use) => [use, perKind()]))
  const turns = USES.flatMap((use) => WIRE_KINDS.map((kind) => ({ use, kind })))
  const borrowed = await cookiesOf('ours')
  for (let round = 1; round <= processes; round++) {
    console.error(`wire: round ${round} of ${processes}`)
    for (const { use, kind } of shuffled(turns)) measured[use][kind].push(await sample(kind, use, lengths, borrowed))
  }
  return measured
}

/** For bare Fastify, which has none: its requests are as long as this package's. */
async function cookiesOf (kind) {
  const server = await WireServer.start(kind)
  await server.stop()
  return server.cookies
}

async function sample (kind, use, { warmUp, measured }, borrowed) {
  const server = await WireServer.start(kind)
  const load = new Load(kind === 'bare' ? borrowed : server.cookies)
  try {
    await server.check(use, kind === 'bare')
    for (let answered = 0; answered < WARM;) answered += (await load.run(server.url(use), warmUp)).requests
    const before = server.processorTime()
    const { requests, perSecond } = await load.run(server.url(use), measured)
    const after = server.processorTime()
    const microseconds = (time) => (after[time] - before[time]) * 1e6 / requests
    return { user: microseconds('user'), total: microseconds('total'), perSecond }
  } finally {
    load.close()
    await server.stop()
  }
}
