/** What is to become of the cookie: nothing, a new value, or its end; and whether the response depends on it. */
export type SaveDecision =
  | { readonly action: 'keep' | 'delete', readonly vary: boolean }
  | {
    readonly action: 'set'
    readonly value: string
    /** The whole seconds for which the browser keeps the cookie; undefined for the end of its session. */
    readonly maxAge: number | undefined
    readonly vary: boolean
    /** Whether only the signature is new. Default false. */
    readonly isResigned?: boolean | undefined
  }

/** What a route says about saving. */
export interface SaveOptions {
  /** Whether a session that was only used may be signed anew once it is old enough. Default true. */
  refresh?: boolean | undefined
}

export const DELETE: SaveDecision = Object.freeze({ action: 'delete', vary: true })
export const KEEP_USED: SaveDecision = Object.freeze({ action: 'keep', vary: true })
export const KEEP_UNUSED: SaveDecision = Object.freeze({ action: 'keep', vary: false })
