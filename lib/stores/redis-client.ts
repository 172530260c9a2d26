import { isMethod } from '../option-checks.ts'
import type { RedisScript } from './redis-scripts.ts'

/** What is used of a client, a pool or a cluster of node-redis (`redis`). */
export interface NodeRedisClient {
  get (key: string): Promise<unknown>
  evalSha (sha: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
  eval (script: string, options: { keys: string[], arguments: string[] }): Promise<unknown>
}

/** What is used of a client or a cluster of ioredis, and of those with the same methods, such as iovalkey. */
export interface IORedisClient {
  get (key: string): Promise<unknown>
  evalsha (sha: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>
  eval (script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** The two things a store asks of Redis. Each is one round trip, but for the first run of a script on a server. */
export interface RedisCommands {
  /** Undefined or null for no such key. */
  get (key: string): Promise<unknown>
  run (script: RedisScript, key: string, args: readonly string[]): Promise<unknown>
}

/** Throws a `TypeError` for what is neither kind of client. */
export function commandsOf (client: NodeRedisClient | IORedisClient): RedisCommands {
  if (hasMethods(client, 'get', 'evalSha', 'eval')) return ofNodeRedis(client as NodeRedisClient)
  if (hasMethods(client, 'get', 'evalsha', 'eval')) return ofIORedis(client as IORedisClient)
  throw new TypeError('RedisStore expected a client of redis (node-redis) or ioredis as its first argument')
}

function hasMethods (client: unknown, ...names: string[]): boolean {
  return names.every((name) => isMethod(client, name))
}

function ofNodeRedis (client: NodeRedisClient): RedisCommands {
  return {
    get: (key) => client.get(key),
    run: ({ sha, text }, key, args) => {
      const options = { keys: [key], arguments: [...args] }
      return orWhole(() => client.evalSha(sha, options), () => client.eval(text, options))
    }
  }
}

function ofIORedis (client: IORedisClient): RedisCommands {
  return {
    get: (key) => client.get(key),
    run: ({ sha, text }, key, args) => orWhole(
      () => client.evalsha(sha, 1, key, ...args),
      () => client.eval(text, 1, key, ...args)
    )
  }
}

/** Sends the name of a script, and the whole script to a server that does not know the name: it is new or restarted. */
async function orWhole (bySha: () => Promise<unknown>, whole: () => Promise<unknown>): Promise<unknown> {
  try {
    return await bySha()
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await whole()
  }
}
