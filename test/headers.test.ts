import t from 'tap'
import { forbidSharing, type HeaderBag, replaceSetCookie, varyByCookie } from '../lib/session/headers.ts'

function bagOf (headers: Record<string, string | string[]>): HeaderBag {
  return {
    get: (name) => headers[name],
    set: (name, value) => { headers[name] = value },
    remove: (name) => { delete headers[name] }
  }
}

t.test('Vary names Cookie once, beside what is there', async (t) => {
  for (const [before, after] of [
    [undefined, 'Cookie'], ['', 'Cookie'], ['Accept-Encoding', 'Accept-Encoding, Cookie'], ['cookie', 'cookie'],
    ['Accept, COOKIE', 'Accept, COOKIE'], ['*', '*'], [['Accept', 'Origin'], 'Accept, Origin, Cookie'], ['X-Cookie', 'X-Cookie, Cookie']
  ] as const) {
    const headers: Record<string, string | string[]> = before === undefined ? {} : { vary: before as string }
    varyByCookie(bagOf(headers))
    t.strictSame(headers.vary, after)
  }
})

t.test('our Set-Cookie is put beside the others and in the place of our earlier one', async (t) => {
  const headers: Record<string, string | string[]> = { 'set-cookie': 'a=1' }
  const bag = bagOf(headers)
  replaceSetCookie(bag, undefined, 's=1')
  t.strictSame(headers['set-cookie'], ['a=1', 's=1'])
  replaceSetCookie(bag, 's=1', 's=2')
  t.strictSame(headers['set-cookie'], ['a=1', 's=2'])
  replaceSetCookie(bag, 's=2', undefined)
  t.strictSame(headers['set-cookie'], 'a=1')
  replaceSetCookie(bag, 'a=1', undefined)
  t.strictSame(headers, {})
})

t.test('Cache-Control is given only where there is none', async (t) => {
  const headers: Record<string, string> = {}
  forbidSharing(bagOf(headers))
  t.equal(headers['cache-control'], 'private, no-cache="Set-Cookie"')
  headers['cache-control'] = 'no-store'
  forbidSharing(bagOf(headers))
  t.equal(headers['cache-control'], 'no-store')
})
