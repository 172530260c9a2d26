import t from 'tap'
import { BadPayload } from '../lib/errors.ts'
import { TaggedJSONSerializer } from '../lib/json/tagged-json.ts'
import { Markup, Tuple, UUID } from '../lib/json/values.ts'
import { same } from './support/equal.ts'

const serializer = new TaggedJSONSerializer()
const hex = '0123456789abcdef0123456789abcdef'
const digits = '9'.repeat(4300)

/** The key of the tag that claims a value, '' where it is written without one, undefined where no tag claims it. */
type Row = [key: string | undefined, value: unknown, text: string]

const plain: Row[] = [
  [undefined, null, 'null'],
  [undefined, true, 'true'],
  [undefined, false, 'false'],
  [undefined, '', '""'],
  [undefined, '"\\\né😀', '"\\"\\\\\\né😀"'],
  [undefined, '\ud800', '"\\ud800"'],
  [undefined, 0, '0'],
  [undefined, -0, '-0'],
  [undefined, 1e21, '1e+21'],
  [undefined, 5e-324, '5e-324'],
  ['', [], '[]'],
  ['', [1, [1.5, 'a']], '[1,[1.5,"a"]]'],
  ['', {}, '{}'],
  ['', { b: 1, a: { '': null } }, '{"b":1,"a":{"":null}}'],
  ['', { 2: 'two', 1: 'one' }, '{"1":"one","2":"two"}'],
  ['', { constructor: 1, toString: 2 }, '{"constructor":1,"toString":2}']
]

const tagged: Row[] = [
  [' t', new Tuple(), '{" t":[]}'],
  [' t', new Tuple([1, 'a', undefined]), '{" t":[1,"a",{" un":null}]}'],
  [' b', Buffer.alloc(0), '{" b":""}'],
  [' b', Buffer.from([0xfb, 0xff, 0xbf, 0]), '{" b":"+/+/AA=="}'],
  [' b', Buffer.from('abcdef').subarray(1, 3), '{" b":"YmM="}'],
  [' m', new Markup('<b>é</b>'), '{" m":"<b>é</b>"}'],
  [' u', new UUID(hex), `{" u":"${hex}"}`],
  [' d', new Date(0), '{" d":"1970-01-01T00:00:00.000Z"}'],
  [' d', new Date(-1), '{" d":"1969-12-31T23:59:59.999Z"}'],
  [' d', new Date(8.64e15), '{" d":"+275760-09-13T00:00:00.000Z"}'],
  [' d', new Date(-8.64e15), '{" d":"-271821-04-20T00:00:00.000Z"}'],
  [' d', new Date(NaN), '{" d":null}'],
  [' n', 0n, '{" n":"0"}'],
  [' n', -9007199254740993n, '{" n":"-9007199254740993"}'],
  [' n', BigInt(digits), `{" n":"${digits}"}`],
  [' n', -BigInt(digits), `{" n":"-${digits}"}`],
  [' f', NaN, '{" f":"NaN"}'],
  [' f', Infinity, '{" f":"Infinity"}'],
  [' f', -Infinity, '{" f":"-Infinity"}'],
  [' un', undefined, '{" un":null}'],
  [' mp', new Map(), '{" mp":[]}'],
  [
    ' mp',
    new Map<unknown, unknown>([
      ['b', 1],
      [undefined, 2],
      ['a', 3]
    ]),
    '{" mp":[["b",1],[{" un":null},2],["a",3]]}'
  ],
  [' mp', new Map([['__proto__', 'x'], [' t', 'y']]), '{" mp":[["__proto__","x"],[" t","y"]]}'],
  [' st', new Set(), '{" st":[]}'],
  [' st', new Set([2, '2', 1, NaN]), '{" st":[2,"2",1,{" f":"NaN"}]}'],
  [' ur', new URL('https://é.example/a b?q#f'), '{" ur":"https://xn--9ca.example/a%20b?q#f"}'],
  [' u8', new Uint8Array(), '{" u8":""}'],
  [' u8', new Uint8Array([0xfb, 0xff, 0xbf, 0]), '{" u8":"+/+/AA=="}'],
  [' u8', new Uint8Array([1, 2, 3]).subarray(1), '{" u8":"AgM="}']
]

