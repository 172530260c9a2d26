#!/usr/bin/env node
import { main } from './cli/main.ts'
import { watchOutput } from './cli/terminal.ts'

watchOutput(process.stdout, (message) => {
  process.stderr.write(message)
  process.exit(1)
})
process.exitCode = await main(process.argv.slice(2), process)
