import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { Markup, TaggedJSONSerializer, Tuple, UUID } from 'fastify-signed-session'
import { html } from './html.js'

/** @typedef {{ sku: string, name: string, quantity: number, added: Date }} Item */
/** @typedef {{ key: string, value: unknown, isEqual: boolean }} Row */

/**
 * @typedef View
 * @property {string[]} flashes
 * @property {unknown} user
 * @property {boolean} permanent
 * @property {boolean} hasStore Whether a store keeps the session, and the cookie its id.
 * @property {import('fastify-signed-session').ListedSession[]} sessions What the store has of the user.
 * @property {Record<string, string>} goods
 * @property {Item[]} cart
 * @property {Row[]} values
 * @property {string | undefined} cookie As it came with the request.
 * @property {Date | undefined} signedAt Undefined where the cookie was refused.
 */

const css = `
:root {
  color-scheme: light dark;
  --page: #f6f6f3; --card: #fff; --well: #f8f8f6; --line: #deddd7; --edge: #85837a; --ink: #23262b; --soft: #5c6068;
  --accent: #2f5d50; --on-accent: #fff; --payload: #1f5fa8; --time: #8a5300; --signature: #9a2a68; --bad: #a32020;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --card: #1e2125; --well: #181a1d; --line: #34383e; --edge: #7d828b;
    --ink: #e7e6e2; --soft: #a8abb1;
    --accent: #8fcdb9; --on-accent: #10231d; --payload: #86b8f2; --time: #e2b265; --signature: #ec93c4; --bad: #f29b94;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere;
}
header, main { max-width: 68rem; margin: auto; padding: 0 1.25rem; }
header { padding-top: clamp(2rem, 6vw, 4rem); padding-bottom: 2rem; }
main { display: grid; gap: 1.25rem; padding-bottom: 3rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: clamp(1.1rem, 3vw, 1.75rem);
  min-width: 0; scroll-margin-top: 1rem; }
h1 {
  font-size: clamp(1.7rem, 4.5vw, 2.4rem); line-height: 1.15; letter-spacing: -.02em; text-wrap: balance;
  margin: .4rem 0 .8rem;
}
h2 { font-size: 1.15rem; margin: 0 0 .6rem; }
h3 { font-size: .9rem; margin: 0 0 .5rem; }
p { margin: 0 0 1rem; max-width: 44rem; text-wrap: pretty; }
section > :last-child { margin-bottom: 0; }
code, pre { font: .85rem/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
pre {
  margin: 0; padding: 1rem; background: var(--well); border: 1px solid var(--line); border-radius: .5rem;
  white-space: pre-wrap;
}
#json + pre { max-height: 40rem; overflow: auto; }
label { display: block; margin-bottom: .8rem; }
label.check { display: flex; gap: .5rem; }
input[name=name] {
  display: block; width: 100%; margin-top: .25rem; padding: .55rem .7rem; font: inherit; color: inherit;
  background: var(--well); border: 1px solid var(--edge); border-radius: .45rem;
}
input[type=checkbox] { accent-color: var(--accent); width: 1.05rem; height: 1.05rem; flex: none; margin: .25rem 0 0; }
button { font: inherit; font-weight: 550; min-height: 2.5rem; padding: .3rem 1rem; color: var(--on-accent);
  background: var(--accent); border: 1px solid var(--accent); border-radius: .45rem; cursor: pointer; }
button:hover { filter: brightness(1.12); }
button.quiet { color: var(--accent); background: none; border-color: var(--edge); }
button.step { min-width: 2.5rem; padding: 0; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul { list-style: none; margin: 0 0 1.1rem; padding: 0; }
li { display: flex; align-items: center; gap: .5rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
li > :first-child { flex: 1; }
small, .soft, th { color: var(--soft); }
small { display: block; }
.row { display: flex; flex-wrap: wrap; gap: .6rem; }
.pair { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); }
.flash { margin: 0; max-width: none; padding: .7rem 1rem; background: var(--card); border: 1px solid var(--accent);
  border-left-width: .35rem; border-radius: .45rem; }
.note { border-left: 3px solid var(--accent); padding-left: .8rem; }
.payload { color: var(--payload); }
.time { color: var(--time); }
.signature { color: var(--signature); }
.bad { color: var(--bad); }
dl { display: grid; grid-template-columns: auto 1fr; gap: .2rem 1rem; margin: 1rem 0 0; font-size: .9rem; }
dt { font-weight: 600; } dd { margin: 0; }
table { width: 100%; border-collapse: collapse; margin-top: 1.2rem; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding-bottom: .5rem; }
th, td {
  text-align: left; vertical-align: baseline; padding: .45rem .75rem .45rem 0; border-top: 1px solid var(--line);
}
th { font-weight: 500; }
td:last-child { white-space: nowrap; padding-right: 0; }
@media (min-width: 52rem) { .pair { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media (max-width: 34rem) {
  thead { position: absolute; clip-path: inset(50%); }
  tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; border-top: 1px solid var(--line); padding: .5rem 0; }
  th, td { border: 0; padding: .1rem 0; }
  td:nth-child(2) { grid-row: 2; padding-right: 1rem; }
  td:nth-child(n + 3) { text-align: right; }
}
`

