/** The values of every cookie called `name` in a Cookie header, in their order. */
export function cookieValues (header: string | undefined, name: string): string[] {
  return valuesAfter(header, `${name}=`)
}

/** The same by how a pair starts: the name and `=`. For those who look for one cookie all the time. */
export function valuesAfter (header: string | undefined, start: string): string[] {
  const values: string[] = []
  let at = header === undefined ? -1 : header.indexOf(start)
  while (at !== -1) {
    let end = header!.indexOf(';', at)
    if (end === -1) end = header!.length
    if (at === 0 || beginsPair(header!, at)) {
      const value = header!.slice(at + start.length, end).trim()
      values.push(value.startsWith('"') ? unquote(value) : value)
    }
    at = header!.indexOf(start, end)
  }
  return values
}

/** Whether only white space stands between `at` and the separator before it, or the beginning. */
function beginsPair (header: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && (header[before] === ' ' || header[before] === '\t')) before--
  return before < 0 || header[before] === ';'
}

/** Quotes may stand around a value (RFC 6265, section 4.1.1); a signed one never needs the escapes of older RFCs. */
function unquote (value: string): string {
  return value.length > 1 && value.endsWith('"') ? value.slice(1, -1) : value
}
