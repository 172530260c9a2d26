import Fastify, { type FastifyError, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import sessionPlugin, { crossOriginProtection, type SessionStore } from 'fastify-signed-session'
import { Accounts } from './accounts.ts'
import { addDevices } from './devices.ts'
import { viewOf } from './flash.ts'
import { addForms } from './forms.ts'
import { addGuard } from './guard.ts'
import { addLimits } from './limits.ts'
import { Links, type Mail } from './links.ts'
import { accountPage, errorPage, outboxPage } from './pages.ts'
import { addForgotPassword, addPasswordChange, addPasswordReset, addRegister } from './passwords.ts'
import { addSignIn } from './sign-in.ts'
import { addStyle, headers } from './style.ts'

export interface Settings {
  secret: string | Buffer
  store: SessionStore
  /** Where browsers find the application, such as `https://app.example`. */
  origin: string
  /** Sends a mail. By default mails are shown to everybody at `/outbox`, for development. */
  send?: ((mail: Mail) => void) | undefined
  /** What a password costs: the N of scrypt, default 2^15. */
  cost?: number | undefined
  /** Such as `trustProxy`. Without it, all who come by a proxy share one limit. */
  server?: FastifyServerOptions
}

export interface Services {
  accounts: Accounts
  links: Links
}

const [HOUR, DAY] = [60 * 60, 24 * 60 * 60]

/** The application, ready to listen or to `inject` into. */
export async function build ({ secret, store, origin, send, cost = 2 ** 15, server }: Settings) {
  const app: FastifyInstance = Fastify({ bodyLimit: 16 * 1024, ...server })
  await app.register(crossOriginProtection) // before the session, so a refused request reads no store
  await app.register(sessionPlugin, {
    secret,
    store,
    owner: 'userId',
    cookieName: origin.startsWith('https:') ? '__Host-session' : 'session',
    lifetime: 2 * HOUR,
    permanentLifetime: 30 * DAY,
    absoluteLifetime: 30 * DAY
  })
  await addLimits(app)
  addForms(app)
  addErrors(app)
  app.addHook('onRequest', async (_request, reply) => { reply.headers(headers) })
  const accounts = new Accounts(cost)
  await addPages(app, { accounts, links: new Links({ origin, secret, accounts, send: send ?? addOutbox(app) }) })
  return app
}

async function addPages (app: FastifyInstance, services: Services): Promise<void> {
  addStyle(app)
  for (const add of [addRegister, addSignIn, addForgotPassword, addPasswordReset]) add(app, services)
  await app.register(async (scope) => {
    addGuard(scope, services)
    scope.get('/', async (request) => accountPage(viewOf(request), request.session))
    addDevices(scope)
    addPasswordChange(scope, services)
  })
}

function addOutbox (app: FastifyInstance): (mail: Mail) => void {
  const mails: Mail[] = []
  app.get('/outbox', async (request) => outboxPage(viewOf(request), mails))
  return (mail) => { mails.unshift(mail) }
}

/** These pages use no session, since it may be the store that failed. */
function addErrors (app: FastifyInstance): void {
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send(errorPage('There is no such page.')))
  app.setErrorHandler(async (error: FastifyError & { headers?: Record<string, string> }, request, reply) => {
    const { statusCode = 500, message } = error
    if (statusCode >= 500) request.log.error(error)
    reply.code(statusCode).removeHeader('location').headers({ ...headers, ...error.headers })
    return errorPage(statusCode < 500 ? message : 'Something went wrong here. Please try again in a minute.')
  })
}
