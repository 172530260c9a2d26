import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import axe from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Cookie, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { build } from '../examples/app.js'
import { certificate, launch, missing } from './support/chromium.ts'
import { skipFor } from './support/requirements.ts'

type App = Awaited<ReturnType<typeof build>>

/**
 * Milliseconds that the browser may take for one thing, and all of this: only what hangs or is missing takes as long.
 */
const PATIENCE = { once: 60_000, overall: 600_000 }
const DAY = 24 * 60 * 60
const skip = skipFor(missing())
const browser: Browser | undefined = skip === false ? await launch() : undefined
t.setTimeout(PATIENCE.overall)
t.teardown(() => browser?.close())

interface Visit {
  /** Where the application answers, without a slash at its end. */
  origin: string
  context: BrowserContext
  page: Page
  /** The address of every request that left the browser. */
  requests: string[]
  /** What the browser complains of, errors of scripts and refused loads included. */
  complaints: string[]
}

/** An application, listening, and a window of the browser in which it is opened. */
async function open (t: Test, app: App, window: BrowserContextOptions = {}): Promise<Visit> {
  const address = new URL(await app.listen({ port: 0, host: 'localhost' }))
  const origin = `${address.protocol}//localhost:${address.port}`
  const context = await browser!.newContext(window)
  context.setDefaultTimeout(PATIENCE.once)
  t.teardown(async () => {
    await context.close()
    await app.close()
  })
  const [requests, complaints]: [string[], string[]] = [[], []]
  context.on('request', (request) => requests.push(request.url()))
  context.on('console', (message) => { if (message.type() === 'error') complaints.push(message.text()) })
  context.on('weberror', (error) => complaints.push(error.error().message))
  const page = await context.newPage()
  await page.goto(origin)
  return { origin, context, page, requests, complaints }
}

/** The example in a window. */
async function visit (t: Test): Promise<Visit> {
  return await open(t, await build())
}

/** Presses a button and waits for the page that it leads to. */
async function press (page: Page, name: string): Promise<void> {
  const loaded = page.waitForEvent('load')
  await page.getByRole('button', { name, exact: true }).click()
  await loaded
}

async function signIn (page: Page, name = 'Ada'): Promise<void> {
  await page.getByLabel('Your name').fill(name)
  await press(page, 'Sign in')
}

/** The text of what the browser shows. */
async function textOf (page: Page): Promise<string> {
  return await page.locator('body').innerText()
}

/** The one cookie that the browser keeps. */
async function cookieOf (context: BrowserContext): Promise<Cookie> {
  const [cookie, ...others] = await context.cookies()
  if (cookie === undefined || others.length > 0) throw new Error(`There are ${others.length} cookies more than one`)
  return cookie
}

t.test('a visitor signs in, is still known after a reload, and signs out', { skip }, async (t) => {
  const { page, context, requests, complaints, origin } = await visit(t)
  t.match(await textOf(page), 'an empty session needs no cookie')
  t.strictSame(await context.cookies(), [])
  await signIn(page)
  t.match(await textOf(page), 'Hello, Ada')
  await page.reload()
  t.match(await textOf(page), 'Hello, Ada')
  await press(page, 'Sign out')
  t.match(await textOf(page), 'Your name')
  t.strictSame(await context.cookies(), [])
  t.strictSame(requests.filter((url) => !url.startsWith(`${origin}/`)), [], 'nothing is asked of anybody else')
  t.strictSame(complaints, [])
})

t.test('the cart is changed, and kept through signing in', { skip }, async (t) => {
  const { page, complaints } = await visit(t)
  await press(page, 'Add pencil')
  await press(page, 'Add ink')
  await signIn(page)
  await press(page, 'One more: Pencil')
  await press(page, 'One less: Ink')
  await page.reload()
  t.match(await page.locator('#cart li').allInnerTexts(), [/^2 × Pencil/])
  t.strictSame(complaints, [])
})

t.test('a flash is seen once', { skip }, async (t) => {
  const { page } = await visit(t)
  await signIn(page)
  t.strictSame(await page.getByRole('status').allInnerTexts(), ['Welcome, Ada.'])
  await page.reload()
  t.strictSame(await page.getByRole('status').allInnerTexts(), [])
})

t.test('values of every type come back equal', { skip }, async (t) => {
  const { page } = await visit(t)
  await press(page, 'Store one of every type')
  t.equal(await page.getByText('✓ equal').count(), 20)
  t.equal(await page.getByText('✗ different').count(), 0)
})

