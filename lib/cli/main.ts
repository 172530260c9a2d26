import { readFileSync } from 'node:fs'
import { escapeControls } from '../path.ts'
import { type Arguments, parseArguments } from './arguments.ts'
import { HELP } from './help.ts'
import { inspectCommand } from './inspect.ts'
import { NoCookie } from './pasted-cookie.ts'
import { secretCommand } from './secret.ts'
import { BadInput, signCommand } from './sign.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

const commands: Record<Arguments['command'], (args: Arguments, terminal: Terminal) => number | Promise<number>> = {
  secret: secretCommand,
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
    if (!(error instanceof UsageError || error instanceof NoCookie || error instanceof BadInput)) throw error
    const hint = error instanceof UsageError ? '\nSee fastify-signed-session --help' : ''
    terminal.stderr.write(`${escapeControls(error.message)}${hint}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

function say (stdout: Terminal['stdout'], text: string): number {
  stdout.write(text)
  return 0
}

function version (): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
