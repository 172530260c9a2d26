import { inspect } from 'node:util'
import { NotSerializable } from '../errors.ts'
import { TaggedJSONSerializer } from '../json/tagged-json.ts'
import { escapeControls, escapeName } from '../path.ts'
import { attempt } from './cookie-report.ts'
import type { Report } from './inspect.ts'

/** A report to be read by people. */
export function reportAsText (report: Report): string {
  const { content } = report
  const rows = [...cookieRows(report), ...timeRows(report), ...contentRows(report)]
  const lines = rows.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${text}`)
  if (content !== undefined) lines.push(report.verified ? 'data' : 'data, unverified', inspect(content.data, WHOLE))
  return escapeControls(lines.join('\n')) + '\n'
}

/**
 * A report to be read by programs, as one line. `data` is tagged JSON of the default format, whatever the cookie's is,
 * so that it is JSON to every parser and keeps the types. It is null where `dataProblem` says why it cannot be that.
 */
export function reportAsJSON (report: Report): string {
  const { name, format, parts, content, verified, signedBy, problem } = report
  const fields = JSON.stringify({
    name,
    format,
    verified: verified ?? null,
    signedBy: signedBy ?? null,
    problem: problem ?? null,
    digest: parts?.digest ?? null,
    compressed: parts?.isCompressed ?? null,
    signedAt: parts === undefined ? null : iso(parts.timestamp),
    age: parts === undefined ? null : report.now - parts.timestamp,
    expires: parts === undefined ? null : expiryOf(report, parts.timestamp),
    id: content?.id ?? null,
    began: content?.began ?? null,
    permanent: content?.permanent ?? null,
    bytes: {
      cookie: report.bytes,
      payload: content?.payloadBytes ?? null,
      keys: content === undefined ? null : Object.fromEntries(content.keyBytes)
    }
  })
  return escapeControls(`${fields.slice(0, -1)},${dataAsJSON(content?.data)}}`) + '\n'
}

/** The members `data` and `dataProblem`, which says why the data cannot be written as tagged JSON. */
function dataAsJSON (data: Record<string, unknown> | undefined): string {
  if (data === undefined) return '"dataProblem":null,"data":null'
  const text = attempt(() => new TaggedJSONSerializer().dumps(data, 'data'), NotSerializable)
  if (text instanceof NotSerializable) return `"dataProblem":${JSON.stringify(text.message)},"data":null`
  return `"dataProblem":null,"data":${text}`
}

type Row = [label: string, text: string]

const LABEL_WIDTH = 12
const WHOLE = { depth: null, maxArrayLength: null, maxStringLength: null, compact: false, breakLength: Infinity }

function cookieRows (report: Report): Row[] {
  const { name, bytes, place: [number, of], format, isFormatGuessed, parts } = report
  const rows: Row[] = [
    ['cookie', `${name}, ${bytes} bytes with its name${of > 1 ? `, number ${number} of ${of} of that name` : ''}`]
  ]
  if (parts !== undefined) {
    rows.push(['format', `${format}${isFormatGuessed ? ', by its signature' : ''}`])
    rows.push([
      'compressed',
      parts.isCompressed ? `yes${format === 'default' ? ', for applications with compress: true' : ''}` : 'no'
    ])
  }
  rows.push(['signature', signatureText(report)])
  return rows
}

function signatureText ({ verified, signedBy, problem }: Report): string {
  const reason = problem === undefined ? '' : `: ${problem.message} (${problem.code})`
  if (verified) return `verifies, with the secret of ${signedBy}${reason && `; its payload cannot be read${reason}`}`
  if (verified === false) return `DOES NOT VERIFY${reason}`
  return reason === '' ? 'not checked: no secret was given' : `not checked, and cannot be read${reason}`
}

function timeRows (report: Report): Row[] {
  const { parts, lifetime } = report
  if (parts === undefined) return []
  const ends = parts.timestamp + lifetime
  return [
    ['signed', `${iso(parts.timestamp)}, ${distance(-(report.now - parts.timestamp))}`],
    [
      'expires',
      expiryOf(report, parts.timestamp) === null
        ? 'never'
        : `${iso(ends)}, ${distance(ends - report.now)}, by a lifetime of ${lifetime} seconds`
    ]
  ]
}

function contentRows ({ content }: Report): Row[] {
  if (content === undefined) return []
  const { id, began, permanent, payloadBytes, keyBytes, unsavable } = content
  const rows: Row[] = []
  if (id !== undefined) rows.push(['_id', id])
  if (began !== undefined) rows.push(['_began', began.toISOString()])
  if (permanent !== undefined) rows.push(['_permanent', `${permanent}`])
  if (unsavable !== undefined) rows.push(['unsavable', `no application can save this again: ${unsavable}`])
  rows.push(['payload', `${payloadBytes} bytes${keyBytes.length > 0 ? ', by key, its name included:' : ''}`])
  for (const [key, bytes] of keyBytes) rows.push(['', `${bytes} ${escapeName(key)}`])
  return rows
}

/** When a cookie that was signed then ceases to be valid, or null where that is past all dates. */
function expiryOf ({ lifetime }: Report, timestamp: number): string | null {
  const expires = new Date((timestamp + lifetime) * 1000)
  return Number.isNaN(expires.getTime()) ? null : expires.toISOString()
}

function iso (seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}

const units = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]] as const
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** A time from now in the largest unit of which there are two. */
function distance (seconds: number): string {
  const [unit, length] = units.find(([, each]) => Math.abs(seconds) >= 2 * each) ?? units[3]
  return relative.format(Math.trunc(seconds / length), unit)
}
