/** What is to become of the cookie: left as it is, written anew, signed anew, or deleted. */
export type Action = 'keep' | 'save' | 'resign' | 'delete'

/** What the rules of saving look at. */
export interface Standing {
  /** Whether the session holds no key. */
  readonly isBlank: boolean
  /** Whether no valid cookie came. */
  readonly isNew: boolean
  /** `hasCookie`: whether a cookie of this name came, valid or not. */
  readonly origin: { readonly hasCookie: boolean }
  /** Whether it came with a key. */
  readonly cameFilled: boolean
  /** Whether nothing that came is left, by `clear` for instance. */
  readonly isReplaced: boolean
  /** Whether something was changed by a member of the session. */
  readonly modified: boolean
}

/** What becomes of an empty session: an id, a clock and `permanent` keep none by themselves. */
export function actionForBlank (standing: Standing): Action {
  const { isNew, origin, cameFilled, isReplaced, modified } = standing
  return modified && origin.hasCookie && (isNew || cameFilled || isReplaced) ? 'delete' : 'keep'
}

/**
 * What becomes of a session. `isChanged` says whether it differs from what came, `isDue` whether its signature is old
 * enough to be renewed or was made with an older secret.
 */
export function actionFor (standing: Standing, isChanged: boolean, isDue: boolean): Action {
  if (standing.isBlank) return actionForBlank(standing)
  return isChanged ? 'save' : isDue ? 'resign' : 'keep'
}
