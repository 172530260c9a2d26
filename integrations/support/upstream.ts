import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { App } from './app.js'

/** A body too large for the buffers between two servers. */
export const BODY = 'x'.repeat(1_000_000)

/** The address of a server that answers everything with that body. */
export async function upstream (t: TestContext): Promise<string> {
  const server = http.createServer((_request, response) => { response.end(BODY) }).listen(0)
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections(); server.close() })
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

/** Asks many times for what cannot be saved, at once and one after the other, then once for what can be. */
export async function floodsAndServes (app: App, path: (text: string) => string): Promise<void> {
  const tooLarge = async (): Promise<void> => {
    const { statusCode, json } = await app.inject(path('x'.repeat(5000)))
    assert.deepEqual([statusCode, json().code], [500, 'FSS_ERR_COOKIE_TOO_LARGE'])
  }
  for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 10 }, tooLarge))
  for (let time = 0; time < 10; time++) await tooLarge()
  const { statusCode, body, cookies } = await app.inject(path('few'))
  assert.deepEqual([statusCode, body.length, cookies.length], [200, BODY.length, 1])
}
