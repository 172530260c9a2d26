import t from 'tap'
import { changesBetween, dataOf, fieldsOf, sizeOf, textOf, weightsOf } from '../lib/stores/fields.ts'
import { BadPayload } from '../lib/errors.ts'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'

const tagged = new TaggedJSONSerializer()
const plain = { dumps: (value: unknown) => JSON.stringify(value), loads: (text: string): unknown => JSON.parse(text) }
const wave = { dumps: (value: unknown) => `~${value}`, loads: (text: string): unknown => text.slice(1) }
const KEYS = ['', 'a.b', '*', 'owner', '__proto__', 'constructor', '\0', '\ud800', 'ä', ' u']

t.test('every key has a field of its own, and comes back as it was', (t) => {
  const data = Object.fromEntries(KEYS.map((key, index) => [key, index]))
  const fields = fieldsOf(data, tagged, 'session')
  t.strictSame([...fields.keys()].sort(), [...KEYS].sort())
  const back = dataOf(fields, tagged)
  t.strictSame(Object.entries(back), Object.entries(data))
  t.equal(Object.getPrototypeOf(back), Object.prototype)
  t.end()
})

t.test('texts are printable ASCII, whatever the serializer writes', (t) => {
  for (const serializer of [tagged, plain, wave]) {
    const data = { a: 'ä€😀', b: 'x', c: '~', d: '\u007f' }
    const fields = fieldsOf(data, serializer, 'session')
    for (const text of fields.values()) t.match(text, /^[ -~]*$/)
    t.strictSame(dataOf(fields, serializer), data)
  }
  t.end()
})

t.test('a text that begins as a wrapped one is wrapped', (t) => {
  t.equal(fieldsOf({ a: 'b' }, wave, 'session').get('a'), `~${Buffer.from('~b').toString('base64url')}`)
  t.end()
})

t.test('what cannot be written is refused with its whole path', (t) => {
  t.throws(() => fieldsOf({ a: 1, b: [{ c: () => {} }] }, tagged, 'session'), { message: /^session\.b\[0\]\.c / })
  t.end()
})

t.test('an error of the serializer alone at one value is passed on', (t) => {
  const dumps = (value: unknown): string => {
    if (value === 1) throw new Error('picky')
    return '{}'
  }
  t.throws(() => fieldsOf({ a: 1 }, { ...plain, dumps }, 'session'), { message: 'picky' })
  t.end()
})

t.test('a field that cannot be read is the error of the serializer', (t) => {
  t.throws(() => dataOf(new Map([['a', '{']]), tagged), BadPayload)
  t.end()
})

t.test('the text of fields does not depend on their order', (t) => {
  t.equal(textOf(new Map([['b', '1'], ['a', '2']])), textOf(new Map([['a', '2'], ['b', '1']])))
  t.not(textOf(new Map([['a', '1']])), textOf(new Map([['a', '2']])))
  t.end()
})

t.test('changes name what is other, what is new and what is gone', (t) => {
  const before = new Map([['same', '1'], ['other', '1'], ['gone', '1']])
  const after = new Map([['same', '1'], ['other', '2'], ['new', '3']])
  t.strictSame(changesBetween(before, after), { set: new Map([['other', '2'], ['new', '3']]), unset: ['gone'] })
  t.strictSame(changesBetween(before, before), { set: new Map(), unset: [] })
  t.end()
})

t.test('sizes count the bytes of keys and values', (t) => {
  const fields = new Map([['a', '1'], ['ää', '12345']])
  t.equal(sizeOf(fields), 11)
  t.strictSame(weightsOf(fields), [['ää', 9], ['a', 2]])
  t.end()
})
