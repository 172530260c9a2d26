import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { besideOthers } from './wire-server.js'

const CORE = 1
const CONNECTIONS = 32
export const LOAD_NAME = `wrk, ${CONNECTIONS} connections, load and server on a core each`

/** Sends requests by wrk as fast as they are answered, the cookies in turn. */
export class Load {
  #folder = mkdtempSync(join(tmpdir(), 'wire-'))
  #script = join(this.#folder, 'cookies.lua')

  constructor (cookies) {
    writeFileSync(this.#script, scriptFor(cookies.map(besideOthers)))
  }

  /** How many requests were answered in so many seconds. */
  async run (url, seconds) {
    const command = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', this.#script, url]
    const { stdout } = await promisify(execFile)('taskset', ['-c', `${CORE}`, ...command])
    assert.doesNotMatch(stdout, /Non-2xx|Socket errors/)
    const [, requests] = /(\d+) requests in/.exec(stdout)
    const [, perSecond] = /Requests\/sec:\s+([\d.]+)/.exec(stdout)
    return { requests: Number(requests), perSecond: Number(perSecond) }
  }

  close () {
    rmSync(this.#folder, { recursive: true })
  }
}

function scriptFor (cookies) {
  return `local cookies = { ${cookies.map((each) => JSON.stringify(each)).join(', ')} }
local requests, next = {}, 0
init = function ()
  for index, cookie in ipairs(cookies) do requests[index] = wrk.format('GET', nil, { Cookie = cookie }) end
end
request = function ()
  next = next % #requests + 1
  return requests[next]
end
`
}
