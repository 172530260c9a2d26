/** A place in a text, and what is wrong there. */
export interface Fault {
  /** From 0. */
  offset: number
  reason: string
}

type Expected =
  'a value' | 'a value or ]' | 'a key' | 'a key or }' | 'a colon' | 'a comma or the closing bracket' | 'the end'

const ENDED = 'the JSON has ended before this'
const WORD = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y
const SPACE = /[ \t\n\r]*/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y
const STRING_END = /["\\\u0000-\u001f]/g // eslint-disable-line no-control-regex -- what ends the plain part of a string

/**
 * Where a text first departs from the grammar of JSON (RFC 8259) or opens a bracket beyond `maxDepth` levels; undefined
 * where it does neither.
 */
export function findFault (text: string, maxDepth = Infinity): Fault | undefined {
  const open: string[] = []
  let expected: Expected = 'a value'
  let offset = 0
  const closed = (): Expected => open.length === 0 ? 'the end' : 'a comma or the closing bracket'
  for (;;) {
    offset = matchEnd(SPACE, text, offset)
    const char = text[offset]
    if (expected === 'the end') return char === undefined ? undefined : { offset, reason: ENDED }
    if (char === undefined) return { offset, reason: `it ends where ${expected} is due` }
    if (closes(char, expected, open)) {
      open.pop()
      expected = closed()
      offset++
    } else if (expected === 'a colon' || expected === 'a comma or the closing bracket') {
      if (char !== (expected === 'a colon' ? ':' : ',')) return { offset, reason: `${expected} is due here` }
      expected = expected === 'a colon' || open.at(-1) === ']' ? 'a value' : 'a key'
      offset++
    } else if (char === '"') {
      const end = stringEnd(text, offset)
      if (typeof end !== 'number') return end
      expected = expected.startsWith('a key') ? 'a colon' : closed()
      offset = end
    } else if (expected.startsWith('a value') && (char === '{' || char === '[')) {
      if (open.length === maxDepth) return { offset, reason: `it is nested deeper than ${maxDepth} levels` }
      open.push(char === '{' ? '}' : ']')
      expected = char === '{' ? 'a key or }' : 'a value or ]'
      offset++
    } else {
      const end = expected.startsWith('a value') ? matchEnd(WORD, text, offset) : offset
      if (end === offset) return { offset, reason: `${expected} is due here` }
      expected = closed()
      offset = end
    }
  }
}

function closes (char: string, expected: Expected, open: readonly string[]): boolean {
  return char === open.at(-1) && (expected === 'a comma or the closing bracket' || expected.endsWith(`or ${char}`))
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
