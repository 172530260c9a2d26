import { readJSON } from '../json/reading.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { isPlainObject } from '../json/kinds.ts'
import { encodeSession } from '../session/encode.ts'
import { SecureCookieSessionInterface } from '../session/cookie-interface.ts'
import type { Arguments } from './arguments.ts'
import { readSecrets } from './secrets.ts'
import { settingsFor } from './settings.ts'
import { readNamedFile, readStdin, type Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** The text that was given is no JSON, or not the data of a session. */
export class BadInput extends Error {}

/** The command `sign`: prints a cookie and returns the exit code. */
export async function signCommand ({ operand, options }: Arguments, terminal: Terminal): Promise<number> {
  if (operand === undefined && options['secret-stdin']) {
    throw new UsageError('The JSON and the secret cannot both come from standard input')
  }
  const [found, ...others] = await readSecrets(options, terminal)
  if (found === undefined) {
    throw new UsageError('A secret is needed to sign: put it into the environment as SESSION_SECRET, or see --help')
  }
  if (others.length > 0) throw new UsageError('One secret signs: sign takes one')
  const settings = settingsFor(found.secret, options, options.compress ? { compress: true } : {})
  for (const warning of settings.warnings) terminal.stderr.write(`Warning: ${warning}\n`)
  const data = readData(await readText(operand, terminal), options.tagged ?? false)
  const value = encode(data, new SecureCookieSessionInterface(settings))
  print(settings.cookieName, value, settings.maxCookieSize, options.json ?? false, terminal)
  return 0
}

/** Text that begins as an object, a list or a string, or is a number, a word of JSON or nothing. */
const JSON_TEXT = /^\s*([[{"]|(-?\d[\d.eE+-]*|true|false|null)?\s*$)/

/** JSON itself is taken for what it is, although a file might be called so. */
async function readText (operand: string | undefined, terminal: Terminal): Promise<string | Buffer> {
  if (operand === undefined) return await readStdin(terminal, 'the JSON')
  return JSON_TEXT.test(operand) ? operand : await readNamedFile(operand)
}

function print (name: string, value: string, limit: number, asJSON: boolean, { stdout, stderr }: Terminal): void {
  const cookie = `${name}=${value}`
  if (cookie.length > limit) {
    stderr.write(
      `Warning: The cookie takes ${cookie.length} bytes before its attributes; browsers keep ${limit}, ` +
        'and an application refuses to send more\n'
    )
  }
  stdout.write(`${asJSON ? JSON.stringify({ name, value, cookie, bytes: cookie.length }) : cookie}\n`)
}

function readData (text: string | Buffer, isTagged: boolean): Record<string, unknown> {
  const data = readValue(text, isTagged)
  if (typeof data !== 'object' || data === null || Array.isArray(data) || !isPlainObject(data)) {
    throw new BadInput('The JSON must be an object, the data of the session')
  }
  return data as Record<string, unknown>
}

/** Tagged JSON is first read as plain, whose errors tell the place. No message quotes the text. */
function readValue (text: string | Buffer, isTagged: boolean): unknown {
  try {
    const plain = readJSON(text, { exactIntegers: true })
    return isTagged ? new TaggedJSONSerializer().loads(text.toString()) : plain
  } catch (error) {
    throw new BadInput((error as Error).message)
  }
}

function encode (data: Record<string, unknown>, sessionInterface: SecureCookieSessionInterface): string {
  try {
    return encodeSession(sessionInterface, data).value
  } catch (error) {
    throw new BadInput((error as Error).message)
  }
}
