import { existsSync, readdirSync } from 'node:fs'
import t from 'tap'

const lib = new URL('../lib/', import.meta.url)
const names = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3).replaceAll('\\', '/'))

/** The tests of the modules that have none of their own name: of whole folders, and of single modules. */
const coveredBy: Record<string, string[]> = {
  cli: ['cli'],
  'fastify/decorate-json': ['json-provider'],
  'fastify/encapsulation': ['plugin'],
  'fastify/https': ['plugin'],
  'fastify/json-bodies': ['request-json'],
  'fastify/media-type': ['request-json'],
  'fastify/reply-headers': ['caching', 'plugin'],
  'fastify/request-session': ['commit', 'plugin'],
  'fastify/response-schema': ['json-replies'],
  'fastify/scope-provider': ['json-provider'],
  'fastify/server-sessions': ['plugin'],
  'fastify/sites': ['plugin'],
  'fastify/test-client': ['testing'],
  'json/columns': ['iso-date', 'http-date'],
  'json/default-provider': ['json-provider'],
  'json/dialects': ['tagged-json'],
  'json/forms': ['tagged-json'],
  'json/json': ['json-provider'],
  'json/own-properties': ['json-writer'],
  'json/plain': ['json-writer'],
  'json/provider': ['json-provider'],
  'json/provider-writer': ['json-writer'],
  'json/reading': ['json-reading'],
  'json/streams': ['json-streams'],
  'json/syntax': ['parsing'],
  'json/tag': ['tags'],
  'json/tag-texts': ['tagged-json'],
  'json/tag-writer': ['tagged-json'],
  'json/writer': ['json-writer'],
  'session/codec': ['session-interface'],
  'session/contents': ['session'],
  'session/cookie-attributes': ['options'],
  'session/cookie-writer': ['set-cookie'],
  'session/counters': ['plugin'],
  'session/differences': ['snapshot'],
  'session/formats': ['options'],
  'session/members': ['session']
}

function testsOf (name: string): string[] {
  const parts = name.split('/')
  return coveredBy[name] ?? coveredBy[parts[0]!] ?? [parts.at(-1)!]
}

t.test('every module has a test of its name, or is in the list of what covers it', async (t) => {
  for (const name of names) {
    for (const test of testsOf(name)) {
      t.ok(existsSync(new URL(`${test}.test.ts`, import.meta.url)), `lib/${name}.ts: test/${test}.test.ts`)
    }
  }
})

t.test('the list names no module that is gone or has a test of its name', async (t) => {
  for (const listed of Object.keys(coveredBy)) {
    t.ok(names.some((name) => name === listed || name.startsWith(`${listed}/`)), listed)
    const own = listed.split('/')
    t.notOk(own.length > 1 && existsSync(new URL(`${own.at(-1)}.test.ts`, import.meta.url)), listed)
  }
})
