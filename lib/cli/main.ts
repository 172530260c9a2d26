import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { escapeControls } from '../path.ts'
import { type Arguments, parseArguments } from './arguments.ts'
import { HELP } from './help.ts'
import { inspectCommand } from './inspect.ts'
import { BadInput, UsageError } from './refusals.ts'
import { signCommand } from './sign.ts'
import type { Terminal } from './terminal.ts'

const commands: Record<Arguments['command'], (args: Arguments, terminal: Terminal) => number | Promise<number>> = {
  secret: ({ options }, { stdout }) => say(stdout, `${secret(options.json)}\n`),
  inspect: inspectCommand,
  sign: signCommand,
  help: (_args, { stdout }) => say(stdout, HELP),
  version: (_args, { stdout }) => say(stdout, `${version()}\n`)
}

/** The program: `argv` without the names of Node and of the file. Returns the exit code, which the help explains. */
export async function main (argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const args = parseArguments(argv)
    return await commands[args.command](args, terminal)
  } catch (error) {
    const isUsage = error instanceof UsageError
    if (!isUsage && !(error instanceof BadInput)) throw error
    terminal.stderr.write(`${escapeControls(error.message)}\n${isUsage ? 'See fastify-signed-session --help\n' : ''}`)
    return isUsage ? 2 : 1
  }
}

function say (stdout: Terminal['stdout'], text: string): number {
  stdout.write(text)
  return 0
}

const version = (): string => JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

function secret (asJSON = false): string {
  const secret = randomBytes(32).toString('base64url')
  return asJSON ? JSON.stringify({ secret }) : secret
}
