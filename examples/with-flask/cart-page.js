import { inspect } from 'node:util'
import { html } from '../html.js'

/** @typedef {Record<string, { quantity: number, added: Date }>} Cart */

/**
 * @typedef {{ user: unknown, login: [way: string, at: Date] | undefined, goods: Record<string, string>, cart: Cart,
 *   messages: unknown[], entries: Array<[string, unknown]> }} View
 */

export const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'self'; img-src data:; frame-ancestors 'none'"
}

/** @param {View} view */
export function cartPage ({ user, login, goods, cart, messages, entries }) {
  return String(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Cart</title>
  <link rel="stylesheet" href="/static/style.css">
  <link rel="icon" href="data:,">
</head>
<body class="fastify">
  <header>
    <p class="by">This page is served by <strong>Fastify</strong></p>
    <h1>Cart</h1>
    <nav><a href="/account">Account (Flask)</a> <a href="/cart">Cart (Fastify)</a></nav>
  </header>
  <main>
    ${messages.map((message) => html`<p class="flash" role="status">${message}</p>`)}
    <section>
      ${login === undefined
        ? html`<p>Nobody is signed in. <a href="/login">Sign in at the Flask side</a></p>`
        : html`<p>Hello, <strong>${user}</strong>. You signed in with the ${login[0]} at ${time(login[1])}.</p>`}
      <ul>${Object.entries(goods).map(([sku, name]) => item(sku, name, cart[sku]))}</ul>
      <form method="post" action="/cart/order">
        <button${Object.keys(cart).length === 0 ? ' disabled' : ''}>Order</button></form>
    </section>
    <section>
      <h2>The session, as JavaScript has it</h2>
      <table>
        <thead><tr><th scope="col">Key</th><th scope="col">Value</th><th scope="col">Type</th></tr></thead>
        <tbody>${entries.length === 0
          ? html`<tr><td colspan="3" class="soft">Nothing in it, so there is no cookie.</td></tr>`
          : entries.map(row)}</tbody>
      </table>
    </section>
  </main>
</body>
</html>
`)
}

/**
 * @param {string} sku
 * @param {string} name
 * @param {Cart[string] | undefined} line
 */
function item (sku, name, line) {
  return html`<li>
    <span>${line?.quantity ?? 0} × ${name} ${line && html`<span class="soft">since ${time(line.added)}</span>`}</span>
    <form method="post" action="/cart/${sku}">
      <button class="step" name="change" value="-1" aria-label="One less: ${name}"${line ? '' : ' disabled'}>−</button>
      <button class="step" name="change" value="1" aria-label="One more: ${name}">+</button>
    </form>
  </li>`
}

/** @param {Date} date */
function time (date) {
  return html`<time datetime="${date.toISOString()}">${date.toISOString().slice(11, 19)}</time> UTC`
}

/** @param {[string, unknown]} entry */
function row ([key, value]) {
  const type = typeof value === 'object' ? value?.constructor.name : typeof value
  return html`<tr>
    <th scope="row">${key}</th>
    <td><code>${inspect(value, { depth: Infinity })}</code></td>
    <td><code>${type}</code></td>
  </tr>`
}
