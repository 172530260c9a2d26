import type { FastifyReply } from 'fastify'
import { type HeaderBag, type HeaderSource, type HeaderValue, linesBeside } from '../cookies/headers.ts'

/** The headers of a Fastify reply. */
export class ReplyHeaders implements HeaderSource, HeaderBag {
  readonly #reply: FastifyReply

  constructor (reply: FastifyReply) {
    this.#reply = reply
  }

  bag (): HeaderBag {
    return this
  }

  peek (name: string): HeaderValue {
    return this.#reply.getHeader(name) as HeaderValue
  }

  cookiesBeside (line: string | undefined): string[] {
    return linesBeside(this.peek('set-cookie'), line)
  }

  get (name: string): HeaderValue {
    return this.peek(name)
  }

  set (name: string, value: string | string[]): void {
    this.#reply.header(name, value)
  }

  remove (name: string): void {
    this.#reply.removeHeader(name)
  }
}
