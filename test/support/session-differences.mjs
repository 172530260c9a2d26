import { throws } from 'node:assert/strict'
import {
  asNoted, copyCookie, counted, data, fails, fromNow, inHook, note, nothing, OTHER_SECRET, pass, refuses, restart,
  SECRET, setA, setB, useCopy
} from './session-steps.mjs'
import { sameAs } from './session-visitor.mjs'

/**
 * @typedef {import('./session-visitor.mjs').Handler} Handler
 * @typedef {import('./session-visitor.mjs').Step} Step
 * @typedef {{ title: string, point: string, reason: string, options?: any, given: Step[], cookie: Step[],
 *   store: Step[] }} Difference what comes of the steps `given`; `point` begins what docs/stores.md says of it
 */

const LIFETIME = 2 * 60 * 60

/** @type {Handler} */
const hijacks = (session, _, reply) => {
  session.update({ a: 2, b: 3 })
  reply.hijack()
  reply.raw.end('x')
}

/** What differs between a cookie and a store, and why. @type {Difference[]} */
export const differences = [
  {
    title: 'two requests that began with the same session',
    point: 'A request is saved key by key',
    reason: 'A cookie is the whole session as one request knew it; a store can merge.',
    given: [[setA], copyCookie, [setB], useCopy, [(s) => { s.c = 3 }]],
    cookie: [[data, { a: 1, c: 3 }]],
    store: [[data, { a: 1, b: 2, c: 3 }]]
  },
  {
    title: 'a copy of the cookie after the end of the session',
    point: 'An end is an end',
    reason: 'Nobody can take a signed cookie back; a record can be deleted.',
    given: [[setA], copyCookie, [(s) => { s.delete() }], useCopy],
    cookie: [[(s) => [s.isNew, s.data()], [false, { a: 1 }], 'none'], [setB, undefined, 'set']],
    store: [[(s) => [s.isNew, s.data()], [true, {}], 'none'], [setB, undefined, 'set'], counted({ ended: 2 })]
  },
  {
    title: 'a copy of the cookie after regenerate',
    point: '`regenerate` and a change of the owner make a new record',
    reason: 'The same.',
    given: [[setA], copyCookie, [(s) => { s.regenerate(['a']) }], useCopy],
    cookie: [[data, { a: 1 }]],
    store: [[data, {}]]
  },
  {
    title: 'a new owner',
    point: '`regenerate` and a change of the owner make a new record',
    reason: 'Without a record an id opens nothing, and there is no list of sessions.',
    given: [],
    cookie: [refuses({ owner: 'user' }, /needs the option store/)],
    store: [
      restart({ owner: 'user' }), note('id', (s) => { s.user = 1; return s.id }),
      [(s) => { s.user = 2 }, undefined, 'set'], asNoted('id', (s) => s.id, false)
    ]
  },
  {
    title: 'a hook ahead of the plugin',
    point: 'It is read before the handler',
    reason: 'A store answers later, and a property cannot be waited for.',
    given: [[setA], inHook('ahead', (s) => { s.b = 2 })],
    cookie: [[data, { a: 1, b: 2 }]],
    store: [
      fails(data, /Register the plugin ahead of the hook/), inHook('ahead'),
      [data, { a: 1 }]
    ]
  },
  {
    title: 'a request that does not use its session, in the counters',
    point: 'It is read before the handler',
    reason: 'The same.',
    given: [[setA], [nothing]],
    cookie: [counted({ opened: 1, verified: 0 })],
    store: [counted({ opened: 2, verified: 1 })]
  },
  {
    title: 'a request that does not use a session of an older secret',
    point: 'It is read before the handler',
    reason: 'The same: the cookie was verified anyway.',
    given: [[setA], restart({ secret: OTHER_SECRET, fallbacks: [SECRET] })],
    cookie: [[nothing, undefined, { cookie: 'none', vary: undefined }]],
    store: [[nothing, undefined, { cookie: 'set', vary: 'Cookie' }]]
  },
  {
    title: 'a session that expired while a permanent one would not have',
    point: 'It is read before the handler',
    reason: 'Only its record knows that it was not permanent, and is gone.',
    options: { lifetime: LIFETIME, permanentLifetime: 10 * LIFETIME },
    given: [[setA], pass(LIFETIME + 1), [data, {}]],
    cookie: [counted({ ended: 0, refused: { FSS_ERR_SIGNATURE_EXPIRED: 1 } })],
    store: [counted({ ended: 1, refused: {} })]
  },
  {
    title: 'a reply that is hijacked',
    point: 'It is saved in `onSend`',
    reason: 'Headers that are about to leave do not wait for a store.',
    given: [[setA]],
    cookie: [
      [hijacks, undefined, 'set'], [data, { a: 2, b: 3 }],
      fails((s) => s.save(), /is saved with the reply/), fails((s) => s.reload(), /is saved with the reply/)
    ],
    store: [
      [hijacks, undefined, { cookie: 'none', logged: /"level":50.*"keys":\["a","b"\]/ }], [data, { a: 1 }],
      [async (s, ...others) => { hijacks(s, ...others); await s.save() }], [data, { a: 2, b: 3 }],
      [async (s) => { s.b = 4; await s.reload(); return s.b }, 3]
    ]
  },
  {
    title: 'an onSend hook behind the plugin',
    point: 'It is saved in `onSend`',
    reason: 'The same.',
    given: [[setA], inHook('late', setB)],
    cookie: [[data, { a: 1 }, 'set'], inHook('late'), [data, { a: 1, b: 2 }]],
    store: [
      [data, { a: 1 }, { cookie: 'none', logged: /"level":50.*"keys":\["b"\]/ }], inHook('late'), [data, { a: 1 }]
    ]
  },
  {
    title: 'a session whose last key is removed',
    point: 'A session whose last key is removed is kept',
    reason: 'Another request may add a key at the same time.',
    given: [[setA]],
    cookie: [[(s) => s.delete('a'), true, 'deleted'], [(s) => s.isNew, true]],
    store: [[(s) => s.delete('a'), true, 'none'], [(s) => [s.isNew, s.size], [false, 0]], [setB], [data, { b: 2 }]]
  },
  {
    title: 'a change',
    point: 'The cookie is sent',
    reason: 'The cookie has the id alone, which stays.',
    given: [[setA]],
    cookie: [[setB, undefined, 'set'], [(s) => { s.modified = true }, undefined, 'set'], counted({ saved: 3 })],
    store: [[setB, undefined, 'none'], [(s) => { s.modified = true }, undefined, 'none'], counted({ saved: 1 })]
  },
  {
    title: 'a change with refreshAfter: false',
    point: 'The cookie is sent',
    reason: 'The age of a session is that of the signature of its cookie.',
    options: { lifetime: 100, refreshAfter: false },
    given: [[setA], pass(60), [setB], pass(60)],
    cookie: [[data, { a: 1, b: 2 }]],
    store: [[data, {}]]
  },
  {
    title: 'more than a cookie takes',
    point: '`maxSessionSize` limits it',
    reason: 'Browsers drop longer cookies; a store has room.',
    given: [[setA]],
    cookie: [fails((s) => { s.b = 'x'.repeat(5000) }, /FSS_ERR_COOKIE_TOO_LARGE/)],
    store: [
      [(s) => { s.b = 'x'.repeat(5000) }], [(s) => s.b.length, 5000],
      fails((s) => { s.c = 'x'.repeat(300_000) }, /FSS_ERR_SESSION_TOO_LARGE/)
    ]
  },
  {
    title: 'the order of keys',
    point: 'The order of keys is not kept',
    reason: 'Records are sets of fields, and requests add to them in any order.',
    given: [[setB], [setA]],
    cookie: [[(s) => s.keys(), ['b', 'a']]],
    store: [[(s) => s.keys().sort(), ['a', 'b']]]
  },
  {
    title: 'createdAt without absoluteLifetime',
    point: 'The order of keys is not kept',
    reason: 'A record has room for it.',
    given: [[setA], pass(5)],
    cookie: [[(s) => s.createdAt, undefined]],
    store: [[(s) => fromNow(s.createdAt), [-5]]]
  },
  {
    title: 'options of cookies',
    point: 'The order of keys is not kept',
    reason: 'The cookie has nothing to share, to compress or to keep for ever.',
    given: [],
    cookie: [restart({ compress: true, lifetime: Infinity }), restart({ format: 'flask' })],
    store: [
      ...[{ compress: true }, { format: 'flask' }].map((each) => refuses(each, /does not go with the option store/)),
      refuses({ lifetime: Infinity }, /has to be finite/)
    ]
  },
  {
    title: 'sessions outside a request',
    point: '`encodeSession` and `decodeSession` throw',
    reason: 'They cannot wait for a store.',
    given: [],
    cookie: [
      ({ app }) => { sameAs(app.decodeSession(app.encodeSession({ a: 1 })), { a: 1 }, 'decoded') },
      ({ app }) => { throws(() => app.sessionInterface.encode({ a: 1 }), { name: 'TypeError' }) }
    ],
    store: [
      async ({ app: { sessionInterface } }) => {
        sameAs(await sessionInterface.decode(await sessionInterface.encode({ a: 1 })), { a: 1 }, 'decoded')
      },
      ({ app }) => { throws(() => app.encodeSession({ a: 1 }), /^TypeError: .*sessionInterface\.encode/) }
    ]
  }
]

/** The differences as cases of a kind of sessions. @param {boolean} isStored */
export function differencesFor (isStored) {
  return differences.map(({ title, options, given, cookie, store }) => (
    { title, options, steps: [...given, ...isStored ? store : cookie] }
  ))
}
