import { randomUUID } from 'node:crypto'
import { hashOfNobody, hashPassword, isPassword, type PasswordHash } from './hashes.ts'

/** A change makes another object, so that a request keeps the state that it has seen. */
export interface Account {
  /** Random: a session that outlives this process opens nobody's account in the next. */
  readonly id: string
  readonly email: string
  readonly password: PasswordHash
  /** Counts the changes of the password. A session is good for the version that it was signed in with. */
  readonly passwordVersion: number
  readonly isConfirmed: boolean
}

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
    return [...this.#accounts.values()].find((account) => account.email === normalized(email))
  }

  /** Undefined where the address has an account already, and no sooner. */
  async create (email: string, password: string): Promise<Account | undefined> {
    const hash = await hashPassword(password, this.#cost)
    if (this.findByEmail(email) !== undefined) return undefined
    return this.#keep({
      id: randomUUID(), email: normalized(email), password: hash, passwordVersion: 1, isConfirmed: false
    })
  }

  /**
   * The confirmed account of an address and a password, as it was when they were compared. Undefined for an unknown
   * address takes as long as for a wrong password.
   */
  async authenticate (email: string, password: string): Promise<Account | undefined> {
    const account = this.findByEmail(email)
    const isRight = await isPassword(password, account?.password ?? hashOfNobody(this.#cost))
    return isRight && account?.isConfirmed ? account : undefined
  }

  /** Undefined where another request has changed it since `account` was read: `… WHERE password_version = $1`. */
  async changePassword ({ id, passwordVersion }: Account, password: string): Promise<Account | undefined> {
    const hash = await hashPassword(password, this.#cost)
    const account = this.find(id)
    if (account?.passwordVersion !== passwordVersion) return undefined
    return this.#keep({ ...account, password: hash, passwordVersion: passwordVersion + 1 })
  }

  confirm ({ id }: Account): void {
    this.#keep({ ...this.#accounts.get(id)!, isConfirmed: true })
  }

  #keep (account: Account): Account {
    this.#accounts.set(account.id, account)
    return account
  }
}

function normalized (email: string): string {
  return email.trim().toLowerCase()
}
