import type { SessionOptions } from '../options/session-options.ts'
import { resolveOptions } from '../options/resolve.ts'
import type { SessionSettings } from '../session/settings.ts'
import type { Secret } from '../signing/keys.ts'
import type { Options } from './arguments.ts'
import { refusing, UsageError } from './refusals.ts'

/** The settings of an application with these options. Throws a `UsageError` for what the plugin would refuse. */
export function settingsFor (secret: Secret, options: Options): SessionSettings {
  const { name: cookieName, format, salt, digest, 'key-derivation': keyDerivation, compress, encrypt } = options
  const lifetime = options.lifetime?.trim() === '' ? NaN : options.lifetime && Number(options.lifetime)
  const given = { secret, cookieName, format, salt, digest, keyDerivation, lifetime, compress, encrypt }
  return refusing(UsageError, () => resolveOptions(given as SessionOptions))
}
