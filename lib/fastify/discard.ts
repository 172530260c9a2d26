/** What a reply may be sent as besides text and bytes: a stream of Node, old or new, or of the web. */
interface Payload {
  pipe?: unknown
  on? (event: 'error', listener: () => void): unknown
  destroy? (): unknown
  close? (callback: () => void): unknown
  abort? (): unknown
  getReader?: unknown
  cancel? (): Promise<unknown>
}

/**
 * Frees what a payload holds that is not sent after all: the file, the connection or the generator behind a stream.
 * Takes every payload of `reply.send`. Never throws, since another error is already on its way.
 */
export function discard (payload: unknown): void {
  try {
    const stream = bodyOf(payload) as Payload | null | undefined
    if (typeof stream?.pipe === 'function') end(stream)
    else if (typeof stream?.getReader === 'function') stream.cancel!().catch(ignore)
  } catch {}
}

/** The body of a `Response`, of whatever copy of the class, as Fastify tells it; anything else is a payload itself. */
function bodyOf (payload: unknown): unknown {
  return Object.prototype.toString.call(payload) === '[object Response]' ? (payload as Response).body : payload
}

/** Ends a stream of Node as Fastify does when a client is gone. Its own errors are ignored from here on. */
function end (stream: Payload): void {
  stream.on?.('error', ignore)
  if (typeof stream.destroy === 'function') stream.destroy()
  else if (typeof stream.close === 'function') stream.close(ignore)
  else stream.abort?.()
}

function ignore (): void {}
