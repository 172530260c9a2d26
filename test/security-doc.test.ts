import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'

const root = new URL('..', import.meta.url)
const text = readFileSync(new URL('SECURITY.md', root), 'utf8')
const claims = readFileSync(new URL('docs/security-claims.md', root), 'utf8')

t.test('every claim names test files that exist', async (t) => {
  const items = claims.split('\n## ').slice(1).flatMap((section) => section.split(/\n- /).slice(1))
  t.ok(items.length > 50)
  for (const item of items) {
    const files = item.trim().slice(item.search(/:\s+`[\w-]+`(,\s+`[\w-]+`)*\s*$/)).match(/[\w-]+(?=`)/g) ?? []
    t.ok(files.length > 0, item)
    for (const file of files) t.ok(existsSync(new URL(`test/${file}.test.ts`, root)), `${file}: ${item}`)
  }
})

t.test('the claims have the headings of SECURITY.md', async (t) => {
  for (const [, heading] of claims.matchAll(/^## (.+)$/gm)) t.match(text, new RegExp(`^##+ ${heading}$`, 'm'))
})
