import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { provideCurrent } from '../json/json.ts'
import type { JSONProvider } from '../json/provider.ts'
import { isMethod } from '../option-checks.ts'
import { Slot } from './slot.ts'

/** Whether a value writes and reads as a `JSONProvider` does. */
export function isProvider (value: unknown): value is JSONProvider {
  return ['dumps', 'loads', 'response'].every((name) => isMethod(value, name))
}

/** The provider of a scope. Throws a `TypeError` where something else was assigned or decorated. */
export function scopeProvider ({ json }: FastifyInstance): JSONProvider {
  if (isProvider(json)) return json
  throw new TypeError('fastify.json must be an instance of a JSONProvider, and in this scope it is something else')
}

/** Whether handlers of a scope find its provider in the functions of `json`. */
const isAmbient = new Slot<boolean>()
/** Fastify publishes here when a handler starts, and runs it within the stores that are bound. */
const handlerStart = channel('tracing:fastify.request.handler:start')
const servers = new AsyncLocalStorage<FastifyInstance | undefined>()
let users = 0

/**
 * Makes the functions of `json` use `request.server.json` inside the handlers of this scope, and in what they call and
 * await. The channel is the process's: handlers of other applications see the default provider, at the same price.
 */
export function addAmbientJSON (fastify: FastifyInstance, wanted: boolean | undefined): void {
  if (wanted === undefined) return
  isAmbient.set(fastify, wanted)
  if (!wanted) return
  if (users++ === 0) bind()
  fastify.addHook('onClose', (_instance, done) => {
    if (--users === 0) unbind()
    done()
  })
}

function bind (): void {
  handlerStart.bindStore(servers, (message) => {
    const { server } = (message as { request: FastifyRequest }).request
    return isAmbient.of(server) === true ? server : undefined
  })
  provideCurrent(() => {
    const server = servers.getStore()
    return server && scopeProvider(server)
  })
}

function unbind (): void {
  handlerStart.unbindStore(servers)
  provideCurrent()
}
