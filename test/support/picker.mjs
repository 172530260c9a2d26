/** @typedef {(limit: number) => number} Pick a whole number from 0 and below `limit` */

/**
 * Small, fast and the same everywhere: mulberry32.
 * @param {number} seed
 * @returns {Pick}
 */
export function picker (seed) {
  let state = seed >>> 0
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}
