import type { FastifyInstance } from 'fastify'
import type { Services } from './app.ts'
import { flash, viewOf } from './flash.ts'
import { form } from './forms.ts'
import { byAddress } from './limits.ts'
import { confirmPage, deadLinkPage, registerPage } from './pages.ts'

/** The answer is the same for an address that has an account. Only a mail to its owner says so. */
export function addRegister (app: FastifyInstance, { accounts, confirmLinks, resetLinks }: Services): void {
  app.get('/register', async (request) => registerPage(viewOf(request)))

  const options = { schema: { body: form(['email', 'password']) }, config: byAddress }
  app.post<{ Body: { email: string, password: string } }>('/register', options, async ({ body, session }, reply) => {
    const account = await accounts.create(body.email, body.password)
    if (account !== undefined) confirmLinks.send(account)
    else resetLinks.send(accounts.findByEmail(body.email)!)
    flash(session, 'We sent you a mail. Follow the link in it.')
    return reply.redirect('/sign-in', 303)
  })
}

/** The link only shows a page, since programs that scan mails follow it too. The button of that page confirms. */
export function addConfirm (app: FastifyInstance, { accounts, confirmLinks }: Services): void {
  const query = { schema: { querystring: form(['token']) } }
  app.get<{ Querystring: { token: string } }>('/confirm', query, async (request, reply) => {
    const { token } = request.query
    const account = confirmLinks.accountOf(token)
    return account ? confirmPage(viewOf(request), account.email, token) : reply.code(410).send(deadLinkPage())
  })

  const options = { schema: { body: form(['token']) } }
  app.post<{ Body: { token: string } }>('/confirm', options, async ({ body, session }, reply) => {
    const account = confirmLinks.accountOf(body.token)
    if (account === undefined) return reply.code(410).send(deadLinkPage())
    accounts.confirm(account)
    flash(session, 'Your address is confirmed. Sign in now.')
    return reply.redirect('/sign-in', 303)
  })
}
