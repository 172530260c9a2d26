/** A stream of Node, old or new, or of the web. Each has some of these methods. */
type Methods = 'pipe' | 'on' | 'destroy' | 'close' | 'abort' | 'getReader' | 'cancel'
type Stream = Partial<Record<Methods, (...args: any[]) => any>>

/**
 * Frees the file, the connection or the generator behind a stream that is not sent after all. Takes every payload of
 * `reply.send`. Never throws, since another error is already on its way.
 */
export function discard (payload: unknown): void {
  try {
    const isResponse = Object.prototype.toString.call(payload) === '[object Response]' // of any copy of the class
    const stream = (isResponse ? (payload as Response).body : payload) as Stream | null | undefined
    if (typeof stream?.pipe === 'function') end(stream)
    else if (typeof stream?.getReader === 'function') stream.cancel!().catch(ignore)
  } catch {}
}

/** Ends a stream of Node as Fastify does when a client is gone, and ignores its errors from then on. */
function end (stream: Stream): void {
  stream.on?.('error', ignore)
  if (typeof stream.destroy === 'function') stream.destroy()
  else if (typeof stream.close === 'function') stream.close(ignore)
  else stream.abort?.()
}

function ignore (): void {}
