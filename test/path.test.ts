import t from 'tap'
import { formatPath, quoteName } from '../lib/path.ts'

t.test('a path is written as JavaScript would write it', async (t) => {
  const paths: Array<[keys: Array<string | number>, path: string]> = [
    [[], 'session'],
    [['cart', 2, 'price'], 'session.cart[2].price'],
    [['_a', '$b', 'c9', 'D'], 'session._a.$b.c9.D'],
    [['unit price'], 'session["unit price"]'],
    [['2'], 'session["2"]'],
    [['9c'], 'session["9c"]'],
    [[''], 'session[""]'],
    [['né'], 'session["né"]'],
    [['say "hi"\\'], 'session["say \\"hi\\"\\\\"]']
  ]
  for (const [keys, path] of paths) t.equal(formatPath('session', keys), path)
})

t.test('a long path shows its first ten keys and its last two', async (t) => {
  const keys = Array.from({ length: 12 }, (_, index) => index)
  t.equal(formatPath('v', keys), 'v[0][1][2][3][4][5][6][7][8][9][10][11]')
  t.equal(formatPath('v', [...keys, 12]), 'v[0][1][2][3][4][5][6][7][8][9]…[11][12]')
})

t.test('a hostile name cannot break a log line or act on a terminal', async (t) => {
  const names = {
    'a\r\nb': '"a\\r\\nb"',
    '\u001b[31m': '"\\u001b[31m"',
    '\u0000\u0007': '"\\u0000\\u0007"',
    '\u007f\u0080\u0085\u009b\u009f': '"\\u007f\\u0080\\u0085\\u009b\\u009f"',
    '\u200e\u200f': '"\\u200e\\u200f"',
    '\u2028\u2029': '"\\u2028\\u2029"',
    '\u202a\u202b\u202c\u202d\u202e': '"\\u202a\\u202b\\u202c\\u202d\\u202e"',
    '\u2066\u2067\u2068\u2069': '"\\u2066\\u2067\\u2068\\u2069"',
    '\ud800': '"\\ud800"',
    'é€😀': '"é€😀"'
  }
  for (const [name, shown] of Object.entries(names)) {
    t.equal(quoteName(name), shown)
    t.equal(formatPath('v', [name]), `v[${shown}]`)
  }
})

t.test('a name longer than 100 characters is shortened', async (t) => {
  t.equal(formatPath('v', ['k'.repeat(100)]), `v.${'k'.repeat(100)}`)
  t.equal(formatPath('v', ['k'.repeat(101)]), `v["${'k'.repeat(100)}…"]`)
  t.equal(quoteName('k'.repeat(100)), `"${'k'.repeat(100)}"`)
  t.equal(quoteName('k'.repeat(99) + '😀'), `"${'k'.repeat(99)}\\ud83d…"`)
})
