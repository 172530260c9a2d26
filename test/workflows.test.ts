import { accessSync, constants, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'

interface Step {
  uses?: string
  run?: string
}

interface Job {
  'timeout-minutes'?: number
  container?: string
  needs?: string
  permissions?: Record<string, string>
  strategy?: { matrix: { node: number[] } }
  steps: Step[]
}

interface Workflow {
  permissions: Record<string, string>
  jobs: Record<string, Job>
}

const folder = new URL('../.github/workflows/', import.meta.url)
const workflows = new Map(readdirSync(folder).map((name) => [name, parse(read(new URL(name, folder))) as Workflow]))
const manifest = JSON.parse(read(new URL('../package.json', import.meta.url)))

function read (url: URL): string {
  return readFileSync(url, 'utf8')
}

/** The lines that a job runs. */
function commandsOf ({ steps }: Job): string[] {
  return steps.flatMap(({ run }) => run?.trim().split('\n') ?? [])
}

t.test('CI runs on each version of Node that is supported, from the oldest that the package allows', async (t) => {
  const { bare, everything } = workflows.get('ci.yml')!.jobs
  const versions = bare!.strategy!.matrix.node
  t.strictSame(versions, [20, 22, 24, 26])
  t.equal(Math.min(...versions), Number(/^>=(\d+)\./.exec(manifest.engines.node)![1]))
  t.equal(everything!.container, `node:${versions[0]}-bookworm`)
  t.match(read(new URL('../README.md', import.meta.url)), `Node ${manifest.engines.node.slice(2)} or newer`)
})

t.test('CI runs everything that a contributor runs', async (t) => {
  t.ok(Object.values(workflows.get('ci.yml')!.jobs).flatMap(commandsOf).includes('.ci/run'))
  for (const name of ['run', 'long', 'prepare']) accessSync(new URL(`../.ci/${name}`, import.meta.url), constants.X_OK)
})

t.test('a release is published with provenance, ' +
  'after everything has passed and by a job that does nothing else', async (t) => {
  const { permissions, jobs } = workflows.get('publish.yml')!
  const { check, publish } = jobs
  t.strictSame(permissions, {})
  t.strictSame(check!.permissions, { contents: 'read' })
  t.ok(commandsOf(check!).includes('.ci/run'))
  t.equal(publish!.needs, 'check')
  t.strictSame(publish!.permissions, { contents: 'read', 'id-token': 'write' })
  t.ok(commandsOf(check!).includes('npm pack'))
  t.match(commandsOf(publish!), [/^npm publish \S+\.tgz .*--provenance/], 'and it publishes what was checked')
})

t.test('every other job may read and no more, and every action is held to a major version', async (t) => {
  for (const [name, { permissions, jobs }] of workflows) {
    t.ok(permissions, `${name} says what it may do`)
    for (const [job, { permissions: own = {}, steps, ...rest }] of Object.entries(jobs)) {
      t.ok(rest['timeout-minutes'], `${name} ${job} has a time limit`)
      const writes = Object.entries({ ...permissions, ...own }).filter(([, right]) => right !== 'read')
      t.strictSame(writes, job === 'publish' ? [['id-token', 'write']] : [])
      for (const { uses } of steps.filter((step) => step.uses !== undefined)) {
        t.match(uses, /^actions\/[\w-]+@(v\d+|[0-9a-f]{40})$/)
      }
    }
  }
})
