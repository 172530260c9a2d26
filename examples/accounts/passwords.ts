import type { FastifyInstance } from 'fastify'
import type { Services } from './app.ts'
import { flash, viewOf } from './flash.ts'
import { form } from './forms.ts'
import { signIn } from './guard.ts'
import { isPassword } from './hashes.ts'
import { byAddress, bySession } from './limits.ts'
import { deadLinkPage, forgotPage, passwordPage, resetPage } from './pages.ts'

const REFUSED = 'The present password is wrong, or it was changed meanwhile.'

/** Behind the guard. A change ends all other sessions of the account, and begins this one anew. */
export function addPasswordChange (scope: FastifyInstance, { accounts }: Services): void {
  scope.get('/password', async (request) => passwordPage(viewOf(request)))

  const options = { schema: { body: form(['current', 'password']) }, config: bySession }
  scope.post<{ Body: { current: string, password: string } }>('/password', options, async (request, reply) => {
    const { account, session, body } = request
    const isRight = await isPassword(body.current, account.password)
    const changed = isRight ? await accounts.changePassword(account, body.password) : undefined
    if (changed === undefined) return reply.code(403).send(passwordPage(viewOf(request), REFUSED))
    signIn(session, changed, { userAgent: session.userAgent, permanent: session.permanent })
    const ended = await scope.sessionInterface.endAll(changed.id, { except: session })
    flash(session, `Your password is changed. Other sessions ended: ${ended}.`)
    return reply.redirect('/', 303)
  })
}

export function addForgotPassword (app: FastifyInstance, { accounts, resetLinks }: Services): void {
  app.get('/forgot', async (request) => forgotPage(viewOf(request)))

  const options = { schema: { body: form(['email']) }, config: byAddress }
  app.post<{ Body: { email: string } }>('/forgot', options, async ({ body, session }, reply) => {
    const account = accounts.findByEmail(body.email)
    if (account !== undefined) resetLinks.send(account)
    flash(session, 'If that address has an account, we sent it a mail.')
    return reply.redirect('/sign-in', 303)
  })
}

/** A reset signs nobody in, and ends all sessions. The link came by mail, so it confirms the address too. */
export function addPasswordReset (app: FastifyInstance, { accounts, resetLinks }: Services): void {
  const query = { schema: { querystring: form(['token']) } }
  app.get<{ Querystring: { token: string } }>('/reset', query, async (request, reply) => {
    const { token } = request.query
    return resetLinks.accountOf(token) ? resetPage(viewOf(request), token) : reply.code(410).send(deadLinkPage())
  })

  const options = { schema: { body: form(['token', 'password']) }, config: byAddress }
  app.post<{ Body: { token: string, password: string } }>('/reset', options, async ({ body, session }, reply) => {
    const account = resetLinks.accountOf(body.token)
    const changed = account && await accounts.changePassword(account, body.password)
    if (changed === undefined) return reply.code(410).send(deadLinkPage())
    accounts.confirm(changed)
    await app.sessionInterface.endAll(changed.id)
    flash(session, 'Your password is changed. Sign in with it.')
    return reply.redirect('/sign-in', 303)
  })
}
