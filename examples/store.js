import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryStore, RedisStore, SQLiteStore } from 'fastify-signed-session'

/** @typedef {import('fastify-signed-session').SessionStore} SessionStore */

/**
 * The store that the environment asks for, `STORE=memory`, `STORE=sqlite` or `REDIS_URL`; undefined where the cookie
 * keeps the session.
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Promise<SessionStore | undefined>}
 */
export async function storeFor ({ STORE, REDIS_URL }) {
  if (REDIS_URL !== undefined) return openRedis(REDIS_URL)
  if (STORE === undefined) return undefined
  if (STORE === 'memory') return new MemoryStore()
  if (STORE === 'sqlite') return openSQLite()
  throw new Error(`STORE is memory or sqlite, not ${STORE}`)
}

async function openSQLite () {
  const { DatabaseSync } = await load('node:sqlite', 'Node 22.13 or newer')
  const file = join(tmpdir(), 'fastify-signed-session-example.db')
  const store = new SQLiteStore(new DatabaseSync(file))
  await store.createTable()
  console.log(`Sessions are kept in ${file}`)
  return store
}

/** @param {string} url */
async function openRedis (url) {
  const { createClient } = await load('redis', 'the package redis: npm install --no-save redis')
  const client = createClient({ url, disableOfflineQueue: true })
  client.on('error', (/** @type {Error} */ error) => { console.error(error.message) })
  return new RedisStore(await client.connect())
}

/**
 * @param {string} name
 * @param {string} what
 */
async function load (name, what) {
  try {
    return await import(name)
  } catch (error) {
    throw new Error(`This store needs ${what}`, { cause: error })
  }
}
