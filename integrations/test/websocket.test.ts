import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import websocket from '@fastify/websocket'
import WebSocket from 'ws'
import { buildApp } from '../support/app.js'

/** An application with a websocket for those who are signed in, and what it logs. */
async function chat () {
  const logs: Array<{ level: number, msg: string, keys?: string[] }> = []
  const app = await buildApp({}, { logger: { stream: { write (line: string) { logs.push(JSON.parse(line)) } } } })
  await app.register(websocket)
  app.addHook('preValidation', async (request, reply) => {
    if (request.session.has('user')) return
    request.session.set('returnTo', request.url)
    return reply.code(401).send('Sign in first')
  })
  app.get('/chat', { websocket: true }, (socket, request) => {
    socket.on('message', (message) => {
      try {
        if (`${message}` !== 'read') request.session.set('last', `${message}`)
        socket.send(`${request.session.get('user')}`)
      } catch (error) {
        socket.send((error as Error).message)
      }
    })
  })
  return { app, logs, cookie: `session=${app.encodeSession({ user: 'Ada' })}` }
}

async function ask (socket: WebSocket, message: string): Promise<string> {
  socket.send(message)
  const [answer] = await once(socket, 'message')
  return `${answer}`
}

test('over a real socket the handler reads the session, and a write is an error that says so', async (t) => {
  const { app, cookie, logs } = await chat()
  t.after(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = new WebSocket(`${url}/chat`.replace('http', 'ws'), { headers: { cookie } })
  const [[handshake]] = await Promise.all([once(socket, 'upgrade'), once(socket, 'open')])
  assert.equal(handshake.headers['set-cookie'], undefined)
  assert.equal(await ask(socket, 'read'), 'Ada')
  assert.match(
    await ask(socket, 'hello'),
    /^The session cannot be changed once the connection was upgraded to a websocket/
  )
  assert.equal(await ask(socket, 'read'), 'Ada')
  socket.close()
  await once(socket, 'close')
  assert.deepEqual(logs.filter(({ level }) => level >= 50), [])
})

test('who is not signed in gets a reply with a cookie in the place of the upgrade', async (t) => {
  const { app } = await chat()
  t.after(() => app.close())
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const socket = new WebSocket(`${url}/chat`.replace('http', 'ws'))
  const [, response] = await once(socket, 'unexpected-response')
  assert.equal(response.statusCode, 401)
  const [value] = `${response.headers['set-cookie']}`.slice('session='.length).split(';')
  assert.deepEqual(app.decodeSession(value!), { returnTo: '/chat' })
  response.resume()
})

test('without a cookie the first message can bring its value', async (t) => {
  const app = await buildApp()
  t.after(() => app.close())
  await app.register(websocket)
  app.get('/live', { websocket: true }, (socket) => {
    socket.once('message', (message) => {
      try {
        const { user } = app.decodeSession(`${message}`)
        socket.send(`Hello ${user}`)
      } catch {
        socket.close(1008, 'Sign in first')
      }
    })
  })
  await app.ready()
  const socket = await app.injectWS('/live')
  assert.equal(await ask(socket, app.encodeSession({ user: 'Ada' })), 'Hello Ada')
  socket.terminate()
  const stranger = await app.injectWS('/live')
  stranger.send('Ada')
  const [code] = await once(stranger, 'close')
  assert.equal(code, 1008)
})

test('an injected websocket is no different', async (t) => {
  const { app, cookie } = await chat()
  t.after(() => app.close())
  await app.ready()
  const socket = await app.injectWS('/chat', { headers: { cookie } })
  assert.equal(await ask(socket, 'read'), 'Ada')
  assert.match(await ask(socket, 'hello'), /^The session cannot be changed once/)
  socket.terminate()
})
