import { readFileSync } from 'node:fs'
import type { Test } from 'tap'
import { type BadData, SecureCookieSessionInterface, type Session } from '../../lib/index.ts'
import type { SessionOptions } from '../../lib/options/session-options.ts'
import { resolveOptions } from '../../lib/options/resolve.ts'
import { same } from './equal.ts'
import { toValue, type Typed } from './vectors.ts'

export type PythonFormat = 'django' | 'starlette'

/** What test/support/python-sessions.py recorded of one format. */
interface Recorded {
  version: string
  secret: string
  /** Unix seconds. */
  time: number
  written: Array<{ session: Typed, line: string }>
  /** The session is null where the answer was an error. */
  read: Array<{ title: string, cookie: string, status: number, session: Typed | null }>
  ages: Array<{ age: number, session: Typed }>
  cleared: string[]
}

/** What is read otherwise here, and why: the session by the title of the case. */
type Differences = Record<PythonFormat, Array<{ why: string, cases: Record<string, Typed> }>>

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'))

/** A session interface with the recorded secret; `at` in seconds after the recorded time. */
export function interfaceFor (
  format: PythonFormat, { at = 0, ...options }: Partial<SessionOptions> & { at?: number } = {}
): SecureCookieSessionInterface {
  const { secret, time } = recordedOf(format)
  return new SecureCookieSessionInterface(resolveOptions({ secret, format, ...options }, () => time + at))
}

export const recordedOf = (format: PythonFormat): Recorded => fixture(`${format}-vectors`) as Recorded

/** The session of a cookie value, and why it was refused. */
export function openCookie (
  iface: SecureCookieSessionInterface, value: string
): { session: Session, refused: BadData | undefined } {
  let refused: BadData | undefined
  return { session: iface.openSession([value], (error) => { refused = error }), refused }
}

const valueIn = (line: string): string => line.trim().split(';')[0]!.split('=').slice(1).join('=')

/** The data of a session without their types of Python; null, an error of the other program, is none. */
const dataOf = (session: Typed | null): unknown => session === null ? {} : toValue(session)

/** Sessions that the other program wrote are read, and written again as the same text, numbers and zlib aside. */
export function checkWritten (t: Test, format: PythonFormat): void {
  for (const [index, { session: typed, line }] of recordedOf(format).written.entries()) {
    const theirs = valueIn(line)
    const { session } = openCookie(interfaceFor(format), theirs)
    t.ok(same(session.data(), dataOf(typed)), `session ${index} is read`)
    session.touch()
    const decision = interfaceFor(format).saveSession(session)
    const ours = decision.action === 'set' ? decision.value : ''
    if (theirs.startsWith('.') || session.has('numbers')) {
      t.ok(same(openCookie(interfaceFor(format), ours).session.data(), dataOf(typed)), 'and says the same')
    } else t.equal(ours, theirs, 'and is written so')
    t.match(decision, { maxAge: 14 * 24 * 60 * 60 })
  }
}

/** Cookies that nobody writes are read as the other program reads them, but for the differences with their reasons. */
export function checkRead (t: Test, format: PythonFormat): void {
  const differences = (fixture('python-differences') as Differences)[format]
  const others = new Map(differences.flatMap(({ cases }) => Object.entries(cases)))
  for (const { title, cookie, session: typed } of recordedOf(format).read) {
    const data = openCookie(interfaceFor(format), cookie).session.data()
    const [theirs, expected] = [dataOf(typed), dataOf(others.get(title) ?? typed)]
    if (others.has(title)) t.notOk(same(theirs, expected), `${title} differs`)
    const isDeep = Object.hasOwn(expected as object, 'deep')
    t.ok(isDeep ? Object.hasOwn(data, 'a') : same(data, expected), title)
    others.delete(title)
  }
  t.strictSame([...others.keys()], [], 'every difference was recorded')
}

/** A session is read up to the age that the other program reads it. */
export function checkAges (t: Test, format: PythonFormat): void {
  const { written, ages } = recordedOf(format)
  for (const { age, session } of ages) {
    const opened = openCookie(interfaceFor(format, { at: age }), valueIn(written[0]!.line))
    t.strictSame(opened.session.data(), dataOf(session), `after ${age} seconds`)
  }
}
