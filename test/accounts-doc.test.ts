import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'

const root = new URL('..', import.meta.url)
const text = read('docs/accounts.md')
const folder = 'examples/accounts/'
const files = readdirSync(new URL(folder, root))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(folder + name))

function read (path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

t.test('the code that is shown stands in the application word for word', async (t) => {
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!)
  t.ok(blocks.length > 8)
  for (const block of blocks) t.ok(files.some((file) => file.includes(block)), block)
})

t.test('each requirement of the chapter has a row, and each test that a row names is there', async (t) => {
  const rows = [...text.matchAll(/^\| (7\.[\d., ]+) \|.*$/gm)]
  t.strictSame(rows.flatMap(([, numbers]) => numbers!.split(', ')), [
    ['7.1.', 3], ['7.2.', 4], ['7.3.', 2], ['7.4.', 5], ['7.5.', 3], ['7.6.', 2]
  ].flatMap(([section, count]) => Array.from({ length: Number(count) }, (_, index) => `${section}${index + 1}`)))
  const tests = read('test/accounts.test.ts') + read('test/accounts-browser.test.ts')
  const named = [...text.matchAll(/met: "([^"]+)"/g)].map(([, title]) => title!)
  t.ok(named.length > 9)
  for (const title of named) t.ok(tests.includes(`t.test('${title}',`), title)
})
