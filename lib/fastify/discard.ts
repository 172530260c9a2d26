/** What a reply may be sent as besides text and bytes: a stream of Node, old or new, or of the web. */
interface Stream {
  pipe?: unknown
  on? (event: 'error', listener: () => void): unknown
  destroy? (): unknown
  close? (callback: () => void): unknown
  abort? (): unknown
  getReader?: unknown
  cancel? (): Promise<unknown>
}

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
