import { randomBytes } from 'node:crypto'
import type { Arguments } from './arguments.ts'
import type { Terminal } from './terminal.ts'

const SECRET_BYTES = 32

/** The command `secret`: prints one and returns the exit code. */
export function secretCommand ({ options }: Arguments, { stdout }: Terminal): number {
  const secret = randomBytes(SECRET_BYTES).toString('base64url')
  stdout.write(`${options.json ? JSON.stringify({ secret }) : secret}\n`)
  return 0
}
