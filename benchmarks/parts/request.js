import { fork } from 'node:child_process'
import { createHmac, createSecretKey, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { KINDS, USES } from '../applications.js'
import { figure } from '../figures.js'
import { interleave, over } from '../harness.js'
import { flat } from '../payloads.js'
import { median } from '../statistics.js'

const WORKER = fileURLToPath(new URL('../request-worker.js', import.meta.url))
const key = createSecretKey(randomBytes(32))

/** How often all is measured, each time by processes of its own: V8 does not make equally fast code in each of them. */
const SETS = 5

/** What a session adds to a route, in HMACs of the same cookie: the median of several sets of processes. */
export async function request ({ rounds, isQuick }) {
  const sets = []
  for (let set = 0; set < (isQuick ? 1 : SETS); set++) sets.push(await measureSet(rounds))
  return sets[0].map(({ name, unit }, index) => figure(name, median(sets.map((figures) => figures[index].value)), unit))
}

/**
 * Each application has a process to itself, as it has in use, since V8 makes code for the objects that it has seen. A
 * second bare application tells how exact that is: it adds nothing, and its figure would be 0 on a machine without
 * noise.
 */
async function measureSet (rounds) {
  const apps = {}
  for (const kind of KINDS) apps[kind] = await RemoteApplication.start(kind)
  apps.control = await RemoteApplication.start('bare')
  apps.bare.cookies = apps.control.cookies = apps.ours.cookies
  const texts = apps.ours.cookies.map((cookie) => flat(cookie.slice('session='.length, cookie.lastIndexOf('.'))))
  const hmac = over(texts, (text) => createHmac('sha256', key).update(text).digest('base64url'))
  const figures = []
  for (const use of USES) {
    for (const app of Object.values(apps)) await app.prepare(use)
    figures.push(...figuresOf(use, await interleave({ hmac, ...apps }, { rounds })))
  }
  for (const app of Object.values(apps)) app.close()
  return figures
}

/** An application in a process of its own. */
class RemoteApplication {
  cookies
  #process

  static async start (kind) {
    const app = new RemoteApplication()
    app.#process = fork(WORKER, [kind], { execArgv: process.execArgv })
    app.cookies = await app.#answer()
    return app
  }

  /** Has it answer requests for one use of the session from now on, after a look at its replies. */
  async prepare (use) {
    await this.#ask({ use, cookies: this.cookies })
  }

  async time (times) {
    return await this.#ask({ times })
  }

  close () {
    this.#process.disconnect()
  }

  async #ask (message) {
    this.#process.send(message)
    return await this.#answer()
  }

  async #answer () {
    const ended = new AbortController()
    const exit = once(this.#process, 'exit', { signal: ended.signal }).then(() => {
      throw new Error('An application ended')
    })
    exit.catch(() => {})
    const [answer] = await Promise.race([once(this.#process, 'message'), exit])
    ended.abort()
    return answer
  }
}

function figuresOf (use, result) {
  const added = (of, name) => of(name) - of('bare')
  const inHmacs = (name) => result.figure((of) => added(of, name) / of('hmac'))
  const peers = KINDS.filter((kind) => kind !== 'bare' && kind !== 'ours')
  return [
    figure(`request-${use}`, inHmacs('ours'), 'bare HMACs added'),
    figure(
      `share-${use}`,
      result.figure((of) => added(of, 'ours') / added(of, 'secure-session')),
      "of @fastify/secure-session's added time"
    ),
    ...[...peers, 'control'].map((name) => figure(`request-${use}-${name}`, inHmacs(name), 'bare HMACs added')),
    figure(`request-${use}-bare-ns`, result.nanoseconds('bare'), 'ns'),
    figure(`request-${use}-hmac-ns`, result.nanoseconds('hmac'), 'ns')
  ]
}
