import { randomBytes } from 'node:crypto'
import { BadData, BadPayload, BadTimeSignature, SignatureExpired } from '../errors.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { Arguments, Options } from './arguments.ts'
import {
  attempt, type CookieContent, type CookieParts, formatOf, readContent, refusalOf, splitCookie
} from './cookie-report.ts'
import { findCookie, type FoundCookie } from './pasted-cookie.ts'
import { reportAsJSON, reportAsText } from './report.ts'
import { type FoundSecret, readSecrets, withLineBreaks } from './secrets.ts'
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
  if (operand === undefined && options['secret-stdin']) {
    throw new UsageError('The cookie and the secret cannot both come from standard input')
  }
  const secrets = withLineBreaks(await readSecrets(options, terminal))
  const text = operand ?? (await readStdin(terminal, 'the cookie')).toString()
  const cookie = findCookie(text, options.name)
  const applicationOf = applications(cookie.name, secrets, options)
  const candidates = cookie.values.map((value) => candidateOf(value, applicationOf))
  const index = Math.max(0, candidates.findIndex(isVerified))
  const report = reportOn(cookie, index, candidates[index]!, options)
  warn(terminal, candidates[index]!.application)
  terminal.stdout.write(options.json ? reportAsJSON(report) : reportAsText(report))
  return report.problem === undefined ? 0 : 1
}

/** An application as the options say it is, in one format. */
interface Application {
  readonly format: string
  /** With a secret of no meaning, to read what is not verified. */
  readonly reading: SessionSettings
  /** With each of the secrets. */
  readonly verifying: ReadonlyArray<{ readonly source: string, readonly settings: SessionSettings }>
}

type FindApplication = (parts: CookieParts | BadData) => Application

/** Finds the application that a cookie is of. The format is guessed by the signature unless it is given. */
function applications (cookieName: string, secrets: readonly FoundSecret[], options: Options): FindApplication {
  const known = new Map<string, Application>()
  return (parts) => {
    const format = options.format ?? (parts instanceof BadData ? 'default' : formatOf(parts))
    const own = { format: format as 'default' | 'flask', cookieName, compress: true }
    const application = known.get(format) ?? makeApplication(own, secrets, options)
    known.set(format, application)
    return application
  }
}

interface OwnOptions {
  readonly format: 'default' | 'flask'
  readonly cookieName: string
  readonly compress: boolean
}

function makeApplication (own: OwnOptions, secrets: readonly FoundSecret[], options: Options): Application {
  const verifying = secrets.map(({ source, secret }) => ({ source, settings: settingsFor(secret, options, own) }))
  return { format: own.format, reading: settingsFor(randomBytes(32), options, own), verifying }
}

/** One of the cookies of the name. */
interface Candidate {
  readonly value: string
  readonly parts: CookieParts | BadData
  readonly application: Application
}

function candidateOf (value: string, applicationOf: FindApplication): Candidate {
  const parts = attempt(() => splitCookie(value))
  return { value, parts, application: applicationOf(parts) }
}

function isVerified (candidate: Candidate): boolean {
  const { signedBy, refusal } = check(candidate)
  return signedBy !== undefined && refusal === undefined
}

function reportOn ({ name, values }: FoundCookie, index: number, candidate: Candidate, options: Options): Report {
  const { value, parts, application: { format, reading, verifying } } = candidate
  const content = parts instanceof BadData ? parts : attempt(() => readContent(parts, reading))
  const { signedBy, refusal } = check(candidate)
  return {
    name,
    format,
    lifetime: reading.lifetime,
    now: Math.floor(reading.now()),
    isFormatGuessed: options.format === undefined,
    bytes: name.length + 1 + value.length,
    place: [index + 1, values.length],
    parts: parts instanceof BadData ? undefined : parts,
    content: content instanceof BadData ? undefined : content,
    verified: verifying.length === 0 ? undefined : signedBy !== undefined,
    signedBy,
    problem: parts instanceof BadData ? asProblem(parts) : problemOf(refusal ?? content, parts, reading)
  }
}

interface Checked {
  signedBy?: string
  /** Why it is not read: what was found by the secret that signed it, if there is one. */
  refusal?: BadData
}

function check ({ value, application: { verifying } }: Candidate): Checked {
  let refusal: BadData | undefined
  for (const { source, settings } of verifying) {
    const found = refusalOf(value, settings)
    if (found === undefined) return { signedBy: source }
    if (found instanceof BadPayload) return { signedBy: source, refusal: found }
    if (refusal === undefined || !isMismatch(found)) refusal = found
  }
  return refusal === undefined ? {} : { refusal }
}

function isMismatch (error: BadData): boolean {
  return error instanceof BadTimeSignature && !(error instanceof SignatureExpired)
}

function problemOf (found: unknown, { digest }: CookieParts, settings: SessionSettings): Problem | undefined {
  if (!(found instanceof BadData)) return undefined
  return isMismatch(found)
    ? asProblem(found, `: ${reasonFor(digest, settings.cookieName, settings.digest)}`)
    : asProblem(found)
}

function asProblem ({ code, message }: BadData, reason = ''): Problem {
  return { code, message: message + reason }
}

function reasonFor (found: string | undefined, cookieName: string, expected: string): string {
  if (found === undefined) return 'it is cut short or changed'
  if (found !== expected) {
    return `it has the length of ${found} and not of ${expected}, so the digest or the format is another`
  }
  return `the cookie was changed, or the secret, the cookie's name (${cookieName}), the format, ` +
    'the salt or the key derivation is another'
}

function warn ({ stderr }: Terminal, { verifying }: Application): void {
  const warnings = new Set(verifying.flatMap(({ settings }) => settings.warnings))
  for (const warning of warnings) stderr.write(`Warning: ${warning}\n`)
}
