import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import axe from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { build } from '../examples/accounts/app.ts'
import { MemoryStore } from '../lib/index.ts'
import { NEW_PASSWORD, PASSWORD } from './support/accounts.ts'
import { SECRET } from './support/app.ts'
import { launch, missing } from './support/chromium.ts'
import { freePort } from './support/free-port.ts'
import { skipFor } from './support/requirements.ts'

/** Milliseconds. Only what hangs or is missing takes as long. */
const PATIENCE = { once: 60_000, overall: 600_000 }
const skip = skipFor(missing())
const browser: Browser | undefined = skip === false ? await launch() : undefined
t.setTimeout(PATIENCE.overall)
t.teardown(() => browser?.close())

/** The application, listening, and windows of browsers that share nothing. */
class Site {
  readonly origin: string
  readonly #t: Test
  /** What the browsers complain of, refused loads included, and requests that left for elsewhere. */
  readonly complaints: string[] = []

  constructor (t: Test, origin: string) {
    this.#t = t
    this.origin = origin
  }

  async window (options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser!.newContext(options)
    context.setDefaultTimeout(PATIENCE.once)
    this.#t.teardown(() => context.close())
    this.#watch(context)
    const page = await context.newPage()
    await page.goto(this.origin)
    return page
  }

  #watch (context: BrowserContext): void {
    context.on('console', (message) => { if (message.type() === 'error') this.complaints.push(message.text()) })
    context.on('request', (request) => {
      if (!request.url().startsWith(`${this.origin}/`)) this.complaints.push(request.url())
    })
  }
}

async function open (t: Test): Promise<Site> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const app = await build({ secret: SECRET, store: new MemoryStore(), origin, cost: 4 })
  await app.listen({ port, host: 'localhost' })
  t.teardown(() => app.close())
  return new Site(t, origin)
}

/** Presses a button or follows a link, and waits for the page that it leads to. */
async function press (page: Page, name: string | RegExp, role: 'button' | 'link' = 'button'): Promise<void> {
  const loaded = page.waitForEvent('load')
  await page.getByRole(role, { name, exact: true }).first().click()
  await loaded
}

async function headingOf (page: Page): Promise<string> {
  return await page.getByRole('heading', { level: 1 }).innerText()
}

async function fill (page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) {
    await page.locator('input').and(page.getByLabel(label)).fill(value)
  }
}

/** Fills the form that asks for a new password, and sends it. */
async function choose (page: Page, password: string, button: string): Promise<void> {
  await fill(page, { 'New password': password })
  await press(page, button)
}

async function followMail (page: Page): Promise<void> {
  await press(page, 'mails that were sent', 'link')
  await press(page, 'Follow the link', 'link')
}

async function register (page: Page, email = 'ada@example.org'): Promise<void> {
  await press(page, 'Create an account', 'link')
  await fill(page, { 'Mail address': email })
  await press(page, 'Send the link')
  await followMail(page)
  await choose(page, PASSWORD, 'Save the password')
}

async function signIn (page: Page, password = PASSWORD, email = 'ada@example.org'): Promise<void> {
  await fill(page, { 'Mail address': email, Password: password })
  await press(page, 'Sign in')
}

t.test('one registers, signs in and out, and the back button shows nothing then', { skip }, async (t) => {
  const site = await open(t)
  const page = await site.window()
  t.equal(await headingOf(page), 'Sign in')
  await register(page)
  t.strictSame(await page.getByRole('status').allInnerTexts(), ['Your password is set. Sign in with it.'])
  await signIn(page)
  t.equal(await headingOf(page), 'Your account')
  t.match(await page.locator('dl').innerText(), 'ada@example.org')
  await press(page, 'Devices', 'link')
  t.equal(await headingOf(page), 'Your devices')
  await press(page, 'Sign out')
  t.equal(await headingOf(page), 'Sign in')
  t.strictSame(await page.context().cookies(), [])
  await page.goBack()
  t.equal(await headingOf(page), 'Sign in')
  t.strictSame(site.complaints, [])
})

t.test('a page that was asked for is shown after signing in, and remembering keeps the cookie', { skip }, async (t) => {
  const site = await open(t)
  const page = await site.window()
  await register(page)
  await page.goto(`${site.origin}/devices`)
  await page.getByLabel('Stay signed in').check()
  await signIn(page)
  t.equal(await headingOf(page), 'Your devices')
  const [cookie] = await page.context().cookies()
  t.match(cookie, { name: 'session', httpOnly: true, sameSite: 'Lax' })
  t.ok(cookie!.expires > 0)
})

