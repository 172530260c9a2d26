import { flat } from './payloads.js'

/** Requests for one path, each with another cookie, as `Dispatcher` takes them. */
export function requestsFor (path, cookies) {
  return cookies.map((cookie) => ({ url: `/${path}`, headers: headersWith(cookie) }))
}

/** A browser's headers, three cookies among them of which one is the session. */
function headersWith (cookie) {
  return {
    host: 'localhost:3000',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    accept: 'text/html,application/xhtml+xml',
    'accept-language': 'en-GB,en;q=0.5',
    connection: 'keep-alive',
    cookie: flat(`theme=dark; ${cookie}; consent=2026-11-01`)
  }
}
