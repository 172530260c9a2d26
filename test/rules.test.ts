import t from 'tap'
import { BadPayload, SignatureExpired } from '../lib/errors.ts'
import {
  type Action, actionFor, actionForBlank, type Ages, type Clocks, cookieAge, expiryOf, isDue, lifetimeOf,
  longestLifetime, MAX_COOKIE_AGE, refusalOf, type Standing
} from '../lib/session/rules.ts'

const START = 1_700_000_000
const HOUR = 60 * 60
const DAY = 24 * HOUR

type Given<State> = { [Key in keyof State]?: State[Key] | undefined }

function ages (given: Given<Ages> = {}): Ages {
  return {
    lifetime: 100,
    permanentLifetime: 1000,
    absoluteLifetime: undefined,
    refreshAfter: undefined,
    refreshesPermanentOnly: false,
    ...given
  } as Ages
}

function clocks (given: Given<Clocks> = {}): Clocks {
  return { permanent: undefined, issuedAt: START, createdAt: undefined, ...given } as Clocks
}

/** A session that came with a key, was signed at `START` and used, by default right then. */
function standing (given: Given<Standing> = {}, origin: Given<Standing['origin']> = {}): Standing {
  return {
    isNew: false,
    accessed: true,
    modified: false,
    cameFilled: true,
    isReplaced: false,
    permanent: undefined,
    createdAt: undefined,
    ...given,
    origin: { hasCookie: true, issuedAt: START, openedAt: START, ...origin }
  } as Standing
}

t.test('a permanent session has the permanent lifetime, any other the lifetime', async (t) => {
  for (const [permanent, lifetime] of [[true, 1000], [false, 100], [undefined, 100]] as const) {
    t.equal(lifetimeOf(ages(), permanent), lifetime, `permanent: ${permanent}`)
  }
})

t.test('no session outlives the longer of both lifetimes', async (t) => {
  for (const [lifetime, permanent, longest] of [[100, 1000, 1000], [5, 5, 5], [1, Infinity, Infinity]] as const) {
    t.equal(longestLifetime(ages({ lifetime, permanentLifetime: permanent })), longest)
  }
})

const expiries: Array<[what: string, ages: Given<Ages>, clocks: Given<Clocks>, after: number]> = [
  ['the lifetime after the signature', {}, {}, 100],
  ['the permanent lifetime after the signature', {}, { permanent: true }, 1000],
  ['false is as not permanent', {}, { permanent: false }, 100],
  ['a beginning does not count without absoluteLifetime', {}, { createdAt: START - 5000 }, 100],
  ['nor does one after the signature', {}, { createdAt: START + 5000 }, 100],
  ['never', { lifetime: Infinity }, {}, Infinity],
  ['the end of the absolute lifetime where it is sooner', { absoluteLifetime: 150 }, { createdAt: START - 60 }, 90],
  ['the end of the lifetime where that is sooner', { absoluteLifetime: 150 }, { createdAt: START - 40 }, 100],
  ['for a permanent session too', { absoluteLifetime: 150 }, { createdAt: START - 40, permanent: true }, 110],
  ['without a beginning the signature is one', { absoluteLifetime: 70 }, {}, 70],
  ['an absolute lifetime ends one that has no other end', { lifetime: Infinity, absoluteLifetime: 70 }, {}, 70],
  ['an infinite absolute lifetime ends nothing', { absoluteLifetime: Infinity }, {}, 100],
  ['both infinite', { lifetime: Infinity, absoluteLifetime: Infinity }, {}, Infinity],
  ['an absolute lifetime of 0', { absoluteLifetime: 0 }, {}, 0],
  ['a beginning as late as clocks may differ', { absoluteLifetime: 70 }, { createdAt: START + 60 }, 100],
  ['a later one, at any time', { absoluteLifetime: 70 }, { createdAt: START + 61 }, -Infinity],
  ['a later one, without any other end', { lifetime: Infinity, absoluteLifetime: Infinity }, { createdAt: START + 61 },
    -Infinity]
]

t.test('a session expires after', async (t) => {
  for (const [what, age, clock, after] of expiries) t.equal(expiryOf(ages(age), clocks(clock)), START + after, what)
})

type Refusal = typeof BadPayload | typeof SignatureExpired
const refusals: Array<[ages: Given<Ages>, clocks: Given<Clocks>, age: number, Class: Refusal, message: string]> = [
  [{}, {}, 101, SignatureExpired, 'The signature is 101 seconds old, more than 100'],
  [{}, { permanent: true }, 1001, SignatureExpired, 'The signature is 1001 seconds old, more than 1000'],
  [{ absoluteLifetime: 50 }, {}, 51, SignatureExpired, 'The session began more than 50 seconds ago'],
  [{ absoluteLifetime: 50 }, { createdAt: START - 20 }, 31, SignatureExpired,
    'The session began more than 50 seconds ago'],
  [{ absoluteLifetime: 200 }, { createdAt: START - 20 }, 101, SignatureExpired,
    'The signature is 101 seconds old, more than 100'],
  [{ absoluteLifetime: 200 }, { createdAt: START + 61 }, 0, BadPayload, 'The session began after it was signed']
]

t.test('a session is refused with the reason, the payload and the time of its signature', async (t) => {
  for (const [age, clock, seconds, Class, message] of refusals) {
    const error = refusalOf(ages(age), clocks(clock), START + seconds, 'the payload')
    t.equal(error.constructor, Class, message)
    t.equal(error.message, message)
    t.equal(error.payload, 'the payload')
    t.strictSame(error.dateSigned, new Date(START * 1000))
  }
})

