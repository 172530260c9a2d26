import type { FastifyInstance } from 'fastify'
import { flash, viewOf } from './flash.ts'
import { requireFresh } from './guard.ts'
import { devicesPage } from './pages.ts'

/** Behind the guard: where somebody is signed in, and an end to each of it. */
export function addDevices (scope: FastifyInstance): void {
  const { sessionInterface } = scope
  scope.get('/devices', async (request) => {
    const { account, session } = request
    const devices = await sessionInterface.list(account.id, { current: session, data: ['userAgent'] })
    return devicesPage(viewOf(request), devices)
  })

  const options = { onRequest: requireFresh('/devices') }
  scope.post<{ Params: { key: string } }>('/devices/:key/end', options, async (request, reply) => {
    const { account, session, params } = request
    const isEnded = await sessionInterface.end(params.key, { owner: account.id })
    flash(session, isEnded ? 'That session has ended.' : 'There was no such session any more.')
    return reply.redirect('/devices', 303)
  })

  scope.post('/devices/end-others', options, async ({ account, session }, reply) => {
    const ended = await sessionInterface.endAll(account.id, { except: session })
    flash(session, `Other sessions ended: ${ended}.`)
    return reply.redirect('/devices', 303)
  })
}
