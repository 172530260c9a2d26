import type { Options } from './arguments.ts'
import { readNamedFile, readStdin, type Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** A secret and where it was found. */
export interface FoundSecret {
  readonly secret: string | Buffer
  readonly source: string
  /** The secret with the line break that ended its file, where there was one. */
  readonly whole?: Buffer
}

const DEFAULT_VARIABLE = 'SESSION_SECRET'

/** The secrets that the options name, or the default one if it is there. Throws a `UsageError` where one is missing. */
export async function readSecrets (options: Options, terminal: Terminal): Promise<FoundSecret[]> {
  const { 'secret-env': variables = [], 'secret-file': files = [], 'secret-stdin': fromStdin = false } = options
  const found = variables.map((name) => fromVariable(name, terminal))
  for (const file of files) {
    found.push(withoutLineBreak(await readNamedFile(file), `the file ${file}`))
  }
  if (fromStdin) {
    found.push(withoutLineBreak(await readStdin(terminal, 'the secret'), 'standard input'))
  }
  for (const { secret, source } of found) {
    if (secret.length === 0) throw new UsageError(`There is no secret in ${source}`)
  }
  return found.length === 0 && terminal.env[DEFAULT_VARIABLE] ? [fromVariable(DEFAULT_VARIABLE, terminal)] : found
}

function fromVariable (name: string, { env }: Terminal): FoundSecret {
  return { secret: env[name] ?? '', source: `the environment variable ${name}` }
}

function withoutLineBreak (whole: Buffer, source: string): FoundSecret {
  if (whole.at(-1) !== 0x0a) return { secret: whole, source }
  return { secret: whole.subarray(0, whole.at(-2) === 0x0d ? -2 : -1), source, whole }
}

/** Adds the secrets as an application has them that leaves the line break of a file in its secret. */
export function withLineBreaks (found: readonly FoundSecret[]): FoundSecret[] {
  return found.flatMap((each) => each.whole === undefined
    ? [each]
    : [each, { secret: each.whole, source: `${each.source}, the line break at its end included` }])
}
