import t from 'tap'
import { cookieValues } from '../lib/cookies/headers.ts'

const cases: Array<[header: string | undefined, values: string[]]> = [
  [undefined, []],
  ['', []],
  ['session=a', ['a']],
  ['other=x; session=a; more=y', ['a']],
  ['session=a;session=b ; \tsession=c\t', ['a', 'b', 'c']],
  ['session=', ['']],
  ['session=""', ['']],
  ['session="a"', ['a']],
  ['session="', ['"']],
  ['  session=a', ['a']],
  ['session =a', []],
  ['xsession=a; x session=b; session2=c; Session=d', []],
  ['a="x; session=b', ['b']],
  ['x=session=a', []],
  ['session=a=b', ['a=b']],
  ['session', []]
]

t.test('every cookie of the name is found, in order, and no other', async (t) => {
  for (const [header, values] of cases) t.strictSame(cookieValues(header, 'session'), values, `${header}`)
})
