import type { FastifyReply } from 'fastify'

/** Whether the route has a response schema for the status of a reply, for that family of statuses, or for every other. */
export function hasResponseSchema (reply: FastifyReply): boolean {
  const { statusCode } = reply
  return isCompiled(reply, `${statusCode}`) || isCompiled(reply, `${Math.trunc(statusCode / 100)}xx`) || isCompiled(reply, 'default')
}

function isCompiled (reply: FastifyReply, status: string): boolean {
  return reply.getSerializationFunction(status) !== undefined
}
