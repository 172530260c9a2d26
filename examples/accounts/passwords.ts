import type { FastifyInstance } from 'fastify'
import type { Services } from './app.ts'
import { flash, viewOf } from './flash.ts'
import { form } from './forms.ts'
import { signIn } from './guard.ts'
import { isPassword } from './hashes.ts'
import { byAddress, bySession } from './limits.ts'
import { deadLinkPage, forgotPage, passwordPage, registerPage, resetPage, sentPage } from './pages.ts'

const REFUSED = 'The present password is wrong, or it was changed meanwhile.'

/** Behind the guard. A change ends all other sessions of the account, and begins this one anew. */
export function addPasswordChange (scope: FastifyInstance, { accounts }: Services): void {
  scope.get('/password', async (request) => passwordPage(viewOf(request)))

  const options = { schema: { body: form(['current', 'password']) }, config: bySession }
  scope.post<{ Body: { current: string, password: string } }>('/password', options, async (request, reply) => {
    const { account, session, body } = request
    const isRight = await isPassword(body.current, account.password)
    const changed = isRight ? await accounts.setPassword(account, body.password) : undefined
    if (changed === undefined) return reply.code(403).send(passwordPage(viewOf(request), REFUSED))
    signIn(session, changed, { userAgent: session.userAgent, permanent: session.permanent })
    const ended = await scope.sessionInterface.endAll(changed.id, { except: session })
    flash(session, `Your password is changed. Other sessions ended: ${ended}.`)
    return reply.redirect('/', 303)
  })
}

const email = { schema: { body: form(['email']) }, config: byAddress }

/**
 * The password is chosen behind the link, so that nobody can choose it who does not read the mails of the address. The
 * answer comes without a flash: each visitor would get a session, and many could fill the store.
 */
export function addRegister (app: FastifyInstance, { accounts, links }: Services): void {
  app.get('/register', async (request) => registerPage(viewOf(request)))
  app.post<{ Body: { email: string } }>('/register', email, async ({ body }, reply) => {
    links.send(accounts.stateOf(body.email))
    return reply.redirect('/sent', 303)
  })
  app.get('/sent', async (request) => sentPage(viewOf(request)))
}

export function addForgotPassword (app: FastifyInstance, { accounts, links }: Services): void {
  app.get('/forgot', async (request) => forgotPage(viewOf(request)))
  app.post<{ Body: { email: string } }>('/forgot', email, async ({ body }, reply) => {
    const account = accounts.findByEmail(body.email)
    if (account !== undefined) links.send(account)
    return reply.redirect('/sent', 303)
  })
}

/**
 * The first password makes the account, and another ends all sessions. Nobody is signed in. The link only shows a page,
 * since programs that scan mails follow it too.
 */
export function addPasswordReset (app: FastifyInstance, { accounts, links }: Services): void {
  const query = { schema: { querystring: form(['token']) } }
  app.get<{ Querystring: { token: string } }>('/reset', query, async (request, reply) => {
    const state = links.stateOf(request.query.token)
    return state ? resetPage(viewOf(request), state.email, request.query.token) : reply.code(410).send(deadLinkPage())
  })

  const options = { schema: { body: form(['token', 'password']) }, config: byAddress }
  app.post<{ Body: { token: string, password: string } }>('/reset', options, async ({ body, session }, reply) => {
    const state = links.stateOf(body.token)
    const account = state && await accounts.setPassword(state, body.password)
    if (account === undefined) return reply.code(410).send(deadLinkPage())
    await app.sessionInterface.endAll(account.id)
    flash(session, 'Your password is set. Sign in with it.')
    return reply.redirect('/sign-in', 303)
  })
}
