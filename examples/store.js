import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStore, RedisStore, SQLiteStore } from 'fastify-signed-session'

/** @typedef {import('fastify-signed-session').SessionStore} SessionStore */

/**
 * The store that the environment asks for, `STORE=memory`, `STORE=sqlite` or `REDIS_URL`; undefined where the cookie
 * keeps the session.
 * @param {NodeJS.ProcessEnv} environment
 * @param {(name: string) => Promise<any>} [load] Loads a module.
 * @returns {Promise<SessionStore | undefined>}
 */
export async function storeFor ({ STORE, REDIS_URL }, load = (name) => import(name)) {
  if (REDIS_URL !== undefined) return openRedis(REDIS_URL, load)
  if (STORE === undefined) return undefined
  if (STORE === 'memory') return new MemoryStore()
  if (STORE === 'sqlite') return openSQLite(load)
  throw new Error(`STORE is memory or sqlite, not ${STORE}`)
}

/** @param {(name: string) => Promise<any>} load */
async function openSQLite (load) {
  const { DatabaseSync } = await needed(load('node:sqlite'), 'Node 22.13 or newer')
  const file = join(tmpdir(), 'fastify-signed-session-example.db')
  const store = new SQLiteStore(new DatabaseSync(file))
  await store.createTable()
  console.log(`Sessions are kept in ${file}`)
  return store
}

/**
 * @param {string} url
 * @param {(name: string) => Promise<any>} load
 */
async function openRedis (url, load) {
  const { createClient } = await needed(load('redis'), 'the package redis: npm install --no-save redis')
  const client = createClient({ url, disableOfflineQueue: true })
  client.on('error', (/** @type {Error} */ error) => { console.error(error.message) })
  return new RedisStore(await client.connect())
}

/**
 * @param {Promise<any>} module
 * @param {string} what
 */
async function needed (module, what) {
  try {
    return await module
  } catch (error) {
    throw new Error(`This store needs ${what}`, { cause: error })
  }
}
