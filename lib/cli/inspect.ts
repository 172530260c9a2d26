import { randomBytes } from 'node:crypto'
import { BadData, BadTimeSignature, SignatureExpired } from '../errors.ts'
import type { SessionOptions, SessionSettings } from '../session/options.ts'
import type { Arguments, Options } from './arguments.ts'
import { attempt, type CookieContent, type CookieParts, formatOf, readContent, refusalOf, splitCookie } from './cookie-report.ts'
import { findCookie, type FoundCookie } from './pasted-cookie.ts'
import { reportAsJSON, reportAsText } from './report.ts'
import { type FoundSecret, readSecrets } from './secrets.ts'
import { settingsFor } from './settings.ts'
import { readStdin, type Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** Why a cookie does not verify or cannot be read. */
export interface Problem {
  readonly code: string
  readonly message: string
}

/** All that is to be told of one cookie. */
export interface Report {
  readonly name: string
  /** Bytes of name and value. */
  readonly bytes: number
  /** Which of several cookies of the name it is, from 1. */
  readonly place: readonly [number: number, of: number]
  readonly format: string
  readonly isFormatGuessed: boolean
  readonly parts: CookieParts | undefined
  readonly content: CookieContent | undefined
  readonly lifetime: number
  /** Undefined where there was no secret to check it with. */
  readonly verified: boolean | undefined
  /** Where the secret was found that it verifies with. */
  readonly signedBy: string | undefined
  readonly problem: Problem | undefined
  /** In Unix seconds. */
  readonly now: number
}

/** The command `inspect`: prints a report and returns the exit code. */
export async function inspectCommand ({ operand, options }: Arguments, terminal: Terminal): Promise<number> {
  if (operand === undefined && options['secret-stdin']) throw new UsageError('The cookie and the secret cannot both come from standard input')
  const secrets = await readSecrets(options, terminal)
  const text = operand ?? (await readStdin(terminal, 'the cookie')).toString()
  const cookie = findCookie(text, options.name)
  const reports = cookie.values.map((_, index) => reportOn(cookie, index, secrets, options, terminal))
  const report = reports.find(({ verified }) => verified) ?? reports[0]!
  terminal.stdout.write(options.json ? reportAsJSON(report) : reportAsText(report))
  return report.problem === undefined ? 0 : 1
}

function reportOn (cookie: FoundCookie, index: number, secrets: readonly FoundSecret[], options: Options, terminal: Terminal): Report {
  const { name, values } = cookie
  const value = values[index]!
  const parts = attempt(() => splitCookie(value))
  const format = options.format ?? (parts instanceof BadData ? 'default' : formatOf(parts))
  const own: Partial<SessionOptions> = { format: format as 'default' | 'flask', cookieName: name, compress: true }
  const reading = settingsFor(randomBytes(32), options, own)
  const content = parts instanceof BadData ? parts : attempt(() => readContent(parts, reading))
  const known = { name, format, lifetime: reading.lifetime, now: Math.floor(reading.now()), isFormatGuessed: options.format === undefined }
  const checked = check(value, secrets.map((secret) => ({ ...secret, settings: settingsFor(secret.secret, options, own) })))
  warn(terminal, secrets.length === 0 ? [] : checked.warnings)
  return {
    ...known,
    bytes: name.length + 1 + value.length,
    place: [index + 1, values.length],
    parts: parts instanceof BadData ? undefined : parts,
    content: content instanceof BadData ? undefined : content,
    verified: secrets.length === 0 ? undefined : checked.signedBy !== undefined,
    signedBy: checked.signedBy,
    problem: parts instanceof BadData ? asProblem(parts) : problemOf(checked.refusal ?? content, parts, reading)
  }
}

interface Checked {
  signedBy?: string
  /** Why it verifies with none of the secrets: what was found by the one that signed it, if there is one. */
  refusal?: BadData
  warnings: string[]
}

function check (value: string, candidates: ReadonlyArray<{ source: string, settings: SessionSettings }>): Checked {
  const warnings = candidates.flatMap(({ settings }) => settings.warnings)
  let refusal: BadData | undefined
  for (const { source, settings } of candidates) {
    const found = refusalOf(value, settings)
    if (found === undefined) return { signedBy: source, warnings }
    if (refusal === undefined || !isMismatch(found)) refusal = found
  }
  return refusal === undefined ? { warnings } : { refusal, warnings }
}

function isMismatch (error: BadData): boolean {
  return error instanceof BadTimeSignature && !(error instanceof SignatureExpired)
}

function problemOf (found: unknown, { digest }: CookieParts, settings: SessionSettings): Problem | undefined {
  if (!(found instanceof BadData)) return undefined
  return isMismatch(found) ? asProblem(found, `: ${reasonFor(digest, settings.cookieName, settings.digest)}`) : asProblem(found)
}

function asProblem ({ code, message }: BadData, reason = ''): Problem {
  return { code, message: message + reason }
}

function reasonFor (found: string | undefined, cookieName: string, expected: string): string {
  if (found === undefined) return 'it is cut short or changed'
  if (found !== expected) return `it has the length of ${found} and not of ${expected}, so the digest or the format is another`
  return `the cookie was changed, or the secret, the cookie's name (${cookieName}), the format, the salt or the key derivation is another`
}

function warn ({ stderr }: Terminal, warnings: readonly string[]): void {
  for (const warning of new Set(warnings)) stderr.write(`Warning: ${warning}\n`)
}
