import { existsSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import t from 'tap'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { SECRET } from './support/app.ts'
import { anchorsOf, blocksOf, documents, readme, run } from './support/documents.ts'
import { freePort } from './support/free-port.ts'
import { problemsOf } from './support/strict.ts'

/** Does what a `curl` line of the README says, with one cookie jar. */
async function curl (line: string, jar: { cookie: string }): Promise<string> {
  const response = await fetch(line.split(' ').at(-1)!, {
    method: /-X (\w+)/.exec(line)?.[1] ?? 'GET',
    headers: line.includes('-b') ? jar : {}
  })
  if (line.includes('-c')) jar.cookie = response.headers.get('set-cookie')!.split(';')[0]!
  return await response.text()
}

t.test('the first example prints what stands below it', async (t) => {
  const [, first, shell, output] = blocksOf(readme)
  const port = `${await freePort()}`
  const { printed } = await run(t, first!.code.replace('3000', port))
  const jar = { cookie: '' }
  const lines = shell!.code.replaceAll('3000', port).split('\n').filter((line) => line.startsWith('curl '))
  t.equal(lines.length, 3)
  const answers: string[] = []
  for (const line of lines) answers.push(`${await curl(line, jar)}\n`)
  t.equal(printed.replaceAll(port, '3000') + answers.join(''), output!.code)
})

/** Examples that need what is not installed here, by what stands in them and where they are tested. */
const elsewhere: Array<[part: string, test: string]> = [
  ['createClient', 'integrations/test/redis-store.test.ts'],
  ['new pg.Pool', 'integrations/test/postgres-store.test.ts'],
  ['better-sqlite3', 'integrations/test/sqlite-store.test.ts'],
  ['rateLimit', 'integrations/test/rate-limit.test.ts'],
  ['process.env.OLD_KEY', 'integrations/test/migrating.test.ts'],
  ['process.env.OLD_SECRET', 'integrations/test/migrating.test.ts'],
  ['process.env.OLD_PASSWORD', 'integrations/test/migrating.test.ts'],
  ['websocket', 'integrations/test/websocket.test.ts'],
  ['TinyStore', 'test/stores-doc.test.ts'],
  ['sessionInterface.list', 'test/stores-doc.test.ts']
]

for (const [path, text] of documents) {
  const pages = /^(README\.md|docs\/)/
  if (!pages.test(path)) continue
  const blocks = blocksOf(text)
  for (const [index, { language, code, line }] of blocks.entries()) {
    const isTestedElsewhere = elsewhere.some(([part]) => code.includes(part))
    if (language !== 'js' || isTestedElsewhere || code.startsWith('// app.mjs')) continue
    t.test(`the example in ${path}, line ${line}, runs and prints what stands below it`, async (t) => {
      const { printed } = await run(t, code)
      t.equal(printed, blocks[index + 1]?.language === 'text' ? blocks[index + 1]!.code : '')
    })
  }
}

t.test('the examples that are tested elsewhere have a test there', async (t) => {
  for (const [part, test] of elsewhere) t.ok(existsSync(new URL(`../${test}`, import.meta.url)), `${part}: ${test}`)
})

t.test('every example in TypeScript compiles in strict mode', async (t) => {
  const blocks = [...documents]
    .filter(([path]) => path !== 'docs/accounts.md') // the parts of an example, which is compiled as a whole
    .flatMap(([path, text]) => blocksOf(text).map((block) => ({ path, ...block })))
  const examples = blocks
    .filter(({ language }) => language === 'ts')
    .filter(({ code }) => !code.includes('@fastify/secure-session')) // which integrations/ installs
  t.ok(examples.length > 0)
  for (const { path, line, code } of examples) {
    await t.test(`${path}, line ${line}`, async (t) => {
      t.strictSame(problemsOf(t, [code]), [])
    })
  }
})

t.test('with the keys that are declared, others are errors, but for a session of any', async (t) => {
  const { code } = blocksOf(documents.get('docs/session.md')!).find(({ language }) => language === 'ts')!
  t.strictSame(problemsOf(t, [`${code}
    export function use (session: Session): void {
      session.get('user')?.visits.at(0)
      // @ts-expect-error -- no such key
      session.get('usre')
      // @ts-expect-error -- it may be undefined
      session.user.name
      ;(session as Session<Record<string, unknown>>).set('any' + 'thing', 5)
    }
  `]), [])
})

t.test('the README stays short', async (t) => {
  t.ok(readme.split(/\s+/).length <= 1500)
})

t.test('every relative link leads to a file and to a heading in it', async (t) => {
  for (const [path, text] of documents) {
    for (const [, target, anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const file = target === '' ? path : posix.join(posix.dirname(path), target!)
      const isThere = existsSync(new URL(`../${file}`, import.meta.url))
      const hasHeading = anchor === undefined || anchorsOf(documents.get(file) ?? '').includes(anchor)
      t.ok(isThere && hasHeading, `${path} links to ${target}${anchor === undefined ? '' : `#${anchor}`}`)
    }
  }
})

t.test('every page that an error names is there', async (t) => {
  const errors = readFileSync(new URL('../lib/errors.ts', import.meta.url), 'utf8')
  const pages = [...errors.matchAll(/docs\/[\w-]+\.md/g)].map(([page]) => page)
  t.ok(pages.length > 2)
  for (const page of pages) t.ok(documents.has(page), page)
})

t.test('the README leads to every page', async (t) => {
  for (const path of documents.keys()) {
    if (!/^docs\/(?!security-claims)/.test(path)) continue
    t.ok(readme.includes(`](${path})`), path)
  }
})

t.test('the table of options names every option and no other', async (t) => {
  const text = documents.get('docs/options.md')!
  const named = text
    .split('\n')
    .filter((row) => row.startsWith('| `'))
    .flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
  for (const name of named) {
    t.doesNotThrow(
      () => resolveOptions({ secret: SECRET, [name]: name === 'secret' ? SECRET : undefined } as never),
      name
    )
  }
  let known = ''
  try {
    resolveOptions({ secret: SECRET, none: 1 } as never)
  } catch (error) {
    known = (error as Error).message.split('known are ')[1]!
  }
  t.strictSame(named.sort(), known.split(', ').sort())
})

t.test('the table of tags names every built-in key by the formats that have it', async (t) => {
  const rows = [...documents.get('docs/tags.md')!.matchAll(/^\| (both|default) \| `'([^']+)'` \|/gm)]
  for (const [format, names] of [['default', ['both', 'default']], ['flask', ['both']]] as const) {
    const named = rows.filter(([, name]) => (names as readonly string[]).includes(name!)).map(([, , key]) => key)
    t.strictSame(named, [...new TaggedJSONSerializer({ format }).tags.keys()], format)
  }
})

t.test('the wire specification names the tags of each format in their order', async (t) => {
  const named = [...documents.get('docs/formats.md')!.matchAll(/^\| `"( \w+)"` \|/gm)].map(([, key]) => key)
  t.strictSame(named, [...new TaggedJSONSerializer().tags.keys()])
  t.strictSame(named.slice(0, 6), [...new TaggedJSONSerializer({ format: 'flask' }).tags.keys()])
})

t.test('the table of errors has every code of the package', async (t) => {
  const errors = readFileSync(new URL('../lib/errors.ts', import.meta.url), 'utf8')
  const made = new Set(errors.match(/FSS_ERR_\w+/g))
  const named = [...documents.get('docs/errors.md')!.matchAll(/^\| `(FSS_ERR_\w+)` \|/gm)].map(([, code]) => code)
  t.strictSame(named.sort(), [...made].sort())
})
