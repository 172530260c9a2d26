import { MemoryStore } from 'fastify-signed-session'
import { secretOf } from '../secret.js'
import { storeFor } from '../store.js'
import { build } from './app.ts'
import type { Mail } from './links.ts'

const { PORT = '3000', ORIGIN = `http://localhost:${PORT}`, NODE_ENV } = process.env

/** In place of a mail server. */
function print ({ to, subject, url }: Mail): void {
  console.log(`Mail to ${to}: ${subject}: ${url}`)
}

const app = await build({
  secret: secretOf(process.env, 'npm run start:accounts'),
  store: await storeFor(process.env) ?? new MemoryStore(),
  origin: ORIGIN,
  send: NODE_ENV === 'production' ? print : undefined,
  server: { logger: { level: 'warn' } }
})
await app.listen({ port: Number(PORT) })
console.log(`Open ${ORIGIN}`)
