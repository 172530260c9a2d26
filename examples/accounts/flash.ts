import type { FastifyRequest } from 'fastify'
import type { Session } from 'fastify-signed-session'

declare module 'fastify-signed-session' {
  interface SessionData {
    flashes?: string[]
  }
}

/** Keeps a message for the next page. The plugin @fastify/flash does more. */
export function flash (session: Session, message: string): void {
  session.setDefault('flashes', []).push(message)
}

export interface View {
  flashes: string[]
  /** Of who is signed in. */
  email: string | undefined
  /** Whether mails are shown. */
  hasOutbox: boolean
}

/** What a page shows beside its content. It takes the messages out of the session, so that they are shown once. */
export function viewOf ({ session, account, server }: FastifyRequest): View {
  const hasOutbox = server.hasRoute({ method: 'GET', url: '/outbox' })
  return { flashes: session.pop('flashes', []), email: account?.email, hasOutbox }
}
