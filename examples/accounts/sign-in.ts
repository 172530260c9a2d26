import type { FastifyInstance } from 'fastify'
import type { Services } from './app.ts'
import { viewOf } from './flash.ts'
import { form } from './forms.ts'
import { signIn } from './guard.ts'
import { byAddress } from './limits.ts'
import { localPath } from './local-path.ts'
import { signInPage } from './pages.ts'

interface Form {
  email: string
  current: string
  remember?: 'yes'
  next?: string
}

const REFUSED = 'The address or the password is wrong.'

export function addSignIn (app: FastifyInstance, { accounts }: Services): void {
  const query = { schema: { querystring: form([], ['next']) } }
  app.get<{ Querystring: { next?: string } }>('/sign-in', query, async (request) =>
    signInPage(viewOf(request), { next: request.query.next }))

  const options = { schema: { body: form(['email', 'current'], ['remember', 'next']) }, config: byAddress }
  app.post<{ Body: Form }>('/sign-in', options, async (request, reply) => {
    const { email, current, remember, next = '/' } = request.body
    const account = await accounts.authenticate(email, current)
    if (account === undefined) {
      return reply.code(403).send(signInPage(viewOf(request), { email, next, problem: REFUSED }))
    }
    const userAgent = String(request.headers['user-agent']).slice(0, 200)
    signIn(request.session, account, { userAgent, permanent: remember === 'yes' })
    return reply.redirect(localPath(next), 303)
  })

  app.post('/sign-out', async ({ session }, reply) => {
    session.delete()
    return reply.redirect('/sign-in', 303)
  })
}
