import { quoteName } from '../path.ts'
import type { SessionSite } from './session-site.ts'
import { Slot } from './slot.ts'

/** Which of several sessions. */
export interface SessionChoice {
  /** Default the only one, or `session`. */
  name?: string | undefined
}

/** The sessions that were registered in a scope and in those around it; undefined where there are none. */
export const scopeSites = new Slot<readonly SessionSite[]>()

export function rememberSites (fastify: object, sites: readonly SessionSite[]): void {
  scopeSites.set(fastify, [...scopeSites.of(fastify) ?? [], ...sites])
}

/** The session that is chosen. Throws a `TypeError` where the scope has none, or none of that name. */
export function chooseSite (sites: readonly SessionSite[] | undefined, choice: SessionChoice = {}): SessionSite {
  if (sites === undefined) {
    throw new TypeError('This instance has no session: the plugin is registered in a scope inside it, or not at all')
  }
  const isChoice = typeof choice === 'object' && Object.keys(choice).every((key) => key === 'name')
  if (!isChoice) throw new TypeError('A session is chosen by { name }')
  const name = choice.name ?? (sites.length === 1 ? sites[0]!.settings.name : 'session')
  const chosen = sites.find((site) => site.settings.name === name)
  if (chosen !== undefined) return chosen
  const names = sites.map((site) => quoteName(site.settings.name)).join(', ')
  throw new TypeError(`There is no session ${quoteName(name)}; there are ${names}`)
}
