import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { provideCurrent } from '../json/json.ts'
import { scopeProvider } from './scope-provider.ts'

/** The property of an instance whose handlers have its provider at hand. */
const AMBIENT = Symbol('fastify-signed-session.ambient-json')
type WithFlag = Record<typeof AMBIENT, boolean | undefined>

/** Fastify publishes here when a handler starts, and runs it within the stores that are bound. */
const handlerStart = channel('tracing:fastify.request.handler:start')
const servers = new AsyncLocalStorage<FastifyInstance | undefined>()
let users = 0

/**
 * Has the functions of `json` use `request.server.json` inside the handlers of this scope, and in what they call and
 * await. The channel is the process's: handlers of other applications see the default provider, at the same price.
 */
export function addAmbientJSON (fastify: FastifyInstance, wanted: boolean | undefined): void {
  if (wanted === undefined) return
  Object.defineProperty(fastify, AMBIENT, { value: wanted, configurable: true })
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
    return (server as unknown as WithFlag)[AMBIENT] === true ? server : undefined
  })
  provideCurrent(() => {
    const server = servers.getStore()
    return server === undefined ? undefined : scopeProvider(server)
  })
}

function unbind (): void {
  handlerStart.unbindStore(servers)
  provideCurrent()
}
