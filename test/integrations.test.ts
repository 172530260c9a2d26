import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { bare } from './support/bare.ts'
import { skipFor } from './support/requirements.ts'

const folder = fileURLToPath(new URL('../integrations/', import.meta.url))
const skip = skipFor(
  existsSync(`${folder}node_modules`)
    ? undefined
    : 'the other plugins are not installed: npm ci --prefix integrations installs them'
)

t.setTimeout(1_200_000) // it packs, compiles and runs another suite

t.test('with the other plugins, and with what the migrations come from', { skip }, async (t) => {
  const child = spawn(...bare('npm', ['test', '--silent', '--prefix', folder]), { stdio: ['ignore', 'pipe', 'pipe'] })
  const [output, errors, [code]] = await Promise.all([
    child.stdout.toArray(),
    child.stderr.toArray(),
    once(child, 'exit')
  ])
  t.equal(code, 0, 'npm test in integrations/ is green', { output: `${output.join('')}${errors.join('')}`.split('\n') })
  t.match(output.join(''), /^# fail 0$/m)
  t.match(output.join(''), /^# skipped 0$/m)
  for (const [line] of output.join('').matchAll(/^# Left out.*$/gm)) t.comment(line.slice(2))
})

t.test('the page of other plugins names the versions that integrations/ has locked', async (t) => {
  const page = readFileSync(new URL('../docs/plugins.md', import.meta.url), 'utf8')
  const { packages } = JSON.parse(readFileSync(`${folder}package-lock.json`, 'utf8'))
  const rows = [...page.matchAll(/^\| `([@\w/-]+)` (\d+\.\d+\.\d+) \|.*$/gm)]
  for (const [, name, version] of rows) t.equal(version, packages[`node_modules/${name}`]?.version, name!)
  const tested = Object.keys(JSON.parse(readFileSync(`${folder}package.json`, 'utf8')).devDependencies)
    .filter((name) => existsSync(`${folder}test/${name.replace('@fastify/', '')}.test.ts`))
  t.strictSame(rows.map(([, name]) => name!).sort(), tested.sort(), 'each plugin that has a test has a row')
  for (const [line, name] of rows) {
    const test = readFileSync(`${folder}test/${name!.replace('@fastify/', '')}.test.ts`, 'utf8')
    for (const [, code] of line.matchAll(/`(app\.[^`]+)`/g)) {
      t.ok(test.includes(code!), `${name} is tested with ${code}`)
    }
  }
})
