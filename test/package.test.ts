import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import t from 'tap'
import { OTHER_SECRET, SECRET } from './support/app.ts'
import { bare } from './support/bare.ts'
import { skipFor } from './support/requirements.ts'
import { install, pack, ROOT } from './support/tarball.ts'

const folder = t.testdir({ project: { 'package.json': '{ "private": true }' } })
const project = join(folder, 'project')
t.setTimeout(300_000)
const tarball = pack(folder)
install(tarball, project, ['fastify', '@types/node'])
cpSync(join(ROOT, 'test/fixtures/consumer'), project, { recursive: true })

const manifest = JSON.parse(tarball.files.get('package.json')!.toString())

/** Runs Node in the project. */
function runNode (args: string[]) {
  const env = { ...process.env, SESSION_SECRET: SECRET }
  return spawnSync(...bare(process.execPath, args), { cwd: project, env, encoding: 'utf8' })
}

function runCode (file: string, code: string, flags: string[] = []) {
  writeFileSync(join(project, file), code)
  return runNode([...flags, file])
}

t.test('the tarball holds the built files of every module, the documents, and nothing else', async (t) => {
  const modules = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts')
  )
  const built = modules.flatMap((file) =>
    ['.js', '.js.map', '.d.ts'].map((end) => `dist/${file.replaceAll('\\', '/').replace(/\.ts$/, end)}`)
  )
  const pages = readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)
  const top = ['CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md']
  const documents = [...top, 'benchmarks/chart.svg', ...pages]
  t.strictSame([...tarball.files.keys()].sort(), [...built, ...documents, 'package.json'].sort())
  const unpacked = [...tarball.files.values()].reduce((sum, { length }) => sum + length, 0)
  t.comment(
    `${tarball.files.size} files, ${Math.round(tarball.size / 1024)} KiB packed, ` +
      `${Math.round(unpacked / 1024)} KiB unpacked`
  )
})

t.test('every module in the tarball is reached from what the package exports', async (t) => {
  const { exports, bin } = manifest
  const entries = [exports['.'].default, exports['./testing'].default, bin['fastify-signed-session']].map(
    (file: string) => file.replace('./', '')
  )
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    const code = tarball.files.get(file)!.toString()
    for (const [, from] of code.matchAll(/(?:from|import) ['"](\.[^'"]+)['"]/g)) {
      visit(join(file, '..', from!).replaceAll('\\', '/'))
    }
  }
  for (const entry of entries) visit(entry)
  const withCode = [...tarball.files].filter(
    ([file, code]) => file.endsWith('.js') && !/^export \{\};\s*(\/\/#.*)?$/.test(code.toString())
  )
  t.strictSame(withCode.map(([file]) => file).filter((file) => !reached.has(file)), [])
})

t.test('no script runs when the package is installed', async (t) => {
  t.strictSame(
    ['preinstall', 'install', 'postinstall', 'prepare'].filter((name) => manifest.scripts[name] !== undefined),
    []
  )
  t.strictSame(Object.keys(manifest.dependencies).sort(), ['@fastify/cookie', 'fastify-plugin'])
})

