import type { FastifyInstance } from 'fastify'

const css = `
:root {
  color-scheme: light dark;
  --page: #f5f5f2; --card: #fff; --line: #dcdbd4; --edge: #85837a; --ink: #23262b; --soft: #5c6068;
  --accent: #2b4f86; --on-accent: #fff; --bad: #a32020;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171a; --card: #1d2024; --line: #34383e; --edge: #7d828b; --ink: #e7e6e2; --soft: #a8abb1;
    --accent: #9cc0f2; --on-accent: #10203a; --bad: #f29b94;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere;
}
header, main, footer { max-width: 40rem; margin: auto; padding: 1.25rem; }
header, nav { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1.25rem; }
header { justify-content: space-between; }
main { display: grid; gap: 1.25rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; min-width: 0;
  padding: clamp(1.1rem, 4vw, 2rem); }
h1 { font-size: clamp(1.5rem, 4vw, 2rem); line-height: 1.2; margin: 0 0 1rem; text-wrap: balance; }
h2 { font-size: 1rem; margin: 0; }
p { margin: 0 0 1rem; text-wrap: pretty; }
section > :last-child, li > :last-child { margin-bottom: 0; }
a { color: var(--accent); }
nav a[aria-current] { color: inherit; text-decoration: none; font-weight: 600; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .25rem .5rem; }
label { display: block; margin-bottom: 1rem; }
label.check { display: flex; gap: .5rem; }
input:not([type=checkbox]) {
  display: block; width: 100%; margin-top: .25rem; padding: .55rem .7rem; font: inherit; color: inherit;
  background: var(--page); border: 1px solid var(--edge); border-radius: .45rem;
}
input[type=checkbox] { accent-color: var(--accent); width: 1.15rem; height: 1.15rem; flex: none; margin: .2rem 0 0; }
button {
  font: inherit; font-weight: 550; min-height: 2.75rem; padding: .3rem 1.1rem; color: var(--on-accent);
  background: var(--accent); border: 1px solid var(--accent); border-radius: .45rem; cursor: pointer;
}
button:hover { filter: brightness(1.1); }
button.quiet { color: var(--accent); background: none; border-color: var(--edge); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul { list-style: none; margin: 0 0 1.25rem; padding: 0; }
li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1rem;
  padding: .8rem 0; border-bottom: 1px solid var(--line); }
small, footer { color: var(--soft); }
small { display: block; }
.flash, .problem { margin: 0; padding: .7rem 1rem; background: var(--card); border: 1px solid var(--accent);
  border-left-width: .35rem; border-radius: .45rem; }
.problem { border-color: var(--bad); color: var(--bad); margin-bottom: 1rem; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .3rem 1.25rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; }
`

/** Of every page. */
export const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; " +
    "base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store', // the back button shows nothing of somebody who signed out
  'referrer-policy': 'same-origin', // addresses of links in mails hold tokens
  'x-content-type-options': 'nosniff'
}

/** The one file beside the pages. It needs no session. */
export function addStyle (app: FastifyInstance): void {
  app.get('/style.css', { config: { session: false, rateLimit: false } }, async (_request, reply) =>
    reply.headers({ 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=3600' }).send(css))
}
