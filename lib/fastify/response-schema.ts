import type { FastifyReply } from 'fastify'

type Write = (payload: unknown) => string

/** Whether the route has a response schema for the status of a reply, for its family of statuses, or for all others. */
export function hasResponseSchema (reply: FastifyReply): boolean {
  return schemaOf(reply) !== undefined
}

/** The text of a payload by the response schema of the route; of every member where that is for other content types. */
export function writeBySchema (reply: FastifyReply, payload: unknown): string {
  const write = schemaOf(reply)!
  if (typeof write === 'function') return write(payload)
  const type = `${reply.getHeader('content-type')}`.split(';')[0]!.trim().toLowerCase()
  return (write[type] ?? write['*/*'] ?? JSON.stringify)(payload)
}

/** What writes by the schema, as Fastify compiled it; where it has content types, by these. */
function schemaOf (reply: FastifyReply): Write | Record<string, Write> | undefined {
  const { statusCode } = reply
  const statuses = [`${statusCode}`, `${Math.trunc(statusCode / 100)}xx`, 'default']
  return statuses.map((status) => reply.getSerializationFunction(status)).find((write) => write !== undefined) as
    Write | Record<string, Write> | undefined
}
