import { type Secret, URLSafeTimedSerializer } from 'fastify-signed-session'
import type { Accounts, State } from './accounts.ts'

export interface Mail {
  to: string
  subject: string
  url: string
}

export interface LinkOptions {
  /** Such as `https://app.example`. Never taken from the request, whose `Host` an attacker may choose. */
  origin: string
  secret: Secret
  accounts: Accounts
  send: (mail: Mail) => void
}

const HALF_AN_HOUR = 30 * 60

/** Links to the page where a password is chosen, sent by mail. The server keeps nothing of them. */
export class Links {
  readonly #tokens: URLSafeTimedSerializer
  readonly #options: LinkOptions

  constructor (options: LinkOptions) {
    // Encrypted, since addresses of pages are logged and mail addresses are personal.
    this.#tokens = new URLSafeTimedSerializer(options.secret, { salt: '/reset', maxAge: HALF_AN_HOUR, encrypt: true })
    this.#options = options
  }

  send ({ email, passwordVersion }: State): void {
    const { send, origin } = this.#options
    const token = this.#tokens.dumps({ email, passwordVersion })
    send({ to: email, subject: 'Choose your password', url: `${origin}/reset?token=${token}` })
  }

  /** What a token is good for; undefined where it was used, is too old or is not ours. */
  stateOf (token: string): State | undefined {
    const state = this.#read(token)
    if (state === undefined) return undefined
    const present = this.#options.accounts.stateOf(state.email)
    return present.passwordVersion === state.passwordVersion ? state : undefined
  }

  #read (token: string): State | undefined {
    try {
      return this.#tokens.loads(token) as State
    } catch {
      return undefined // its signature does not hold, or it is too old
    }
  }
}
