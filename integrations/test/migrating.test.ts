import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { test, type TestContext } from 'node:test'
import { SECRET } from '../support/app.js'
import { application, type Server, type Stage } from '../support/migration.js'

Object.assign(process.env, {
  SESSION_SECRET: SECRET,
  OLD_KEY: Buffer.alloc(32, 'the key of before').toString('base64'),
  OLD_SECRET: 'the secret of before, which is long enough',
  OLD_PASSWORD: 'the password of before, which is long enough'
})

/** The cookies of each library, by the page that moves from it, and the cookie that the login is in afterwards. */
const pages = [
  { from: 'secure-session', old: ['session'], carried: 'login' },
  { from: 'fastify-session', old: ['sessionId'], carried: 'session' },
  { from: 'cookie-session', old: ['session', 'session.sig'], carried: 'login' },
  { from: 'iron-session', old: ['session'], carried: 'login' },
  { from: 'express-session', old: ['connect.sid'], carried: 'session' },
  { from: 'fastify-jwt', old: ['token'], carried: 'session' }
]

/** One browser for several servers that answer under one name, one after the other. */
class Browser {
  cookies = new Map<string, string>()
  url = ''

  get me (): Promise<string> {
    return this.#fetch('/me', {})
  }

  async login (): Promise<void> {
    await this.#fetch('/login', {
      method: 'POST',
      body: JSON.stringify({ name: 'Ada' }),
      headers: { 'content-type': 'application/json' }
    })
  }

  async logout (): Promise<void> {
    await this.#fetch('/logout', { method: 'POST' })
  }

  async #fetch (path: string, init: RequestInit): Promise<string> {
    const cookie = Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(this.url + path, { ...init, headers: { ...init.headers, cookie } })
    assert.equal(response.status, 200, path)
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return await response.text()
  }

  #keep (line: string): void {
    const [pair, ...attributes] = line.split('; ')
    const name = pair!.slice(0, pair!.indexOf('='))
    const isOver = attributes.some(
      (each) =>
        /^max-age=0$/i.test(each) || (/^expires=/i.test(each) && new Date(each.slice('expires='.length)) <= new Date())
    )
    if (isOver) this.cookies.delete(name)
    else this.cookies.set(name, pair!.slice(name.length + 1))
  }
}

async function serve (t: TestContext, app: Server): Promise<string> {
  if (app.close !== undefined) {
    t.after(() => app.close!())
    return await app.listen({ port: 0, host: '127.0.0.1' }) as string
  }
  const server = app.listen(0, '127.0.0.1') as NetServer
  await once(server, 'listening')
  t.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

for (const { from, old, carried } of pages) {
  test(`from ${from}`, async (t) => {
    const urls = {} as Record<Stage, string>
    for (const stage of ['before', 'after', 'carrying'] as const) {
      urls[stage] = await serve(t, await application(from, stage))
    }

    for (const stage of ['before', 'after', 'carrying'] as const) {
      await t.test(`${stage}: who signs in is known until the logout`, async () => {
        const browser = new Browser()
        browser.url = urls[stage]
        assert.equal(await browser.me, 'nobody')
        await browser.login()
        assert.equal(await browser.me, 'Ada')
        await browser.logout()
        assert.equal(await browser.me, 'nobody')
      })
    }

    await t.test('after the change of lines alone an old cookie is nobody\'s, and no error', async () => {
      const browser = await signedInBefore()
      browser.url = urls.after
      assert.equal(await browser.me, 'nobody')
      await browser.login()
      assert.equal(await browser.me, 'Ada')
    })

    await t.test('an old login is carried over once', async () => {
      const browser = await signedInBefore()
      assert.deepEqual([...browser.cookies.keys()], old)
      browser.url = urls.carrying
      assert.equal(await browser.me, 'Ada')
      assert.deepEqual([...browser.cookies.keys()], [carried])
      assert.equal(await browser.me, 'Ada')
      await browser.logout()
      assert.deepEqual([...browser.cookies.keys()], [])
      assert.equal(await browser.me, 'nobody')
    })

    await t.test('a login that was made since is not overwritten by an old one', async () => {
      const browser = await signedInBefore()
      const before = new Map(browser.cookies)
      browser.url = urls.carrying
      await browser.me
      const since = browser.cookies.get(carried)
      for (const [name, value] of before) browser.cookies.set(name, value)
      assert.equal(await browser.me, 'Ada')
      assert.equal(browser.cookies.get(carried), since)
    })

    await t.test('a forged old cookie carries nothing', async () => {
      const browser = await signedInBefore()
      const value = browser.cookies.get(old[0]!)!
      const at = Math.floor(value.length / 2)
      browser.cookies.set(old[0]!, `${value.slice(0, at)}${value[at] === 'A' ? 'B' : 'A'}${value.slice(at + 1)}`)
      browser.url = urls.carrying
      assert.equal(await browser.me, 'nobody')
      assert.deepEqual([...browser.cookies.keys()], [])
    })

    async function signedInBefore (): Promise<Browser> {
      const browser = new Browser()
      browser.url = urls.before
      await browser.login()
      assert.equal(await browser.me, 'Ada')
      return browser
    }
  })
}
