import { randomBytes } from 'node:crypto'

/**
 * The secret of the environment, or a new one, with the command that sets one that lasts.
 * @param {NodeJS.ProcessEnv} environment
 * @param {string} command Starts the example.
 */
export function secretOf ({ SESSION_SECRET }, command) {
  if (SESSION_SECRET) return SESSION_SECRET
  console.log('SESSION_SECRET is not set, so a random secret signs the sessions, and they end with this process.')
  console.log('With one that lasts: ' +
    `SESSION_SECRET=$(node -p "crypto.randomBytes(32).toString('base64url')") ${command}`)
  return randomBytes(32)
}
