import { randomBytes } from 'node:crypto'
import { SecureCookieSessionInterface } from '../session/cookie-interface.ts'
import type { Arguments, Options } from './arguments.ts'
import { type Application, formatOf, reportOn } from './cookie-report.ts'
import { type FormatName, formats } from '../wire/formats.ts'
import { findCookie } from './pasted-cookie.ts'
import { reportAsJSON, reportAsText } from './report.ts'
import { type FoundSecret, readSecrets } from './secrets.ts'
import { settingsFor } from './settings.ts'
import { readStdin, type Terminal, warn } from './terminal.ts'

/** The command `inspect`: prints a report and returns the exit code. */
export async function inspectCommand ({ operand, options }: Arguments, terminal: Terminal): Promise<number> {
  const secrets = await readSecrets(options, terminal)
  const { name, values } = findCookie(operand ?? (await readStdin(terminal, 'the cookie')).toString(), options.name)
  const formatsOfValues = values.map((value) => options.format ?? formatOf(value))
  const applications = new Map([...new Set(formatsOfValues)].map((format) => [format, makeApplications(secrets, {
    ...options, name, format, compress: formats[format as FormatName]?.canCompress
  })]))
  warn(terminal, [...applications.values()].flat().flatMap(({ settings }) => settings.warnings))
  const reports = values.map((value, at) => reportOn(value, applications.get(formatsOfValues[at]!)!))
  const index = Math.max(0, reports.findIndex(({ verified, problem }) => verified && problem === undefined))
  const report = reports[index]!
  const place = values.length > 1 ? `, number ${index + 1} of ${values.length} of that name` : ''
  const origin = options.format === undefined ? ', by its form' : ''
  terminal.stdout.write(options.json ? reportAsJSON(report) : reportAsText(report, place, origin))
  return report.problem === undefined ? 0 : 1
}

/** One for each secret; without any, one with a random secret, to read what cannot be verified. */
function makeApplications (secrets: readonly FoundSecret[], options: Options): Application[] {
  const given = secrets.length > 0 ? secrets : [{ secret: randomBytes(32), source: undefined }]
  return given.map(({ secret, source }) => {
    const settings = settingsFor(secret, options)
    return { source, settings, sessionInterface: new SecureCookieSessionInterface(settings) }
  })
}
