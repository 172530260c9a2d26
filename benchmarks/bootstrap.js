import { quantile } from './statistics.js'

/**
 * Numbers that were measured, by what they were measured of.
 * @typedef {Record<string, readonly number[]>} Samples
 * @typedef {{ value: number, spread: [low: number, high: number] }} Estimate
 */

/** How often the samples are drawn anew. */
const DRAWS = 1000

/**
 * A statistic of samples with its 90 % interval by the bootstrap: the statistic of many random draws, with repetition,
 * of as many numbers of each list as it has.
 * @param {Samples} samples
 * @param {(samples: Samples) => number} statistic
 * @param {() => number} random from 0 to below 1
 * @returns {Estimate}
 */
export function estimate (samples, statistic, random = Math.random) {
  const drawn = Array.from({ length: DRAWS }, () => statistic(redrawn(samples, random)))
  return { value: statistic(samples), spread: [quantile(drawn, 0.05), quantile(drawn, 0.95)] }
}

/** @param {Samples} samples @param {() => number} random @returns {Samples} */
function redrawn (samples, random) {
  return Object.fromEntries(Object.entries(samples).map(([name, list]) =>
    [name, list.map(() => /** @type {number} */ (list[Math.floor(random() * list.length)]))]))
}
