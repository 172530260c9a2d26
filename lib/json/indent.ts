const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^{}[\],:"]+/g

/** Compact JSON text spread over lines, `width` spaces a level; empty objects and arrays stay closed. Values are not touched. */
export function indentJSON (text: string, width: number): string {
  let depth = 0
  let previous = ''
  let lines = ''
  const newLine = (): string => '\n' + ' '.repeat(depth * width)
  for (const [token] of text.matchAll(TOKEN)) {
    const opens = previous === '{' || previous === '['
    if (token === '}' || token === ']') {
      depth--
      lines += opens ? token : newLine() + token
    } else {
      if (opens || previous === ',') lines += newLine()
      if (token === '{' || token === '[') depth++
      lines += token === ':' ? ': ' : token
    }
    previous = token
  }
  return lines
}
