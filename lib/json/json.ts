import { DefaultJSONProvider } from './default-provider.ts'
import type { JSONProvider } from './provider.ts'

const provider = new DefaultJSONProvider()
let current = (): JSONProvider => provider

/** Makes the functions of `json` use another provider; the default one where `find` is not given or finds none. */
export function provideCurrent (find?: () => JSONProvider | undefined): void {
  current = find === undefined ? () => provider : () => find() ?? provider
}

type Functions = Pick<JSONProvider, 'dumps' | 'dump' | 'loads' | 'load'>

/**
 * The functions of the default provider, for code without an application, as `flask.json`. Inside handlers of an
 * application with the option `ambientJson` they are those of that application's provider.
 */
export const json = Object.freeze({
  dumps: (...args) => current().dumps(...args),
  dump: (...args) => current().dump(...args),
  loads: (...args) => current().loads(...args),
  load: (...args) => current().load(...args)
} satisfies Functions) as Readonly<Functions>
