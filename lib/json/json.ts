import { DefaultJSONProvider } from './default-provider.ts'
import type { JSONProvider } from './provider.ts'

const provider = new DefaultJSONProvider()
let current = (): JSONProvider => provider

/** Has the functions of `json` use another provider, or where none is given the default one. */
export function provideCurrent (find?: () => JSONProvider | undefined): void {
  current = find === undefined ? () => provider : () => find() ?? provider
}

/**
 * The functions of the default provider, for code without an application, as `flask.json`. Inside handlers of an
 * application with the option `ambientJson` they are those of that application's provider.
 */
export const json = Object.freeze({
  dumps: (...args) => current().dumps(...args),
  dump: (...args) => current().dump(...args),
  loads: (...args) => current().loads(...args),
  load: (...args) => current().load(...args)
} satisfies Pick<JSONProvider, 'dumps' | 'dump' | 'loads' | 'load'>) as Readonly<Pick<JSONProvider, 'dumps' | 'dump' | 'loads' | 'load'>>
