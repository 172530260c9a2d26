import type { SessionOptions } from './session-options.ts'
import type { StoredSettings } from '../stores/stored-interface.ts'

/** How many seconds a store may take to answer, by default. */
const TIMEOUT = 2
/** The most bytes of a session in a store, by default. */
const MAX_SIZE = 256 * 1024

type StoreSettings = Pick<StoredSettings, 'store' | 'owner' | 'storeTimeout' | 'maxSessionSize'>

/** The settings for sessions in a store. Throws a `TypeError` for options that do not go together. */
export function storeOptions (options: SessionOptions, warnings: string[]): StoreSettings {
  const { store, owner, storeTimeout = TIMEOUT, maxSessionSize = MAX_SIZE } = options
  if (store === undefined) checkAbsent(options, ['owner', 'storeTimeout', 'maxSessionSize'], 'needs the option store')
  else {
    checkAbsent(options, ['format', 'compress', 'sessionInterface'], 'does not go with the option store')
    checkStored(options)
    if (store.warning !== undefined && process.env.NODE_ENV === 'production') warnings.push(store.warning)
  }
  return { store, owner, storeTimeout, maxSessionSize }
}

function checkAbsent (options: SessionOptions, names: ReadonlyArray<keyof SessionOptions>, rule: string): void {
  const given = names.find((name) => options[name] !== undefined && options[name] !== false)
  if (given !== undefined) throw new TypeError(`The session option ${given} ${rule}`)
}

function checkStored ({ store, owner, lifetime = 0, permanentLifetime = 0 }: SessionOptions): void {
  if (Math.max(lifetime, permanentLifetime) === Infinity) {
    throw new TypeError('The session option lifetime has to be finite with the option store, ' +
      'which would never forget a session otherwise')
  }
  if (owner !== undefined && (store?.list === undefined || store.destroyAll === undefined)) {
    throw new TypeError('The session option owner needs a store with list and destroyAll')
  }
}
