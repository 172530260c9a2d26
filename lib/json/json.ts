import { DefaultJSONProvider } from './default-provider.ts'
import type { JSONProvider } from './provider.ts'

const provider = new DefaultJSONProvider()
let current = (): JSONProvider => provider

/** Makes the functions of `json` use another provider; the default one where `find` is not given or finds none. */
export function provideCurrent (find?: () => JSONProvider | undefined): void {
  current = find === undefined ? () => provider : () => find() ?? provider
}

type Functions = Pick<JSONProvider, 'dumps' | 'dump' | 'loads' | 'load'>

/** As `flask.json`: the default provider's functions, or in handlers of an application with `ambientJson` its own. */
export const json = Object.freeze({
  dumps: (...args) => current().dumps(...args),
  dump: (...args) => current().dump(...args),
  loads: (...args) => current().loads(...args),
  load: (...args) => current().load(...args)
} satisfies Functions) as Readonly<Functions>
