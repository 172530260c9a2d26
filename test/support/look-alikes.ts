import vm from 'node:vm'
import { Markup, Tuple, UUID } from '../../lib/json/values.ts'

const without = (value: object): unknown => Object.setPrototypeOf(value, null)
const plainly = (value: object): unknown => Object.setPrototypeOf(value, Object.prototype)
const withOwn = (object: object, key: PropertyKey, value: unknown): unknown =>
  Object.defineProperty(object, key, { value })
const argumentsOf = function (..._: unknown[]): unknown { return arguments }
const lie = (): string => '"},{"admin":true'

function detached<Bytes extends Uint8Array> (bytes: Bytes): Bytes {
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] })
  return bytes
}

function outOfBounds (): Uint8Array {
  const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 8 }])
  const bytes = new Uint8Array(buffer, 4)
  Reflect.get(buffer, 'resize').call(buffer, 2)
  return bytes
}

function revoked (target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function throwing (trap: keyof ProxyHandler<object>): unknown {
  return new Proxy({}, { [trap] () { throw new Error('of the trap') } })
}

/** What is not what it looks like, and cannot be kept. */
export const refused: Record<string, () => unknown> = {
  'a Markup that was not made': () => Object.create(Markup.prototype),
  'a Markup that was not made, with a text': () => withOwn(Object.create(Markup.prototype), 'text', 'x'),
  'a Tuple that was not made': () => Object.create(Tuple.prototype),
  'a Tuple that was not made, with elements': () => Object.assign(Object.create(Tuple.prototype), [1, 2]),
  'a UUID that was not made': () => Object.create(UUID.prototype),
  'a URL that was not made': () => Object.create(URL.prototype),
  'a Date that was not made': () => Object.create(Date.prototype),
  'a Map that was not made': () => Object.create(Map.prototype),
  'a Buffer that was not made': () => Object.create(Buffer.prototype),
  'a detached Uint8Array': () => detached(new Uint8Array(3)),
  'a detached Buffer': () => detached(Buffer.from(new ArrayBuffer(100))),
  'bytes past the end of their memory': outOfBounds,
  'a Date without a prototype': () => without(new Date(0)),
  'a Date without a prototype, with a property': () => without(Object.assign(new Date(0), { a: 1 })),
  'an invalid Date without a prototype': () => without(new Date(NaN)),
  'a Date as a plain object': () => plainly(new Date(0)),
  'a Map without a prototype': () => without(new Map([[1, 2]])),
  'a Map as a plain object': () => plainly(new Map([[1, 2]])),
  'a Set without a prototype': () => without(new Set([1])),
  'a Set as a plain object': () => plainly(new Set([1])),
  'bytes without a prototype': () => without(new Uint8Array(2)),
  'bytes as a plain object': () => plainly(Buffer.from('ab')),
  'a URL without a prototype': () => without(new URL('a:b')),
  'a RegExp without a prototype': () => without(/a/),
  'a Promise without a prototype': () => without(Promise.resolve()),
  'an Error as a plain object': () => plainly(new Error('any')),
  'a boxed string as a plain object': () => plainly(Object('ab')),
  'an array without a prototype': () => without([1]),
  'an array of another prototype': () => Object.setPrototypeOf([1], [2]),
  Math: () => Math,
  Intl: () => Intl,
  JSON: () => JSON,
  Atomics: () => Atomics,
  Reflect: () => Reflect,
  'Math of another realm': () => vm.runInNewContext('Math'),
  arguments: () => argumentsOf(1, 2),
  'many arguments': () => argumentsOf(...Array(12).fill(1)),
  'no arguments': () => argumentsOf(),
  'arguments of another realm': () => vm.runInNewContext('(function () { return arguments })(1)'),
  'a tag of its own': () => ({ [Symbol.toStringTag]: 'secret' }),
  'a tag that throws': () => ({ get [Symbol.toStringTag] () { throw new Error('of the getter') } }),
  'a Date whose prototype only names Date': () => Object.setPrototypeOf(new Date(0), { constructor: Date }),
  'a Date of a class that only has the name': () => new (class Date extends globalThis.Date {})(0),
  'a Date whose prototype hides its constructor': () =>
    Object.setPrototypeOf(new Date(0), throwing('getOwnPropertyDescriptor') as object),
  'a class whose constructor throws': () => Object.create({ get constructor () { throw new Error('of the getter') } }),
  'an instance of a class in another realm': () => vm.runInNewContext('new (class Own {})()'),
  'an instance of a subclass in another realm': () => vm.runInNewContext('new (class Own extends Map {})()'),
  'an empty prototype on an empty one': () => Object.create(Object.create(Object.create(null))),
  'a Proxy of Math': () => new Proxy(Math, {}),
  'a Proxy of arguments': () => new Proxy(argumentsOf(1) as object, {}),
  'a Proxy of a Date': () => new Proxy(new Date(0), {}),
  'a Proxy of a Map': () => new Proxy(new Map(), {}),
  'a Proxy of a Tuple': () => new Proxy(new Tuple([1]), {}),
  'a Proxy of a URL': () => new Proxy(new URL('a:b'), {}),
  'a Proxy that was revoked': () => revoked({}),
  'a Proxy of an array that was revoked': () => revoked([]),
  'a Proxy that hides its prototype': () => throwing('getPrototypeOf'),
  'a Proxy that hides its properties': () => throwing('getOwnPropertyDescriptor')
}

const abc = '{" b":"YWJj"}'
const zeros = `{" b":"${'A'.repeat(88)}"}`

/**
 * What looks like something else, and is kept as what it is: the text that it gives, and the one with Flask's tags
 * where that is another, or undefined where there is none.
 */
export const kept: Record<string, { make: () => unknown, text: string, flask?: string | undefined }> = {
  'a Buffer with a length of its own': { make: () => withOwn(Buffer.from('abc'), 'length', 1), text: abc },
  'a Buffer with a method of its own': { make: () => withOwn(Buffer.from('abc'), 'base64Slice', lie), text: abc },
  'a Buffer with memory of its own': { make: () => withOwn(Buffer.alloc(66), 'buffer', 5), text: zeros },
  'a Buffer with an offset of its own': { make: () => withOwn(Buffer.alloc(66), 'byteOffset', {}), text: zeros },
  'a Buffer whose size throws': {
    make: () => Object.defineProperty(Buffer.alloc(66), 'byteLength', { get () { throw new Error('of the getter') } }),
    text: zeros
  },
  'a Map with an iterator of its own': {
    make: () => withOwn(new Map([[1, 2]]), Symbol.iterator, lie),
    text: '{" mp":[[1,2]]}',
    flask: undefined
  },
  'a Set with an iterator of its own': {
    make: () => withOwn(new Set([1]), Symbol.iterator, lie),
    text: '{" st":[1]}',
    flask: undefined
  },
  'a Date with a time of its own': {
    make: () => withOwn(new Date(-5e13), 'getTime', () => 0),
    text: '{" d":"0385-07-25T07:06:40.000Z"}',
    flask: '{" d":"Thu, 25 Jul 0385 07:06:40 GMT"}'
  },
  'a Proxy of an object': { make: () => new Proxy({ a: 1 }, {}), text: '{"a":1}' },
  'a Proxy of an array': { make: () => new Proxy([1], {}), text: '[1]' }
}
