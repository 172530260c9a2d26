import { createHash } from 'node:crypto'
import t from 'tap'
import { isStoreKey, StoreKeys } from '../lib/stores/store-keys.ts'

const keys = new StoreKeys({ cookieName: 'session', salt: 'cookie-session' })

t.test('a key is the SHA-256 of version, purpose, cookie name, salt and id, each with its length', (t) => {
  const sha = (text: string): string => createHash('sha256').update(text).digest('base64url')
  t.equal(keys.ofId('abc'), sha('1:12:id7:session14:cookie-session3:abc'))
  t.equal(keys.ofOwner('7'), sha('1:15:owner7:session14:cookie-session1:7'))
  t.equal(keys.ofOwner('ä'), sha('1:15:owner7:session14:cookie-session2:ä'))
  t.end()
})

t.test('no two of cookie name, salt and id meet', (t) => {
  const parts = ['a b c', 'ab  c', 'a bc ', 'a b1: c', 'a b 1:c', 'a1:b  c']
  const made = parts.map((each) => each.split(' '))
    .map(([cookieName, salt, id]) => new StoreKeys({ cookieName: cookieName!, salt: salt! }).ofId(id!))
  t.equal(new Set([...made, keys.ofId('c'), keys.ofOwner('c')]).size, made.length + 2)
  t.end()
})

t.test('a key of a store is told from anything else', (t) => {
  t.ok(isStoreKey(keys.ofId('abc')))
  for (const other of ['', 'abc', `${keys.ofId('abc')}\n`, `${keys.ofId('abc')}x`, undefined, [keys.ofId('abc')]]) {
    t.notOk(isStoreKey(other))
  }
  t.end()
})