export const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; img-src data:; form-action 'self'; base-uri 'none'; " +
    "frame-ancestors 'none'; " +
    `style-src 'sha256-${createHash('sha256').update(css).digest('base64')}'`,
  'cache-control': 'no-store'
}

/** @param {View} view */
export function homePage (view) {
  return shell(view.hasStore ? 'A session that lives in a store' : 'A session that lives in a signed cookie', html`
    <p>${view.hasStore ? 'The cookie has the id of the session, and nothing else.' : 'The server keeps nothing.'}
      Sign in, fill the cart, store some values, and see what becomes of the cookie.</p>
  `, html`
    ${view.flashes.map((message) => html`<p class="flash" role="status">${message}</p>`)}
    <div class="pair">${userSection(view)}${cartSection(view)}</div>
    ${cookieSection(view)}
    ${view.hasStore ? storeSection(view) : ''}
    ${valuesSection(view)}
    <p class="soft">User and cart as JSON: <a href="/api/me">/api/me</a></p>`)
}

/**
 * @param {boolean} isTooLarge
 * @param {string} message
 */
export function errorPage (isTooLarge, message) {
  return shell(isTooLarge ? 'That is too much for a cookie' : 'That did not work', html`
    <p>${isTooLarge
      ? 'Browsers keep about 4 kilobytes in a cookie. Nothing was changed: you still have the session from before.'
      : 'Please go back and try again.'}</p>`, html`
    <section><h2>What was the matter</h2><p>${message}</p><p><a href="/">Back to the page</a></p></section>`)
}

/**
 * @param {string} title
 * @param {Markup} lead
 * @param {Markup} content
 */
