import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Session } from 'fastify-signed-session'
import type { Account } from './accounts.ts'
import type { Services } from './app.ts'
import { flash } from './flash.ts'

declare module 'fastify-signed-session' {
  interface SessionData {
    userId?: string
    passwordVersion?: number
    /** Names the device on the page of devices. */
    userAgent?: string | undefined
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in. Only routes behind the guard have it. */
    account: Account
  }
}

/** Seconds after the password was typed in which it is not asked for again. */
const FRESH = 10 * 60

/** What a session goes on with: `permanent` is "remember me", whether it outlives the browser's. */
type Kept = Pick<Session, 'userAgent' | 'permanent'>

/** Begins the session of an account: with a new id, and with nothing of what the session held before. */
export function signIn (session: Session, account: Account, { userAgent, permanent }: Kept): void {
  session.regenerate()
  session.update({ userId: account.id, passwordVersion: account.passwordVersion, userAgent })
  session.permanent = permanent
}

/** Lets only those pass who are signed in with the present password; for all routes of a scope. */
export function addGuard (scope: FastifyInstance, { accounts }: Services): void {
  scope.decorateRequest('account')
  scope.addHook('onRequest', async (request, reply) => {
    const { userId, passwordVersion } = request.session
    const account = accounts.find(userId)
    if (account === undefined || account.passwordVersion !== passwordVersion) {
      request.session.delete()
      return askToSignIn(reply, request.method === 'GET' ? request.url : '/')
    }
    request.account = account
  })
}

/**
 * A hook for routes that want the password to have been typed a short while ago, when the session began. Otherwise it
 * is asked for, and `next` is the page that follows.
 */
export function requireFresh (next: string) {
  return async ({ session }: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    if (Date.now() - session.createdAt!.getTime() <= FRESH * 1000) return undefined
    flash(session, 'Please type your password again first.')
    return askToSignIn(reply, next)
  }
}

function askToSignIn (reply: FastifyReply, next: string): FastifyReply {
  return reply.redirect(`/sign-in?next=${encodeURIComponent(next)}`, 303)
}
