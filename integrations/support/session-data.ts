// The keys of the sessions here. @fastify/flash adds a key, so all others have to be named.
import type {} from 'fastify-signed-session'

declare module 'fastify-signed-session' {
  interface SessionData {
    bytes?: unknown
    cart?: unknown
    count?: unknown
    downloads?: unknown
    failed?: unknown
    fields?: unknown
    hits?: unknown
    large?: unknown
    last?: unknown
    nonce?: unknown
    returnTo?: unknown
    seen?: unknown
    session?: unknown
    theme?: unknown
    user?: unknown
    userId?: unknown
    visited?: unknown
  }
}
