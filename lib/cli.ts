#!/usr/bin/env node
import { main } from './cli/main.ts'

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return // a reader that has seen enough, as `head` does
  process.stderr.write(`The output cannot be written: ${code}\n`)
  process.exit(1)
})
process.exitCode = await main(process.argv.slice(2), process)
