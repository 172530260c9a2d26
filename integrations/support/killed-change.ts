/**
 * A process that is killed in the middle of a change: gives a session another owner, and ends right after its
 * database has done one of the commands. Its argument is JSON; it ends by itself where there are fewer commands.
 */
import { sessionApp } from './session-app.js'
import { kinds } from './session-databases.js'

const { kind: name, address, cookie, owner, commands } = JSON.parse(process.argv[2]) as {
  kind: string
  address: unknown
  cookie: string
  owner: string
  /** How many commands are done. */
  commands: number
}

const kind = kinds.find((each) => each.name === name)!
const { client, close } = await kind.connect(address)
let left = commands

function dieAfterTheLast (): void {
  if (--left === 0) process.kill(process.pid, 'SIGKILL')
}

/** The client, whose methods count what was answered. */
const counted = new Proxy(client, {
  get (target, property) {
    const value = target[property]
    if (typeof value !== 'function') return value
    const method = value.bind(target)
    if (!kind.methods.includes(String(property))) return method
    return property === 'prepare' ? (text: string) => countingStatement(method(text)) : counting(method)
  }
})

function counting (method: (...args: unknown[]) => Promise<unknown>) {
  return async (...args: unknown[]) => {
    const answer = await method(...args)
    dieAfterTheLast()
    return answer
  }
}

function countingStatement (statement: { all (values: object): unknown }) {
  return {
    all (values: object) {
      const rows = statement.all(values)
      dieAfterTheLast()
      return rows
    }
  }
}

const app = await sessionApp(kind.storeOf(counted), { owner: 'userId' })
await app.inject({ method: 'POST', url: `/login/${owner}`, headers: { cookie } })
await close()