t.test('a cookie that was edited by hand gives the page of a visitor, and signing in mends it', { skip }, async (t) => {
  const { page, context, complaints } = await visit(t)
  await signIn(page)
  const cookie = await cookieOf(context)
  const payload = Buffer.from('{"user":"Grace"}').toString('base64url')
  for (const value of [cookie.value.replace(/^[^.]+/, payload), cookie.value.slice(0, -1), 'nonsense', '%', '"']) {
    await context.addCookies([{ ...cookie, value }])
    const response = await page.reload()
    t.equal(response?.status(), 200)
    t.match(await textOf(page), 'Your name')
    t.match(await textOf(page), 'was refused')
  }
  await signIn(page)
  t.match(await textOf(page), 'Hello, Ada')
  t.strictSame(complaints, [])
})

t.test('who changes one character of the cookie by the button is a visitor to the server', { skip }, async (t) => {
  const { page, context, complaints } = await visit(t)
  await signIn(page)
  const before = await cookieOf(context)
  await press(page, 'Change one character of it')
  t.match(await textOf(page), 'was refused')
  t.match(await textOf(page), 'Your name')
  const { value, ...attributes } = await cookieOf(context)
  t.strictSame({ ...attributes, value: before.value }, before)
  t.equal([...value].filter((each, index) => each !== before.value[index]).length, 1)
  t.strictSame(complaints, [])
})

t.test('a session too large is refused, and the old one is still there', { skip }, async (t) => {
  const { page, context } = await visit(t)
  await signIn(page)
  const before = await cookieOf(context)
  await press(page, 'Store too much')
  t.match(await page.getByRole('heading', { level: 1 }).innerText(), 'too much for a cookie')
  t.strictSame(await cookieOf(context), before)
  await page.getByRole('link', { name: 'Back to the page' }).click()
  t.match(await textOf(page), 'Hello, Ada')
})

t.test('the largest session that is not refused is one that the browser keeps', { skip }, async (t) => {
  const app = await build()
  app.get('/fill/:length', async ({ session, params }) => {
    session.set('text', 'x'.repeat(Number((params as { length: string }).length)))
    return 'filled'
  })
  app.get('/length', async ({ session }) => String(session.get('text')).length)
  let [fits, tooLong] = [1, 4096]
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1
    if ((await app.inject(`/fill/${middle}`)).statusCode === 200) fits = middle
    else tooLong = middle
  }
  const { page, context, origin } = await open(t, app)
  await page.goto(`${origin}/fill/${fits}`)
  const { name, value } = await cookieOf(context)
  t.ok(name.length + value.length > 4000, 'it is close to the limit')
  await page.goto(`${origin}/length`)
  t.equal(await textOf(page), `${fits}`)
})

t.test('the browser stores the cookie for this host and path alone, and shows it to no script', { skip }, async (t) => {
  const { page, context } = await visit(t)
  await signIn(page)
  t.match(await cookieOf(context), {
    name: 'session', domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Lax', secure: false, expires: -1
  })
  t.equal(await page.evaluate('document.cookie'), '')
})

t.test('who stays signed in has a cookie that outlives the browser', { skip }, async (t) => {
  const { page, context } = await visit(t)
  await page.getByLabel('Stay signed in').check()
  await signIn(page)
  const { expires } = await cookieOf(context)
  const days = (expires - Date.now() / 1000) / DAY
  t.ok(days > 30 && days < 32, `${days} days`)
})

t.test('over https the cookie is Secure, and may have the name that binds it to its host', { skip }, async (t) => {
  const pem = certificate()
  for (const cookieName of ['session', '__Host-session']) {
    const app = await build({ cookieName, https: { key: pem, cert: pem } })
    const { page, context, origin } = await open(t, app, { ignoreHTTPSErrors: true })
    t.match(origin, /^https:/)
    await signIn(page)
    await page.reload()
    t.match(await textOf(page), 'Hello, Ada')
    t.match(await cookieOf(context), {
      name: cookieName, domain: 'localhost', path: '/', httpOnly: true, sameSite: 'Lax', secure: true
    })
    t.equal(await page.evaluate('document.cookie'), '')
    await press(page, 'Sign out')
    t.strictSame(await context.cookies(), [])
  }
})

