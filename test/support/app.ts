import Fastify, { type FastifyInstance, type FastifyRequest, type FastifyServerOptions } from 'fastify'
import { sessionPlugin } from '../../lib/index.ts'
import type { SessionOptions } from '../../lib/options/session-options.ts'

/** A secret that the rules accept. */
export const SECRET = 'correct horse battery staple, thrice over'
export const OTHER_SECRET = 'another one that is long enough, 0123456789'

export interface LogLine {
  level: number
  msg: string
  [key: string]: unknown
}

/** An application with the plugin, and everything it logs. */
export async function buildApp (
  options: Partial<SessionOptions<FastifyRequest>> = {},
  server: FastifyServerOptions = {}
): Promise<{ app: FastifyInstance, logs: LogLine[] }> {
  const logs: LogLine[] = []
  const stream = { write (line: string) { logs.push(JSON.parse(line)) } }
  const app = Fastify({ logger: { level: 'debug', stream }, ...server }) as unknown as FastifyInstance
  await app.register(sessionPlugin, { secret: SECRET, ...options })
  return { app, logs }
}

/** What the application logged as an error or worse. */
export function errorsOf (logs: readonly LogLine[]): LogLine[] {
  return logs.filter(({ level }) => level >= 50)
}

/** Every `Set-Cookie` line of a response. */
export function setCookies (headers: Record<string, unknown>): string[] {
  const value = headers['set-cookie']
  return value === undefined ? [] : Array.isArray(value) ? value : [`${value}`]
}

/**
 * The `name=value` that a browser would send back after this response, or undefined where it was deleted or not set.
 */
export function cookieFrom (headers: Record<string, unknown>, name = 'session'): string | undefined {
  const line = setCookies(headers).find((each) => each.startsWith(`${name}=`))
  return line === undefined || line.startsWith(`${name}=;`) ? undefined : line.split(';')[0]
}

/** The value of a `name=value` cookie. */
export function valueOf (cookie: string | undefined): string {
  return cookie!.slice(cookie!.indexOf('=') + 1)
}
