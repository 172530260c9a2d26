const BASE = 'http://localhost'

/**
 * The path of a page of this application, or `/` for anything else. Browsers take `//evil.example`,
 * `/\evil.example` and `/<tab>/evil.example` for another site. The parser of URLs reads them as browsers do.
 */
export function localPath (next: string): string {
  if (!URL.canParse(next, BASE)) return '/'
  const { origin, pathname, search } = new URL(next, BASE)
  return origin === BASE && !pathname.startsWith('//') ? pathname + search : '/'
}
