/** What is wrong at a place in a text, counted from 0. */
export type Fault = { offset: number, reason: string }
type Expected = 'a value' | 'a value or ]' | 'a key' | 'a key or }' | 'a colon' | typeof SEPARATOR | 'the end'

const SEPARATOR = 'a comma or the closing bracket'
const ENDED = 'the JSON has ended before this'
const WORD = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const SPACE = /[ \t\n\r]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y
const STRING_END = /["\\\u0000-\u001f]/g // eslint-disable-line no-control-regex -- what ends the plain part of a string

/** Where text first leaves the grammar of JSON (RFC 8259) or opens more than `maxDepth` levels; otherwise undefined. */
export function findFault (text: string, maxDepth = Infinity): Fault | undefined {
  const open: string[] = [] // the brackets that are due for those that were opened
  let expected: Expected = 'a value'
  let offset = 0
  for (;;) {
    offset = matchEnd(SPACE, text, offset)
    const char = text[offset]
    if (expected === 'the end') return char === undefined ? undefined : { offset, reason: ENDED }
    if (char === undefined) return { offset, reason: `it ends where ${expected} is due` }
    const end = tokenEnd(text, offset, expected, open.at(-1))
    if (typeof end !== 'number') return end
    expected = expectedBehind(char, expected, open)
    if (open.length > maxDepth) return { offset, reason: `it is nested deeper than ${maxDepth} levels` }
    offset = end
  }
}

/** Where the token at an offset ends, or that it is not what is expected. `closing` is the bracket that is due. */
function tokenEnd (text: string, offset: number, expected: Expected, closing: string | undefined): number | Fault {
  const char = text[offset]!
  const isValue = expected.startsWith('a value')
  if (char === '"' && (isValue || expected.startsWith('a key'))) return stringEnd(text, offset)
  if (isValue && (char === '{' || char === '[')) return offset + 1
  if (char === closing && (expected === SEPARATOR || expected.endsWith(`or ${char}`))) return offset + 1
  if ((char === ':' && expected === 'a colon') || (char === ',' && expected === SEPARATOR)) return offset + 1
  const end = isValue ? matchEnd(WORD, text, offset) : offset
  return end > offset ? end : { offset, reason: `${expected} is due here` }
}

/** What is expected behind the token that begins with a character. */
function expectedBehind (char: string, expected: Expected, open: string[]): Expected {
  if (char === ':') return 'a value'
  if (char === ',') return open.at(-1) === ']' ? 'a value' : 'a key'
  if (char === '"' && expected.startsWith('a key')) return 'a colon'
  if (char === '{' || char === '[') {
    open.push(char === '{' ? '}' : ']')
    return char === '{' ? 'a key or }' : 'a value or ]'
  }
  if (char === '}' || char === ']') open.pop()
  return open.length === 0 ? 'the end' : SEPARATOR
}

/** Where the string ends that begins at an offset, or what is wrong in it. */
function stringEnd (text: string, start: number): number | Fault {
  let offset = start + 1
  for (;;) {
    STRING_END.lastIndex = offset
    const found = STRING_END.exec(text)
    if (found === null) return { offset: start, reason: 'a string begins here that does not end' }
    if (found[0] === '"') return found.index + 1
    if (found[0] !== '\\') return { offset: found.index, reason: 'a control character stands in a string unescaped' }
    offset = matchEnd(ESCAPE, text, found.index)
    if (offset === found.index) return { offset, reason: 'this is no escape that JSON has' }
  }
}

/** Where a sticky pattern that is tried at an offset stops; the offset itself where it does not match. */
function matchEnd (pattern: RegExp, text: string, offset: number): number {
  pattern.lastIndex = offset
  return pattern.test(text) ? pattern.lastIndex : offset
}
