import { inspect } from 'node:util'
import t from 'tap'
import {
  BadData, BadPayload, BadSignature, BadTimeSignature, CookieTooLarge, NotSerializable, SignatureExpired, withoutStacks
} from '../lib/errors.ts'

const kinds = [
  { Class: BadData, name: 'BadData', code: 'FSS_ERR_BAD_DATA', bases: [Error] },
  { Class: BadSignature, name: 'BadSignature', code: 'FSS_ERR_BAD_SIGNATURE', bases: [BadData, Error] },
  {
    Class: BadTimeSignature,
    name: 'BadTimeSignature',
    code: 'FSS_ERR_BAD_TIME_SIGNATURE',
    bases: [BadSignature, BadData, Error]
  },
  {
    Class: SignatureExpired,
    name: 'SignatureExpired',
    code: 'FSS_ERR_SIGNATURE_EXPIRED',
    bases: [BadTimeSignature, BadSignature, BadData, Error]
  },
  { Class: BadPayload, name: 'BadPayload', code: 'FSS_ERR_BAD_PAYLOAD', bases: [BadData, Error] }
]

const payload = 'quoted-data'
const originalError = new SyntaxError('Unexpected token in quoted-data')
const dateSigned = new Date('2023-11-14T22:13:20Z')

for (const { Class, name, code, bases } of kinds) {
  t.test(`${name} has its own name, code and place among the errors`, async (t) => {
    const error = new Class('refused')
    t.equal(error.name, name)
    t.equal(error.code, code)
    t.equal(error.message, 'refused')
    t.equal(String(error), `${name}: refused`)
    t.match(error.stack, new RegExp(`^${name}: refused\n`))
    const others = kinds.map((each) => each.Class).filter((each) => each !== Class && !bases.includes(each))
    for (const Base of bases) t.ok(error instanceof Base, `is a ${Base.name}`)
    for (const Other of others) t.notOk(error instanceof Other, `is no ${Other.name}`)
  })

  t.test(`${name} carries its evidence out of sight`, async (t) => {
    const error = new Class('refused', { payload, originalError, dateSigned })
    t.equal(error.payload, payload)
    t.equal(error.originalError, originalError)
    t.strictSame(Object.keys(error).sort(), ['code', 'dateSigned'])
    const inspected = [inspect(error), inspect({ error }), inspect({ ...error })]
    const written = [JSON.stringify(error), JSON.stringify({ ...error }), String(error), error.message, error.stack]
    for (const shown of [...inspected, ...written]) t.notMatch(shown, payload)
  })

  t.test(`${name} shows when the data was signed where that is known`, async (t) => {
    const error = new Class('refused', { dateSigned })
    t.equal(error.dateSigned, dateSigned)
    t.equal(JSON.stringify(error), JSON.stringify({ code, dateSigned }))
    t.match(inspect(error), '2023-11-14T22:13:20.000Z')
  })

  t.test(`${name} without evidence has none`, async (t) => {
    for (const error of [
      new Class('refused'),
      new Class('refused', {}),
      new Class('refused', { payload: undefined })
    ]) {
      t.equal(error.payload, undefined)
      t.equal(error.originalError, undefined)
      t.equal(error.dateSigned, undefined)
      t.notOk('dateSigned' in error)
      t.strictSame(Object.keys(error), ['code'])
    }
  })
}

t.test('a value that cannot be kept is a TypeError with its path', async (t) => {
  const error = new NotSerializable('session.cart[2].price', 'is a function')
  t.type(error, TypeError)
  t.equal(error.code, 'FSS_ERR_NOT_SERIALIZABLE')
  t.equal(error.keyPath, 'session.cart[2].price')
  t.equal(error.message, 'session.cart[2].price is a function')
})

t.test('a cookie that is too large is refused with its size and the bytes of each key, names escaped', async (t) => {
  const error = new CookieTooLarge('a"b', 5000, 4096, [['big\n', 4800], ['small', 12]])
  t.type(error, Error)
  t.equal(error.code, 'FSS_ERR_COOKIE_TOO_LARGE')
  t.equal(error.size, 5000)
  for (const part of ['"a\\"b"', '5000', '4096', '"big\\n" 4800, "small" 12']) t.match(error.message, part)
})

t.test('of a cookie with many keys the largest are named and the others summed up, ' +
  'so that the message stays short', async (t) => {
  const keys = (count: number): Array<[string, number]> =>
    Array.from({ length: count }, (_, index) => [`${'k'.repeat(500)}${index}`, 1000 - index])
  const { message } = new CookieTooLarge('session', 5000, 4096, keys(400))
  t.match(message, /, and 380 more keys 300390$/)
  t.equal(message.split('…"').length - 1, 20)
  t.ok(message.length < 3000)
  t.notMatch(new CookieTooLarge('session', 5000, 4096, keys(20)).message, 'more keys')
  t.notMatch(new CookieTooLarge('session', 5000, 4096, []).message, 'Bytes of')
})

t.test('no two errors share a code', async (t) => {
  const codes = [
    ...kinds.map(({ code }) => code),
    new NotSerializable('', '').code,
    new CookieTooLarge('', 0, 0, []).code
  ]
  t.equal(new Set(codes).size, codes.length)
})

t.test('errors are made without stacks where asked for, unless intrinsics are frozen', async (t) => {
  const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')!
  const stackOf = (): string | undefined => withoutStacks(() => new BadSignature('refused')).stack
  t.equal(stackOf(), 'BadSignature: refused')
  t.equal(Error.stackTraceLimit, limit.value, 'the limit is as before')
  t.throws(() => withoutStacks(() => { throw new RangeError('thrown') }), RangeError)
  t.equal(Error.stackTraceLimit, limit.value, 'after a throw too')
  t.teardown(() => { Object.defineProperty(Error, 'stackTraceLimit', limit) })
  Object.defineProperty(Error, 'stackTraceLimit', { writable: false })
  t.match(stackOf(), /errors\.test/)
})
