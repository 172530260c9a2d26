import type { ListedSession, Markup, Session } from 'fastify-signed-session'
import { html } from '../html.js'
import type { View } from './flash.ts'
import type { Mail } from './links.ts'

const NEW_PASSWORD = html`<label>New password, at least 12 characters
  <input type="password" name="password" required minlength="12" maxlength="200" autocomplete="new-password"></label>`

interface SignInForm {
  email?: string
  next?: string | undefined
  problem?: string
}

export function signInPage (view: View, { email = '', next = '/', problem }: SignInForm): string {
  return page('Sign in', view, html`${problemOf(problem)}<form method="post" action="/sign-in">
    <input type="hidden" name="next" value="${next}">
    ${emailField(email)}
    <label>Password
      <input type="password" name="current" required maxlength="200" autocomplete="current-password"></label>
    <label class="check"><input type="checkbox" name="remember" value="yes">Stay signed in for 30 days</label>
    <p><button>Sign in</button></p>
  </form>
  <p><a href="/register">Create an account</a> or <a href="/forgot">choose a new password</a></p>`)
}

export function registerPage (view: View): string {
  return page('Create an account', view, html`
  <p>We send a link to your address, with which you choose a password.</p>
  <form method="post" action="/register">${emailField()}<button>Send the link</button></form>`)
}

export function forgotPage (view: View): string {
  return page('Choose a new password', view, html`
  <p>We send a link to your address. It works once, within 30 minutes.</p>
  <form method="post" action="/forgot">${emailField()}<button>Send the link</button></form>`)
}

export function sentPage (view: View): string {
  return page('Look into your mails', view, html`
  <p>We sent you a link, unless you forgot a password and the address has no account.</p>
  <p><a href="/sign-in">Back to signing in</a></p>`)
}

export function resetPage (view: View, email: string, token: string): string {
  return page('Choose your password', view, html`<p>For <strong>${email}</strong>. It ends all sessions there are.</p>
  <form method="post" action="/reset"><input type="hidden" name="token" value="${token}">
    ${NEW_PASSWORD}<button>Save the password</button></form>`)
}

export function accountPage (view: View, { createdAt, permanent }: Session): string {
  return page('Your account', view, html`<dl>
    <dt>Address</dt><dd>${view.email}</dd>
    <dt>Signed in</dt><dd>${time(createdAt!)}</dd>
    <dt>Stays</dt><dd>${permanent ? 'for 30 days' : 'until the browser closes, or 2 hours pass'}</dd>
  </dl>`)
}

export function passwordPage (view: View, problem?: string): string {
  return page('Change your password', view, html`${problemOf(problem)}<form method="post" action="/password">
    <label>Present password
      <input type="password" name="current" required maxlength="200" autocomplete="current-password"></label>
    ${NEW_PASSWORD}<button>Change it, and end all other sessions</button>
  </form>`)
}

export function devicesPage (view: View, devices: ListedSession[]): string {
  return page('Your devices', view, html`<ul>${devices.map(device)}</ul>
  <form method="post" action="/devices/end-others"><button>End all other sessions</button></form>`)
}

function device ({ key, isCurrent, lastUsedAt, data }: ListedSession): Markup {
  const name = deviceName(String(data.userAgent))
  return html`<li>
    <div><h2>${name}${isCurrent ? ', this device' : ''}</h2><small>last used ${time(lastUsedAt)}</small></div>
    ${isCurrent ? '' : endButton(key, `${name}, last used ${textOf(lastUsedAt)}`)}
  </li>`
}

function endButton (key: string, name: string): Markup {
  return html`<form method="post" action="/devices/${key}/end">
    <button class="quiet" aria-label="End the session: ${name}">End it</button></form>`
}

function deviceName (userAgent: string): string {
  const found = (names: string[]): string | undefined => names.find((name) => userAgent.includes(name))
  const browser = found(['Edg', 'Firefox', 'Chrome', 'Safari'])?.replace('Edg', 'Edge') ?? 'Another program'
  return `${browser} on ${found(['Android', 'iPhone', 'iPad', 'Windows', 'Macintosh', 'Linux']) ?? 'an unknown system'}`
}

export function outboxPage (view: View, mails: Mail[]): string {
  return page('Outbox', view, html`<p>In development mails are shown here instead of being sent.</p>
  <ul>${mails.map(({ to, subject, url }) => html`<li>
    <div><h2>${subject}</h2><small>to ${to}</small></div><a href="${url}">Follow the link</a></li>`)}</ul>`)
}

export function deadLinkPage (): string {
  return page('This link is not good any more', {}, html`<p>It was used, or it is too old.
    <a href="/forgot">Ask for another</a>, or <a href="/sign-in">sign in</a>.</p>`)
}

export function errorPage (message: string): string {
  return page('That did not work', {}, html`<p>${message}</p><p><a href="/">Back to the start</a></p>`)
}

function page (title: string, view: View, content: Markup): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/style.css">
</head>
<body>
  <a class="skip" href="#content">Skip to the content</a>
  <header><strong>Accounts</strong>${view.email === undefined ? '' : navigation(title)}</header>
  <main id="content" tabindex="-1">
    ${view.flash === undefined ? '' : html`<p class="flash" role="status">${view.flash}</p>`}
    <section aria-labelledby="title"><h1 id="title">${title}</h1>${content}</section>
  </main>
  ${view.hasOutbox ? html`<footer>In development: <a href="/outbox">mails that were sent</a></footer>` : ''}
</body>
</html>
`)
}

const PAGES = [['/', 'Account', 'Your account'], ['/devices', 'Devices', 'Your devices'],
  ['/password', 'Password', 'Change your password']] as const

function navigation (title: string): Markup {
  return html`<nav aria-label="Account">
    ${PAGES.map(([url, name, of]) => html`
      <a href="${url}"${of === title ? html` aria-current="page"` : ''}>${name}</a>`)}
    <form method="post" action="/sign-out"><button class="quiet">Sign out</button></form>
  </nav>`
}

function emailField (email = ''): Markup {
  return html`<label>Mail address
    <input type="email" name="email" value="${email}" required maxlength="254" autocomplete="username"></label>`
}

function problemOf (problem: string | undefined): Markup | '' {
  return problem === undefined ? '' : html`<p class="problem" role="alert">${problem}</p>`
}

function time (date: Date): Markup {
  return html`<time datetime="${date.toISOString()}">${textOf(date)}</time>`
}

function textOf (date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
