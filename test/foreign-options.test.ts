import t from 'tap'
import { instead } from '../lib/options/foreign-options.ts'
import { resolveOptions } from '../lib/options/resolve.ts'
import { SECRET } from './support/app.ts'

/** The options there are, as the message for an unknown one lists them. */
const known = messageFor({ zzzzzzzzzzzz: 1 }).split('; known are ')[1]!.split(', ')

function messageFor (options: object): string {
  try {
    resolveOptions({ secret: SECRET, ...options })
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

t.test('every hint names an option that exists, or says why there is none', async (t) => {
  t.ok(known.length > 20)
  for (const [name, hint] of Object.entries(instead)) {
    if (hint.startsWith('leave it out, since ')) continue
    t.ok(known.includes(/^use (\w+)/.exec(hint)![1]!), `${name}: ${hint}`)
  }
})

t.test('no option that exists is taken for one of another library', async (t) => {
  t.strictSame(Object.keys(instead).filter((name) => known.includes(name)), [])
})
