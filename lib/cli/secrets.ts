import type { Options } from './arguments.ts'
import { UsageError } from './refusals.ts'
import { readNamedFile, readStdin, type Terminal } from './terminal.ts'

/** A secret and where it was found. */
export type FoundSecret = Readonly<{ secret: string | Buffer, source: string }>

const DEFAULT_VARIABLE = 'SESSION_SECRET'

/** The secrets that the options name, or the default one if it is there. Throws a `UsageError` where one is missing. */
export async function readSecrets (options: Options, terminal: Terminal): Promise<FoundSecret[]> {
  const { 'secret-env': variables = [], 'secret-file': files = [], 'secret-stdin': fromStdin = false } = options
  const found = variables.map((name) => fromVariable(name, terminal))
  for (const file of files) found.push(fromBytes(await readNamedFile(file), `the file ${file}`))
  if (fromStdin) found.push(fromBytes(await readStdin(terminal, 'the secret'), 'standard input'))
  const missing = found.find(({ secret }) => secret.length === 0)
  if (missing !== undefined) throw new UsageError(`There is no secret in ${missing.source}`)
  return found.length === 0 && terminal.env[DEFAULT_VARIABLE] ? [fromVariable(DEFAULT_VARIABLE, terminal)] : found
}

const fromVariable = (name: string, { env }: Terminal): FoundSecret =>
  ({ secret: env[name] ?? '', source: `the environment variable ${name}` })

function fromBytes (bytes: Buffer, source: string): FoundSecret {
  const end = bytes.at(-1) !== 0x0a ? bytes.length : bytes.at(-2) === 0x0d ? -2 : -1
  return { secret: bytes.subarray(0, end), source }
}
