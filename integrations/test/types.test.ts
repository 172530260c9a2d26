import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Session } from 'fastify-signed-session'

/** Never called: what @fastify/flash declares is a key, so others are errors. */
export function compiles (session: Session): void {
  const flash: Record<string, string[]> | undefined = session.get('flash')
  // @ts-expect-error -- no such key
  session.set('flahs', flash)
}

test('without the mapping of tsconfig.json the types of @fastify/secure-session, where it is installed, ' +
  'clash with ours', () => {
  const { stdout } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'types'], {
    encoding: 'utf8'
  })
  assert.match(stdout, /secure-session\/types\/index\.d\.ts\(\d+,\d+\): error TS2300: Duplicate identifier 'session'/)
})

test('the mapping and its stub are those of the documents', () => {
  const page = readFileSync('../docs/plugins.md', 'utf8')
  const { compilerOptions } = JSON.parse(readFileSync('tsconfig.json', 'utf8'))
  assert.ok(
    page.includes(
      `"paths": ${JSON.stringify(compilerOptions.paths)
        .replaceAll(/([:[{])(?=["[])/g, '$1 ')
        .replaceAll('[ ', '[')
        .replace('}', ' }')}`
    )
  )
  const stub = readFileSync('secure-session.d.ts', 'utf8').split('\n').slice(1).join('\n')
  assert.ok(page.includes(`\`\`\`ts\n${stub}\`\`\``))
})
