import type { FastifyReply } from 'fastify'
import type { HeaderBag } from '../session/headers.ts'

/** Headers to be changed, as soon as it is known that they are to be. */
export interface HeaderSource {
  bag (): HeaderBag
}

/** The headers of a Fastify reply. */
export class ReplyHeaders implements HeaderSource, HeaderBag {
  readonly #reply: FastifyReply

  constructor (reply: FastifyReply) {
    this.#reply = reply
  }

  bag (): HeaderBag {
    return this
  }

  get (name: string): ReturnType<HeaderBag['get']> {
    return this.#reply.getHeader(name) as ReturnType<HeaderBag['get']>
  }

  set (name: string, value: string | string[]): void {
    this.#reply.header(name, value)
  }

  remove (name: string): void {
    this.#reply.removeHeader(name)
  }
}
