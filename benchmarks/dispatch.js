import { EventEmitter } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'

/**
 * The end of a connection that takes what is written to it and does nothing. What stands between it and Fastify is
 * Node's own: requests and responses are the real ones.
 */
class Drain extends EventEmitter {
  writable = true
  destroyed = false
  encrypted = false
  remoteAddress = '127.0.0.1'
  remotePort = 50000
  written = []
  keeps = false

  write (data, encoding, done) {
    if (this.keeps) this.written.push(`${data}`)
    const callback = typeof encoding === 'function' ? encoding : done
    callback?.()
    return true
  }

  cork () {}
  uncork () {}
  setTimeout () {}
  destroy () { this.destroyed = true }
}

/** Brings requests to an application without a socket, each as soon as the response before it is closed. */
export class Dispatcher {
  #app
  #drain = new Drain()
  #left = 0
  #next = 0
  #requests
  #resolve
  #reject

  /** `requests` take turns: `{ url, headers }`, with the names of the headers in small letters, as Node gives them. */
  constructor (app, requests) {
    this.#app = app
    this.#requests = requests
    this.#drain.setMaxListeners(0)
  }

  /** Sends so many requests. */
  run = (times) => new Promise((resolve, reject) => {
    this.#left = times
    this.#resolve = resolve
    this.#reject = reject
    this.#send()
  })

  /** The raw text of the response to the next request. */
  async capture () {
    this.#drain.keeps = true
    this.#drain.written = []
    await this.run(1)
    this.#drain.keeps = false
    return this.#drain.written.join('')
  }

  #send () {
    const { url, headers } = this.#requests[this.#next++ % this.#requests.length]
    const request = new IncomingMessage(this.#drain)
    request.method = 'GET'
    request.url = url
    request.httpVersion = '1.1'
    request.httpVersionMajor = 1
    request.httpVersionMinor = 1
    request.headers = headers
    request.complete = true
    const response = new ServerResponse(request)
    response.shouldKeepAlive = true
    response.assignSocket(this.#drain)
    response.on('finish', () => { this.#finished(response) })
    try {
      this.#app.routing(request, response)
    } catch (error) {
      this.#reject(error)
    }
  }

  /** As Node's server does it: the response is closed in a tick of its own. */
  #finished (response) {
    response.detachSocket(this.#drain)
    process.nextTick(() => {
      response.destroyed = true
      response._closed = true
      response.emit('close')
      if (--this.#left > 0) this.#send()
      else this.#resolve()
    })
  }
}

/** Status, headers (names in small letters, values in lists) and body of raw text. */
export function parseResponse (text) {
  const [head, body] = text.split('\r\n\r\n')
  const [statusLine, ...lines] = head.split('\r\n')
  const headers = {}
  for (const line of lines) {
    const [, name, value] = /^([^:]+): (.*)$/.exec(line)
    ;(headers[name.toLowerCase()] ??= []).push(value)
  }
  return { status: Number(statusLine.split(' ')[1]), headers, body }
}
