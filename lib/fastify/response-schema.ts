import type { FastifyReply } from 'fastify'

type Write = (payload: unknown) => string

/** Whether the route has a response schema for the status of a reply, for that family of statuses, or for every other. */
export function hasResponseSchema (reply: FastifyReply): boolean {
  return schemaOf(reply) !== undefined
}

/** The text of a payload by the response schema of the route; whole where that is for other content types, as in Fastify. */
export function writeBySchema (reply: FastifyReply, payload: unknown): string {
  const write = schemaOf(reply)!
  if (typeof write === 'function') return write(payload)
  const type = `${reply.getHeader('content-type')}`.split(';')[0]!.trim().toLowerCase()
  return (write[type] ?? write['*/*'] ?? JSON.stringify)(payload)
}

/** What writes by the schema, as Fastify compiled it; where it has content types, by these. */
function schemaOf (reply: FastifyReply): Write | Record<string, Write> | undefined {
  const { statusCode } = reply
  return compiled(reply, `${statusCode}`) ?? compiled(reply, `${Math.trunc(statusCode / 100)}xx`) ?? compiled(reply, 'default')
}

function compiled (reply: FastifyReply, status: string): Write | Record<string, Write> | undefined {
  return reply.getSerializationFunction(status) as Write | Record<string, Write> | undefined
}
