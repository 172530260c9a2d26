/** A string without escapes, or the part of another one that stands ahead of its first escape. */
export const STRING = '"[^"\\\\]*"?'
const BRACKET = new RegExp(`${STRING}|[[\\]{}]`, 'g')

/** Start and end of what a global pattern with `STRING` as an alternative finds in JSON text, of strings as a whole. */
export function * tokensOf (text: string, pattern: RegExp): Generator<readonly [start: number, end: number]> {
  pattern.lastIndex = 0
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const start = match.index
    const isWhole = match[0][0] !== '"' || (match[0].length > 1 && match[0].endsWith('"'))
    const end = isWhole ? pattern.lastIndex : stringEnd(text, start)
    yield [start, end]
    pattern.lastIndex = end
  }
}

/** Whether a global pattern finds something in JSON text outside its strings, which are passed over. */
export function standsOutside (text: string, pattern: RegExp): boolean {
  let outside = 0
  pattern.lastIndex = 0
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    while (outside <= found.index) {
      const quote = text.indexOf('"', outside)
      if (quote === -1 || quote > found.index) return true
      outside = stringEnd(text, quote)
    }
    pattern.lastIndex = outside
  }
  return false
}

/** How many brackets of JSON text stand inside each other where it is deepest. */
export function depthOf (text: string): number {
  let depth = 0
  let deepest = 0
  for (const [start] of tokensOf(text, BRACKET)) {
    const char = text[start]
    if (char === '[' || char === '{') deepest = Math.max(deepest, ++depth)
    else if (char !== '"') depth--
  }
  return deepest
}

/** Where the string ends that has its opening quote or first escape at an offset; at the latest the end of the text. */
export function stringEnd (text: string, offset: number): number {
  let end = text.indexOf('"', offset + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end + 1
}

function isEscaped (text: string, offset: number): boolean {
  let first = offset
  while (text[first - 1] === '\\') first--
  return (offset - first) % 2 === 1
}
