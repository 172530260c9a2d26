import { execFileSync, spawnSync } from 'node:child_process'
import { type Browser, chromium } from 'playwright-core'

/** The browser that is driven: Chromium as Debian installs it, or the Chromium or Chrome that `CHROMIUM` names. */
const path = process.env.CHROMIUM || '/usr/bin/chromium'

/** What keeps the tests from running, or undefined. */
export function missing (): string | undefined {
  for (const [command, flag] of [[path, '--version'], ['openssl', 'version']] as const) {
    if (spawnSync(command, [flag]).status !== 0) {
      return `${command} does not run, so no page is opened in a real browser`
    }
  }
  return undefined
}

/** A browser with a fresh profile and no traffic of its own. */
export async function launch (...args: string[]): Promise<Browser> {
  return await chromium.launch({ executablePath: path, args: ['--disable-gpu', '--disable-quic', ...args] })
}

/** A self-signed certificate for localhost and its key, both as PEM in one text. */
export function certificate (): string {
  return execFileSync('openssl', [
    'req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '1',
    '-subj', '/CN=localhost', '-keyout', '-', '-out', '-'
  ], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}
