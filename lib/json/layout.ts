import { STRING, tokensOf } from './strings.ts'

const TOKEN = new RegExp(`${STRING}|[{}[\\],:]|[^{}[\\],:"]+`, 'g')

export interface Layout {
  /** What a level is indented by; without it, or where it is empty, everything stands on one line. */
  indent?: string | undefined
  /** Between items, and between a key and its value. Default `,` and `:`; where the text is indented, `,` and `: `. */
  separators?: readonly [item: string, key: string] | undefined
}

/** Compact JSON text laid out anew; empty objects and arrays stay closed. Values are not touched. */
export function layOut (text: string, { indent = '', separators = [',', indent === '' ? ':' : ': '] }: Layout): string {
  const [item, key] = separators
  let depth = 0
  let previous = ''
  let laidOut = ''
  const newLine = (): string => indent === '' ? '' : '\n' + indent.repeat(depth)
  for (const [start, end] of tokensOf(text, TOKEN)) {
    const token = text.slice(start, end)
    const opens = previous === '{' || previous === '['
    if (token === '}' || token === ']') {
      depth--
      laidOut += opens ? token : newLine() + token
    } else {
      if (opens || previous === ',') laidOut += newLine()
      if (token === '{' || token === '[') depth++
      laidOut += token === ':' ? key : token === ',' ? item : token
    }
    previous = token
  }
  return laidOut
}

/** JSON text in ASCII alone, as Python writes it: U+007F is escaped too. */
export function escapeToASCII (text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'))
}