const nested: Row[] = [
  ['', [undefined, [undefined]], '[{" un":null},[{" un":null}]]'],
  ['', { a: undefined, b: 1, c: undefined }, '{"b":1}'],
  [' t', new Tuple([[new Tuple([[new Tuple()]])]]), '{" t":[[{" t":[[{" t":[]}]]}]]}'],
  [' mp', new Map([[new Map([[[1n], 1n]]), new Set([new Tuple([new Date(0)])])]]),
    '{" mp":[[{" mp":[[[{" n":"1"}],{" n":"1"}]]},{" st":[{" t":[{" d":"1970-01-01T00:00:00.000Z"}]}]}]]}'],
  [' st', new Set([new Set([{}, {}]), new Uint8Array([0])]), '{" st":[{" st":[{},{}]},{" u8":"AA=="}]}'],
  ['', { ' d': new Date(0), ' t': [1] }, '{" d":{" d":"1970-01-01T00:00:00.000Z"}," t":[1]}'],
  ['', { ' t': new Tuple(), a: 1 }, '{" t":{" t":[]},"a":1}']
]

const escaped: Row[] = [
  [' di', { ' t': 1 }, '{" di":{" t__":1}}'],
  [' di', { ' di': 1 }, '{" di":{" di__":1}}'],
  [' di', { ' un': null }, '{" di":{" un__":null}}'],
  [' di', { ' t': new Tuple([{ ' t': [] }]) }, '{" di":{" t__":{" t":[{" di":{" t__":[]}}]}}}'],
  [
    ' di',
    { ' di': { ' di': { ' b': Buffer.alloc(0) } } },
    '{" di":{" di__":{" di":{" di__":{" di":{" b__":{" b":""}}}}}}}'
  ],
  [' di', { ' di': { ' t__': 1 } }, '{" di":{" di__":{" t__":1}}}'],
  [' di', { a: undefined, ' t': [1] }, '{" di":{" t__":[1]}}'],
  [' di', { ' t': [1], ' u': undefined }, '{" di":{" t__":[1]}}'],
  ['', { ' t': undefined }, '{}'],
  ['', { ' t': undefined, a: 1 }, '{"a":1}'],
  ['', { ' t__': 1 }, '{" t__":1}'],
  ['', { ' di__': { ' t__': 1 } }, '{" di__":{" t__":1}}'],
  ['', { ' ': 1 }, '{" ":1}'],
  ['', { __: 1 }, '{"__":1}'],
  ['', { t: 1 }, '{"t":1}'],
  ['', [{ ' t': 1 }, { ' x': 1 }], '[{" di":{" t__":1}},{" x":1}]'],
  [' mp', new Map([[{ ' t': 1 }, { ' mp': 1 }]]), '{" mp":[[{" di":{" t__":1}},{" di":{" mp__":1}}]]}']
]

const rows = [...plain, ...tagged, ...nested, ...escaped]

t.test('a value is written as its tag says and comes back with its type', async (t) => {
  for (const [, value, text] of rows) {
    t.equal(serializer.dumps(value), text)
    t.ok(same(serializer.loads(text), value), text)
  }
})

t.test('what holds values is told apart by type, order and content', async (t) => {
  for (const [i, [, value]] of rows.entries()) {
    for (const [j, [, , text]] of rows.entries()) {
      const equal = rows[i]![2] === rows[j]![2]
      if (same(value, serializer.loads(text)) !== equal) t.fail(`${i} and ${j}`)
    }
  }
  t.ok(same(serializer.loads('[[],{}]'), [[], Object.create(null)]))
  t.notOk(same(serializer.loads('{"b":1,"a":2}'), { a: 2, b: 1 }))
})

t.test('each tag claims its own values, gives plain data and takes it back', async (t) => {
  for (const [key, value, text] of rows) {
    const tag = serializer.order.find((each) => each.check(value))
    t.equal(tag?.key, key, text)
    if (tag === undefined) continue
    const json = tag.toJson(value)
    t.ok(same(json, JSON.parse(JSON.stringify(json))), text)
    t.ok(same(tag.fromJson(serializer.untag(json)), value), text)
  }
})

t.test('the tags stand in Flask\'s order, the further ones behind', async (t) => {
  const keys = [' di', '', ' t', '', ' b', ' m', ' u', ' d', ' n', ' f', ' un', ' mp', ' st', ' ur', ' u8']
  t.strictSame(serializer.order.map((tag) => tag.key), keys)
  t.strictSame([...serializer.tags.keys()], keys.filter((key) => key !== ''))
  for (const tag of serializer.order) t.equal(tag.serializer, serializer)
})

