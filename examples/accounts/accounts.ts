import { randomUUID } from 'node:crypto'
import { hashOfNobody, hashPassword, isPassword, type PasswordHash } from './hashes.ts'

/** A change makes another object, so that a request keeps the state that it has seen. */
export interface Account {
  /** Random: a session that outlives this process opens nobody's account in the next. */
  readonly id: string
  readonly email: string
  readonly password: PasswordHash
  /** Counts the passwords. A session is good for the one that it was signed in with. */
  readonly passwordVersion: number
}

/** How many passwords an address had: 0 where it has no account. */
export type State = Pick<Account, 'email' | 'passwordVersion'>

/** The accounts, in memory. In production they are a table, and each method is one statement. */
export class Accounts {
  readonly #accounts = new Map<string, Account>()
  readonly #cost: number

  /** `cost` is the N of scrypt. OWASP wants 2^15 with r = 8 and p = 3: 32 MiB and some 200 ms for each password. */
  constructor (cost: number) {
    this.#cost = cost
  }

  find (id: unknown): Account | undefined {
    return this.#accounts.get(String(id))
  }

  findByEmail (email: string): Account | undefined {
    return [...this.#accounts.values()].find((account) => account.email === email.toLowerCase())
  }

  stateOf (email: string): State {
    return this.findByEmail(email) ?? { email: email.toLowerCase(), passwordVersion: 0 }
  }

  /**
   * The account of an address and a password, as it was when they were compared. Undefined for an unknown address takes
   * as long as for a wrong password.
   */
  async authenticate (email: string, password: string): Promise<Account | undefined> {
    const account = this.findByEmail(email)
    const isRight = await isPassword(password, account?.password ?? hashOfNobody(this.#cost))
    return isRight ? account : undefined
  }

  /** Undefined where another request was faster since the state was read: `… WHERE password_version = $1`. */
  async setPassword ({ email, passwordVersion }: State, password: string): Promise<Account | undefined> {
    const hash = await hashPassword(password, this.#cost)
    const state = this.stateOf(email)
    if (state.passwordVersion !== passwordVersion) return undefined
    const account = { id: randomUUID(), ...state, password: hash, passwordVersion: passwordVersion + 1 }
    this.#accounts.set(account.id, account)
    return account
  }
}
