import type { Options } from './arguments.ts'
import { readNamedFile, readStdin, type Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** A secret and where it was found. */
export interface FoundSecret {
  readonly secret: string | Buffer
  readonly source: string
}

const DEFAULT_VARIABLE = 'SESSION_SECRET'

/** The secrets that the options name, or the default one if it is there. Throws a `UsageError` where one is missing. */
export async function readSecrets (options: Options, terminal: Terminal): Promise<FoundSecret[]> {
  const { 'secret-env': variables = [], 'secret-file': files = [], 'secret-stdin': fromStdin = false } = options
  const found = variables.map((name) => fromVariable(name, terminal))
  for (const file of files) {
    found.push({ secret: withoutLineBreak(await readNamedFile(file)), source: `the file ${file}` })
  }
  if (fromStdin) {
    found.push({ secret: withoutLineBreak(await readStdin(terminal, 'the secret')), source: 'standard input' })
  }
  for (const { secret, source } of found) {
    if (secret.length === 0) {
      throw new UsageError(`There is no secret in ${source}`)
    }
  }
  return found.length === 0 && terminal.env[DEFAULT_VARIABLE] ? [fromVariable(DEFAULT_VARIABLE, terminal)] : found
}

function fromVariable (name: string, { env }: Terminal): FoundSecret {
  return { secret: env[name] ?? '', source: `the environment variable ${name}` }
}

function withoutLineBreak (bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length
  return bytes.subarray(0, end > 0 && end < bytes.length && bytes[end - 1] === 0x0d ? end - 1 : end)
}
