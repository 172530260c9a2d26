import { EventEmitter } from 'node:events'
import { IncomingMessage, ServerResponse } from 'node:http'

/**
 * The end of a connection that takes what is written to it and does nothing. What stands between it and Fastify is
 * Node's own: requests and responses are the real ones.
 */
class Drain extends EventEmitter {
  writable = true
  writableLength = 0
  _writableState = { corked: 0 }
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

  /**
   * `requests` gives the nth request as `{ url, headers }`, with the names of the headers in small letters, as Node
   * gives them; those of a list take turns.
   */
  constructor (app, requests) {
    this.#app = app
    this.#requests = typeof requests === 'function' ? requests : (index) => requests[index % requests.length]
    this.#drain.setMaxListeners(0)
  }

  /** Sends so many requests. */
  run = (times) => new Promise((resolve) => {
    this.#left = times
    this.#resolve = resolve
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

  /** Sends one request after the other, as long as each is answered at once. */
  #send () {
    while (this.#left > 0) {
      const response = this.#request()
      if (!response.writableFinished) {
        response.on('finish', () => {
          this.#close(response)
          this.#send()
        })
        return
      }
      this.#close(response)
    }
    this.#resolve()
  }

  #request () {
    const { url, headers } = this.#requests(this.#next++)
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
    this.#app.routing(request, response)
    return response
  }

  /** As Node's server does it behind the end of a response. */
  #close (response) {
    response.detachSocket(this.#drain)
    response.destroyed = true
    response._closed = true
    response.emit('close')
    this.#left--
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
