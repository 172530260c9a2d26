import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BadData } from 'fastify-signed-session'
import { Browser, buildApp } from '../support/app.js'
import { Barrier, barrier, sessionApp, threeApps } from '../support/session-app.js'
import { type Kind, kinds } from '../support/session-databases.js'

const KILLED_CHANGE = fileURLToPath(new URL('../support/killed-change.js', import.meta.url))
const EMPTY = [200, '{}', [], ['FSS_ERR_BAD_STORED_SESSION']]
const ENDED = 'The session was ended meanwhile, so what this request changed is not saved'

for (const kind of kinds) describe(`sessions with ${kind.name}`, () => tests(kind))

function tests (kind: Kind): void {
  const log: string[] = []
  const refused: string[] = []
  const onInvalid = ({ code }: BadData): void => { refused.push(code) }
  const { apps, database } = threeApps(kind, (store) => sessionApp(store, { owner: 'userId', onInvalid }, log))

  const rule = (sentence: string, run: () => Promise<void>): void => { test(`${kind.name}: ${sentence}`, run) }

  /** The browser of a user who is signed in. */
  const signedIn = async (user: string): Promise<Browser> => {
    const browser = new Browser(apps[0])
    await browser.post(`/login/${user}`)
    return browser
  }
  /** A request of another tab, or of somebody who has the cookies that the browser has now. */
  const tab = (browser: Browser, index = 1): Browser => new Browser(apps[index], browser.cookies)
  const thief = (browser: Browser): Browser => new Browser(apps[2], new Map(browser.cookies))
  const dataOf = async (browser: Browser): Promise<unknown> => (await browser.get('/')).json()
  const sessionsOf = async (user: string): Promise<number> => (await apps[0].sessionInterface.list(user)).length

  rule('twenty parallel requests set twenty keys, and twenty are there', async () => {
    const browser = await signedIn('twenty')
    const names = Array.from({ length: 20 }, (_, index) => `key ${index}`)
    const responses = await Promise.all(names.map((name, index) => tab(browser, index % 3).post(`/set/${name}`)))
    assert.deepEqual(new Set(responses.map(({ statusCode }) => statusCode)), new Set([200]))
    const all = Object.fromEntries([['userId', 'twenty'], ...names.map((name) => [name, name])])
    assert.deepEqual(await dataOf(browser), all)
  })

  rule('a slow request that began before a logout does not bring the session back', async () => {
    const browser = await signedIn('slow')
    const stolen = thief(browser)
    barrier.current = new Barrier()
    const slow = tab(browser).post('/slow/set/late')
    await barrier.current.arrived
    assert.equal((await browser.post('/logout')).cookies[0].value, '')
    log.length = 0
    barrier.current.release()
    const { statusCode, cookies } = await slow
    assert.deepEqual([statusCode, cookies], [200, []])
    assert.equal(log.filter((line) => line.includes(ENDED)).length, 1)
    assert.deepEqual([await dataOf(stolen), await sessionsOf('slow')], [{}, 0])
  })

  rule('of two regenerations at once one session is left, and the browser has it', async () => {
    const browser = await signedIn('twice')
    barrier.current = new Barrier(2)
    const both = [tab(browser, 1), tab(browser, 2)].map((each) => each.post('/slow/regenerate'))
    await barrier.current.arrived
    barrier.current.release()
    const cookies = (await Promise.all(both)).flatMap((response) => response.cookies)
    assert.equal(cookies.length, 1)
    assert.equal(await sessionsOf('twice'), 1)
    assert.deepEqual(await dataOf(browser), { userId: 'twice' })
  })

  rule('an id that was planted before a login does not open the account', async () => {
    const attacker = new Browser(apps[0])
    await attacker.post('/set/planted')
    const victim = thief(attacker)
    assert.equal((await victim.post('/login/victim')).cookies.length, 1)
    assert.deepEqual(await dataOf(victim), { planted: 'planted', userId: 'victim' })
    assert.deepEqual(await dataOf(attacker), {})
    assert.equal(await sessionsOf('victim'), 1)
  })

  rule('a slow request that began before a login does not sign the user out', async () => {
    const browser = new Browser(apps[0])
    await browser.post('/set/visited')
    barrier.current = new Barrier()
    const slow = tab(browser).post('/slow/set/late')
    await barrier.current.arrived
    await browser.post('/login/quick')
    barrier.current.release()
    assert.deepEqual((await slow).cookies, [])
    assert.deepEqual(await dataOf(browser), { visited: 'visited', userId: 'quick' })
  })

  rule('endAll after regenerate keeps this session, and ends all others', async () => {
    const [here, there, elsewhere] = [await signedIn('many'), await signedIn('many'), await signedIn('other')]
    const stolen = thief(here)
    assert.equal((await here.post('/password')).body, '1')
    assert.deepEqual(await dataOf(here), { userId: 'many' })
    assert.deepEqual([await dataOf(there), await dataOf(stolen)], [{}, {}])
    assert.deepEqual(await dataOf(elsewhere), { userId: 'other' })
    assert.equal(await sessionsOf('many'), 1)
  })

  rule('a cookie with data is moved, and a copy of it is nothing after a logout', async () => {
    const without = await buildApp()
    without.post('/login', async ({ session }) => { session.update({ userId: 'moved', seen: new Date(0) }) })
    for (const path of ['/set/more', '/plain']) {
      const before = new Browser(without)
      await before.post('/login')
      const [browser, copy] = [thief(before), thief(before)]
      assert.deepEqual(await dataOf(browser), { userId: 'moved', seen: new Date(0).toISOString() })
      await browser.post(path)
      await browser.post('/logout')
      assert.deepEqual(await dataOf(copy), {})
      await copy.post('/set/again')
      assert.deepEqual(await dataOf(copy), { again: 'again' })
    }
    assert.equal(await sessionsOf('moved'), 0)
  })

  rule('a request that a process was killed in leaves no session that endAll does not end', async () => {
    let killed = 0
    for (let commands = 2, isOver = false; !isOver; commands++) {
      const [from, to, mark] = [`from ${commands}`, `to ${commands}`, `mark${commands}`]
      const browser = await signedIn(from)
      await browser.post(`/set/${mark}`)
      const change = { kind: kind.name, address: database().address, cookie: browser.header, owner: to, commands }
      const child = spawn(process.execPath, [KILLED_CHANGE, JSON.stringify(change)], { stdio: 'ignore' })
      const [code, signal] = await once(child, 'exit')
      isOver = signal === null
      if (isOver) assert.equal(code, 0)
      else killed++
      for (const user of [from, to]) await apps[0].sessionInterface.endAll(user)
      assert.deepEqual([await dataOf(browser), await sessionsOf(from), await sessionsOf(to)], [{}, 0, 0])
      assert.equal((await database().dump()).includes(mark), false)
    }
    assert.ok(killed >= 2, 'it ends the old one, and makes the new one')
  })

  rule('a read is one command, a write one more, and what is not genuine none', async () => {
    const browser = await signedIn('counted')
    await browser.post('/set/first')
    const forged = thief(browser)
    forged.cookies.set('session', browser.cookies.get('session')!.replace(/^./, (letter) => letter === 'I' ? 'J' : 'I'))
    const cost = async (run: () => Promise<unknown>): Promise<number> => {
      const before = await database().count()
      await run()
      return await database().count() - before
    }
    assert.deepEqual({
      read: await cost(() => browser.get('/')),
      unused: await cost(() => browser.get('/plain')),
      write: await cost(() => browser.post('/set/second')),
      same: await cost(() => browser.post('/set/second')),
      none: await cost(() => new Browser(apps[0]).get('/')),
      forged: await cost(() => forged.get('/')),
      logout: await cost(() => browser.post('/logout'))
    }, { read: 1, unused: 1, write: 2, same: 1, none: 0, forged: 0, logout: 2 })
  })

  rule('the database knows no id that a cookie carries, and no cookie can be made of what it knows', async () => {
    const browser = await signedIn('secret')
    const id = (await browser.get('/id')).body
    const [{ key }] = await apps[0].sessionInterface.list('secret')
    const dump = await database().dump()
    assert.deepEqual([id.length, dump.includes(id), dump.includes(key)], [22, false, true])
    assert.equal(dump.includes(Buffer.from(id, 'base64url').toString('hex')), false)
    const [, ...signature] = browser.cookies.get('session')!.split('.')
    for (const text of [key, `"${key}"`, `"${key.slice(0, 22)}"`]) {
      const made = thief(browser)
      made.cookies.set('session', [Buffer.from(text).toString('base64url'), ...signature].join('.'))
      refused.length = 0
      assert.deepEqual(await dataOf(made), {})
      assert.deepEqual(refused, ['FSS_ERR_BAD_TIME_SIGNATURE'])
    }
  })

  rule('a session that was edited by hand is an empty one, and what is written then is another', async () => {
    for (const [index, edit] of database().edits.entries()) {
      const browser = await signedIn('edited')
      const [{ key }] = await apps[0].sessionInterface.list('edited')
      await edit(key)
      refused.length = 0
      const { statusCode, body, cookies } = await browser.get('/')
      assert.deepEqual([statusCode, body, cookies, refused], EMPTY, `edit ${index}`)
      assert.equal((await browser.post('/set/again')).cookies.length, 1)
      assert.deepEqual(await dataOf(browser), { again: 'again' })
      assert.deepEqual(await apps[0].sessionInterface.list('edited', { data: ['userId'] }), [])
    }
  })
}
