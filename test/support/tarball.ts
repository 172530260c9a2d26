import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BLOCK = 512

/** The package as it would be published. */
export interface Tarball {
  /** The files by their paths in the package. */
  files: Map<string, Buffer>
  /** Bytes of the archive. */
  size: number
}

const SOURCES = ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'README.md', 'LICENSE', 'lib']

/** Builds and packs the package by `npm pack`: a copy of it, since other tests may use what is built. */
export function pack (folder: string): Tarball {
  const copy = join(folder, 'copy')
  const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const each of new Set<string>([...SOURCES, ...files])) {
    if (each !== 'dist') cpSync(join(ROOT, each), join(copy, each), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'junction')
  const output = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: copy,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [{ filename, size }] = JSON.parse(output.slice(output.indexOf('[')))
  return { files: untar(gunzipSync(readFileSync(join(folder, filename)))), size }
}

/**
 * A project with the package in its node_modules, and beside it what the package depends on and `others`, as they are
 * installed here.
 */
export function install ({ files }: Tarball, project: string, others: readonly string[]): void {
  const modules = join(project, 'node_modules')
  for (const [path, content] of files) write(join(modules, 'fastify-signed-session', path), content)
  const { dependencies } = JSON.parse(files.get('package.json')!.toString())
  for (const name of [...Object.keys(dependencies), ...others]) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction')
  }
}

function write (path: string, content: Buffer): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

/**
 * The files of a tar archive of npm: all of them below `package/`, with names that fit the header (POSIX.1-1988,
 * ustar).
 */
function untar (archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let at = 0; archive[at] !== 0;) {
    const name = textAt(archive, at, 100)
    const size = parseInt(textAt(archive, at + 124, 12), 8)
    files.set(name.replace(/^package\//, ''), archive.subarray(at + BLOCK, at + BLOCK + size))
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK
  }
  return files
}

function textAt (archive: Buffer, start: number, length: number): string {
  return archive.subarray(start, start + length).toString('latin1').replace(/\0.*$/s, '')
}
