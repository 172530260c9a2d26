import {
  changesAt, countOf, expect, expectEnded, expectFree, fieldsIn, fieldsOf, HOUR, type OwnersProbe, parallel, type Probe,
  sessionAt, show
} from './store-probe.ts'

/** Tries what a sentence says, and throws where it does not hold. */
type Rule<Given> = (probe: Given) => Promise<void>
type Rules<Given = Probe> = Readonly<Record<string, Rule<Given>>>

/** Names that mean something to a database or to JavaScript, that end a text early, or that look like one another. */
const NAMES = [
  '', ' ', 'a', 'A', 'a ', '.a', 'a.b', 'a.c', '$', '$.a', '[0]', '0', '-1', '-', '*', '?', '%', '_', '#', ':', ';',
  "'", '"', '`', '\\', '/', '~', '~0000', '{a}', '\n', '\0', 'a\0', 'a\0b', '\ud800', '\ud801', '\udc00', '\ufffd',
  'é', 'e\u0301', 'É', '\u{1f600}', "'; --", 'null', '__proto__', 'constructor', 'toString', 'key', 'owner', 'fields',
  'permanent', 'ended', 'expires', 'expiresAt', 'expires_at'
]

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('')

/** Texts that must come back as they are, and not as numbers or null. */
const TEXTS = ['null', 'true', '007', '1e3', '""', '{"a": 1}', '[]', "'; --", '\\u0000', PRINTABLE, 'x'.repeat(2 ** 18)]

export const rulesOfReading: Rules = {
  'what was never created is not there': async (probe) => {
    await expectFree(probe, probe.fresh())
  },

  'a session is read as it was created': async ({ store, now, kept }) => {
    for (const given of [{}, { permanent: true, fromCookie: true }, { fields: new Map() }]) {
      expect('read', await store.read(await kept(given)), sessionAt(now, given))
    }
  },

  'every name of a field is kept apart from all others': async ({ store, now, kept }) => {
    const fields = new Map(NAMES.map((name, index) => [name, `${index}`]))
    const key = await kept({ fields })
    for (const [index, name] of NAMES.entries()) {
      expect(`the fields before a change of ${show(name)}`, fieldsIn(await store.read(key)), fields)
      const changes = index % 2 === 0 ? { set: new Map([[name, 'true']]) } : { unset: [name] }
      if (index % 2 === 0) fields.set(name, 'true')
      else fields.delete(name)
      await store.update(key, changesAt(now, changes))
    }
    expect('the fields after all changes', fieldsIn(await store.read(key)), fields)
  },

  'every text comes back as it was, a long one and many too': async ({ store, now, kept }) => {
    const texts = [...TEXTS, ...Array.from({ length: 2000 }, (_, index) => `${index}`)]
    const fields = new Map(texts.map((text, index) => [`f${index}`, text]))
    const key = await kept({ fields })
    expect('read', fieldsIn(await store.read(key)), fields)
    await store.update(key, changesAt(now, { set: fields }))
    expect('read after an update', fieldsIn(await store.read(key)), fields)
    const others = new Map(texts.map((text, index) => [`f${2 * index}`, text]))
    const unset = texts.map((_, index) => `f${2 * index + 1}`)
    await store.update(key, changesAt(now, { set: others, unset }))
    expect('read after an update of half of them', fieldsIn(await store.read(key)), others)
  },

  'what was handed over and what was read are not what the store keeps': async ({ store, kept }) => {
    const fields = fieldsOf({ a: '1' })
    const key = await kept({ fields })
    fields.set('a', '2')
    const read = fieldsIn(await store.read(key)) as Map<string, string>
    read.set('a', '3')
    expect('read', fieldsIn(await store.read(key)), fieldsOf({ a: '1' }))
  }
}

export const rulesOfWriting: Rules = {
  'create never overwrites': async ({ store, now, kept }) => {
    const key = await kept()
    const other = sessionAt(now, { fields: fieldsOf({ c: '3' }) })
    expect('a second create', await store.create(key, other), 'exists')
    expect('read', await store.read(key), sessionAt(now))
  },

  'of many that create one key at once, one does': async ({ store, now, fresh }) => {
    const key = fresh()
    const session = (index: number) => sessionAt(now, { fields: fieldsOf({ n: `${index}` }) })
    const answers = await parallel(10, (index) => store.create(key, session(index)))
    expect('the number that created', countOf(answers, 'created'), 1)
    expect('the number that came late', countOf(answers, 'exists'), 9)
    expect('read', await store.read(key), session(answers.indexOf('created')))
  },

  'update merges: what it does not name stays': async ({ store, now, kept }) => {
    const key = await kept({ fromCookie: true })
    const changes = changesAt(now, { set: fieldsOf({ c: '3' }), unset: ['a', 'z'] })
    expect('update', await store.update(key, changes), true)
    const fields = fieldsOf({ b: '2', c: '3' })
    const times = { usedAt: now + 1, expiresAt: now + 2 * HOUR }
    expect('read', await store.read(key), sessionAt(now, { fields, fromCookie: true, ...times }))
  },

  'many that update one session at once lose nothing': async ({ store, now, kept }) => {
    const key = await kept({ fields: fieldsOf({ old: '0' }) })
    const change = (index: number) => changesAt(now, { set: fieldsOf({ [`f${index}`]: '1' }), unset: ['old'] })
    const answers = await parallel(20, (index) => store.update(key, change(index)))
    expect('the number of updates', countOf(answers, true), 20)
    const names = [...fieldsIn(await store.read(key)).keys()]
    expect('the fields', names.sort(), Array.from({ length: 20 }, (_, index) => `f${index}`).sort())
  },

  'the expiry is the one that fits the permanent of the record': async ({ store, now, kept }) => {
    for (const [before, given] of [[false, undefined], [true, undefined], [false, true], [true, false]] as const) {
      const key = await kept({ permanent: before })
      const permanent = given ?? before
      await store.update(key, changesAt(now, { permanent: given }))
      const times = { usedAt: now + 1, expiresAt: now + (permanent ? 3 : 2) * HOUR }
      expect(`read after ${before} and ${given}`, await store.read(key), sessionAt(now, { permanent, ...times }))
    }
  },

  'an update may shorten a session, down to nothing': async (probe) => {
    const { store, now, kept } = probe
    const key = await kept()
    await store.update(key, changesAt(now, { expiresAt: { permanent: now + HOUR, otherwise: now - HOUR } }))
    await expectFree(probe, key)
  }
}

