import { inspect } from 'node:util'
import t from 'tap'
import { Markup, Tuple, UUID } from '../lib/json/values.ts'

const hex = '0123456789abcdef0123456789abcdef'
const hyphened = '01234567-89ab-cdef-0123-456789abcdef'

t.test('a tuple is made from any iterable and read by index, by length and by iteration', async (t) => {
  for (const items of [[1, 'a', undefined], new Set([1, 'a', undefined]), new Tuple([1, 'a', undefined])]) {
    const tuple = new Tuple<unknown>(items)
    t.strictSame([tuple[0], tuple[1], tuple[2], tuple[3]], [1, 'a', undefined, undefined])
    t.equal(tuple.length, 3)
    t.strictSame([...tuple], [1, 'a', undefined])
    t.strictSame(Object.keys(tuple), ['0', '1', '2'])
  }
  for (const wrong of [['error'], ['error', 'x'], [[1], 2]]) {
    t.throws(() => new (Tuple as unknown as new (...items: unknown[]) => Tuple)(...wrong), {
      message: /is made from one list/
    })
  }
  t.equal(new Tuple().length, 0)
  t.throws(() => new Tuple(5 as never), TypeError)
})

t.test('a tuple keeps its elements whatever becomes of their source', async (t) => {
  const source = [1, 2]
  const tuple = new Tuple(source)
  source.push(3)
  source[0] = 9
  tuple.toJSON().push(4)
  t.strictSame([...tuple], [1, 2])
})

t.test('values cannot be changed', async (t) => {
  const tuple = new Tuple([1])
  // @ts-expect-error elements are read only
  t.throws(() => { tuple[0] = 2 }, TypeError)
  // @ts-expect-error the length is read only
  t.throws(() => { tuple.length = 0 }, TypeError)
  for (const value of [tuple, new Markup('<b>'), new UUID(hex)]) {
    t.throws(() => Object.assign(value, { extra: 1 }), TypeError)
    t.ok(Object.isFrozen(value))
  }
})

t.test('values are equal by type and content', async (t) => {
  const distinct = [
    () => new Tuple(), () => new Tuple([undefined]), () => new Tuple([0]), () => new Tuple([-0]),
    () => new Tuple([NaN]), () => new Tuple([1, [2, { a: 3 }]]), () => new Tuple([1, [2, { a: 4 }]]),
    () => new Tuple([new Tuple([1])]), () => new Tuple([[1]]), () => new Tuple([new Markup('a')]),
    () => new Tuple([new Markup('b')]), () => new Tuple([new UUID(hex)]),
    () => new Tuple([new UUID('f' + hex.slice(1))]), () => new Markup(''), () => new Markup('<b>'),
    () => new UUID(hex), () => new UUID('f' + hex.slice(1))
  ]
  for (const [i, one] of distinct.entries()) {
    for (const [j, other] of distinct.entries()) t.equal(one().equals(other()), i === j, `${i} and ${j}`)
    for (const other of [null, undefined, [...one().toJSON()], one().toString()]) t.equal(one().equals(other), false)
  }
})

t.test('markup is its text, also by __html__, as a string and in JSON', async (t) => {
  const text = '<b>é</b>'
  const markup = new Markup(text)
  t.strictSame([markup.text, markup.__html__(), `${markup}`, JSON.stringify(markup)], [text, text, text, `"${text}"`])
  for (const other of [undefined, null, 5, markup, ['<b>']]) t.throws(() => new Markup(other as never), TypeError)
})

t.test('a tuple is a list as a string and in JSON, and shown by its name', async (t) => {
  const tuple = new Tuple([1, new Tuple(['a'])])
  t.strictSame([`${tuple}`, JSON.stringify(tuple), inspect(tuple)], ['1,a', '[1,["a"]]', "Tuple [ 1, Tuple [ 'a' ] ]"])
})

t.test('a UUID is read with or without hyphens and written in lower case with them', async (t) => {
  for (const text of [hex, hyphened, hex.toUpperCase(), hyphened.toUpperCase(), '01234567-89abcdef0123-456789abcdef']) {
    const uuid = new UUID(text)
    t.strictSame([uuid.hex, uuid.text, `${uuid}`, JSON.stringify(uuid)], [hex, hyphened, hyphened, `"${hyphened}"`])
  }
})

t.test('a UUID is made from nothing else', async (t) => {
  const wrong = [
    undefined, null, 5, '', new UUID(hex), [hex], hex.slice(1), hex + '0', 'g' + hex.slice(1), `{${hyphened}}`,
    `urn:uuid:${hyphened}`, '0-' + hex.slice(1), ` ${hex}`, `${hex}\n`, hex.replace('0', '０')
  ]
  const refusal = new TypeError('A UUID is made from 32 hexadecimal digits, with or without hyphens')
  for (const text of wrong) t.strictSame(t.throws(() => new UUID(text as never)), refusal)
})
