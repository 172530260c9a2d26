import { parseArgs } from 'node:util'
import { refusing, UsageError } from './refusals.ts'

const flag = { type: 'boolean' } as const
const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const

const secret = { json: flag, help: { ...flag, short: 'h' }, secret: text } as const
const sources = { 'secret-env': texts, 'secret-file': texts, 'secret-stdin': flag } as const
const set = { name: text, format: text, salt: text, digest: text, 'key-derivation': text, lifetime: text } as const
const inspect = { ...secret, ...sources, ...set } as const
const sign = { ...inspect, compress: flag, encrypt: flag, tagged: flag } as const
const tables = { secret, inspect, sign }

/** The options of every command, as they were given. */
export type Options = ReturnType<typeof parseArgs<{ options: typeof sign }>>['values']

export interface Arguments {
  readonly command: keyof typeof tables | 'help' | 'version'
  /** The cookie, the JSON or its file; undefined for standard input. */
  readonly operand: string | undefined
  readonly options: Options
}

const SECRET_ARGUMENT = 'A secret is not taken from an argument, which other users of the machine can see and the ' +
  'shell keeps in its history. Put it into the environment as SESSION_SECRET, or give --secret-env NAME, ' +
  '--secret-file FILE or --secret-stdin'

/** The arguments as they are meant. Throws a `UsageError`. */
export function parseArguments ([command = '', ...args]: readonly string[]): Arguments {
  if (command === '--version') return { command: 'version', operand: undefined, options: {} }
  if (['--help', '-h', 'help'].includes(command)) return { command: 'help', operand: undefined, options: {} }
  if (!isCommand(command)) throw new UsageError('The first argument must be a command: secret, inspect or sign')
  const table = tables[command] as typeof sign
  const parse = () => parseArgs({ args, options: table, allowPositionals: true })
  const { values: options, positionals } = refusing(UsageError, parse)
  if (options.help) return { command: 'help', operand: undefined, options }
  if (options.secret !== undefined) throw new UsageError(SECRET_ARGUMENT)
  return { command, operand: operandOf(command, positionals, options), options }
}

const isCommand = (command: string): command is keyof typeof tables => Object.hasOwn(tables, command)

function operandOf (command: string, [given, ...others]: string[], options: Options): string | undefined {
  if (command === 'secret' && given !== undefined) throw new UsageError('secret takes no argument')
  if (others.length > 0) throw new UsageError(`${command} takes one argument; quote one with spaces or semicolons`)
  if (given !== undefined && given !== '-') return given
  const what = command === 'sign' ? 'JSON' : 'cookie'
  if (options['secret-stdin']) throw new UsageError(`The ${what} and the secret cannot both come from standard input`)
}
