import { MemoryStore } from 'fastify-signed-session'
import { secretOf } from '../secret.js'
import { storeFor } from '../store.js'
import { build } from './app.ts'
import type { Mail } from './links.ts'

const { PORT = '3000', ORIGIN, NODE_ENV } = process.env
const origin = ORIGIN ?? `http://localhost:${PORT}`

/** In place of a mail server. */
function print ({ to, subject, url }: Mail): void {
  console.log(`Mail to ${to}: ${subject}: ${url}`)
}

const app = await build({
  secret: secretOf(process.env, 'npm run start:accounts'),
  store: await storeFor(process.env) ?? new MemoryStore(),
  origin,
  send: ORIGIN !== undefined || NODE_ENV === 'production' ? print : undefined,
  server: { logger: { level: 'warn' } }
})
await app.listen({ port: Number(PORT) })
console.log(`Open ${origin}`)
