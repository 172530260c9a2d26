import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** What is kept of a password. Each hash says its cost, so that a later release may raise it. */
export interface PasswordHash {
  readonly cost: number
  readonly salt: Buffer
  readonly hash: Buffer
}

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)

export async function hashPassword (password: string, cost: number): Promise<PasswordHash> {
  const salt = randomBytes(16)
  return { cost, salt, hash: await keyOf(password, salt, cost) }
}

export async function isPassword (password: string, { cost, salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await keyOf(password, salt, cost), hash)
}

/** The hash of no password. To compare with it takes as long as with any other. */
export function hashOfNobody (cost: number): PasswordHash {
  return { cost, salt: randomBytes(16), hash: randomBytes(32) }
}

const [BLOCK_SIZE, PARALLEL] = [8, 3]

/** One character may be typed as several code points: NFKC makes them equal. */
async function keyOf (password: string, salt: Buffer, cost: number): Promise<Buffer> {
  const maxmem = 256 * BLOCK_SIZE * (cost + PARALLEL)
  return await derive(password.normalize('NFKC'), salt, 32, { N: cost, r: BLOCK_SIZE, p: PARALLEL, maxmem })
}
