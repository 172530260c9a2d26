import { createReadStream } from 'node:fs'
import { UsageError } from './refusals.ts'

/** What the program reads and writes: `process` has it all. */
export interface Terminal {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean }
  readonly stdout: { write (text: string): unknown }
  readonly stderr: { write (text: string): unknown }
  readonly env: Readonly<Record<string, string | undefined>>
}

const MAX_INPUT = 16 * 1024 * 1024 // bytes, far more than any session has: what is longer was not meant

/** All of standard input. At a keyboard it is asked for. Throws a `UsageError` where it cannot be read. */
export async function readStdin ({ stdin, stderr }: Terminal, what: string): Promise<Buffer> {
  if (stdin.isTTY) stderr.write(`Type or paste ${what}, then Enter and Ctrl-D:\n`)
  return await readAll(stdin, 'Standard input')
}

/** All of a file. Throws a `UsageError` where it cannot be read. */
export const readNamedFile = async (file: string): Promise<Buffer> =>
  await readAll(createReadStream(file), `The file ${file}`)

/** Prints each warning once. */
export function warn ({ stderr }: Terminal, warnings: readonly string[]): void {
  for (const warning of new Set(warnings)) stderr.write(`Warning: ${warning}\n`)
}

async function readAll (stream: Terminal['stdin'], source: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      chunks.push(Buffer.from(chunk as Uint8Array))
      if ((size += chunk.length) > MAX_INPUT) break
    }
  } catch (error) {
    throw new UsageError(`${source} cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  if (size > MAX_INPUT) throw new UsageError(`${source} is longer than ${MAX_INPUT} bytes`)
  return Buffer.concat(chunks)
}

/** Ends the program where its output cannot be written. */
export function outputFailed ({ code }: NodeJS.ErrnoException, { stderr, exit }: Pick<NodeJS.Process, 'exit'> & {
  readonly stderr: Terminal['stderr']
}): void {
  if (code === 'EPIPE') return // a reader that has seen enough, as `head` does
  stderr.write(`The output cannot be written: ${code}\n`)
  exit(1)
}
