import type { FileHandle } from 'node:fs/promises'
import { types } from 'node:util'
import { viewOf } from './bytes.ts'
import { decodeJSON } from './reading.ts'

/** What `dump` writes to: a stream of Node, or an open file. */
export type JSONWritable = NodeJS.WritableStream | FileHandle
/** What `load` reads from: a stream or any other iterable of text or UTF-8, or an open file. */
export type JSONReadable = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array> | FileHandle

const PIECE = 64 * 1024

/** Writes text in pieces, each once the last is flushed; leaves the stream open. Rejects where it fails or closes. */
export async function writeText (writable: JSONWritable, text: string): Promise<void> {
  if (isFile(writable)) return await writable.writeFile(text)
  if (typeof writable?.write !== 'function') throw new TypeError('dump writes to a stream or a file handle')
  const ignore = (): void => {}
  writable.on('error', ignore) // flush gets the same error
  for (let start = 0; start < text.length;) {
    const end = pieceEnd(text, start)
    await flush(writable, text.slice(start, end))
    start = end
  }
  writable.off('error', ignore) // it stays after a failure, since the event may still come
}

/** The text of a stream or a file, which is left open. Throws `JSONDecodeError` where bytes are not UTF-8. */
export async function readText (readable: JSONReadable): Promise<string> {
  if (isFile(readable)) return decodeJSON(await readable.readFile())
  if (typeof readable !== 'object' || readable === null || ArrayBuffer.isView(readable)) {
    throw new TypeError('load reads a stream or a file handle; loads reads text and bytes')
  }
  const pieces: Array<string | Uint8Array> = []
  for await (const piece of readable) pieces.push(piece)
  if (pieces.every((piece) => typeof piece === 'string')) return pieces.join('')
  return decodeJSON(Buffer.concat(pieces.map(bytesOf)))
}

function bytesOf (piece: string | Uint8Array): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece)
  if (!types.isUint8Array(piece)) throw new TypeError('load reads a stream of text or bytes')
  return viewOf(piece)
}

function flush (stream: NodeJS.WritableStream, piece: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = (): void => reject(new Error('The stream closed before all of the JSON was written'))
    stream.once('error', reject) // a stream that is destroyed with a reason gives it here alone
    stream.once('close', closed)
    stream.write(piece, (error) => {
      stream.off('error', reject)
      stream.off('close', closed)
      if (error == null) resolve()
      else reject(error)
    })
  })
}

/** Where a piece may end without parting the two halves of a character. */
function pieceEnd (text: string, start: number): number {
  const end = start + PIECE
  const unit = text.charCodeAt(end - 1)
  return unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end
}

const isFile = (value: unknown): value is FileHandle => typeof (value as FileHandle | null)?.readFile === 'function'
