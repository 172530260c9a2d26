import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'

const root = new URL('..', import.meta.url)
const text = readFileSync(new URL('SECURITY.md', root), 'utf8')
/** What a claim names: the file of a test, and its title. */
const notes = [...text.matchAll(/^\[\^([\w-]+)\]: (test\/[\w-]+\.test\.ts): (.*)$/gm)].map(
  ({ 1: name, 2: file, 3: title }) => ({ name: name!, file: file!, title: title! })
)
const body = text.slice(0, text.indexOf('\n[^'))

/** Tests whether a title is that of a test in a source: titles of several tests are templates. */
function titlesIn (source: string): RegExp[] {
  const joined = source.replace(/['"`] \+\n\s+['"`]/g, '')
  return [...joined.matchAll(/\bt\.test\(['"`]((?:\\.|(?!['"`], a).)*)['"`]/g)].map(({ 1: title }) => {
    const pieces = title!.replace(/\\(.)/g, '$1').split(/\$\{[^}]*\}/)
    return new RegExp(`^${pieces.map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.+')}$`)
  })
}

/** The items of the lists below a heading, each with its later lines. */
function itemsBelow (heading: string): string[] {
  const from = body.indexOf(`\n## ${heading}\n`)
  const to = body.indexOf('\n## ', from + 1)
  return body
    .slice(from, to)
    .split(/\n(?=- |### )/)
    .filter((part) => part.startsWith('- '))
    .map((item) => item.split('\n\n')[0]!)
}

t.test('every test that SECURITY.md names exists under that title', async (t) => {
  for (const { name, file, title } of notes) {
    const isThere = existsSync(new URL(file, root))
    t.ok(
      isThere && titlesIn(readFileSync(new URL(file, root), 'utf8')).some((each) => each.test(title)),
      `${name}: ${file}: ${title}`
    )
  }
})

t.test('every reference leads to a test, every test is referred to, and each stands once, in order', async (t) => {
  const used = [...new Set([...body.matchAll(/\[\^([\w-]+)\]/g)].map(([, name]) => name!))]
  const defined = notes.map(({ name }) => name)
  t.strictSame(used.sort(), [...new Set(defined)])
  t.strictSame(defined, [...defined].sort())
  t.equal(text.slice(body.length).trim().split('\n').length, notes.length, 'nothing else stands among them')
})

t.test('every claim of what somebody cannot do names its test', async (t) => {
  const claims = itemsBelow('Who can do what')
  t.ok(claims.length > 30)
  const withoutTest = claims.filter((claim) => !/\[\^/.test(claim)).map((claim) => claim.slice(2, 40))
  t.strictSame(withoutTest, ['**can** use it as its owner does: see ', 'The **current** one does likewise, and'])
})

t.test('every requirement of the ASVS is met by a test, or is the application\'s', async (t) => {
  const rows = body.slice(body.indexOf('## OWASP ASVS')).split('\n').filter((line) => /^\| \d/.test(line))
  t.equal(rows.length, 24)
  for (const row of rows) t.ok(/\[\^/.test(row) || /\| the application's/.test(row), row)
})

t.test('links lead to files and headings', async (t) => {
  for (const [, file, anchor] of body.matchAll(/\]\(([\w.]+)(?:#([\w-]+))?\)/g)) {
    const content = readFileSync(new URL(file!, root), 'utf8')
    t.ok(anchor === undefined || new RegExp(`^#+ ${anchor}$`, 'im').test(content), `${file}#${anchor}`)
  }
})
