import assert from 'node:assert/strict'
import { allocatedBy } from '../allocated.js'
import { buildApplication, cookieOf, SESSION_PEERS } from '../applications.js'
import { Dispatcher, parseResponse } from '../dispatch.js'
import { figure } from '../figures.js'
import { several } from '../payloads.js'
import { requestsFor } from '../requests.js'

const WARM_UP = 50_000

/** What a session adds to the memory that a request takes and leaves to the collector. */
export async function allocation ({ isQuick }) {
  const requests = isQuick ? 5000 : 50_000
  const figures = []
  for (const use of ['read', 'write']) {
    const bytes = await bytesByKind(use, requests)
    const added = (kind) => bytes[kind] - bytes.bare
    figures.push(figure(`allocated-${use}`, added('ours') / added('least'), 'x what the least adds'))
    for (const kind of Object.keys(bytes)) {
      if (kind !== 'bare') figures.push(figure(`allocated-${use}-${kind}`, added(kind), 'bytes added to a request'))
    }
  }
  return figures
}

async function bytesByKind (use, requests) {
  const bytes = {}
  let borrowed // by bare Fastify, which has no cookies
  for (const kind of ['ours', 'least', ...SESSION_PEERS, 'bare']) {
    const app = await buildApplication(kind)
    const cookies = kind === 'bare' ? borrowed : await Promise.all(several((index) => cookieOf(app, index)))
    if (kind === 'ours') borrowed = cookies
    const dispatcher = new Dispatcher(app, requestsFor(use, cookies))
    assert.equal(parseResponse(await dispatcher.capture()).status, 200)
    await dispatcher.run(WARM_UP)
    bytes[kind] = await allocatedBy(dispatcher.run, requests)
    await app.close()
  }
  return bytes
}
