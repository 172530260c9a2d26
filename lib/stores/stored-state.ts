import type { SaveDecision } from '../session/decision.ts'
import type { Fields } from './fields.ts'
import type { StoredSession } from './store.ts'

/** What the store has of a session, or will have once it is moved there. */
export interface Kept extends Readonly<StoredSession> {
  readonly id: string
  /** Whether the store has it; not so for a session that is still whole in its cookie. */
  readonly isStored: boolean
  /** The texts of its values, as it was read or last saved. */
  readonly fields: Fields
}

/** What is known of an open session beside its contents. */
export interface StoredState {
  /** Undefined for a session that is new, or has ended. */
  kept: Kept | undefined
  /** What the saves so far want of the cookie; undefined for nothing. */
  decision: SaveDecision | undefined
  /** When its cookie was signed, in Unix seconds. */
  issuedAt: number
  /** Whether it ended elsewhere, or was lost: nothing of it is saved any more. */
  isOver: boolean
}