t.test('links between documents lead somewhere in the tarball too', async (t) => {
  const pages = [...tarball.files].filter(([name]) => name.endsWith('.md') && name !== 'CONTRIBUTING.md')
  const links = pages.flatMap(([name, content]) =>
    [...content.toString().matchAll(/\]\((?!#|https?:)([^)#]+)/g)].map(([, target]) => posix.join(name, '..', target!)))
  t.ok(links.includes('LICENSE'))
  for (const target of new Set(links)) t.ok(tarball.files.has(target), target)
})

const USE = `
const app = Fastify()
app.register(sessionPlugin, process.env.SESSION_SECRET)
app.get('/', async (request, reply) => reply.jsonify(request.session.n = (request.session.n ?? 0) + 1))
const client = testClient(app)
client.inject('/').then(() => client.inject('/')).then(async ({ body }) => {
  console.log(body.trim(), await client.session(), sessionPlugin === named)
})
`

t.test('an installed package works by import', async (t) => {
  const { stdout, stderr } = runCode('import.mjs', `
    import Fastify from 'fastify'
    import sessionPlugin, { sessionPlugin as named } from 'fastify-signed-session'
    import { testClient } from 'fastify-signed-session/testing'
    ${USE}`)
  t.equal(stderr, '')
  t.equal(stdout, '2 { n: 2 } true\n')
})

t.test('an installed package works by require, and is registered as it comes', async (t) => {
  const { stdout, stderr } = runCode('require.cjs', `
    const Fastify = require('fastify')
    const sessionPlugin = require('fastify-signed-session')
    const { sessionPlugin: named } = sessionPlugin
    const { testClient } = require('fastify-signed-session/testing')
    ${USE}`)
  t.equal(stderr, '', 'and Node warns of nothing')
  t.equal(stdout, '2 { n: 2 } false\n')
})

t.test('an installed package cannot be reached past its exports', async (t) => {
  const { stderr } = runCode('inside.mjs', "import 'fastify-signed-session/dist/session/session.js'")
  t.match(stderr, 'ERR_PACKAGE_PATH_NOT_EXPORTED')
})

t.test('the command of an installed package runs, reads pipes, and exits with a code', async (t) => {
  const program = join(project, 'node_modules/fastify-signed-session', manifest.bin['fastify-signed-session'])
  const command = join(project, 'command')
  chmodSync(program, 0o755) // as npm does
  symlinkSync(program, command)
  const run = (args: string[], input: string, secret = SECRET) => {
    const env = { ...process.env, SESSION_SECRET: secret }
    const { status, stdout, stderr } = spawnSync(...bare(command, args), { input, env, encoding: 'utf8' })
    return { status, stdout, stderr }
  }
  const { stdout: cookie, ...signed } = run(['sign'], '{"userId":42}')
  t.strictSame(signed, { status: 0, stderr: '' })
  t.match(run(['inspect'], cookie), { status: 0, stdout: /userId: 42/, stderr: '' })
  t.match(run(['inspect'], cookie, OTHER_SECRET), { status: 1, stdout: /DOES NOT VERIFY/, stderr: '' })
  t.match(run(['inspect', '--none'], ''), { status: 2, stdout: '', stderr: /^Unknown option '--none'/ })
  t.match(run(['--version'], '').stdout, manifest.version)
})

t.test('a stack trace leads to the code as it was written', async (t) => {
  const { stderr } = runCode('throw.mjs', "import { UUID } from 'fastify-signed-session'\nnew UUID('x')", [
    '--enable-source-maps'
  ])
  const [, file, line] = /fastify-signed-session\/(lib\/[\w/-]+\.ts):(\d+)/.exec(stderr)!
  t.equal(file, 'lib/json/values.ts')
  const source = readFileSync(join(ROOT, file!), 'utf8').split('\n')[Number(line) - 1]!
  t.match(source, "throw new TypeError('A UUID")
  t.ok(stderr.includes(source.trim()), 'the line itself is shown, from the map')
})

const compilers = { 6: 'node_modules/typescript', 7: 'test/typescript7/node_modules/typescript' }

for (const [version, path] of Object.entries(compilers)) {
  const compiler = join(ROOT, path)
  const skip = skipFor(existsSync(compiler) ? undefined : `TypeScript ${version} is not installed in ${path}`)
  for (const exact of [true, false]) {
    t.test(
      `consumers type-check with TypeScript ${version}, exactOptionalPropertyTypes ${exact}, as ESM and CommonJS`,
      { skip },
      async (t) => {
        t.match(JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')).version, new RegExp(`^${version}\\.`))
        const { stdout, stderr, status } = runNode([
          join(compiler, 'bin/tsc'),
          '-p',
          '.',
          '--exactOptionalPropertyTypes',
          `${exact}`
        ])
        t.equal(stdout + stderr, '')
        t.equal(status, 0)
      })
  }
}
