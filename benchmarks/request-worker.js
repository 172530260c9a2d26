// One application in a process of its own, started by the part that measures requests: sends its cookies, and then
// answers each message, by which it is prepared for a use of the session or timed.
import assert from 'node:assert/strict'
import { buildApplication, cookieOf } from './applications.js'
import { Dispatcher, parseResponse } from './dispatch.js'
import { time } from './harness.js'
import { INPUTS, several, smallSession } from './payloads.js'
import { requestsFor } from './requests.js'

const [kind] = process.argv.slice(2)
const app = await buildApplication(kind)
let run

process.on('message', async ({ use, cookies, times }) => {
  if (use !== undefined) run = await dispatcher(use, cookies)
  process.send(times === undefined ? null : await time(run, times))
})
process.send(await Promise.all(several((index) => cookieOf(app, index))))

async function dispatcher (use, cookies) {
  await checkReplies(use, cookies)
  return new Dispatcher(app, requestsFor(use, cookies)).run
}

/** That each reply says what it should, and that a written session is what the browser then has. */
async function checkReplies (use, cookies) {
  for (let index = 0; index < INPUTS; index++) {
    const { status, headers, body } = await ask(use, cookies[index])
    const { user, visits } = smallSession(index)
    assert.equal(status, 200)
    assert.equal(body, kind === 'bare' || use === 'untouched' ? 'user-00000' : user)
    if (kind === 'bare') assert.equal(headers['set-cookie'], undefined)
    if (kind === 'bare' || use !== 'write') continue
    const before = kind === 'cookie-only' ? 0 : visits
    const cookie = headers['set-cookie'][0].split(';')[0]
    assert.equal(Number((await ask('visits', cookie)).body), before + 1, kind)
  }
}

async function ask (path, cookie) {
  return parseResponse(await new Dispatcher(app, requestsFor(path, [cookie])).capture())
}
