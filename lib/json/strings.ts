const BACKSLASH = 0x5c

/** The stretches of JSON text that lie outside its strings, as start and end; quotes are part of the strings. */
export function * outsideStrings (text: string): Generator<readonly [start: number, end: number]> {
  let start = 0
  for (;;) {
    const quote = text.indexOf('"', start)
    yield [start, quote === -1 ? text.length : quote]
    if (quote === -1) return
    start = stringEnd(text, quote)
  }
}

/** Where the string ends that begins at an offset, behind its closing quote; the end of the text where it has none. */
export function stringEnd (text: string, offset: number): number {
  let end = text.indexOf('"', offset + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end + 1
}

function isEscaped (text: string, offset: number): boolean {
  let first = offset
  while (text.charCodeAt(first - 1) === BACKSLASH) first--
  return (offset - first) % 2 === 1
}