t.test('a form of another site is answered as nobody\'s, and the session stands', { skip }, async (t) => {
  const { page, context, origin } = await visit(t)
  await signIn(page)
  const before = await cookieOf(context)
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(`<form method="post" action="${origin}/logout"><button>Win a prize</button></form>`)
  })
  await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
  t.teardown(() => site.close())
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}`)
  await press(page, 'Win a prize')
  t.equal(page.url(), `${origin}/`)
  t.strictSame(await cookieOf(context), before)
  await page.goto(origin)
  t.match(await textOf(page), 'Hello, Ada')
})

/** What holds the focus, by the name that a screen reader gives it, and whether one sees that it does. */
async function focused (page: Page): Promise<{ name: string, isVisible: boolean }> {
  return await page.locator(':focus').evaluate((element) => {
    const { outlineStyle, outlineWidth } = element.ownerDocument.defaultView.getComputedStyle(element)
    const name = element.labels?.[0]?.textContent || element.getAttribute('aria-label') || element.textContent
    return { name: name.trim(), isVisible: outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2 }
  })
}

/** Presses Tab until the control of that name has the focus, at most 20 times. */
async function tabTo (page: Page, wanted: string): Promise<string[]> {
  const names: string[] = []
  while (names.at(-1) !== wanted && names.length < 20) {
    await page.keyboard.press('Tab')
    names.push((await focused(page)).name)
  }
  return names
}

t.test('the keyboard reaches every control in the order of the page, and one sees where it is', { skip }, async (t) => {
  const { page } = await visit(t)
  await press(page, 'Add pencil')
  await page.goto(page.url().split('#')[0]!)
  const controls = [
    'Your name', 'Stay signed in when the browser closes', 'Sign in', 'One less: Pencil', 'One more: Pencil',
    'Add pencil', 'Add notebook', 'Add ink', /^{/, 'Change one character of it',
    'Store one of every type', 'Store too much', '/api/me'
  ]
  for (const name of controls) {
    await page.keyboard.press('Tab')
    t.match(await focused(page), { name, isVisible: true })
  }
  await page.keyboard.press('Tab')
  t.equal(await page.locator(':focus').count(), 0, 'and leaves the page at its end')
})

t.test('the keyboard alone signs in, changes the cart and signs out', { skip }, async (t) => {
  const { page } = await visit(t)
  const enter = async (): Promise<void> => {
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')])
  }
  await tabTo(page, 'Your name')
  await page.keyboard.type('Ada')
  await tabTo(page, 'Stay signed in when the browser closes')
  await page.keyboard.press('Space')
  await enter()
  t.match(await textOf(page), 'Hello, Ada. The cookie is kept for 31 days.')
  await tabTo(page, 'Add pencil')
  await enter()
  t.strictSame(
    await tabTo(page, 'One more: Pencil'),
    ['One less: Pencil', 'One more: Pencil'],
    'a changed cart is where one goes on'
  )
  await enter()
  t.match(await page.locator('#cart li').allInnerTexts(), [/^2 × Pencil/])
  await page.goto(page.url().split('#')[0]!)
  await tabTo(page, 'Sign out')
  await enter()
  t.match(await textOf(page), 'Your name')
})

/** The pages of the example, each with what makes it longest. */
const states: Record<string, (page: Page) => Promise<void>> = {
  'a visitor\'s page': async () => {},
  'a full page': async (page) => {
    await signIn(page, 'A'.repeat(60))
    await press(page, 'Add notebook')
    await press(page, 'Store one of every type')
  },
  'the page of a refused cookie': async (page) => {
    await page.context().addCookies([{ name: 'session', value: 'nonsense', url: page.url() }])
    await page.reload()
  },
  'the page of an error': (page) => press(page, 'Store too much')
}

for (const [state, reach] of Object.entries(states)) {
  t.test(`${state} can be read by everybody, light and dark, and on the narrowest phone`, { skip }, async (t) => {
    const { page } = await visit(t)
    await reach(page)
    await page.evaluate(axe.source)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      const { violations, passes } = await page.evaluate<axe.AxeResults>('axe.run()')
      t.strictSame(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), [])
      t.ok(passes.some(({ id }) => id === 'color-contrast'))
      t.equal(await isDark(page), colorScheme === 'dark')
    }
    await page.setViewportSize({ width: 320, height: 568 })
    const [content, window] = await page.locator(':root').evaluate((root) => [root.scrollWidth, root.clientWidth])
    t.equal(window, 320)
    t.ok(content <= window, `a page of ${content} pixels is not scrolled sideways`)
  })
}

async function isDark (page: Page): Promise<boolean> {
  const color = await page
    .locator('body')
    .evaluate((body) => body.ownerDocument.defaultView.getComputedStyle(body).backgroundColor)
  return (color.match(/\d+/g) as string[]).every((channel) => Number(channel) < 64)
}
