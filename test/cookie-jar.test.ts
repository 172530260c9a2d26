import t from 'tap'
import { CookieJar } from '../lib/cookies/cookie-jar.ts'

t.test('a cookie is kept as it was set, and replaced by name and path', async (t) => {
  const jar = new CookieJar()
  t.equal(jar.header(), undefined)
  jar.store(['a=1; Path=/; HttpOnly', 'b = "2=%20" ;path=/', 'a=3; Path=/; Secure'])
  t.equal(jar.header('/'), 'a=3; b="2=%20"')
  t.equal(jar.get('a'), '3')
  t.equal(jar.get('c'), undefined)
})

t.test('a cookie is deleted by an age of 0 or an expiry that has passed', async (t) => {
  const jar = new CookieJar()
  for (const end of [
    'Max-Age=0', 'max-age=-1', 'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'Max-Age=0; Expires=Fri, 01 Jan 9999 00:00:00 GMT'
  ]) {
    jar.store(['a=1; Path=/'])
    t.equal(jar.get('a'), '1')
    jar.store([`a=; Path=/; ${end}`])
    t.equal(jar.get('a'), undefined, end)
  }
})

t.test('Max-Age goes before Expires, and what is neither a number nor a date has no say', async (t) => {
  const jar = new CookieJar()
  for (const end of [
    'Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Max-Age=soon', 'Expires=soon',
    'Expires=Fri, 01 Jan 9999 00:00:00 GMT'
  ]) {
    jar.clear()
    jar.store([`a=1; ${end}`])
    t.equal(jar.get('a'), '1', end)
  }
})

t.test('a cookie that is kept for a time is gone after it', async (t) => {
  const jar = new CookieJar()
  jar.store(['a=1; Max-Age=60'])
  const { now } = Date
  const later = now() + 61_000
  t.teardown(() => { Date.now = now })
  Date.now = () => later
  t.equal(jar.header(), undefined)
  t.equal(jar.get('a'), undefined)
  t.equal(jar.delete('a'), false)
})

t.test('a cookie goes to its path and what is below it, the longest path first', async (t) => {
  const jar = new CookieJar()
  jar.store(['a=root; Path=/', 'a=shop; Path=/shop', 'b=cart; Path=/shop/'])
  t.equal(jar.header('/'), 'a=root')
  t.equal(jar.header('/shop'), 'a=shop; a=root')
  t.equal(jar.header('/shop/cart'), 'b=cart; a=shop; a=root')
  t.equal(jar.header('/shopping'), 'a=root')
})

t.test('without a path a cookie is for the folder of the request', async (t) => {
  const jar = new CookieJar()
  jar.store(['a=1'], '/shop/cart')
  jar.store(['b=2; Path=none'], '/login')
  t.equal(jar.header('/shop'), 'a=1; b=2')
  t.equal(jar.header('/'), 'b=2')
})

t.test('cookies are put in and taken out by name', async (t) => {
  const jar = new CookieJar()
  jar.set('a', '1')
  jar.store(['a=2; Path=/shop', 'b=3', 'nameless'])
  t.equal(jar.delete('a'), true)
  t.equal(jar.delete('a'), false)
  t.equal(jar.header('/shop'), 'b=3; nameless=')
  jar.clear()
  t.equal(jar.header('/shop'), undefined)
})
