import { inspect } from 'node:util'
import { escapeControls, escapeName } from '../path.ts'
import type { CookieReport } from './cookie-report.ts'

const WHOLE = { depth: null, maxArrayLength: null, maxStringLength: null, compact: false, breakLength: Infinity }

/** A report for people. `place` says which of several cookies it is on, `origin` how the format is known. */
export function reportAsText (report: CookieReport, place: string, origin: string): string {
  const { content, verified } = report
  const rows = rowsOf(report, place, origin).filter(([, text]) => text !== undefined)
  const lines = rows.map(([label, text]) => label.padEnd(12) + text)
  if (content !== undefined) lines.push(verified ? 'data' : 'data, unverified', inspect(content.data, WHOLE))
  return escapeControls(lines.join('\n')) + '\n'
}

type Row = [label: string, text: string | undefined]

function rowsOf (report: CookieReport, place: string, origin: string): Row[] {
  const { settings: { cookieName, format, lifetime }, bytes, parts, content } = report
  const whose = format === 'default' ? ', for applications with compress: true' : ''
  const span = `lifetime of ${lifetime} seconds`
  const ends = iso(parts && parts.signedAt + lifetime)
  return [
    ['cookie', `${cookieName}, ${bytes} bytes with its name${place}`],
    ['format', parts && format + origin],
    ['compressed', parts && (parts.compressed ? `yes${whose}` : 'no')],
    ['encrypted', parts?.encrypted ? encryptedText(report) : undefined],
    ['signature', signatureText(report)],
    ['signed', parts && `${iso(parts.signedAt)}, ${distance(-parts.age)}`],
    ['expires', parts && (ends ? `${ends}, ${distance(lifetime - parts.age)}, by a ${span}` : 'never')],
    ['in a store', content?.storeKey && `its key there: ${content.storeKey}`],
    ['_id', content?.id],
    ['_began', iso(content?.createdAt)],
    ['_permanent', content?.permanent?.toString()],
    ['unsavable', content?.unsavable && `no application can save this again: ${content.unsavable}`],
    ['payload', content && `${content.bytes} bytes${content.sizes.length > 0 ? ', by key, its name included:' : ''}`],
    ...(content?.sizes ?? []).map(([key, size]): Row => ['', `${size} ${escapeName(key)}`])
  ]
}

/** A report as one line for programs. `data` is tagged JSON of the default format, or null with a `dataProblem`. */
export function reportAsJSON (report: CookieReport): string {
  const { settings: { cookieName: name, format, lifetime }, parts, content, verified, signedBy, problem } = report
  const { digest, encrypted, compressed, age, signedAt = NaN } = parts ?? {}
  const { id, storeKey, createdAt, permanent, bytes: payload, sizes, json = null } = content ?? {}
  const dataProblem = content?.unsavable
  const times = { signedAt: iso(signedAt), age, expires: iso(signedAt + lifetime) }
  const bytes = { cookie: report.bytes, payload, keys: sizes && Object.fromEntries(sizes) }
  const cookie = { name, format, verified, signedBy, problem, digest, encrypted, compressed, ...times }
  const fields = { ...cookie, storeKey, id, began: iso(createdAt), permanent, bytes, dataProblem }
  const text = JSON.stringify(fields, (_key, value) => value ?? null)
  return escapeControls(`${text.slice(0, -1)},"data":${json}}`) + '\n'
}

const encryptedText = ({ content }: CookieReport): string =>
  content === undefined ? 'yes: what is inside is read only with the secret that signed it' : 'yes'

function signatureText ({ verified, signedBy, problem }: CookieReport): string {
  const reason = problem === undefined ? '' : `: ${problem.message} (${problem.code})`
  if (verified) return `verifies, with the secret of ${signedBy}${reason && `; its payload cannot be read${reason}`}`
  if (verified === false) return `DOES NOT VERIFY${reason}`
  return reason === '' ? 'not checked: no secret was given' : `not checked, and cannot be read${reason}`
}

/** A time in Unix seconds; undefined where there is none, or it is past all dates. */
function iso (seconds: number = NaN): string | undefined {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

const units = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]] as const
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** A time from now in the largest unit of which there are two. */
function distance (seconds: number): string {
  const [unit, length] = units.find(([, each]) => Math.abs(seconds) >= 2 * each) ?? units[3]
  return relative.format(Math.trunc(seconds / length), unit)
}
