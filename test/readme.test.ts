import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'
import { formats } from '../lib/wire/formats.ts'
import { resolveOptions } from '../lib/session/settings.ts'
import { SECRET } from './support/app.ts'
import { freePort } from './support/free-port.ts'
import { blocks, blocksOf, readme, run } from './support/readme.ts'
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

t.test('the first example runs within the first 30 lines and prints what stands below it', async (t) => {
  const [first, shell] = blocks
  t.equal(first!.language, 'js')
  t.ok(first!.line + first!.code.split('\n').length <= 30)
  const port = `${await freePort()}`
  await run(t, first!.code.replace('3000', port))
  const jar = { cookie: '' }
  const [, ...lines] = shell!.code.replaceAll('3000', port).split('$ curl')
  t.equal(lines.length, 2)
  for (const line of lines) {
    const [command, ...printed] = line.split('\n')
    t.equal(await curl(command!, jar), printed.join('\n'))
  }
})

for (const [index, { language, code, line }] of blocks.entries()) {
  if (language !== 'js' || index === 0) continue
  t.test(`the example in line ${line} runs and prints what stands below it`, async (t) => {
    const { printed } = await run(t, code)
    t.equal(printed, blocks[index + 1]?.language === 'text' ? blocks[index + 1]!.code : '')
  })
}

t.test('every example in TypeScript, here and in the other documents, compiles in strict mode', async (t) => {
  const root = new URL('..', import.meta.url)
  const long = readdirSync(new URL('docs', root)).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  const codes = ['README.md', 'MIGRATING.md', 'SECURITY.md', 'CONTRIBUTING.md', ...long]
    .flatMap((name) => blocksOf(readFileSync(new URL(name, root), 'utf8')))
    .filter(({ language }) => language === 'ts')
    .map(({ code }) => code)
    .filter((code) => !code.includes('@fastify/secure-session')) // which integrations/ installs
  t.ok(codes.length > 0)
  for (const [index, code] of codes.entries()) {
    await t.test(`example ${index}`, async (t) => {
      t.strictSame(problemsOf(t, [code]), [])
    })
  }
})

t.test('with the keys that the README declares, others are errors, but for a session of any', async (t) => {
  const { code } = blocks.find(({ language }) => language === 'ts')!
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

t.test('the table of options names every option and no other', async (t) => {
  const table = readme.slice(readme.indexOf('## Options'), readme.indexOf('Several sessions are'))
  const named = table
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
  t.ok(Object.hasOwn(formats, 'default'))
})

t.test('the table of tags names every built-in key by the formats that have it', async (t) => {
  const rows = [...readme.matchAll(/^\| (both|default) \| `'([^']+)'` \|/gm)]
  for (const [format, names] of [['default', ['both', 'default']], ['flask', ['both']]] as const) {
    const named = rows.filter(([, name]) => (names as readonly string[]).includes(name!)).map(([, , key]) => key)
    t.strictSame(named, [...new TaggedJSONSerializer({ format }).tags.keys()], format)
  }
})

t.test('links inside the README lead to its headings', async (t) => {
  const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-')
  )
  for (const [, anchor] of readme.matchAll(/\]\(#([^)]+)\)/g)) t.ok(anchors.includes(anchor!), `#${anchor}`)
})
