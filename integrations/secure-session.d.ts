/** Stands for the types of @fastify/secure-session, which @fastify/flash extends. Both redefine `request.session`. */
import type * as stub from '@fastify/secure-session'
export * from 'fastify-signed-session'
export interface SessionData {}
declare module 'fastify-signed-session' {
  interface SessionData extends stub.SessionData {}
}
