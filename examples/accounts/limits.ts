import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/**
 * Limits the requests of a session, or of an address where nobody is signed in: without a cookie each request would be
 * a session of its own. The counts are in memory; with several processes they belong in a Redis.
 */
export async function addLimits (app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, { max: 200, timeWindow: '1 minute', keyGenerator: sessionOrAddress })
}

function sessionOrAddress (request: FastifyRequest): string {
  return request.session.has('userId') ? request.session.id : address(request)
}

/** One customer has all 2^64 IPv6 addresses that share the first half, so they count as one. */
const address = ({ ip }: FastifyRequest): string => normalizeIP(ip)

/** For routes where passwords or mails can be tried out. Each route counts by itself. */
export const byAddress = { rateLimit: { max: 10, keyGenerator: address } }

/** The same behind the guard: the password of somebody whose browser is open. */
export const bySession = { rateLimit: { max: 10 } }
