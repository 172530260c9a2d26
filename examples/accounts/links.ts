import { type Secret, URLSafeTimedSerializer } from 'fastify-signed-session'
import type { Account, Accounts } from './accounts.ts'

export interface Mail {
  to: string
  subject: string
  url: string
}

export interface LinkOptions {
  /** Where the link leads. It is part of the signing key, so that a link to one page is none to another. */
  path: string
  subject: string
  /** Seconds. */
  maxAge: number
  /** What using a link changes. A link holds the state it was made in, and is good for that alone: it works once. */
  state: (account: Account) => unknown
  /** Such as `https://app.example`. Never taken from the request, whose `Host` an attacker may choose. */
  origin: string
  secret: Secret
  accounts: Accounts
  send: (mail: Mail) => void
}

/** Links with signed tokens, sent by mail. The server keeps nothing of them. */
export class Links {
  readonly #tokens: URLSafeTimedSerializer
  readonly #options: LinkOptions

  constructor (options: LinkOptions) {
    this.#tokens = new URLSafeTimedSerializer(options.secret, { salt: options.path, maxAge: options.maxAge })
    this.#options = options
  }

  send (account: Account): void {
    const { send, subject, origin, path, state } = this.#options
    const token = this.#tokens.dumps({ id: account.id, state: state(account) })
    send({ to: account.email, subject, url: `${origin}${path}?token=${token}` })
  }

  /** The account that a token is for; undefined where it was used, is too old or is not ours. */
  accountOf (token: string): Account | undefined {
    const { accounts, state: stateOf } = this.#options
    const { id, state } = this.#read(token)
    const account = accounts.find(id)
    return account !== undefined && stateOf(account) === state ? account : undefined
  }

  #read (token: string): { id?: unknown, state?: unknown } {
    try {
      return this.#tokens.loads(token) as object
    } catch {
      return {} // its signature does not hold, or it is too old
    }
  }
}
