import { Readable } from 'node:stream'
import {
  asNoted, copyCookie, counted, data, fails, fromNow, note, nothing, OTHER_SECRET, pass, restart, SECRET, setA, useCopy
} from './session-steps.mjs'
import { sameAs } from './session-visitor.mjs'

/**
 * @typedef {import('./session-visitor.mjs').Case} Case
 * @typedef {import('./session-visitor.mjs').Handler} Handler
 * @typedef {import('./session-visitor.mjs').Step} Step
 */

const HOUR = 60 * 60
const DAY = 24 * HOUR
const PRIVATE = 'private, no-cache="Set-Cookie"'
const UNUSED = /** @type {const} */ ({ cookie: 'none', vary: undefined, cacheControl: undefined })

/** @param {string} title @param {Step[]} steps @param {any} [options] @returns {Case} */
const rule = (title, steps, options) => ({ title, steps, options })

/** @param {any} session */
const times = ({ issuedAt, createdAt, expiresAt }) => fromNow(issuedAt, createdAt, expiresAt)

const members = [
  rule('get, set and has take one key, and what is undefined is removed', [
    [(s) => { s.set('a', 1); s.set('b', null) }, undefined, 'set'],
    [(s) => ['a', 'b', 'c'].map((key) => s.get(key)), [1, null, undefined]],
    [(s) => ['a', 'b', 'c'].map((key) => s.has(key)), [true, true, false]],
    [(s) => { s.set('a', undefined); s.c = undefined; s.update({ d: undefined }) }],
    [data, { b: null }]
  ]),
  rule('delete takes one key and says whether it was there, or ends the session', [
    [(s) => { s.update({ a: 1, b: 2 }) }],
    [(s) => [s.delete('a'), s.delete('a'), s.has('a')], [true, false, false]],
    [data, { b: 2 }],
    [(s) => s.delete(), true, 'deleted'],
    [(s) => [s.delete(), s.size, s.isNew], [false, 0, true], 'none']
  ]),
  rule('pop, setDefault and update are Flask\'s', [
    [(s) => [s.setDefault('a', 1), s.setDefault('a', 2), s.update({ b: 2, c: 3 })], [1, 1, undefined]],
    [(s) => [s.pop('a', 0), s.pop('a', 0), s.pop('x'), s.setDefault('list', []).push(4)], [1, 0, undefined, 1]],
    [data, { b: 2, c: 3, list: [4] }],
    fails((s) => s.update({ a: 1, _id: 2 }), /_id[\\"]* is reserved/, { status: 400 }),
    [(s) => s.has('a'), false]
  ]),
  rule('keys are properties', [
    [(s) => { s.a = 1; Object.assign(s, { b: 2, toString: 3, constructor: 4, '': 5, 7: 6 }) }],
    [(s) => [s.a, 'a' in s, 'z' in s, s.z, delete s.b, delete s.z], [1, true, false, undefined, true, true]],
    [(s) => ({ ...s }), { a: 1, toString: 3, constructor: 4, '': 5, 7: 6 }],
    [(s) => Object.keys(s).sort(), ['', '7', 'a', 'constructor', 'toString']],
    [(s) => JSON.parse(JSON.stringify(s)), { a: 1, toString: 3, constructor: 4, '': 5, 7: 6 }]
  ]),
  rule('data, keys, entries, size and iteration show the data, and nothing that is kept beside them', [
    [(s) => { s.update({ a: 1, b: [2] }); s.permanent = true }],
    [(s) => [s.data(), s.toJSON(), s.keys().sort(), s.size, s.entries().sort(), [...s].sort()],
      [{ a: 1, b: [2] }, { a: 1, b: [2] }, ['a', 'b'], 2, [['a', 1], ['b', [2]]], [['a', 1], ['b', [2]]]]],
    [(s) => { s.data().a = 5; s.keys().pop() }, undefined, 'none'],
    [data, { a: 1, b: [2] }]
  ], { absoluteLifetime: DAY * 60 }),
  rule('permanent is said by Max-Age, and starts as the option says', [
    [(s) => { s.a = 1; return s.permanent }, true, { line: /; Max-Age=2678400$/ }],
    [(s) => s.permanent, true, 'none'],
    [(s) => { s.permanent = false }, undefined, { line: /SameSite=Lax$/ }],
    [(s) => s.permanent, false, 'none'],
    [(s) => { s.permanent = true }, undefined, { line: /; Max-Age=2678400$/ }],
    [(s) => { s.permanent = false; s.clear(); return s.permanent }, true, 'deleted'],
    [(s) => { s.permanent = true }, undefined, 'none']
  ], { permanent: true }),
  rule('isNew, accessed and modified are Flask\'s', [
    [(s) => [s.accessed, s.isNew, s.accessed, s.modified], [false, true, true, false]],
    [(s) => { s.a = { b: 1 }; return s.modified }, true],
    [(s) => [s.isNew, s.modified, s.accessed], [false, false, true]],
    [(s) => { s.get('a').b = 2; return s.modified }, true],
    [(s) => { s.get('a').b = 3; s.c = 1; s.modified = false; return s.modified }, false, 'none'],
    [data, { a: { b: 2 } }],
    [(s) => { s.c = 1; s.modified = false; s.d = 2 }],
    [data, { a: { b: 2 }, c: 1, d: 2 }],
    [(s) => { s.touch(); s.modified = false }, undefined, 'none']
  ]),
  rule('a session has the id that its first request read, until it starts anew', [
    note('id', (s) => { s.a = 1; return s.id }),
    asNoted('id', (s) => s.id),
    asNoted('id', (s) => { s.a = 2; s.permanent = true; s.touch(); return s.id }),
    asNoted('id', (s) => s.id),
    ...['regenerate', 'clear', 'delete', 'assign'].flatMap((how) => [
      note('id', (s) => s.id),
      note('newId', (s, request) => { begin(how, request); s.b = 2; return s.id }),
      asNoted('id', (s) => s.id, false),
      asNoted('newId', (s) => s.id)
    ])
  ]),
  rule('the id of an empty session is in no cookie', [
    [(s) => /^[\w-]{22}$/.test(s.id), true, 'none'],
    [(s) => { s.touch(); s.permanent = true; s.modified = true }, undefined, 'none']
  ]),
  rule('issuedAt, createdAt and expiresAt are those of the session that came', [
    [(s) => { s.a = 1; return times(s) }, [undefined, undefined, undefined]],
    pass(10), [times, [-10, -10, 90]], [(s) => { s.touch(); return times(s) }, [-10, -10, 90], 'set'],
    pass(10), [times, [-10, -20, 90]], pass(80), [times, [-90, -100, 10]],
    [(s) => { s.regenerate(['a']); return times(s) }, [undefined, undefined, undefined]],
    pass(10), [times, [-10, -10, 90]]
  ], { lifetime: 100, absoluteLifetime: 300, refreshAfter: false }),
  rule('regenerate drops every key but those to keep', [
    [(s) => { s.update({ a: { deep: 1 }, b: 2 }); s.permanent = true }],
    [(s) => { s.regenerate(['a', 'none']); return [s.data(), s.permanent] }, [{ a: { deep: 1 } }, false], 'set'],
    [data, { a: { deep: 1 } }],
    [(s) => { s.regenerate() }, undefined, 'deleted'],
    [(s) => [s.data(), s.isNew], [{}, true]]
  ]),
  rule('options are those of this response', [
    [(s) => { s.a = 1; s.options({ sameSite: 'strict', httpOnly: false, priority: 'high', unknown: 1 }) }, undefined,
      { line: /; Path=\/; Priority=High; SameSite=Strict$/ }],
    [(s) => { s.touch() }, undefined, { line: /; HttpOnly; SameSite=Lax$/ }],
    fails((s) => s.options({ maxAge: 5 }), /maxAge/),
    fails((s) => s.options({ domain: 'other.test' }), /domain/),
    [(s) => { s.options({ secure: true }) }, undefined, 'none']
  ]),
  rule('an object that is assigned replaces the data, and null ends the session', [
    [(_, request) => { request.session = { a: 1 } }, undefined, 'set'],
    [(s, request) => { request.session = s; return s.data() }, { a: 1 }, 'none'],
    [(_, request) => { request.session = { b: 2, c: undefined } }, undefined, 'set'],
    [data, { b: 2 }],
    ...[undefined, 5, 'a', [], new Date(0)].map((wrong) => fails(
      (_, request) => { request.session = wrong }, /an object without a class/, { status: 400 }
    )),
    (visitor) => visitor.visit([(_, request) => { request.session = new visitor.product.Session({ c: 3 }) }]),
    [data, { c: 3 }],
    [(_, request) => { request.session = null }, undefined, 'deleted'],
    [data, {}]
  ]),
  rule('reserved keys, names of members and symbols are no keys', [
    ...['_id', '_began', '_permanent', '__proto__', 'get', 'id', 'size', 'key', 'end', 'then'].flatMap((key) => {
      const object = Object.fromEntries([[key, 1]])
      return writing(key, 1, object).map((write) => fails(write, /is reserved|is a member of/, { status: 400 }))
    }),
    fails((s) => s.set(5, 1), /must be a string, not number/, { status: 400 }),
    fails((s) => { s[Symbol('s')] = 1 }, /no symbol keys/),
    [data, {}]
  ]),
  rule('a callback is refused, since nobody would call it', [
    [setA],
    ...['delete', 'clear', 'touch', 'regenerate', 'save', 'reload'].map((method) => (
      fails((s) => s[method](() => {}), /takes no callback/)
    )),
    [data, { a: 1 }]
  ])
]

/**
 * Every way to store a value, or an object that has it.
 * @param {string} key @param {unknown} value @param {object} object @returns {Handler[]}
 */
function writing (key, value, object) {
  return [
    (s) => s.set(key, value), (s) => s.setDefault(key, value), (s) => s.update(object),
    (s) => { s[key] = value }, (_, request) => { request.session = object }
  ]
}

/** @param {string} how @param {any} request */
function begin (how, request) {
  if (how === 'assign') request.session = { a: 1 }
  else request.session[how]()
}

/** Every type that is kept. @param {any} product @returns {Record<string, any>} */
const typesOf = ({ Tuple, Markup, UUID }) => ({
  string: 'a "quoted" \\ \n \0 ü € 😀 \ud800',
  numbers: [0, -0, 1.5, -1e300, 5e-324, 2 ** 53 + 2, NaN, Infinity, -Infinity],
  booleans: [true, false, null],
  BigInt: [0n, -(2n ** 200n)],
  Date: [new Date(0), new Date(-62e12), new Date(1767225600123)],
  Buffer: Buffer.from([0, 255, 10]),
  Uint8Array: new Uint8Array([0, 255, 10]),
  Map: new Map(/** @type {any} */ ([['a', new Date(5)], [1n, new Map([[{ b: 1 }, new Set([2])]])]])),
  Set: new Set([1, 'a', new Set([new Date(1)])]),
  URL: [new URL('https://user:pass@host.test:8080/path?q=ü#f'), new URL('data:,x')],
  undefined: [undefined, [undefined, 1]],
  array: [[], [[]], [{}]],
  object: { a: {}, '': { 1: 1 }, ' d': 'looks like a tag', constructor: 1 },
  tagged: { ' t': [1] },
  UUID: new UUID('12345678-1234-5678-9234-567812345678'),
  Tuple: new Tuple([1, new Tuple([]), new Date(2)]),
  Markup: new Markup('<b>&amp;</b>')
})

/** @param {any} value */
const nested = (value) => ({ value, list: [value, { value }], map: new Map([['value', value]]), set: new Set([value]) })

class Cart {}

/** What `set` refuses. @type {Array<[() => unknown, RegExp]>} */
const refused = [
  [() => () => 1, /session\.x is a function/],
  [() => Symbol('s'), /session\.x is a symbol/],
  [() => new Cart(), /session\.x is an object of class Cart/],
  [() => Promise.resolve(), /session\.x is a(n object of class)? [Pp]romise/],
  [() => /a/, /session\.x is an object of class RegExp/],
  [() => new Error('any'), /session\.x is an object of class Error/]
]

/** What saving refuses, and with which status. @type {Array<[() => unknown, RegExp, number?]>} */
const refusedInside = [
  ...refused.map(([make, { source }]) => /** @type {[() => unknown, RegExp]} */ ([
    () => ({ a: [0, new Map([['k', make()]])] }), new RegExp(source.replace('x', 'x\\.a\\[1\\].*'))
  ])),
  [() => { const list = [{}]; list[0] = { list }; return list }, /session\.x\[0\]\.list is a cycle: it is session\.x /],
  [() => [1, , 2], /session\.x is an array with holes/], // eslint-disable-line no-sparse-arrays -- tests the hole
  [() => deep(601), /session\.x.* is nested deeper than 600 levels/, 400]
]

/** An array in arrays. @param {number} levels @returns {unknown[]} */
const deep = (levels) => levels === 1 ? [] : [deep(levels - 1)]

const values = [
  rule('every type that is kept comes back exactly, nested too', [
    async (visitor) => {
      const types = typesOf(visitor.product)
      for (const [name, value] of Object.entries(types)) {
        await visitor.visit([(s) => { s.set(name, value) }])
        await visitor.visit([(s) => s.get(name), value])
        await visitor.visit([(s) => { s.clear(); s.set('nested', nested(value)) }])
        await visitor.visit([data, { nested: nested(value) }])
      }
    }
  ]),
  rule('an invalid Date stays one', [[(s) => { s.a = new Date(NaN) }], [(s) => s.a.getTime(), NaN]]),
  rule('one object in two places comes back as two, and one without a prototype as a plain one', [
    [(s) => { s.a = s.b = Object.assign(Object.create(null), { c: [1] }) }],
    [(s) => [s.a === s.b, s.data()], [false, { a: { c: [1] }, b: { c: [1] } }]]
  ]),
  rule('a query is kept, and what JSON leaves out is left out', [
    [(s, { query }) => { s.query = query }, undefined, 'set', '/?a=1&b=2&b=3'],
    [data, { query: { a: '1', b: ['2', '3'] } }],
    [(s) => { s.query = Object.defineProperty({ a: undefined, b: 1, [Symbol('c')]: 1 }, 'd', { value: 1 }) }],
    [data, { query: { b: 1 } }]
  ]),
  rule('arrays may be as deep within a session', [[(s) => { s.x = deep(599) }], [data, { x: deep(599) }]]),
  rule('set refuses what can never be kept, with its path', [
    [setA],
    ...refused.flatMap(([make, error]) => (
      writing('x', make(), { b: 1, x: make() }).map((write) => fails(write, error))
    )),
    [data, { a: 1 }]
  ]),
  rule('saving refuses what is inside, with its path, and the session stays as it was', [
    [setA],
    ...refusedInside.map(([make, error, status = 500]) => (
      fails((s) => { s.a = 2; s.x = make() }, error, { status, vary: 'Cookie' })
    )),
    [data, { a: 1 }]
  ]),
  rule('what changes inside a stored object is saved unannounced', [
    [(s) => { s.update({ list: [{ n: 1 }], map: new Map([['n', 1]]), bag: new Set(), date: new Date(0) }) }],
    [(s) => { s.list[0].n = 2 }], [(s) => { s.get('map').set('n', 2) }], [(s) => { s.data().bag.add(2) }],
    [(s) => { s.entries().find((/** @type {any} */ [key]) => key === 'date')[1].setTime(2) }],
    [data, { list: [{ n: 2 }], map: new Map([['n', 2]]), bag: new Set([2]), date: new Date(2) }],
    [(s) => { for (const [key, each] of s) if (key === 'list') each.push(3) }], [(s) => s.list, [{ n: 2 }, 3]],
    [(s) => { s.list[0] = { n: 2 }; s.map.set('n', 2) }, undefined, 'none']
  ])
]

const AGES = { lifetime: 2 * HOUR, permanentLifetime: 30 * DAY, refreshAfter: false }

const ages = [
  rule('a session lives as long as lifetime says, and a permanent one as permanentLifetime says', [
    [setA, undefined, { line: /SameSite=Lax$/ }], pass(2 * HOUR), [data, { a: 1 }],
    pass(1), [(s) => [s.data(), s.isNew], [{}, true]],
    [(s) => { s.a = 1; s.permanent = true }, undefined, { line: /; Max-Age=2592000$/ }],
    pass(30 * DAY), [data, { a: 1 }],
    [(s) => { s.permanent = false }, undefined, 'set'],
    pass(2 * HOUR), [data, { a: 1 }], pass(1), [data, {}]
  ], AGES),
  rule('a session that is used is signed anew at a tenth of its lifetime, unless the route says no', [
    [setA], pass(719), [data, { a: 1 }, 'none'], pass(1), [nothing, undefined, UNUSED],
    [data, { a: 1 }, 'none', '/polling'], [data, { a: 1 }, { cookie: 'set', cacheControl: PRIVATE }],
    pass(2 * HOUR), [(s) => { s.permanent = true; return s.a }, 1],
    pass(3 * DAY - 1), [data, { a: 1 }, 'none'], pass(1), [data, { a: 1 }, { line: /; Max-Age=2592000$/ }],
    counted({ resigned: 2 })
  ], { ...AGES, refreshAfter: undefined }),
  rule('refreshAfter says when, and touch does it at once', [
    [setA], pass(49), [data, { a: 1 }, 'none'], [(s) => { s.touch() }, undefined, 'set'],
    pass(49), [data, { a: 1 }, 'none'], pass(1), [data, { a: 1 }, 'set'],
    pass(100), [data, { a: 1 }, 'set'], pass(101), [data, {}, 'none'],
    counted({ saved: 2, resigned: 2, refused: { FSS_ERR_SIGNATURE_EXPIRED: 1 } })
  ], { lifetime: 100, refreshAfter: 50 }),
  rule('absoluteLifetime ends a session however lately it was used, and regenerate starts it anew', [
    [(s) => { s.a = 1; s.permanent = true }, undefined, { line: /; Max-Age=250$/ }],
    pass(90), [data, { a: 1 }, { line: /; Max-Age=160$/ }], pass(90), [data, { a: 1 }, { line: /; Max-Age=70$/ }],
    copyCookie, [(s) => { s.regenerate(['a']) }], pass(70), [data, { a: 1 }], pass(1), [data, { a: 1 }],
    useCopy, [data, {}]
  ], { lifetime: 100, permanentLifetime: 300, absoluteLifetime: 250, refreshAfter: 50 }),
  rule('a session of an older secret is signed anew, however young, and is nothing once the secret is gone', [
    [setA], copyCookie, restart({ fallbacks: [OTHER_SECRET] }), [data, { a: 1 }, 'none'],
    restart({ secret: OTHER_SECRET, fallbacks: [SECRET] }),
    [data, { a: 1 }, 'set', '/polling'], [data, { a: 1 }, 'none'],
    restart({ secret: OTHER_SECRET }), [data, { a: 1 }, 'none'], useCopy, [data, {}, 'none']
  ])
]

/** What `onInvalid` was told, and how the session was then. @type {string[][]} */
const told = []
/** @param {Error} error @param {any} request */
const tell = ({ name }, { session }) => { told.push([name, JSON.stringify(session)]) }

const requests = [
  rule('a session that nobody uses changes nothing of a response', [
    [nothing, undefined, UNUSED], [setA], [nothing, undefined, UNUSED], [(s) => s.accessed, false, UNUSED]
  ]),
  rule('a response that depends on the session says so, and one that sets the cookie is kept out of shared caches', [
    [data, {}, { vary: 'Cookie', cacheControl: undefined }],
    [(s, _, reply) => { s.a = 1; reply.header('vary', 'Accept') }, undefined,
      { cookie: 'set', vary: 'Accept, Cookie', cacheControl: PRIVATE }],
    [(s, _, reply) => { s.touch(); reply.header('cache-control', 'no-store') }, undefined,
      { cookie: 'set', cacheControl: 'no-store' }],
    [(s, _, reply) => { s.touch(); reply.header('cache-control', 'public, max-age=60') }, undefined,
      { cookie: 'set', cacheControl: 'private, no-cache', logged: /shared caches may keep sets the session cookie/ }],
    pass(4 * DAY),
    [(s, _, reply) => { reply.header('cache-control', 'public'); return s.a }, 1,
      { cookie: 'none', cacheControl: 'public' }],
    counted({ skipped: 1, resigned: 0, saved: 3, deleted: 0 }),
    [(s) => { s.clear() }, undefined, { cookie: 'deleted', cacheControl: PRIVATE }],
    counted({ deleted: 1 })
  ]),
  rule('error replies, 404s, redirects, jsonify and streams save the session', [
    [(s) => { s.a = 1; throw new Error('any') }, undefined, { status: 500, cookie: 'set' }],
    [(s) => { s.regenerate(['a']); s.b = 2 }, undefined, { status: 404, cookie: 'set' }, '/nowhere'],
    [(s, _, reply) => { s.touch(); s.c = 3; return reply.redirect('/') }, undefined, { status: 302, cookie: 'set' }],
    [(s, _, reply) => { s.touch(); s.d = 4; return reply.jsonify({}) }, undefined, 'set'],
    [(s, _, reply) => { s.touch(); s.e = 5; return reply.send(Readable.from(['a', 'b'])) }, undefined, 'set'],
    [data, { a: 1, b: 2, c: 3, d: 4, e: 5 }]
  ]),
  rule('a route with session: false has none', [
    [setA], [nothing, undefined, UNUSED, '/none'],
    [(_, { session }) => session.a, undefined, { status: 500, error: /its config says session: false/ }, '/none'],
    [data, { a: 1 }]
  ]),
  rule('a cookie that is not genuine is an empty session, of which onInvalid is told once', [
    [setA], copyCookie, (visitor) => { visitor.cookie = `${visitor.cookie}x` },
    [(s) => [s.data(), s.isNew], [{}, true], { cookie: 'none', vary: 'Cookie' }],
    () => { sameAs(told.splice(0), [['BadTimeSignature', '{}']], 'told') },
    counted({ refused: { FSS_ERR_BAD_TIME_SIGNATURE: 1 } }),
    [(s) => { s.clear() }, undefined, 'deleted'],
    (visitor) => { told.length = 0; visitor.cookie = `forged; session=${visitor.notes.copy}` }, [data, { a: 1 }],
    () => { sameAs(told, [], 'told') }
  ], { onInvalid: tell }),
  rule('a session that was emptied in the request that filled it has no cookie', [
    [(s) => { s.a = 1; s.delete('a') }, undefined, 'none'], [(s) => { s.a = 1; s.clear() }, undefined, 'none'],
    [setA], [(s) => { s.clear(); s.b = 2 }, undefined, 'set'], [data, { b: 2 }],
    [(s) => { s.delete('b'); s.c = 3 }], [data, { c: 3 }]
  ]),
  rule('several sessions are kept apart by name', [
    [(s, { admin }) => { s.a = 1; admin.b = 2 }, undefined, 'set'],
    (visitor) => { visitor.cookie = `${visitor.cookie}; admin=${visitor.cookie}` },
    [(s, { admin }) => [s.data(), admin.data()], [{ a: 1 }, {}]],
    ({ app }) => { sameAs(app.sessionCounters.admin.refused, { FSS_ERR_BAD_TIME_SIGNATURE: 1 }, 'refused') }
  ], [{}, { sessionName: 'admin' }])
]

/** What is the same wherever sessions are kept. */
export const cases = { members, values, ages, requests }
