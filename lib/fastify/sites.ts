import type { FastifyInstance } from 'fastify'
import { quoteName } from '../path.ts'
import type { SessionSite } from './session-site.ts'

/** Which of several sessions. */
export interface SessionChoice {
  /** Default the only one, or `session`. */
  name?: string | undefined
}

/** The property of an instance with the sessions of its scope and of those around it. */
const SITES = Symbol('fastify-signed-session.sites')
type WithSites = Record<typeof SITES, readonly SessionSite[] | undefined>

/** Lets a scope know the sessions that were registered in it. */
export function rememberSites (fastify: FastifyInstance, sites: readonly SessionSite[]): void {
  const scope = fastify as unknown as WithSites
  scope[SITES] = [...scope[SITES] ?? [], ...sites]
}

/** Whether a session was registered for an instance by now. */
export function hasSites (fastify: object): boolean {
  return (fastify as WithSites)[SITES] !== undefined
}

/** The sessions of an instance. Throws a `TypeError` where there are none. */
export function sitesOf (fastify: object): readonly SessionSite[] {
  const sites = (fastify as WithSites)[SITES]
  if (sites !== undefined) return sites
  throw new TypeError('This instance has no session: the plugin is registered in a scope inside it, or not at all')
}

/** The session that is chosen. Throws a `TypeError` where there is none of that name. */
export function chooseSite (sites: readonly SessionSite[], choice: SessionChoice = {}): SessionSite {
  const isChoice = typeof choice === 'object' && Object.keys(choice).every((key) => key === 'name')
  if (!isChoice) throw new TypeError('A session is chosen by { name }')
  const { name } = choice
  const chosen = name === undefined && sites.length === 1 ? sites[0] : sites.find((site) => site.settings.name === (name ?? 'session'))
  if (chosen !== undefined) return chosen
  throw new TypeError(`There is no session ${quoteName(name ?? 'session')}; there are ${sites.map((site) => quoteName(site.settings.name)).join(', ')}`)
}
