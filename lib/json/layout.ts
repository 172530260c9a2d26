import { escapeUnit } from '../path.ts'
import type { DumpsOptions } from './provider.ts'
import { STRING, tokensOf } from './strings.ts'

const TOKEN = new RegExp(`${STRING}|[{}[\\],:]|[^{}[\\],:"]+`, 'g')

/**
 * Compact JSON text laid out anew; empty objects and arrays stay closed. `indent` is the white space of a level,
 * without which all stands on one line. `separators` are by default `,` and `:`, where the text is indented `,` and `:
 * `.
 */
export function layOut (text: string, indent = '', separators?: DumpsOptions['separators']): string {
  const [item, key] = separators ?? [',', indent === '' ? ':' : ': ']
  let depth = 0
  let previous = ''
  let laidOut = ''
  for (const [start, end] of tokensOf(text, TOKEN)) {
    const token = text.slice(start, end)
    const isFirst = previous === '{' || previous === '['
    const closes = token === '}' || token === ']'
    if (closes) depth--
    const isOnNewLine = indent !== '' && (closes ? !isFirst : isFirst || previous === ',')
    laidOut += isOnNewLine ? `\n${indent.repeat(depth)}` : ''
    laidOut += token === ':' ? key : token === ',' ? item : token
    if (token === '{' || token === '[') depth++
    previous = token
  }
  return laidOut
}

/** JSON text in ASCII alone, as Python writes it: U+007F is escaped too. */
export const escapeToASCII = (text: string): string => text.replace(/[\u007f-\uffff]/g, escapeUnit)
