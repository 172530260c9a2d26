import type { Check } from '../option-checks.ts'

/** The options of every store. */
export interface StoreOptions {
  /**
   * The current time in Unix seconds; a fraction is dropped. It alone decides what has expired, so that a database with
   * another clock changes nothing. Default the system clock.
   */
  now?: (() => number) | undefined
}

export const isClock: Check = [(value) => typeof value === 'function', 'must be a function that returns Unix seconds']

export function isCount (value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 1
}

/** The clock of a store, in whole seconds. */
export function clockOf ({ now = () => Date.now() / 1000 }: StoreOptions): () => number {
  return () => Math.floor(now())
}
