import { existsSync, readdirSync } from 'node:fs'
import t from 'tap'

const lib = new URL('../lib/', import.meta.url)
const names = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3).replaceAll('\\', '/'))

/** The tests of the modules that have none of their own name: of whole folders, and of single modules. */
const coveredBy: Record<string, string[]> = {
  cli: ['cli'],
  'cookies/attributes': ['options'],
  'cookies/cookie-writer': ['set-cookie'],
  'cookies/rival': ['set-cookie'],
  'fastify/https': ['plugin'],
  'fastify/slot': ['plugin'],
  'fastify/json-bodies': ['request-json'],
  'fastify/lost-changes': ['commit', 'plugin'],
  'fastify/redirects': ['testing'],
  'fastify/request-session': ['commit', 'plugin'],
  'fastify/server-sessions': ['plugin'],
  'fastify/session-headers': ['caching', 'headers', 'set-cookie'],
  'fastify/session-log': ['plugin'],
  'fastify/session-site': ['plugin'],
  'fastify/sites': ['plugin'],
  'fastify/test-client': ['testing'],
  'json/default-provider': ['json-provider'],
  'json/dialects': ['tagged-json'],
  'json/forms': ['tagged-json'],
  'json/json': ['json-provider'],
  'json/provider': ['json-provider'],
  'json/provider-writer': ['json-writer'],
  'json/reading': ['json-reading'],
  'json/refusal': ['json-writer', 'tagged-json'],
  'json/streams': ['json-streams'],
  'json/syntax': ['parsing'],
  'json/tag': ['tags'],
  'json/tag-writer': ['tagged-json'],
  'json/writer': ['json-writer'],
  'options/differences': ['plugin'],
  'options/encryption-options': ['options'],
  'options/resolve': ['options'],
  'options/session-options': ['options'],
  'options/store-options': ['options'],
  'session/beside': ['session', 'session-interface'],
  'session/contents': ['session'],
  'session/cookie-interface': ['session-interface'],
  'session/counters': ['plugin'],
  'session/decision': ['plugin'],
  'session/encode': ['plugin', 'testing'],
  'session/held': ['session', 'session-interface'],
  'session/members': ['session', 'types'],
  'session/origin': ['session-interface'],
  'session/session-id': ['session-interface', 'stored-interface'],
  'session/session-serializer': ['session-interface'],
  'session/settings': ['options'],
  'stores/entry': ['express-store', 'memory-store'],
  'stores/redis-client': ['redis-store'],
  'stores/redis-scripts': ['redis-store'],
  'stores/sql-statements': ['postgres-store', 'sqlite-store'],
  'stores/sql-store': ['postgres-store', 'sqlite-store'],
  'stores/store': ['memory-store'],
  'stores/store-options': ['memory-store'],
  'stores/stored-saver': ['stored-interface'],
  'stores/stored-state': ['stored-interface'],
  'testing/store-probe': ['test-store'],
  'testing/store-rules': ['test-store'],
  'wire/default': ['codec'],
  'wire/flask': ['codec', 'flask-vectors'],
  'wire/format': ['codec'],
  'wire/formats': ['codec', 'options']
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
