#!/usr/bin/env node
import { main } from './cli/main.ts'
import { allowEarlyEnd } from './cli/terminal.ts'

allowEarlyEnd(process.stdout)
process.exitCode = await main(process.argv.slice(2), process)