const dues: Array<[what: string, ages: Given<Ages>, standing: Given<Standing>, age: number, isDue: boolean]> = [
  ['younger than a tenth of the lifetime', {}, {}, 9, false],
  ['a tenth of the lifetime', {}, {}, 10, true],
  ['a tenth of the lifetime that does not hold', {}, { permanent: true }, 10, false],
  ['younger than a tenth of the permanent lifetime', {}, { permanent: true }, 99, false],
  ['a tenth of the permanent lifetime', {}, { permanent: true }, 100, true],
  ['one that is not used', {}, { accessed: false }, 99, false],
  ['one without an end', { lifetime: Infinity }, {}, 1e9, false],
  ['younger than refreshAfter', { refreshAfter: 50 }, {}, 49, false],
  ['as old as refreshAfter', { refreshAfter: 50 }, {}, 50, true],
  ['refreshAfter holds for permanent ones too', { refreshAfter: 50 }, { permanent: true }, 50, true],
  ['at every use', { refreshAfter: 0 }, {}, 0, true],
  ['a signature from the future', { refreshAfter: 0 }, {}, -1, false],
  ['never', { refreshAfter: false }, {}, 100, false],
  ['permanent only, and it is none', { refreshAfter: 0, refreshesPermanentOnly: true }, {}, 50, false],
  ['permanent only, and it is not', { refreshAfter: 0, refreshesPermanentOnly: true }, { permanent: false }, 50, false],
  ['permanent only, and it is one', { refreshAfter: 0, refreshesPermanentOnly: true }, { permanent: true }, 50, true]
]

t.test('a session that is used is signed anew by its age', async (t) => {
  for (const [what, age, state, seconds, expected] of dues) {
    const session = standing(state, { openedAt: START + seconds })
    t.equal(isDue(ages(age), session, {}), expected, what)
    t.equal(isDue(ages(age), session, { refresh: true }), expected, what)
    t.equal(isDue(ages(age), session, { refresh: false }), false, 'not where the route says no')
  }
})

t.test('a session whose cookie would be made otherwise now is signed anew, whatever its age and use', async (t) => {
  for (const [age, state] of [
    [{}, {}], [{}, { accessed: false }], [{ refreshAfter: false }, {}], [{ refreshesPermanentOnly: true }, {}]
  ] as Array<[Given<Ages>, Given<Standing>]>) {
    for (const outdated of ['fallback', 'signed', 'encrypted'] as const) {
      t.equal(isDue(ages(age), standing(state, { outdated }), { refresh: false }), true)
    }
  }
})

t.test('a session without a signature is not signed anew', async (t) => {
  t.equal(isDue(ages({ refreshAfter: 0 }), standing({}, { issuedAt: undefined }), {}), false)
  t.equal(isDue(ages({ refreshAfter: 0 }), standing({}, { openedAt: undefined }), {}), false)
})

t.test('a session with data is saved where it was changed, else signed anew where it is due', async (t) => {
  for (const [isChanged, outdated, action] of [
    [true, 'fallback', 'save'], [true, undefined, 'save'], [false, 'fallback', 'resign'], [false, undefined, 'keep']
  ] as const) t.equal(actionFor(ages(), standing({}, { outdated }), {}, isChanged), action)
})

const blanks: Array<[what: string, standing: Given<Standing>, hasCookie: boolean, action: Action]> = [
  ['nothing was changed', {}, true, 'keep'],
  ['its last key was removed', { modified: true }, true, 'delete'],
  ['it came empty and was changed', { modified: true, cameFilled: false }, true, 'keep'],
  ['it came empty and was ended', { modified: true, cameFilled: false, isReplaced: true }, true, 'delete'],
  ['it is new, no cookie came', { modified: true, cameFilled: false, isNew: true }, false, 'keep'],
  ['it is new, a bad cookie came and was only looked at', { cameFilled: false, isNew: true }, true, 'keep'],
  ['it is new, a bad cookie came, it was changed', { modified: true, cameFilled: false, isNew: true }, true, 'delete']
]

t.test('a session without data is deleted where a cookie came and something was changed', async (t) => {
  for (const [what, state, hasCookie, action] of blanks) {
    t.equal(actionForBlank(standing(state, { hasCookie })), action, what)
  }
})

const cookieAges: Array<[what: string, ages: Given<Ages>, createdAt: number | undefined, age: number]> = [
  ['the permanent lifetime', {}, undefined, 1000],
  ['30 days', { permanentLifetime: 30 * DAY }, undefined, 30 * DAY],
  ['400 days', { permanentLifetime: 400 * DAY }, undefined, MAX_COOKIE_AGE],
  ['no more than 400 days', { permanentLifetime: 400 * DAY + 1 }, undefined, MAX_COOKIE_AGE],
  ['nor for one without an end', { permanentLifetime: Infinity }, undefined, MAX_COOKIE_AGE],
  ['a beginning without absoluteLifetime', {}, START - 5000, 1000],
  ['what is left of the absolute lifetime', { absoluteLifetime: 900 }, START - 300, 600],
  ['the permanent lifetime where more is left', { absoluteLifetime: 1500 }, START - 300, 1000],
  ['the absolute lifetime of a session that begins now', { absoluteLifetime: 900 }, undefined, 900],
  ['nothing where nothing is left', { absoluteLifetime: 900 }, START - 900, 0],
  ['never less than nothing', { absoluteLifetime: 900 }, START - 901, 0],
  ['whole seconds', { permanentLifetime: 100.9 }, undefined, 100],
  ['whole seconds of the absolute lifetime', { absoluteLifetime: 99.5 }, START - 10, 89]
]

t.test('a browser keeps the cookie of a permanent session for', async (t) => {
  for (const [what, age, createdAt, seconds] of cookieAges) {
    t.equal(cookieAge(ages(age), { createdAt }, START), seconds, what)
  }
  t.equal(MAX_COOKIE_AGE, 34_560_000)
})