t.test('a tag whose content is wrong makes the payload bad', async (t) => {
  const base64 = ['YQ', 'YR==', 'Y', 'YQ===', '-_-_', 'YW Jj', 'YWJj\n', 'é', 'YQ==YQ==', '=']
  const common = [true, false, 5, {}, { length: 0 }, { a: 1 }, { ' t': [] }]
  const wrong: Record<string, unknown[]> = {
    ' di': [
      null, '', [], ['a__'], [['a__', 1]], { a: 1 }, { abc: 1 }, { __: 1 }, { ' t_': 1 }, { ' t_ _': 1 },
      { ' x__': 1 }, { ' t__': 1, ' b__': 1 }, { __proto____: 1 }, { ' u': hex }
    ],
    ' t': [null, '', 'ab', { 0: 1, length: 1 }],
    ' b': [null, [], ...base64],
    ' m': [null, [], ['<b>'], { ' m': '' }],
    ' u': [null, [], '', 'xyz', hex.toUpperCase(), new UUID(hex).toString(), `{${hex}}`, hex + '0', { ' u': hex }],
    ' d': [
      [], '', 'nonsense', '2024-01-01', '2024-01-01T00:00:00Z', '2024-01-01T00:00:00.000+00:00',
      '2024-02-30T00:00:00.000Z', 'Tue, 02 Jan 2024 03:04:05 GMT', 'null', '+275760-09-13T00:00:00.001Z',
      '-000000-01-01T00:00:00.000Z'
    ],
    ' n': [null, [], '', '01', '-0', '+1', '0x1', '1.0', '1e3', ' 1', '1\n', '1n', '١', digits + '0', `-${digits}0`],
    ' f': [null, [], '', 'nan', '-NaN', '+Infinity', 'inf', '1', ' NaN', ['NaN']],
    ' un': ['', [], 'null', 'undefined', 0],
    ' mp': [null, '', 'ab', [1], ['ab'], [[]], [['a']], [['a', 1, 2]], [['a', 1], ['a', 2]], [[0, 1], [-0, 2]],
      [{ 0: 'a', 1: 1, length: 2 }]],
    ' st': [null, '', 'ab', [1, 1], ['a', 'b', 'a'], [{ ' f': 'NaN' }, { ' f': 'NaN' }]],
    ' ur': [
      null,
      [],
      '',
      'nonsense',
      '//example.org',
      'https://example.org',
      'HTTPS://example.org/',
      ' https://example.org/',
      'https://é.example/'],
    ' u8': [null, [], [1, 2], ...base64]
  }
  t.strictSame(Object.keys(wrong), [...serializer.tags.keys()])
  for (const [key, contents] of Object.entries(wrong)) {
    const refusal = new BadPayload(`The tag "${key}" holds something that does not belong there`)
    for (const content of [...common, ...contents]) {
      const text = JSON.stringify([{ a: { [key]: content } }])
      t.strictSame(t.throws(() => serializer.loads(text)), refusal, text)
    }
  }
})

t.test('what is no tag is left as it is', async (t) => {
  const texts = [
    '{" x":1}', '{" t ":[1]}', '{"t":[1]}', '{" t__":[1]}', '{" T":[1]}', '{"":1}', '{" t":[1],"a":2}',
    '{"a":2," t":5}', '{" d":"nonsense"," b":"?"}', '{" di":1," t":2}', '[" t",[1]]', '{"a":{" x":{" y":1}}}'
  ]
  for (const text of texts) {
    t.ok(same(serializer.loads(text), JSON.parse(text)), text)
    t.equal(serializer.dumps(serializer.loads(text)), text)
  }
})

t.test('a key that stands twice counts once, the last value holds', async (t) => {
  t.ok(same(serializer.loads('{" t":5," t":[2]}'), new Tuple([2])))
  t.ok(same(serializer.loads('{"a":1," t":[2],"a":3}'), { a: 3, ' t': [2] }))
})

t.test('what an escape gives back is not untagged again', async (t) => {
  t.ok(same(serializer.loads('{" di":{" t__":{" di":{" t__":[1]}}}}'), { ' t': { ' t': [1] } }))
})

t.test('bytes come back in memory of their own', async (t) => {
  const bytes = serializer.loads('{" u8":"AQI="}') as Uint8Array
  t.equal(bytes.buffer.byteLength, 2)
})