export const rulesOfEnding: Rules = {
  'what has expired is not there': async (probe) => {
    await expectFree(probe, await probe.kept({ expiresAt: probe.now - HOUR }))
  },

  'destroy says whether it ended a session, and leaves nothing': async (probe) => {
    const key = await probe.kept()
    expect('destroy', await probe.store.destroy(key, undefined), true)
    await expectFree(probe, key)
  },

  'a key stays ended until its time, whether or not there was a session': async (probe) => {
    const { store, now, fresh, kept } = probe
    const keys = [[await kept(), true], [fresh(), false], [await kept({ expiresAt: now - HOUR }), false]] as const
    for (const [key, isLive] of keys) {
      expect('destroy', await store.destroy(key, now + HOUR), isLive)
      await expectEnded(probe, key)
    }
  },

  'a key is free once its time as ended is over': async (probe) => {
    for (const key of [await probe.kept(), probe.fresh()]) {
      await probe.store.destroy(key, probe.now - HOUR)
      await expectFree(probe, key)
    }
  },

  'a key that is ended stays so until the later time': async (probe) => {
    const { now } = probe
    for (const times of [[now + HOUR, now - HOUR, undefined], [now - HOUR, now + HOUR]]) {
      const key = probe.fresh()
      for (const until of times) await probe.store.destroy(key, until)
      await expectEnded(probe, key)
    }
  },

  'of many that destroy one session at once, one ends it': async ({ store, now, kept }) => {
    for (const until of [undefined, now + HOUR]) {
      const key = await kept()
      const answers = await parallel(10, () => store.destroy(key, until))
      expect('the number that ended it', countOf(answers, true), 1)
    }
  },

  'an update never brings an ended session back': async ({ store, now, kept }) => {
    for (const until of [undefined, now + HOUR]) {
      const key = await kept()
      const changes = changesAt(now, { set: fieldsOf({ a: '5' }) })
      await parallel(10, (index) => index === 5 ? store.destroy(key, until) : store.update(key, changes))
      expect('read', await store.read(key), until === undefined ? undefined : 'ended')
    }
  }
}

/** The keys of the sessions of some owners, each sorted. */
async function keysOf ({ store }: OwnersProbe, ...owners: string[]): Promise<string[][]> {
  return await Promise.all(owners.map(async (owner) => [...(await store.list(owner)).keys()].sort()))
}

export const rulesOfOwners: Rules<OwnersProbe> = {
  'list gives the sessions of an owner and no others': async (probe) => {
    const { store, now, fresh, kept } = probe
    const owner = fresh()
    const others = [`${owner}x`, owner.slice(1), `%${owner}`, owner.toLowerCase(), null]
    for (const other of others) await kept({ owner: other })
    await kept({ owner, expiresAt: now - HOUR })
    await store.destroy(await kept({ owner }), now + HOUR)
    expect('list', await store.list(owner), new Map())
    const keys = [await kept({ owner }), await kept({ owner })]
    expect('list', await store.list(owner), new Map(keys.map((key) => [key, sessionAt(now, { owner })])))
  },

  'an update keeps, gives or takes the owner': async (probe) => {
    const { store, now, fresh, kept } = probe
    const [one, other, key] = [fresh(), fresh(), await kept()]
    const steps = [[undefined, [], []], [one, [key], []], [undefined, [key], []], [other, [], [key]], [null, [], []]]
    for (const [owner, ...lists] of steps as Array<[string, string[], string[]]>) {
      await store.update(key, changesAt(now, { owner }))
      expect(`the lists after ${owner}`, await keysOf(probe, one, other), lists)
    }
  },

  'a session that is used for long is found by its owner': async (probe) => {
    const { store, now, fresh, kept } = probe
    const owner = fresh()
    const key = await kept({ owner })
    const expiresAt = { permanent: now + 900 * HOUR, otherwise: now + 900 * HOUR }
    expect('update', await store.update(key, changesAt(now, { expiresAt })), true)
    expect('the list', await keysOf(probe, owner), [[key]])
  },

  'destroyAll ends the sessions of an owner, but for some, and no others': async (probe) => {
    const { store, now, fresh, kept } = probe
    for (const until of [undefined, now + HOUR]) {
      const [owner, other] = [fresh(), fresh()]
      const [ended, spared, foreign] = [await kept({ owner }), await kept({ owner }), await kept({ owner: other })]
      for (const expiresAt of [now + HOUR, now - HOUR]) await kept({ owner, expiresAt })
      expect('destroyAll', await store.destroyAll(owner, until, [spared, foreign, fresh()]), 2)
      expect('the lists', await keysOf(probe, owner, other), [[spared], [foreign]])
      expect('read', await store.read(ended), until === undefined ? undefined : 'ended')
      expect('destroyAll without exceptions', await store.destroyAll(owner, until, []), 1)
    }
  }
}
