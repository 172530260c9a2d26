import type { SessionOptions } from '../session/options.ts'
import { resolveOptions, type SessionSettings } from '../session/settings.ts'
import type { Secret } from '../signing/keys.ts'
import type { Options } from './arguments.ts'
import { UsageError } from './usage-error.ts'

/** The settings of an application with these options. Throws a `UsageError` for what the plugin would refuse. */
export function settingsFor (secret: Secret, options: Options, own: Partial<SessionOptions>): SessionSettings {
  const { format, salt, digest, 'key-derivation': keyDerivation, lifetime } = options
  try {
    return resolveOptions({
      secret, format, salt, digest, keyDerivation, lifetime: secondsOf(lifetime), cookieName: options.name, ...own
    } as SessionOptions)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function secondsOf (text: string | undefined): number | undefined {
  return text === undefined ? undefined : text.trim() === '' ? NaN : Number(text)
}
