import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t, { type Test } from 'tap'
import { SECRET } from './support/app.ts'
import { freePort } from './support/free-port.ts'
import { nginx, startNginx } from './support/nginx.mjs'
import { python } from './support/python.ts'
import { skipFor } from './support/requirements.ts'

t.setTimeout(300_000) // two servers and a proxy may start slowly

const skip = skipFor(
  python === undefined ? 'no Python with Flask was found' : nginx === undefined ? 'no nginx was found' : undefined
)

const guide = readFileSync(new URL('../docs/flask.md', import.meta.url), 'utf8')
const flaskApp = fileURLToPath(new URL('../examples/with-flask/flask_app.py', import.meta.url))

/** A block of the guide's chapter about moving, where the blocks are indented as parts of a list. */
function block (language: string): string {
  const chapter = guide.slice(guide.indexOf('## Moving an application route by route'))
  const [, code] = new RegExp(`^   \`\`\`${language}\\n(.*?)^   \`\`\`$`, 'ms').exec(chapter)!
  return code!.replace(/^ {3}/gm, '')
}

async function startFlask (t: Test): Promise<string> {
  const flask = spawn(python!, [flaskApp], {
    env: { ...process.env, SECRET_KEY: SECRET },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.teardown(() => flask.kill())
  const { value } = await createInterface({ input: flask.stdout })[Symbol.asyncIterator]().next()
  return value
}

async function startFastify (t: Test): Promise<string> {
  process.env.SESSION_SECRET = SECRET
  const file = join(t.testdir(), 'app.mjs')
  writeFileSync(file, `${block('js')}\nexport { app }\n`)
  const { app } = await import(pathToFileURL(file).href)
  t.teardown(() => app.close())
  return await app.listen({ port: 0, host: '127.0.0.1' })
}

/** One nginx that answers at two ports: as before any route had moved, and as afterwards. */
async function startProxy (t: Test, flask: string, fastify: string): Promise<Record<'before' | 'after', string>> {
  const [before, after] = [await freePort(), await freePort()]
  const moved = block('nginx').replace('http://127.0.0.1:5000', flask).replace('http://127.0.0.1:3000', fastify)
  const servers = [
    moved.replace('8000', `127.0.0.1:${after}`),
    moved.replace('8000', `127.0.0.1:${before}`).replace(/^ *location =.*\n/m, '')
  ]
  await startNginx(t, servers.join(''), after)
  return { before: `http://127.0.0.1:${before}`, after: `http://127.0.0.1:${after}` }
}

t.test('a route of Flask moves to Fastify and back behind nginx, and its users stay signed in', { skip }, async (t) => {
  const front = await startProxy(t, await startFlask(t), await startFastify(t))
  let cookie = ''
  const send = async (
    stage: 'before' | 'after',
    path: string,
    form?: Record<string, string>
  ): Promise<{ status: number, text: string, location: string | null }> => {
    const init = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }
    const response = await fetch(front[stage] + path, { ...init, redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) cookie = line.includes('Max-Age=0') ? '' : line.split(';')[0]!
    return { status: response.status, text: await response.text(), location: response.headers.get('location') }
  }

  t.match(await send('before', '/login', { name: 'Ada' }), { status: 303 })
  t.match(await send('before', '/account'), { status: 200, text: 'You are <strong>Ada</strong>' })
  t.match(await send('after', '/account'), { status: 200, text: 'Ada is signed in, says Fastify' })
  t.match(await send('before', '/account'), { status: 200, text: 'You are <strong>Ada</strong>' })
  t.match(await send('after', '/logout', {}), { status: 303 })
  t.equal(cookie, '')
  t.match(await send('after', '/account'), { status: 302, location: '/login' })
  t.match(await send('after', '/login'), { status: 200 }, 'what has not moved is Flask\'s still')
})
