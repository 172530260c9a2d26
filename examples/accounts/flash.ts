import type { FastifyRequest } from 'fastify'
import type { Session } from 'fastify-signed-session'

declare module 'fastify-signed-session' {
  interface SessionData {
    flash?: string
  }
}

/** Keeps a message for the next page: one, so that no session grows. The plugin @fastify/flash does more. */
export function flash (session: Session, message: string): void {
  session.flash = message
}

export interface View {
  flash?: string | undefined
  /** Of who is signed in. */
  email?: string | undefined
  /** Whether mails are shown. */
  hasOutbox?: boolean
}

/** What a page shows beside its content. It takes the message out of the session, so that it is shown once. */
export function viewOf ({ session, account, server }: FastifyRequest): View {
  const hasOutbox = server.hasRoute({ method: 'GET', url: '/outbox' })
  return { flash: session.pop('flash'), email: account?.email, hasOutbox }
}
