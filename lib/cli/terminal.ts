import type { EventEmitter } from 'node:events'
import { readFile } from 'node:fs/promises'
import { UsageError } from './usage-error.ts'

/** What the program reads and writes: `process` has it all. */
export interface Terminal {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean }
  readonly stdout: { write (text: string): unknown }
  readonly stderr: { write (text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
}

/** All of standard input. At a keyboard it is asked for. */
export async function readStdin ({ stdin, stderr }: Terminal, what: string): Promise<Buffer> {
  if (stdin.isTTY) stderr.write(`Type or paste ${what}, then Enter and Ctrl-D:\n`)
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks)
}

/** All of a file. Throws a `UsageError` where it cannot be read. */
export async function readNamedFile (file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new UsageError(`The file ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
}

/** A reader that has seen enough, as `head` does, is no error. */
export function allowEarlyEnd (stdout: EventEmitter): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code !== 'EPIPE') throw error })
}
