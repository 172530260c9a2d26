import { kindOf } from '../json/kinds.ts'
import { readJSON } from '../json/reading.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { SecureCookieSessionInterface } from '../session/cookie-interface.ts'
import { encodeSession } from '../session/encode.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { Arguments, Options } from './arguments.ts'
import { BadInput, refusing, UsageError } from './refusals.ts'
import { readSecrets } from './secrets.ts'
import { settingsFor } from './settings.ts'
import { readNamedFile, readStdin, type Terminal, warn } from './terminal.ts'

/** The command `sign`: prints a cookie and returns the exit code. */
export async function signCommand ({ operand, options }: Arguments, terminal: Terminal): Promise<number> {
  const settings = await readSettings(options, terminal)
  const { cookieName: name, maxCookieSize: limit, warnings } = settings
  const text = await readText(operand, terminal)
  const value = refusing(BadInput, () => makeCookie(text, options.tagged ?? false, settings))
  const cookie = `${name}=${value}`
  const bytes = cookie.length
  const tooLarge = `The cookie takes ${bytes} bytes before its attributes; browsers keep ${limit}`
  warn(terminal, bytes > limit ? [...warnings, tooLarge] : warnings)
  terminal.stdout.write(`${options.json ? JSON.stringify({ name, value, cookie, bytes }) : cookie}\n`)
  return 0
}

async function readSettings (options: Options, terminal: Terminal): Promise<SessionSettings> {
  const [found, ...others] = await readSecrets(options, terminal)
  if (others.length > 0) throw new UsageError('One secret signs: sign takes one')
  if (found === undefined) throw new UsageError('A secret is needed to sign: put it into the variable SESSION_SECRET')
  return settingsFor(found.secret, options)
}

/** Trimmed text that begins as an object, a list or a string, or is a number, a word of JSON or nothing. */
const JSON_TEXT = /^([[{"]|(-?\d[\d.eE+-]*|true|false|null)?$)/

/** JSON itself is taken for what it is, although a file might be called so. */
async function readText (operand: string | undefined, terminal: Terminal): Promise<string | Buffer> {
  if (operand === undefined) return await readStdin(terminal, 'the JSON')
  return JSON_TEXT.test(operand.trim()) ? operand : await readNamedFile(operand)
}

/** Tagged JSON is first read as plain, whose errors tell the place. No message quotes the text. */
function makeCookie (text: string | Buffer, isTagged: boolean, settings: SessionSettings): string {
  const plain = readJSON(text, { exactIntegers: true })
  const data = isTagged ? new TaggedJSONSerializer().loads(text.toString()) : plain
  if (kindOf(data) !== 'object') throw new TypeError('The JSON must be an object, the data of the session')
  return encodeSession(new SecureCookieSessionInterface(settings), data as Record<string, unknown>).value
}
