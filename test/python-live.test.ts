import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import type { Session, SessionOptions } from '../lib/index.ts'
import { buildApp, OTHER_SECRET, SECRET, setCookies } from './support/app.ts'
import { stopClock } from './support/clock.ts'
import { same } from './support/equal.ts'
import { pythonWith } from './support/python.ts'
import type { PythonFormat } from './support/python-vectors.ts'
import { skipFor } from './support/requirements.ts'
import { toValue, type Typed } from './support/vectors.ts'

t.setTimeout(300_000) // Python may start slowly

const SERVER = fileURLToPath(new URL('./support/python-sessions.py', import.meta.url))
const runs = { seed: 20261126, numRuns: 300 }
const START = 1_700_000_000
const MAX_AGE = 14 * 24 * 60 * 60

/** What the other program answers. */
interface Reply {
  status: number
  lines: string[]
  /** Null where it answers with an error. */
  session: Typed | null
}

type Operation = [name: string, ...args: unknown[]]
type Config = Record<string, unknown>

/** The process with the real middleware. */
class Python {
  /** What the installed versions are, and can. */
  readonly about: Promise<Record<string, string | boolean>>
  readonly #send: (line: string) => void
  readonly #lines: AsyncIterator<string>

  constructor (python: string) {
    const { stdin, stdout } = t.teardown.length >= 0 ? this.#spawn(python) : this.#spawn(python)
    this.#send = (line) => { stdin.write(`${line}\n`) }
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]()
    this.about = this.#read() as Promise<Record<string, string | boolean>>
  }

  #spawn (python: string) {
    const child = spawn(python, [SERVER], { stdio: ['pipe', 'pipe', 'ignore'] })
    t.teardown(() => child.kill())
    return child
  }

  async ask (request: object): Promise<Reply> {
    this.#send(JSON.stringify(request))
    return await this.#read() as Reply
  }

  async #read (): Promise<unknown> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('Python ended')
    return JSON.parse(value)
  }
}
