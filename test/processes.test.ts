import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { OTHER_SECRET as NEW, SECRET as OLD } from './support/app.ts'
import { freePort } from './support/free-port.ts'
import { nginx, startNginx } from './support/nginx.mjs'
import { skipFor } from './support/requirements.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const skip = skipFor(nginx === undefined ? 'nginx was not found, so no two processes stand behind one' : undefined)

const CLIENTS = 8
/** Bounds the load, whatever becomes of the processes. */
const MAX_REQUESTS_OF_A_CLIENT = 10_000
/** Between two requests of a client, in milliseconds. */
const PAUSE = 20

t.setTimeout(180_000)

/** The application as plain JavaScript, so that a process starts in no time. Returns its file. */
function compile (t: Test): string {
  const files = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' }).map((file) => join('lib', file))
  const sources = [...files.filter((file) => file.endsWith('.ts')), 'test/support/session-server.ts']
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true
  }
  const directory = t.testdir()
  for (const source of sources) {
    const target = join(directory, source.replace(/ts$/, 'js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, ts.transpileModule(readFileSync(join(ROOT, source), 'utf8'), { compilerOptions }).outputText)
  }
  return join(directory, 'test/support/session-server.js')
}

/** One process of the application, which can be killed and started again with other secrets. */
class Process {
  readonly port: number
  readonly #file: string
  #child: ChildProcess | undefined

  constructor (file: string, port: number) {
    this.#file = file
    this.port = port
  }

  async start (secret: string, ...fallbacks: string[]): Promise<void> {
    this.#child = fork(this.#file, [JSON.stringify({ port: this.port, secret, fallbacks })], { execArgv: [] })
    const [message] = await Promise.race([once(this.#child, 'message'), once(this.#child, 'exit')])
    if (message !== 'listening') throw new Error(`The process on port ${this.port} did not start`)
  }

  /** Ends it in the middle of whatever it does. */
  async kill (): Promise<void> {
    if (this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** An nginx in front of the processes. Returns its address. */
async function startProxy (t: Test, processes: readonly Process[]): Promise<string> {
  const port = await freePort()
  await startNginx(t, `
      upstream application { ${processes.map(({ port }) => `server 127.0.0.1:${port} max_fails=0;`).join(' ')} }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://application;
          proxy_set_header X-Forwarded-Proto https;
          proxy_set_header X-Forwarded-For 192.0.2.7;
        }
      }`, port)
  return `http://127.0.0.1:${port}`
}

interface State { user?: string, count?: number }

/** A browser that knows what its session has to hold: what the last answer said that reached it. */
class Client {
  readonly #url: string
  readonly #user: string
  cookie = ''
  expected: State = {}
  readonly figures = { requests: 0, answers: 0, signIns: 0, changes: 0, reads: 0, unanswered: 0, resigned: 0 }
  readonly wrong: string[] = []
  readonly pids = new Set<string>()

  constructor (url: string, user: string) {
    this.#url = url
    this.#user = user
  }

  /** Signs in, changes or reads, in turn, and compares the answer with what it has to be. */
  async step (): Promise<void> {
    const turn =
      this.expected.user === undefined || this.figures.requests % 40 === 39
        ? 'signIns'
        : this.figures.requests % 2 === 1
          ? 'changes'
          : 'reads'
    this.figures.requests++
    const [method, path, state] = {
      signIns: ['POST', `/login/${this.#user}`, { user: this.#user, count: 0 }],
      changes: ['POST', '/count', { ...this.expected, count: this.expected.count! + 1 }],
      reads: ['GET', '/', this.expected]
    }[turn] as [string, string, State]
    const response = await fetch(this.#url + path, {
      method,
      headers: this.cookie === '' ? {} : { cookie: this.cookie }
    })
    const text = await response.text()
    if (response.status === 502 || response.status === 504) {
      this.figures.unanswered++ // the process was killed under it, so no cookie came either
      return
    }
    this.figures[turn]++
    this.figures.answers++
    this.#take(response, turn)
    if (text !== JSON.stringify(state)) {
      this.wrong.push(
        `${this.#user}: ${path} answered ${response.status} ${text} where ${JSON.stringify(state)} was due`
      )
    }
    this.expected = state
  }

  #take ({ headers }: Response, turn: string): void {
    this.pids.add(headers.get('x-pid')!)
    const [line] = headers.getSetCookie()
    if (line === undefined) return
    if (!/^__Host-session=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/.test(line)) this.wrong.push(line)
    if (turn === 'reads') this.figures.resigned++
    this.cookie = line.split(';')[0]!
  }
}

/** Has the clients at work, each one request after the other, while something is done. */
async function underLoad (clients: readonly Client[], act: () => Promise<void>): Promise<void> {
  const acting = new AbortController()
  const load = Promise.all(clients.map(async (client) => {
    while (!acting.signal.aborted && client.figures.requests < MAX_REQUESTS_OF_A_CLIENT) {
      await client.step()
      await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  }))
  try {
    await act()
  } finally {
    acting.abort()
    await load
  }
}

/** Waits until every client has had some more answers. */
async function answered (clients: readonly Client[], times: number): Promise<void> {
  await counted(clients, 'answers', times)
}

/** Waits until no client was answered some more times. */
async function attempted (clients: readonly Client[], times: number): Promise<void> {
  await counted(clients, 'unanswered', times)
}

async function counted (clients: readonly Client[], what: 'answers' | 'unanswered', times: number): Promise<void> {
  const goals = clients.map(({ figures }) => figures[what] + times)
  const isThere = ({ figures }: Client, index: number): boolean =>
    figures[what] >= goals[index]! || figures.requests >= MAX_REQUESTS_OF_A_CLIENT
  while (!clients.every(isThere)) await new Promise((resolve) => setTimeout(resolve, 20))
}

function sum (clients: readonly Client[]): Client['figures'] {
  const total = { requests: 0, answers: 0, signIns: 0, changes: 0, reads: 0, unanswered: 0, resigned: 0 }
  for (const { figures } of clients) {
    for (const key of Object.keys(total) as Array<keyof typeof total>) total[key] += figures[key]
  }
  return total
}

t.test('two processes behind one nginx', { skip }, async (t) => {
  const file = compile(t)
  const processes = [new Process(file, await freePort()), new Process(file, await freePort())] as const
  t.teardown(async () => { for (const each of processes) await each.kill() })
  for (const each of processes) await each.start(OLD)
  const url = await startProxy(t, processes)
  const clients = Array.from({ length: CLIENTS }, (_, index) => new Client(url, `user-${index}`))
  const restartEach = async (secret: string, ...fallbacks: string[]): Promise<void> => {
    for (const each of processes) {
      await each.kill()
      await answered(clients, 2)
      await each.start(secret, ...fallbacks)
      await answered(clients, 2)
    }
  }
  const report = (t: Test, before: Client['figures']): void => {
    const after = sum(clients)
    const figures = Object.entries(after).map(([key, value]) => `${value - before[key as keyof typeof before]} ${key}`)
    t.comment(
      `${CLIENTS} clients: ${figures.join(', ')}; ` +
        `${clients.reduce((count, { wrong }) => count + wrong.length, 0)} sessions lost or mixed`
    )
  }

  await t.test('killed and restarted under load they lose no session and mix none up', async (t) => {
    const before = sum(clients)
    await underLoad(clients, async () => {
      await answered(clients, 3)
      await restartEach(OLD)
      await Promise.all(processes.map((each) => each.kill()))
      await attempted(clients, 1)
      await Promise.all(processes.map((each) => each.start(OLD)))
      await answered(clients, 3)
    })
    report(t, before)
    t.strictSame(clients.flatMap(({ wrong }) => wrong), [])
    t.equal(new Set(clients.flatMap(({ pids }) => [...pids])).size, 6, 'the first two and those started later answered')
    const { signIns, changes, reads, unanswered, resigned } = sum(clients)
    for (const count of [signIns, changes, reads]) t.ok(count >= CLIENTS)
    t.ok(unanswered >= CLIENTS, 'while both were down nobody was answered')
    t.equal(resigned, 0, 'what is only read sends no cookie')
  })

  const leaked = new Client(url, 'leaked')
  await leaked.step()

  await t.test('a secret is rolled across them without signing anybody out', async (t) => {
    const before = sum(clients)
    await underLoad(clients, async () => {
      await restartEach(OLD, NEW)
      await restartEach(NEW, OLD)
      await answered(clients, 2)
      await restartEach(NEW)
      await answered(clients, 2)
    })
    report(t, before)
    t.strictSame(clients.flatMap(({ wrong }) => wrong), [])
    t.ok(sum(clients).resigned > before.resigned, 'cookies of the old secret were signed anew')
  })

  await t.test('the sessions of a secret that was taken out are over in either, and no others', async (t) => {
    const answers: string[] = []
    const pids = new Set<string | null>()
    for (let time = 0; time < 4; time++) {
      const { headers, body } = await get(url, leaked.cookie)
      pids.add(headers.get('x-pid'))
      answers.push(body)
      for (const client of clients) await client.step()
    }
    t.strictSame(answers, ['{}', '{}', '{}', '{}'])
    t.equal(pids.size, 2)
    t.strictSame(clients.flatMap(({ wrong }) => wrong), [])
  })

  t.test('the proxy\'s word for scheme and address is taken where it is trusted', async (t) => {
    const { headers } = await fetch(url)
    t.equal(headers.get('x-seen-as'), 'https 192.0.2.7')
  })
})

async function get (url: string, cookie: string): Promise<{ headers: Headers, body: string }> {
  const response = await fetch(url, { headers: { cookie } })
  return { headers: response.headers, body: await response.text() }
}
