import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SECRET as OLD } from '../support/app.js'
import { freePort, missing, startRedis } from '../support/databases.js'
import { nginx, startNginx } from '../support/nginx.js'

const PROCESS = fileURLToPath(new URL('../support/session-process.js', import.meta.url))
const NEW = 'another one that is long enough, 0123456789'

/** A process of the application, which can be replaced by one with other secrets. */
class Process {
  readonly port: number
  readonly #redis: number
  #child: ChildProcess | undefined

  constructor (port: number, redis: number) {
    this.port = port
    this.#redis = redis
  }

  async start (secret: string, ...fallbacks: string[]): Promise<void> {
    await this.stop()
    const given = JSON.stringify({ port: this.port, redis: this.#redis, secret, fallbacks })
    this.#child = fork(PROCESS, [given], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const [said] = await Promise.race([once(this.#child, 'message'), once(this.#child, 'exit')])
    assert.equal(said, 'listening')
  }

  async stop (): Promise<void> {
    if (this.#child === undefined) return
    this.#child.kill()
    await once(this.#child, 'exit')
  }
}

/** What a browser does, in an order of its own. */
class Client {
  cookie = ''
  readonly pids = new Set<string>()
  readonly #url: string

  constructor (url: string) {
    this.#url = url
  }

  async send (method: string, path: string): Promise<unknown> {
    const headers: Record<string, string> = this.cookie === '' ? {} : { cookie: this.cookie }
    const response = await fetch(this.#url + path, { method, headers })
    const [line] = response.headers.getSetCookie()
    if (line !== undefined) this.cookie = line.split(';')[0]
    this.pids.add(response.headers.get('x-pid')!)
    const text = await response.text()
    assert.equal(response.status, 200, text)
    return text === '' ? undefined : JSON.parse(text)
  }
}

async function twoProcesses (t: TestContext): Promise<{ client: Client, stranger: Client, processes: Process[] }> {
  const redis = await startRedis()
  const [port, ...ports] = [await freePort(), await freePort(), await freePort()]
  const processes = ports.map((each) => new Process(each, redis.port))
  await Promise.all(processes.map((each) => each.start(OLD)))
  const servers = ports.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join(' ')
  const ends: Array<() => Promise<void>> = []
  await startNginx({ teardown: (end: () => Promise<void>) => ends.push(end) }, `upstream app { ${servers} }
    server { listen 127.0.0.1:${port}; location / { proxy_pass http://app; } }`, port)
  t.after(async () => {
    for (const end of [...ends, ...processes.map((each) => () => each.stop()), () => redis.stop()]) await end()
  })
  const url = `http://127.0.0.1:${port}`
  return { client: new Client(url), stranger: new Client(url), processes }
}

if (nginx !== undefined && !missing.includes('Redis')) {
  test('two processes behind nginx keep the changes of both', async (t) => {
    const { client } = await twoProcesses(t)
    await client.send('POST', '/login/ann')
    const names = Array.from({ length: 20 }, (_, index) => `k${index}`)
    await Promise.all(names.map((name) => client.send('POST', `/set/${name}`)))
    const all = Object.fromEntries([['userId', 'ann'], ...names.map((name) => [name, name])])
    assert.deepEqual(await client.send('GET', '/'), all)
    assert.equal(client.pids.size, 2)
  })

  test('a roll of the secret, one process after the other, signs nobody out', async (t) => {
    const { client, stranger, processes } = await twoProcesses(t)
    await client.send('POST', '/login/ann')
    stranger.cookie = client.cookie
    const steps: Array<[secret: string, ...fallbacks: string[]]> = [[OLD, NEW], [NEW, OLD], [NEW]]
    for (const secrets of steps) {
      for (const each of processes) {
        await each.start(...secrets)
        for (let time = 0; time < 4; time++) {
          assert.deepEqual(await client.send('GET', '/'), { userId: 'ann' })
        }
      }
    }
    assert.deepEqual(await stranger.send('GET', '/'), {}, 'a cookie that nobody signed anew')
    await client.send('POST', '/logout')
    assert.deepEqual(await client.send('GET', '/'), {})
  })
}