t.test('a device is ended from another, and a new password ends the rest', { skip }, async (t) => {
  const site = await open(t)
  const [here, phone, tablet] = [await site.window(), await site.window(), await site.window()]
  await register(here)
  for (const page of [here, phone, tablet]) await signIn(page)
  await press(here, 'Devices', 'link')
  t.match(await here.getByRole('listitem').allInnerTexts(), [/Chrome on/, /Chrome on/, /Chrome on/])
  await press(here, /^End the session/)
  const shown = async (): Promise<string[]> => {
    for (const page of [phone, tablet]) await page.reload()
    return (await Promise.all([phone, tablet].map(headingOf))).sort()
  }
  t.strictSame(await shown(), ['Sign in', 'Your account'])
  await press(here, 'Password', 'link')
  await fill(here, { 'Present password': PASSWORD })
  await choose(here, NEW_PASSWORD, 'Change it, and end all other sessions')
  t.strictSame(await here.getByRole('status').allInnerTexts(), ['Your password is changed. Other sessions ended: 1.'])
  t.strictSame(await shown(), ['Sign in', 'Sign in'])
  await signIn(phone, PASSWORD)
  t.match(await phone.getByRole('alert').innerText(), 'is wrong')
  await signIn(phone, NEW_PASSWORD)
  t.equal(await headingOf(phone), 'Your account')
})

t.test('a forgotten password is replaced by a link that works once', { skip }, async (t) => {
  const page = await (await open(t)).window()
  await register(page)
  await press(page, 'choose a new password', 'link')
  await fill(page, { 'Mail address': 'ada@example.org' })
  await press(page, 'Send the link')
  await followMail(page)
  const link = page.url()
  await choose(page, NEW_PASSWORD, 'Save the password')
  await signIn(page, NEW_PASSWORD)
  t.equal(await headingOf(page), 'Your account')
  await page.goto(link)
  t.equal(await headingOf(page), 'This link is not good any more')
})

t.test('a form of another site is refused, and what it wanted has not happened', { skip }, async (t) => {
  const site = await open(t)
  const page = await site.window()
  await register(page)
  await signIn(page)
  const evil = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<form method="post" action="${site.origin}/sign-out"><button>Win a prize</button></form>`)
  })
  await once(evil.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => evil.close())
  await page.goto(`http://127.0.0.1:${(evil.address() as AddressInfo).port}`)
  await press(page, 'Win a prize')
  t.equal(await headingOf(page), 'That did not work')
  await page.goto(site.origin)
  t.equal(await headingOf(page), 'Your account')
})

t.test('the keyboard alone skips to the content, signs in and sees where it is', { skip }, async (t) => {
  const page = await (await open(t)).window()
  await register(page)
  await page.goto(page.url())
  const focused = () => page.locator(':focus')
  await page.keyboard.press('Tab')
  t.equal(await focused().innerText(), 'Skip to the content')
  t.ok((await focused().boundingBox())!.x >= 0, 'the link is seen once it has the focus')
  await page.keyboard.press('Enter')
  for (const text of ['ada@example.org', PASSWORD]) {
    await page.keyboard.press('Tab')
    t.equal(await focused().evaluate((element) => {
      return element.ownerDocument.defaultView.getComputedStyle(element).outlineStyle
    }), 'solid')
    await page.keyboard.type(text)
  }
  await page.keyboard.press('Tab')
  await page.keyboard.press('Space')
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
  t.equal(await headingOf(page), 'Your account')
  t.match(await page.locator('dl').innerText(), 'for 30 days')
})

/** The pages, by how one gets there from that of somebody who is signed in. */
const pages: Record<string, (page: Page, origin: string) => Promise<unknown>> = {
  account: async () => {},
  devices: (page) => press(page, 'Devices', 'link'),
  password: (page) => press(page, 'Password', 'link'),
  'sign-in, refused': async (page, origin) => {
    await page.goto(`${origin}/sign-in`)
    await signIn(page, 'wrong')
  },
  register: (page, origin) => page.goto(`${origin}/register`),
  forgot: (page, origin) => page.goto(`${origin}/forgot`),
  sent: (page, origin) => page.goto(`${origin}/sent`),
  outbox: (page) => press(page, 'mails that were sent', 'link'),
  error: (page, origin) => page.goto(`${origin}/nowhere`),
  'dead link': (page, origin) => page.goto(`${origin}/reset?token=x`)
}

t.test('every page can be read by everybody, light and dark, and on the narrowest phone', { skip }, async (t) => {
  const site = await open(t)
  const page = await site.window()
  await register(page)
  await signIn(page)
  for (const [name, reach] of Object.entries(pages)) {
    await page.goto(site.origin)
    await reach(page, site.origin)
    await page.evaluate(axe.source)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
      t.strictSame(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), [], name + colorScheme)
    }
    await page.setViewportSize({ width: 320, height: 568 })
    const [content, width] = await page.locator(':root').evaluate((root) => [root.scrollWidth, root.clientWidth])
    t.ok(content <= width, `${name}: a page of ${content} pixels is not scrolled sideways`)
    await page.setViewportSize({ width: 1280, height: 720 })
  }
})