function shell (title, lead, content) {
  return String(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="icon" href="data:,">
  <style>${new Markup(css)}</style>
</head>
<body>
  <header><code class="soft">fastify-signed-session</code><h1>${title}</h1>${lead}</header>
  <main>${content}</main>
</body>
</html>
`)
}

/** @param {View} view */
function userSection ({ user, permanent }) {
  if (user === undefined) return signInSection
  return html`<section aria-labelledby="user">
    <h2 id="user">Signed in</h2>
    <p>Hello, <strong>${user}</strong>. ${permanent
      ? 'The cookie is kept for 31 days.'
      : 'The cookie ends when the browser closes.'}</p>
    <form method="post" action="/logout"><button class="quiet">Sign out</button></form>
  </section>`
}

const signInSection = html`<section aria-labelledby="user">
  <h2 id="user">Sign in</h2>
  <form method="post" action="/login">
    <label>Your name<input name="name" required pattern=".*\\S.*" title="A name" maxlength="60"
      autocomplete="nickname"></label>
    <label class="check"><input type="checkbox" name="stay" value="true">Stay signed in when the browser closes</label>
    <button>Sign in</button>
  </form>
</section>`

/** @param {View} view */
function cartSection ({ goods, cart }) {
  return html`<section id="cart" aria-labelledby="cart-title">
    <h2 id="cart-title">Cart</h2>
    ${cart.length === 0 ? html`<p class="soft">Nothing in it yet.</p>` : html`<ul>${cart.map(cartItem)}</ul>`}
    <form class="row" method="post" action="/cart">
      ${Object.entries(goods).map(([sku, name]) => html`
        <button class="quiet" name="sku" value="${sku}">Add ${name.toLowerCase()}</button>`)}
    </form>
  </section>`
}

/** @param {Item} item */
function cartItem ({ sku, name, quantity, added }) {
  return html`<li>
    <span>${quantity} × ${name}
      <small>since <time datetime="${added.toISOString()}">${added.toLocaleTimeString('en-GB')}</time></small></span>
    ${[['less', '−'], ['more', '+']].map(([change, sign]) => html`<form method="post" action="/cart/${sku}/${change}">
      <button class="quiet step" aria-label="One ${change}: ${name}">${sign}</button></form>`)}
  </li>`
}

/** @param {View} view */
function cookieSection ({ cookie, signedAt, hasStore }) {
  return html`<section aria-labelledby="cookie">
    <h2 id="cookie">The cookie</h2>
    <p class="note">It is shown here for demonstration. Everyone who has the cookie can read it,
      and nobody without the secret can change it.</p>
    ${cookie === undefined
      ? html`<p class="soft">There is none yet: an empty session needs no cookie.</p>`
      : signedAt === undefined
        ? html`<p class="bad">Your browser sent one that was refused: it was changed, is too old,
            or another secret signed it. So the session is empty.</p>`
        : cookieParts(cookie, signedAt, hasStore ? 'the id of the session' : 'the session')}
  </section>`
}

/**
 * @param {string} cookie
 * @param {Date} signedAt
 * @param {string} what
 */
function cookieParts (cookie, signedAt, what) {
  const [payload = '', timestamp, signature] = cookie.split('.')
  return html`<div class="pair">
    <div>
      <h3>Its text, ${cookie.length} characters</h3>
      <pre>${html`<span class="payload">${payload}</span>.<span class="time">${timestamp}</span>`}.${
        html`<span class="signature">${signature}</span>`}</pre>
      <dl>
        <dt class="payload">Payload</dt><dd>${what}, as base64url</dd>
        <dt class="time">Timestamp</dt><dd>signed on <time>${signedAt.toISOString()}</time></dd>
        <dt class="signature">Signature</dt><dd>HMAC of both, made with the secret</dd>
      </dl>
    </div>
    <div>
      <h3 id="json">Its payload, decoded</h3>
      <pre tabindex="0" role="region"
        aria-labelledby="json">${indent(Buffer.from(payload, 'base64url').toString())}</pre>
      <form method="post" action="/tamper"><button class="quiet">Change one character of it</button></form>
    </div>
  </div>`
}

/** @param {View} view */
function storeSection ({ user, sessions }) {
  return html`<section id="store" aria-labelledby="store-title">
    <h2 id="store-title">The store</h2>
    ${user === undefined
      ? html`<p class="soft">Sign in to see what it has of your sessions.</p>`
      : html`<table>
        <caption>The sessions of ${user}</caption>
        <thead><tr>${['Session', 'Last used', 'Data'].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
        <tbody>${sessions.map(storedSession)}</tbody>
      </table>
      <form method="post" action="/sessions/end-others"><button class="quiet">End all other sessions</button></form>`}
  </section>`
}

/** @param {import('fastify-signed-session').ListedSession} session */
function storedSession ({ key, isCurrent, lastUsedAt, data }) {
  return html`<tr>
    <th scope="row">${isCurrent ? 'This one' : 'Another'} <small><code>${key.slice(0, 8)}…</code></small></th>
    <td><time>${lastUsedAt.toISOString()}</time></td>
    <td><code>${new TaggedJSONSerializer().dumps(data)}</code></td>
  </tr>`
}

/** @param {View} view */
function valuesSection ({ values }) {
  return html`<section id="values" aria-labelledby="values-title">
    <h2 id="values-title">Values of every type</h2>
    <p>The cookie holds JSON, and yet a <code>Date</code> comes back as a <code>Date</code>
      and a <code>Map</code> as a <code>Map</code>.</p>
    <div class="row">
      <form method="post" action="/values"><button>Store one of every type</button></form>
      <form method="post" action="/values/too-large"><button class="quiet">Store too much</button></form>
    </div>
    ${values.length === 0 ? '' : valuesTable(values)}
  </section>`
}

/** @param {Row[]} rows */
function valuesTable (rows) {
  return html`<table>
    <caption>Values of every type with the type they came back with</caption>
    <thead><tr>${['Key', 'Value', 'Type', 'As stored'].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map(({ key, value, isEqual }) => html`<tr>
      <th scope="row">${key}</th>
      <td><code>${textOf(value)}</code></td>
      <td><code>${typeOf(value)}</code></td>
      <td>${isEqual ? '✓ equal' : html`<span class="bad">✗ different</span>`}</td>
    </tr>`)}</tbody>
  </table>`
}

/** @param {unknown} value */
function textOf (value) {
  const hasText = [Markup, Tuple, URL, UUID].some((Class) => value instanceof Class)
  return hasText ? String(value) : inspect(value, { breakLength: Infinity })
}

/** @param {unknown} value */
function typeOf (value) {
  return typeof value !== 'object' ? typeof value : value === null ? 'null' : value.constructor.name
}

const STRING = '"(?:[^"\\\\]|\\\\.)*"'
const TOKENS = new RegExp(`[{[](?:${STRING}|[^{}[\\]"])*[}\\]]|${STRING}:|${STRING}|[{}[\\],]`, 'g')

/**
 * The text of JSON in lines; what has no objects inside stays in one.
 * @param {string} json
 */
function indent (json) {
  let line = '\n'
  return json.replace(TOKENS, (token) => {
    if (token === ',') return token + line
    if (token === '{' || token === '[') return token + (line += '  ')
    if (token === '}' || token === ']') return (line = line.slice(0, -2)) + token
    return token.endsWith(':') ? token + ' ' : token
  })
}
