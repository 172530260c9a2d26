import t from 'tap'
import { checkedOwner, ownerText } from '../lib/stores/owner.ts'

t.test('an owner is a non-empty string, a finite number or a bigint', (t) => {
  for (const [value, text] of [['a', 'a'], [' ', ' '], [0, '0'], [1.5, '1.5'], [12n, '12'], ['12', '12']] as const) {
    t.equal(ownerText(value), text)
    t.equal(checkedOwner(value, 'x'), text)
  }
  t.end()
})

t.test('anything else names nobody, and is refused without its value', (t) => {
  const others = ['', '\ud800', 'a\udfff', NaN, Infinity, null, undefined, true, {}, ['a'], new Date(), Symbol('a')]
  for (const value of others) {
    t.equal(ownerText(value), undefined)
    t.throws(() => checkedOwner(value, 'session.user'), {
      name: 'TypeError',
      message: 'session.user names the owner: ' +
        'expected a non-empty string without lone surrogates, a finite number or a bigint'
    })
  }
  t.end()
})
