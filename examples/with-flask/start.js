import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { build } from './fastify-app.js'

const FLASK_APP = fileURLToPath(new URL('flask_app.py', import.meta.url))

/**
 * Both servers with one secret, behind one address. `python` is the command of a Python that has Flask.
 * @param {{ port?: number, python?: string | undefined }} [options]
 */
export async function start ({ port = 3000, python = 'python3' } = {}) {
  if (spawnSync(python, ['-c', 'import flask']).status !== 0) {
    throw new Error(`This example needs Python 3 with Flask, which was not found as ${python}: install it with ` +
      '"python3 -m pip install flask" or "apt install python3-flask", or name another Python in PYTHON.')
  }
  const secret = process.env.SESSION_SECRET || randomBytes(32).toString('base64url')
  const fastify = await build({ secret })
  const flask = spawn(python, [FLASK_APP], {
    env: { ...process.env, SECRET_KEY: secret },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const flaskEnded = once(flask, 'exit')
  const endFlask = () => { flask.kill() }
  process.once('exit', endFlask)
  const front = createServer()

  async function close () {
    process.off('exit', endFlask)
    endFlask()
    const frontClosed = new Promise((resolve) => front.close(resolve))
    front.closeAllConnections()
    await Promise.all([flaskEnded, frontClosed, fastify.close()])
  }

  try {
    const addresses = {
      flask: await firstLine(flask.stdout),
      fastify: await fastify.listen({ port: 0, host: '127.0.0.1' })
    }
    front.on('request', (incoming, response) => {
      const isCart = /^\/cart(?:$|[/?])/.test(String(incoming.url))
      forward(incoming, response, isCart ? addresses.fastify : addresses.flask)
    })
    await once(front.listen(port, 'localhost'), 'listening')
    return { url: `http://localhost:${/** @type {import('node:net').AddressInfo} */ (front.address()).port}`, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * What Flask prints once it listens: its address.
 * @param {import('node:stream').Readable} input
 * @returns {Promise<string>}
 */
async function firstLine (input) {
  const { value } = await createInterface({ input })[Symbol.asyncIterator]().next()
  if (value === undefined) throw new Error('Flask ended before it could answer.')
  return value
}

/**
 * Hands a request on, and the answer back.
 * @param {import('node:http').IncomingMessage} incoming
 * @param {import('node:http').ServerResponse} response
 * @param {string} address
 */
function forward (incoming, response, address) {
  const { method, url: path, headers } = incoming
  const { host = '' } = headers
  const forwarded = { 'x-forwarded-proto': 'http', 'x-forwarded-host': host }
  const onward = request(address, { method, path, headers: { ...headers, ...forwarded } }, (answer) => {
    response.writeHead(Number(answer.statusCode), answer.headers)
    pipeline(answer, response, () => {})
  })
  onward.on('error', () => {
    if (!response.headersSent) {
      response.writeHead(502, { 'content-type': 'text/plain' }).end('The server behind this address does not answer.\n')
    }
  })
  response.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

if (process.argv[1] && realpathSync(process.argv[1]) === import.meta.filename) {
  const { PORT = 3000, PYTHON } = process.env
  try {
    const { url, close } = await start({ port: Number(PORT), python: PYTHON })
    process.once('SIGINT', close).once('SIGTERM', close)
    console.log(`Open ${url}`)
  } catch (error) {
    console.error(/** @type {Error} */ (error).message)
    process.exitCode = 1
  }
}
