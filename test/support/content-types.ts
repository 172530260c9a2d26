import fc from 'fast-check'

/** Values of Content-Type that are no media type (RFC 9110, section 8.3.1). */
export const MALFORMED_TYPES = [
  'application/json charset=utf-8', 'application/json, application/json', 'application/json, text/html', 'json',
  'application/', '/json', '/', '', ';', '; charset=utf-8', 'undefined', 'application/json/x', 'application /json',
  'application/(json)', '"application/json"', 'caf\u00e9', 'a'.repeat(5000)
]

const pieces = fc.constantFrom('application', 'APPLICATION', 'text', 'json', 'Json', 'plain', '+json', 'x', '/', '/',
  ';', ';', ' ', '\t', '\u00a0', ',', 'charset=utf-8', '="a;b"', '*', '\u00e9', '"', '=')
const heads = fc.constantFrom('', 'application/json', 'application/x+json', 'text/plain', 'text/csv', 'text/xml')

/** Any Content-Type, about half of them well-formed. */
export const contentTypes = fc.tuple(heads, fc.array(pieces, { maxLength: 7 }))
  .map(([head, rest]) => head + rest.join(''))
