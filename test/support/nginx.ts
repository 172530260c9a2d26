import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'

/** The nginx that is installed, or undefined. */
export const nginx = ['nginx', '/usr/sbin/nginx'].find((each) => spawnSync(each, ['-v']).status === 0)

const NOBODY = 65534
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((each) => `${each}_temp_path ${each};`)
  .join(' ')

/**
 * Starts an nginx without privileges, which ends with the test, and waits for it. `http` is what stands in its block of
 * that name.
 */
export async function startNginx (t: Test, http: string, port: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'))
  writeFileSync(join(folder, 'nginx.conf'), `daemon off; master_process off; pid nginx.pid; error_log stderr;
    events { worker_connections 256; }
    http { access_log off; ${TEMPORARY}
    ${http} }`)
  const isRoot = process.getuid?.() === 0
  chmodSync(folder, 0o755)
  if (isRoot) chownSync(folder, NOBODY, NOBODY)
  const child = spawn(nginx!, ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(isRoot && { uid: NOBODY, gid: NOBODY })
  })
  const said: Buffer[] = []
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

async function isOpen (port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    return await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    )
  } finally {
    socket.destroy()
  }
}
