/**
 * Packs the product and unpacks it into node_modules, as an installation from the registry would: what it imports is
 * then this folder's own, and not what the root has installed. A copy is packed, since others may be building the root.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { name, files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const target = fileURLToPath(new URL(`node_modules/${name}`, import.meta.url))
const sources = [
  'package.json', 'tsconfig.json', 'tsconfig.build.json', 'README.md', 'LICENSE', 'lib',
  ...files.filter((file) => file !== 'dist')
]

const copy = mkdtempSync(join(tmpdir(), `${name}-`))
try {
  for (const each of sources) cpSync(join(root, each), join(copy, each), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--silent'], { cwd: copy, encoding: 'utf8' }).replace(/^[^[]*/, '')
  )
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  execFileSync('tar', ['-xzf', join(copy, filename), '-C', target, '--strip-components=1'])
} finally {
  rmSync(copy, { recursive: true, force: true })
}
