import { parseArgs, type ParseArgsConfig } from 'node:util'
import { escapeControls } from '../path.ts'
import { UsageError } from './usage-error.ts'

type OptionTable = NonNullable<ParseArgsConfig['options']>

/** The options of every command, as they were given. */
export interface Options {
  readonly json?: boolean
  readonly help?: boolean
  readonly secret?: string
  readonly 'secret-env'?: string[]
  readonly 'secret-file'?: string[]
  readonly 'secret-stdin'?: boolean
  readonly name?: string
  readonly format?: string
  readonly salt?: string
  readonly digest?: string
  readonly 'key-derivation'?: string
  readonly lifetime?: string
  readonly compress?: boolean
  readonly tagged?: boolean
}

export interface Arguments {
  readonly command: 'secret' | 'inspect' | 'sign' | 'help' | 'version'
  /** The cookie, the JSON or its file; undefined for standard input. */
  readonly operand: string | undefined
  readonly options: Options
}

const flag = { type: 'boolean' } as const
const text = { type: 'string' } as const
const texts = { type: 'string', multiple: true } as const

const common: OptionTable = { json: flag, help: { ...flag, short: 'h' }, secret: text }
const cookie: OptionTable = {
  'secret-env': texts,
  'secret-file': texts,
  'secret-stdin': flag,
  name: text,
  format: text,
  salt: text,
  digest: text,
  'key-derivation': text,
  lifetime: text
}
const tables: Record<'secret' | 'inspect' | 'sign', OptionTable> = {
  secret: common,
  inspect: { ...common, ...cookie },
  sign: { ...common, ...cookie, compress: flag, tagged: flag }
}

/** The arguments as they are meant. Throws a `UsageError`. */
export function parseArguments ([command, ...rest]: readonly string[]): Arguments {
  if (command === undefined) throw new UsageError('A command is missing: secret, inspect or sign')
  if (command === '--help' || command === '-h' || command === 'help') {
    return { command: 'help', operand: undefined, options: {} }
  }
  if (command === '--version') return { command: 'version', operand: undefined, options: {} }
  if (!isCommand(command)) throw new UsageError('The first argument must be a command: secret, inspect or sign')
  const { options, operands } = parse(command, rest)
  if (options.help) return { command: 'help', operand: undefined, options }
  if (options.secret !== undefined) throw new UsageError(SECRET_ARGUMENT)
  return { command, operand: operandOf(command, operands), options }
}

const SECRET_ARGUMENT =
  'A secret is not taken from an argument, ' +
  'which other users of the machine can see and the shell keeps in its history. ' +
  'Put it into the environment as SESSION_SECRET, or give --secret-env NAME, --secret-file FILE or --secret-stdin'

function isCommand (command: string): command is 'secret' | 'inspect' | 'sign' {
  return Object.hasOwn(tables, command)
}

function parse (command: 'secret' | 'inspect' | 'sign', args: string[]): { options: Options, operands: string[] } {
  try {
    const { values, positionals } = parseArgs({ args, options: tables[command], allowPositionals: true })
    return { options: values as Options, operands: positionals }
  } catch (error) {
    throw new UsageError(escapeControls((error as Error).message))
  }
}

function operandOf (command: keyof typeof tables, operands: string[]): string | undefined {
  const [operand] = operands
  if (command === 'secret' && operand !== undefined) throw new UsageError('secret takes no argument')
  if (operands.length > 1) {
    throw new UsageError(`${command} takes one argument; quote one that holds spaces or semicolons`)
  }
  return operand === '-' ? undefined : operand
}
