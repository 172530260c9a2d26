import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createSocketServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { DefaultJSONProvider } from '../lib/json/default-provider.ts'

const provider = new DefaultJSONProvider()
/** Some 4 MB, whose characters take one to four bytes. */
const large = Array.from({ length: 30000 }, (_, id) => ({
  id,
  name: `name ${id}`,
  text: 'aé€\u{1f600}\u{1f601}'.repeat(1 + (id % 9)),
  at: '2024-01-01'
}))
const largeText = JSON.stringify(large)

async function listen (t: Test, serve: (socket: Socket) => void): Promise<number> {
  const server = createSocketServer(serve).listen(0)
  t.teardown(() => server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

t.test('megabytes go to a file and come back, by streams and by handles, which stay open', async (t) => {
  const dir = t.testdir()
  const stream = createWriteStream(join(dir, 'stream.json'))
  await provider.dump(large, stream, { sortKeys: false })
  t.equal(await readFile(join(dir, 'stream.json'), 'utf8'), largeText, 'all is flushed')
  t.equal(stream.listenerCount('error') + stream.listenerCount('close'), 0, 'nothing is left behind')
  t.ok(stream.writable)
  await new Promise((resolve) => stream.end('\n', resolve as () => void))
  t.ok(JSON.stringify(await provider.load(createReadStream(join(dir, 'stream.json')))) === largeText)
  t.ok(JSON.stringify(await provider.load(createReadStream(join(dir, 'stream.json'), 'utf8'))) === largeText)
  const handle = await open(join(dir, 'handle.json'), 'w+')
  t.teardown(() => handle.close())
  await provider.dump({ a: 1n }, handle, { indent: 2 })
  await handle.write('\n')
  t.equal(await readFile(join(dir, 'handle.json'), 'utf8'), '{\n  "a": 1\n}\n')
  const reading = await open(join(dir, 'handle.json'))
  t.strictSame(await provider.load(reading), { a: 1 })
  await reading.close()
})

t.test('megabytes go through a socket to a slow reader, who sets the pace', async (t) => {
  let waiting = 0
  let done: (text: string) => void
  const received = new Promise<string>((resolve) => { done = resolve })
  const port = await listen(t, async (socket) => {
    const chunks: Buffer[] = []
    for await (const chunk of socket) {
      chunks.push(chunk)
      if (chunks.length < 20) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    done(Buffer.concat(chunks).toString())
  })
  const socket = connect(port)
  const watch = setInterval(() => { waiting = Math.max(waiting, socket.writableLength) }, 1)
  await provider.dump(large, socket)
  clearInterval(watch)
  t.ok(waiting < 1024 * 1024, `at most ${waiting} bytes waited`)
  t.ok(socket.writable)
  socket.end()
  t.ok(await received === largeText)
})

t.test('what a stream is destroyed with is what dump rejects with', async (t) => {
  const stuck = new PassThrough()
  const dumping = provider.dump('a'.repeat(100000), stuck)
  setImmediate(() => stuck.destroy(new Error('the disk is gone')))
  await t.rejects(dumping, new Error('the disk is gone'))
})

t.test('a stream takes one piece after the other, and no character is parted', async (t) => {
  const pieces: string[] = []
  let busy = 0
  const slow = new Writable({
    decodeStrings: false,
    write (piece, _encoding, done) {
      t.equal(busy++, 0)
      pieces.push(piece)
      setImmediate(() => { busy--; done() })
    }
  })
  const value = ['', 'a'].map((start) => start + '\u{1f600}'.repeat(100000))
  await provider.dump(value, slow)
  t.equal(pieces.join(''), JSON.stringify(value))
  t.ok(pieces.length > 4)
  t.ok(pieces.every((piece) => piece.isWellFormed()))
})

t.test('dump rejects where the stream fails, was closed or ended, or closes meanwhile', async (t) => {
  const failure = new Error('disk full')
  const failing = new Writable({ write (_piece, _encoding, done) { done(failure) } })
  await t.rejects(provider.dump([1], failing), failure)
  const destroyed = new PassThrough()
  destroyed.destroy()
  await t.rejects(provider.dump([1], destroyed))
  const ended = new PassThrough()
  ended.end()
  await t.rejects(provider.dump([1], ended), { code: 'ERR_STREAM_WRITE_AFTER_END' })
  const stuck = new Writable({ write () { setImmediate(() => stuck.destroy()) } })
  await t.rejects(provider.dump([1], stuck))
  for (const wrong of [undefined, null, 5, {}]) {
    await t.rejects(provider.dump([1], wrong as never), new TypeError('dump writes to a stream or a file handle'))
  }
  const untouched = new PassThrough()
  await t.rejects(provider.dump([() => {}], untouched), { code: 'FSS_ERR_NOT_SERIALIZABLE', keyPath: 'value[0]' })
  t.equal(untouched.readableLength, 0)
})

t.test('dump to a client that goes away rejects and does not hang', async (t) => {
  const outcome = new Promise<unknown>((resolve) => {
    const server = createServer((_request: IncomingMessage, response: ServerResponse) => {
      provider.dump([large, large, large], response).then(() => resolve('flushed'), resolve)
    }).listen(0, () => {
      const client = request({ port: (server.address() as AddressInfo).port }, (response) => {
        response.once('data', () => client.destroy())
      }).end()
      client.on('error', () => {})
    })
    t.teardown(() => server.close())
  })
  t.match(await outcome, Error)
})

t.test('load takes any iterable of text or bytes, whatever the pieces', async (t) => {
  const bytes = Buffer.from('\ufeff{"a":"é\u{1f600}"}')
  const single = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1))
  t.strictSame(await provider.load(Readable.from(single)), { a: 'é\u{1f600}' })
  t.strictSame(await provider.load(single), { a: 'é\u{1f600}' })
  t.strictSame(await provider.load(['{"a":', '1}'].values()), { a: 1 })
  t.strictSame(await provider.load(['{"a":', Buffer.from('"é"}')]), { a: 'é' })
  t.strictSame(await provider.load(new Blob(['[1]']).stream() as never), [1])
  t.strictSame(
    await provider.load(
      (async function * () {
        yield '[12345678901234567890]'
      })(),
      { exactIntegers: true }
    ),
    [12345678901234567890n]
  )
  const file = join(t.testdir(), 'bad.json')
  await writeFile(file, Buffer.from([0x22, 0xff, 0x22]))
  await t.rejects(provider.load(createReadStream(file)), { code: 'FSS_ERR_BAD_JSON', message: /not UTF-8/ })
  await t.rejects(provider.load([]), { code: 'FSS_ERR_BAD_JSON' })
})

t.test('load rejects what is no stream, and what the stream fails with', async (t) => {
  for (const wrong of [undefined, null, 5, '{}', Buffer.from('{}')]) {
    await t.rejects(
      provider.load(wrong as never),
      new TypeError('load reads a stream or a file handle; loads reads text and bytes')
    )
  }
  await t.rejects(provider.load([1] as never), new TypeError('load reads a stream of text or bytes'))
  const failure = new Error('gone')
  await t.rejects(provider.load(new Readable({ read () { this.destroy(failure) } })), failure)
  const port = await listen(t, (socket) => { socket.write('{"a":', () => socket.resetAndDestroy()) })
  await t.rejects(provider.load(connect(port)))
})

t.test('a provider of one\'s own is what dump and load use', async (t) => {
  class Shouting extends DefaultJSONProvider {
    override dumps (): string { return 'HI' }
    override loads (source: string | Uint8Array): unknown { return `${source}!` }
  }
  const stream = new PassThrough()
  await new Shouting().dump(1, stream)
  t.equal(stream.read().toString(), 'HI')
  t.equal(await new Shouting().load([Buffer.from('hi')]), 'hi!')
})
