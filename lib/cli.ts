#!/usr/bin/env node
import { main } from './cli/main.ts'
import { outputFailed } from './cli/terminal.ts'

process.stdout.on('error', (error) => { outputFailed(error, process) })
process.exitCode = await main(process.argv.slice(2), process)
