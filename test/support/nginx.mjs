import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** The nginx that is installed, or undefined. */
export const nginx = ['nginx', '/usr/sbin/nginx'].find((each) => spawnSync(each, ['-v']).status === 0)

const NOBODY = 65534
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((each) => `${each}_temp_path ${each};`)
  .join(' ')

/**
 * Starts an nginx without privileges and waits for it.
 * @param {{ teardown: (end: () => Promise<void>) => unknown }} t The test, with which it ends.
 * @param {string} http What stands in its block of that name.
 * @param {number} port
 */
export async function startNginx (t, http, port) {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; master_process off; pid nginx.pid; error_log stderr;
    events { worker_connections 256; }
    http { access_log off; ${TEMPORARY}
    ${http} }`)
  const isRoot = process.getuid?.() === 0
  chmodSync(folder, 0o755)
  if (isRoot) chownSync(folder, NOBODY, NOBODY)
  const child = spawn(/** @type {string} */ (nginx), ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(isRoot && { uid: NOBODY, gid: NOBODY })
  })
  /** @type {Buffer[]} */
  const said = []
  child.stderr.on('data', (data) => said.push(data))
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill()
    await ended
    rmSync(folder, { recursive: true })
  })
  while (!await isOpen(port)) {
    if (child.exitCode !== null) throw new Error(`nginx ended: ${Buffer.concat(said)}`)
    await wait(20)
  }
}

/** @param {number} port @returns {Promise<boolean>} */
async function isOpen (port) {
  const socket = connect(port, '127.0.0.1')
  try {
    return await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    )
  } finally {
    socket.destroy()
  }
}
